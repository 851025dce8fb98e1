"""Scale JPEGs for the server, until it closes the socket that is standard input.

A request is one packet: width and size in bytes, with the descriptor of the JPEG. The answer is one packet: empty but
for `DONE`, with the descriptor of the smaller JPEG, or else the reason why there is none.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
from pathlib import Path

from PIL import Image

from stillcam.server.live.scaled.process import ANSWER_BYTES, DONE, REQUEST

NICE = 10  # below the camera and the server
OOM_SCORE = "800"  # of 1000: when memory runs out, the kernel kills this process and not the camera's (proc(5))
QUALITY = 75


def main() -> None:
    """Answer requests."""
    os.nice(NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE)
    with socket.socket(fileno=0) as server, contextlib.suppress(ConnectionError):
        while True:
            request, files, _, _ = socket.recv_fds(server, REQUEST.size, 1)
            if not request:
                return
            answer(server, files[0], *REQUEST.unpack(request))


def answer(server: socket.socket, file: int, width: int, size: int) -> None:
    """Scale the JPEG of this size in an open file, which is closed."""
    try:
        data = os.pread(file, size, 0)
    finally:
        os.close(file)
    try:
        small = scaled(data, width)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        server.send((str(error) or type(error).__name__).encode()[:ANSWER_BYTES])
        return
    result = os.memfd_create("scaled", os.MFD_CLOEXEC)
    try:
        with open(result, "wb", closefd=False) as writing:
            writing.write(small)
        os.lseek(result, 0, os.SEEK_SET)  # the server shares the position
        socket.send_fds(server, [DONE], [result])
    finally:
        os.close(result)


def scaled(jpeg: bytes, width: int) -> bytes:
    """A JPEG scaled to a width in pixels that is smaller than its own.

    It is decoded at a half, a quarter or an eighth by its own transform, which takes a fraction of the memory and the
    time of the whole picture.

    Raises:
        OSError, ValueError, DecompressionBombError: it cannot be decoded.
    """
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        size = width, max(1, round(width * image.height / image.width))
        image.draft("RGB", size)
        small = image.convert("RGB").resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


if __name__ == "__main__":
    main()
