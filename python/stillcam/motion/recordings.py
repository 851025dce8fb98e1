"""Frames of what was recorded: clips that ffmpeg reads, and folders of pictures."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from stillcam.common.child_process import find_program
from stillcam.common.errors import StillcamError
from stillcam.common.safe_read import open_regular
from stillcam.frames.files import frame_time
from stillcam.frames.jpeg import JpegSplitter

WIDTH = 1280  # pixels of a frame at most, as of the live stream
MAX_PICTURE_BYTES = 64 << 20
_CHUNK_BYTES = 1 << 20
_PICTURES = (".jpg", ".jpeg")


def frames_of(path: Path, fps: float) -> Iterator[tuple[float, bytes]]:
    """The frames of a clip or a folder, with their times in seconds.

    Args:
        path: a clip of any kind that ffmpeg reads; or a folder of JPEGs, taken in the order of their names. Frames that
            are named as Stillcam names them have the times of their names.
        fps: frames a second that are taken out of a clip; of a folder, that its pictures were taken at.

    Raises:
        StillcamError: it cannot be read, or has no picture.
    """
    frames = _of_folder(path, fps) if path.is_dir() else _of_clip(path, fps)
    found = False
    for frame in frames:
        found = True
        yield frame
    if not found:
        raise StillcamError(f"{path}: no picture in it; use a clip, or a folder of JPEG files")


def _of_folder(folder: Path, fps: float) -> Iterator[tuple[float, bytes]]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _PICTURES and not path.is_symlink())
    for number, path in enumerate(paths):
        try:
            time_s = frame_time(path.name)
        except ValueError:
            time_s = number / fps
        try:
            with open(open_regular(path), "rb") as file:
                yield time_s, file.read(MAX_PICTURE_BYTES)
        except OSError as error:
            raise StillcamError(f"{path}: {error.strerror}") from error


def _of_clip(path: Path, fps: float) -> Iterator[tuple[float, bytes]]:
    if not path.exists():
        raise StillcamError(f"{path}: there is no such file")
    ffmpeg = find_program("ffmpeg")
    if ffmpeg is None:
        raise StillcamError("a clip needs ffmpeg: sudo apt install -y ffmpeg")
    # Luminance alone, in the range of a JPEG: what the detector reads.
    argv = [ffmpeg, "-nostdin", "-v", "error", "-i", str(path.resolve()), "-an",
            "-vf", f"fps={fps},scale='min({WIDTH},iw)':-2", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "3",
            "-f", "image2pipe", "pipe:1"]  # fmt: skip
    splitter, number = JpegSplitter(), 0
    with tempfile.TemporaryFile("w+") as errors, subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=errors) as child:
        assert child.stdout is not None
        try:
            while chunk := child.stdout.read(_CHUNK_BYTES):
                for frame in splitter.feed(chunk):
                    yield number / fps, frame
                    number += 1
        except GeneratorExit:
            child.kill()  # the reader wants no more
            raise
        if child.wait() != 0:
            errors.seek(0)
            raise StillcamError(f"{path}: ffmpeg cannot read it: {errors.read().strip() or 'it said nothing'}")
