"""In the child: what becomes of the frames of a stream or a video, by the library's encoders and outputs."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from stillcam.camera.picamera2.wire import Message


class Pipe(io.BufferedIOBase):
    """Where the live view's JPEGs go: each in one piece, one behind the other.

    Args:
        descriptor: of the pipe.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._left = 0
        self._settled: Callable[[], None] | None = None

    def writable(self) -> bool:
        """It is."""
        return True

    def after(self, frames: int, settled: Callable[[], None]) -> None:
        """Call `settled` before the frame that follows so many others."""
        with self._lock:
            self._left, self._settled = frames, settled

    def write(self, data: Any, /) -> int:
        """One frame."""
        with self._lock:
            self._left -= 1
            settled = self._settled if self._left == 0 else None
        if settled is not None:
            settled()
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
        return len(memoryview(data))


def jpegs(quality: int, pipe: Pipe) -> tuple[Any, Any]:
    """Encoder and output of the live view. JPEG in software, as the hardware's knows a bit rate but no quality."""
    outputs = import_module("picamera2.outputs")
    return _jpeg_encoder(quality), outputs.FileOutput(pipe)


def video(order: Message, quality: int, failed: Callable[[BaseException], None]) -> tuple[Any, Any]:
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
        return _jpeg_encoder(quality), outputs.FileOutput(str(path))
    encoder = encoders.H264Encoder(bitrate=order["bitrate"] or None)
    if form == "h264":
        return encoder, outputs.FileOutput(str(path))
    sound = order["audio"]
    try:
        output = outputs.PyavOutput(str(path), format="mpegts" if form == "ts" else form)
    except ImportError:  # no PyAV: ffmpeg, which sets the times of the frames itself
        os.chdir(path.parent)  # its name is split at spaces
        output = outputs.FfmpegOutput(path.name, audio=sound != "off")
    else:
        encoder.audio = sound != "off"
        if encoder.audio:
            encoder.audio_input = {"file": "default", "format": sound}
    output.error_callback = failed
    return encoder, output


def _jpeg_encoder(quality: int) -> Any:
    return import_module("picamera2.encoders").JpegEncoder(q=quality)
