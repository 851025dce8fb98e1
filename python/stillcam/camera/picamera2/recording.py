"""In the child: what becomes of the frames of a stream or a video, by the library's encoders and outputs.

The library's FileOutput keeps some errors of its file to itself, and all others end the thread of the encoder,
where nobody is told (outputs/fileoutput.py, _write; encoders/multi_encoder.py, output_thread); what is encoded and
cannot be written piles up in memory. So it gets files from here, which never fail and never wait.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from stillcam.camera.picamera2.errors import MICROPHONE
from stillcam.camera.picamera2.wire import Message
from stillcam.common.threads import start

Failed = Callable[[BaseException], None]
Settled = Callable[[int], None]


class Pipe(io.BufferedIOBase):
    """Where the live view's JPEGs go, each in one piece; where the daemon is behind, only the newest is kept.

    Args:
        descriptor: of the pipe.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._changed = threading.Condition()
        self._newest: tuple[int, bytes] | None = None  # its number, from 1, and the frame
        self._came = self._written = 0
        self._due = 0
        self._settled: Settled = _nobody
        start(self._write_on, "live view")

    def writable(self) -> bool:
        """It is."""
        return True

    def settles(self, number: int, settled: Settled) -> None:
        """Call `settled` before frame `number`, or the next one that is written, with how many were written before."""
        with self._changed:
            self._due, self._settled = number, settled

    def write(self, data: Any, /) -> int:
        """One frame."""
        frame = bytes(data)
        with self._changed:
            self._came += 1
            self._newest = self._came, frame
            self._changed.notify()
        return len(frame)

    def _write_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None)
                assert self._newest is not None
                (number, frame), self._newest = self._newest, None
                settled: Settled = _nobody
                if number >= self._due:
                    settled, self._settled = self._settled, _nobody
            settled(self._written)
            view = memoryview(frame)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except BrokenPipeError:  # the daemon is gone, and we with it
                return
            self._written += 1


class File(io.BufferedIOBase):
    """A video's file that tells an error once, and takes what comes then as if it were written.

    Args:
        failed: called, in a thread of the library's, with what has gone wrong.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, path: Path, failed: Failed) -> None:
        self._path, self._failed = path, failed
        self._file = path.open("wb", buffering=0)
        self._broken = False

    def writable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """No more comes."""
        if hasattr(self, "_file"):  # also what could not be made is closed at its end
            self._file.close()
        super().close()

    def write(self, data: Any, /) -> int:
        """A frame, or a part of one."""
        view = memoryview(data)
        size = len(view)
        try:
            while view and not self._broken:
                view = view[self._file.write(view) :]
        except OSError as error:
            self._broken = True
            self._failed(OSError(error.errno, error.strerror, str(self._path)))
        return size


def jpegs(quality: int, pipe: Pipe) -> tuple[Any, Any]:
    """Encoder and output of the live view. JPEG in software, as the hardware's knows a bit rate but no quality."""
    return _jpeg_encoder(quality), import_module("picamera2.outputs").FileOutput(pipe)


def video(order: Message, quality: int, failed: Failed) -> tuple[Any, Any]:
    """Encoder and output of a video.

    Args:
        order: `path`; its extension says the container: `ts`, `mp4`, `h264` or `mjpeg`; `bitrate` (bit/s; 0: the
            library's choice) and `audio` (`off`, `pulse` or `alsa`).
        quality: of MJPEG's frames.
        failed: called, in a thread of the library's, when the output breaks.
    """
    path = Path(order["path"])
    encoders, outputs = import_module("picamera2.encoders"), import_module("picamera2.outputs")
    form = path.suffix.lstrip(".")
    if form == "mjpeg":
        return _jpeg_encoder(quality), outputs.FileOutput(File(path, failed))
    encoder = encoders.H264Encoder(bitrate=order["bitrate"] or None)
    if form == "h264":
        return encoder, outputs.FileOutput(File(path, failed))
    sound = order["audio"]
    try:
        output = outputs.PyavOutput(str(path), format="mpegts" if form == "ts" else form)
    except ImportError:  # no PyAV: ffmpeg, which sets the times of the frames itself
        os.chdir(path.parent)  # its name is split at spaces
        output = outputs.FfmpegOutput(path.name, audio=sound != "off")
    else:
        encoder.audio = sound != "off"
        if encoder.audio:
            encoder.audio_input = {"file": MICROPHONE, "format": sound}
    output.error_callback = failed
    return encoder, output


def _jpeg_encoder(quality: int) -> Any:
    return import_module("picamera2.encoders").JpegEncoder(q=quality)


def _nobody(_written: int) -> None:
    """Nobody waits."""
