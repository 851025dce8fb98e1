"""In the worker: where frames go. Encoders and outputs of the live view and of videos, and files of stills.

The library's FileOutput ignores some errors of its file; others end the encoder's thread without a report, and what
is encoded afterwards piles up in memory (outputs/fileoutput.py, _write; encoders/multi_encoder.py, output_thread). So
the library gets files from here, which neither fail nor block.
"""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections import deque
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from stillcam.camera.picamera2.errors import MICROPHONE
from stillcam.camera.picamera2.ipc import Message
from stillcam.common.threads import start
from stillcam.frames.jpeg import picture_offset

VIDEO_FRAMES = 16  # of a video that wait for the daemon at most: half a second, about 10 MB in full HD

OnError = Callable[[BaseException], None]  # called in a thread of the library
OnApplied = Callable[[int], None]  # gets the number of frames that were written before


def _full_range(zero: int, steps: int, middle: int) -> bytes:
    """A table from limited to full range: `steps` from black to white, or of all chroma, become 255."""
    return bytes(max(0, min(255, round((value - zero) * 255 / steps + middle))) for value in range(256))


_LUMA, _CHROMA = _full_range(16, 219, 0), _full_range(128, 224, 128)  # of YUV420, in one plane after the other


class FramePipe(io.BufferedIOBase):
    """The pipe for JPEGs to the daemon.

    Args:
        kept: so many frames are kept while the daemon does not read; the oldest ones are dropped.
    """

    def __init__(self, descriptor: int, kept: int = 1) -> None:
        self._descriptor = descriptor
        self._changed = threading.Condition()
        self._waiting: deque[tuple[int, bytes]] = deque(maxlen=kept)  # the number of each, from 1, and the frame
        self._received = self._written = 0
        self._applied_from = 0
        self._on_applied: OnApplied = _ignore
        start(self._write_frames, "live view")

    def writable(self) -> bool:
        """True."""
        return True

    def call_before(self, number: int, on_applied: OnApplied) -> None:
        """Call `on_applied` before frame `number` is written, or the first one after it that is not dropped."""
        with self._changed:
            self._applied_from, self._on_applied = number, on_applied

    def write(self, data: Any, /) -> int:
        """Take one frame; never blocks."""
        frame = bytes(data)
        with self._changed:
            self._received += 1
            self._waiting.append((self._received, frame))
            self._changed.notify()
        return len(frame)

    def _write_frames(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                number, frame = self._waiting.popleft()
                on_applied: OnApplied = _ignore
                if number >= self._applied_from:
                    on_applied, self._on_applied = self._on_applied, _ignore
            on_applied(self._written)
            view = memoryview(frame)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except BrokenPipeError:  # the daemon has exited, and this process is about to
                return
            self._written += 1


class VideoFile(io.BufferedWriter):
    """The file of a video, not buffered. It reports its first error and ignores all later writes."""

    def __init__(self, path: Path, on_error: OnError) -> None:
        super().__init__(path.open("wb", buffering=0))
        self._path, self._on_error = path, on_error
        self._failed = False

    def write(self, data: Any, /) -> int:
        """Write a frame or a part of one."""
        view = memoryview(data)
        size = len(view)
        try:
            while view and not self._failed:
                view = view[self.raw.write(view) or 0 :]
        except OSError as error:
            self._failed = True
            self._on_error(OSError(error.errno, error.strerror, str(self._path)))
        return size


def live_output(quality: int, pipe: FramePipe) -> tuple[Any, Any]:
    """Encoder and output of the live view. The hardware's JPEG encoder takes no quality, so this one is software."""
    return _jpeg_encoder(quality), import_module("picamera2.outputs").FileOutput(pipe)


def video_output(command: Message, quality: int, on_error: OnError) -> tuple[Any, Any]:
    """Encoder and output of a video.

    Args:
        command: `path`, whose extension is the container; `bitrate` (bit/s; 0: the library's choice) and `audio`.
        quality: of MJPEG's frames.
    """
    path = Path(command["path"])
    encoders, outputs = import_module("picamera2.encoders"), import_module("picamera2.outputs")
    container = path.suffix.lstrip(".")
    if container == "mjpeg":
        return _jpeg_encoder(quality), outputs.FileOutput(VideoFile(path, on_error))
    encoder = encoders.H264Encoder(bitrate=command["bitrate"] or None)
    if container == "h264":
        return encoder, outputs.FileOutput(VideoFile(path, on_error))
    audio = command["audio"]
    try:
        output = outputs.PyavOutput(str(path), format="mpegts" if container == "ts" else container)
    except ImportError:  # no PyAV: ffmpeg, which sets the timestamps of the frames itself
        os.chdir(path.parent)  # FfmpegOutput splits the name at spaces
        output = outputs.FfmpegOutput(path.name, audio=audio != "off")
    else:
        encoder.audio = audio != "off"
        if encoder.audio:
            encoder.audio_input = {"file": MICROPHONE, "format": audio}
    output.error_callback = on_error
    return encoder, output


class ShownFrames:
    """Frames that are shown during a video, from its second stream, which is smaller: one JPEG when it is due.

    It is software, as in the live view: the hardware's JPEG encoder takes no quality, and all streams have the colour
    space of the video (libcamera's StreamsShareColorSpace), whose range is not that of JPEGs.
    """

    def __init__(self, quality: int) -> None:
        self._jpeg_encoder = _jpeg_encoder(quality)
        self._mapped = import_module("picamera2.request").MappedArray

    def save(self, request: Any, path: Path) -> None:
        """Write a captured frame."""
        if _is_limited(request):
            with self._mapped(request, "lores", reshape=False) as mapped:  # nothing else reads this stream
                pixels = memoryview(mapped.array)
                luma = len(pixels) * 2 // 3
                pixels[:luma] = bytes(pixels[:luma]).translate(_LUMA)
                pixels[luma:] = bytes(pixels[luma:]).translate(_CHROMA)
        _write(path, self._jpeg_encoder.encode_func(request, "lores"))


def save_picture(request: Any, path: Path, quality: int) -> None:
    """Write a captured frame, in the format of the file's extension. The library would ignore a full disk.

    Args:
        quality: of a JPEG of a video's frame.
    """
    buffer = io.BytesIO()
    extension = path.suffix.lstrip(".")
    request.save("main", buffer, format="jpeg" if extension == "jpg" else extension)
    data = buffer.getvalue()
    if _is_limited(request):
        jpeg = _full_range_jpeg(request, quality)
        data = data[: picture_offset(data)] + jpeg[picture_offset(jpeg) :]
    _write(path, data)


def _is_limited(request: Any) -> bool:
    """Whether a frame has the limited range of H.264, which the library does not convert for JPEGs."""
    limited = import_module("libcamera").ColorSpace.Range.Limited
    return bool(request.config["main"]["format"] == "YUV420" and request.config["colour_space"].range == limited)


def _full_range_jpeg(request: Any, quality: int) -> bytes:
    """A JPEG of a video's frame, which the encoder reads at the same time: of a copy."""
    from PIL import Image

    about = request.config["main"]
    (width, height), stride = about["size"], about["stride"]
    pixels = bytes(request.make_buffer("main"))
    luma, chroma = stride * height, stride * height // 4
    size, half = (width, height), (width // 2, height // 2)
    bands = [Image.frombytes("L", size, pixels[:luma].translate(_LUMA), "raw", "L", stride, 1)]
    for begin in (luma, luma + chroma):
        plane = pixels[begin : begin + chroma].translate(_CHROMA)
        band = Image.frombytes("L", half, plane, "raw", "L", stride // 2, 1)
        bands.append(band.resize(size, Image.Resampling.NEAREST))
    jpeg = io.BytesIO()
    Image.merge("YCbCr", bands).save(jpeg, "JPEG", quality=quality)
    return jpeg.getvalue()


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise OSError(error.errno, os.strerror(error.errno or 0), str(path)) from error


def save_dng(request: Any, path: Path) -> None:
    """Write the raw data of a captured frame. RuntimeError: this PiDNG cannot, see `errors`."""
    try:
        request.save_dng(str(path))
    except (TypeError, AttributeError, KeyError) as error:
        raise RuntimeError(f"PiDNG: {error}") from error
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _jpeg_encoder(quality: int) -> Any:
    return import_module("picamera2.encoders").JpegEncoder(q=quality)


def _ignore(_written: int) -> None:
    """No one waits."""
