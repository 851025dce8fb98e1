"""Where the frames of a video go: JPEGs into a file or stdout, H.264 by way of ffmpeg."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import BinaryIO, NoReturn

from PIL import Image

from stillcam.camera.simulated import encode, files
from stillcam.camera.simulated.failures import Failure, say, terminate
from stillcam.camera.simulated.faults import Faults
from stillcam.camera.simulated.options import VideoOptions
from stillcam.camera.simulated.sensors import BOARD, USUAL_BOARD, Size
from stillcam.settings.encoder import encoder_of

Spoiled = Callable[[bytes], bytes]

NAME_BYTES = 256  # char filename[256] in file_output.cpp
END_S = 10.0

_PR_SET_PDEATHSIG = 1

BLOCK_BYTES = 4096  # of stdio, st_blksize of pipes and most files

LIBAV_LEAST_BITRATE = 1000  # libavcodec/encode.c

SILENCE = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono", "-shortest", "-c:a", "aac"]

# The container that ffmpeg is asked for, by --libav-format; the rest it knows by the same name, or by the file's.
FORMATS = {"": "", "mkv": "matroska", "ts": "mpegts"}


class Output(ABC):
    """Takes frames until it is closed."""

    @abstractmethod
    def write(self, image: Image.Image, spoiled: Spoiled) -> None:
        """One frame; if it cannot be written, the program ends here.

        Args:
            spoiled: what the faults make of its bytes.
        """

    @abstractmethod
    def full(self) -> NoReturn:
        """There is no space for the frame that was written last."""

    @abstractmethod
    def close(self) -> None:
        """Finish what has been begun."""


def create(options: VideoOptions, size: Size, fps: float, faults: Faults) -> Output:
    """The output for the codec.

    Raises:
        Failure: it cannot be opened, or there is no encoder.
    """
    codec = options.codec.lower()
    if codec in ("h264", "libav"):
        _check_encoder(options, size, faults)
        return FFmpeg(options, size, fps)
    return Files(options)


def _check_encoder(options: VideoOptions, size: Size, faults: Faults) -> None:
    """A Pi up to 4 encodes in hardware; what exceeds it fails when the stream is switched on (h264_encoder.cpp).

    libav's h264_v4l2m2m does that with the first frame, in a thread of its own (libavcodec/v4l2_m2m_enc.c).
    """
    libav, hardware = options.codec.lower() == "libav", encoder_of(os.environ.get(BOARD) or USUAL_BOARD)
    if libav and (faults.no_encoder or 0 < options.bits_per_second < LIBAV_LEAST_BITRATE):
        raise Failure("libav: unable to open video codec: -22")
    if libav and options.libav_audio and faults.no_microphone:
        raise Failure(f"libav: cannot open {options.audio_source} input device {options.audio_device}")
    if hardware and not hardware.takes(size):
        if libav:
            terminate("libav: error receiving packet: -22")
        raise Failure("failed to start output streaming")


class Files(Output):
    """Frames one behind the other, with nothing between; a new file for each `--segment`.

    Without `--flush` the last bytes of a frame, less than a block, wait for those of the next one.
    """

    def __init__(self, options: VideoOptions) -> None:
        self._options = options
        self._file: BinaryIO | None = None
        self._held = b""
        self._began = 0.0
        self._number = 0

    def write(self, image: Image.Image, spoiled: Spoiled) -> None:
        self._put(spoiled(encode.jpeg(image, self._options.quality)))

    def full(self) -> NoReturn:
        terminate("failed to write output bytes")

    def close(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        with contextlib.suppress(OSError):
            file.write(self._held)
            file.flush()
        self._held = b""
        if file is not sys.stdout.buffer:
            file.close()

    def _put(self, data: bytes) -> None:
        segment_s = self._options.segment / 1000
        if self._file is not None and segment_s and time.monotonic() - self._began > segment_s:
            self.close()
        if self._file is None:
            self._file = self._opened()
            self._began = time.monotonic()
        if self._file is None:
            return
        data = self._held + data
        whole = len(data) if self._options.flush else len(data) // BLOCK_BYTES * BLOCK_BYTES
        self._held = data[whole:]
        try:
            self._file.write(data[:whole])
            self._file.flush()
        except OSError:
            self.full()

    def _opened(self) -> BinaryIO | None:
        if not self._options.output:
            return None
        if self._options.output == "-":
            return sys.stdout.buffer
        name = files.numbered(self._options.output, self._number, NAME_BYTES)
        self._number += 1
        if self._options.wrap:
            self._number %= self._options.wrap
        try:
            return open(name, "wb")
        except OSError:
            terminate(f"failed to open output file {name}")


def _ends_with_us() -> None:
    """The real programs encode by themselves: when they are killed, nobody finishes the file (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class FFmpeg(Output):
    """H.264 from ffmpeg; SIGINT and the time-out let it finish the file."""

    def __init__(self, options: VideoOptions, size: Size, fps: float) -> None:
        program = shutil.which("ffmpeg")
        if program is None:
            say("stillcam: the simulated camera encodes H.264 with ffmpeg: apt install ffmpeg")
            raise Failure("Unable to find an appropriate H.264 codec")
        self._name = options.output
        self._libav = options.codec.lower() == "libav"
        sound = SILENCE if options.libav_audio and self._libav else []
        arguments = [*self._input(size, fps), *sound, *self._encoder(options, fps), *self._target(options)]
        self._process = subprocess.Popen(
            [program, "-nostdin", "-v", "error", "-y", *arguments],
            stdin=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C is ours: ffmpeg ends when its input does
            preexec_fn=_ends_with_us,  # noqa: PLW1509 - one system call, and this process has one thread
        )

    def write(self, image: Image.Image, spoiled: Spoiled) -> None:
        self._put(spoiled(image.convert("RGB").tobytes()))

    def full(self) -> NoReturn:
        terminate(
            "libav: error writing output: No space left on device" if self._libav else "failed to write output bytes"
        )

    def close(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended already, and said why
            self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _put(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
        except BrokenPipeError:
            self._process.wait()
            why = "No such file or directory"
            terminate(f"libav: unable to open output mux for {self._name}: {why}" if self._libav else
                      f"failed to open output file {self._name}")  # fmt: skip

    @staticmethod
    def _input(size: Size, fps: float) -> list[str]:
        return ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", f"{fps:g}", "-i", "pipe:0"]

    @staticmethod
    def _encoder(options: VideoOptions, fps: float) -> list[str]:
        arguments = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"]
        arguments += ["-threads", "1", "-g", str(options.intra or round(2 * fps))]
        if options.bits_per_second:
            arguments += ["-b:v", str(options.bits_per_second)]
        if options.profile:
            arguments += ["-profile:v", options.profile]
        if options.level:
            arguments += ["-level", options.level]
        return arguments

    @staticmethod
    def _target(options: VideoOptions) -> list[str]:
        output = "pipe:1" if options.output == "-" else f"file:{options.output}" if options.output else os.devnull
        if not options.output:
            return ["-f", "null", output]
        if options.codec.lower() == "h264":
            return ["-f", "h264", output]
        form = FORMATS.get(options.libav_format, options.libav_format) or ("" if options.output != "-" else "h264")
        return [*(["-f", form] if form else []), "-flush_packets", "1", output]
