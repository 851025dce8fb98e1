"""rpicam-vid: the event loop of apps/rpicam_vid.cpp, frame by frame.

The frames go as JPEGs into a file or to stdout, or as H.264 by way of ffmpeg.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import BinaryIO, TextIO

from PIL import Image

from stillcam.camera.simulated import BOARD, USUAL_BOARD, encode, sensors
from stillcam.camera.simulated.camera import STARTUP_FRAMES, Camera
from stillcam.camera.simulated.faults import Faults, FaultSource
from stillcam.camera.simulated.options import VideoOptions, seconds
from stillcam.camera.simulated.picture import Picture, local_now
from stillcam.camera.simulated.program import Failure, Signals, format_name, print_stderr, terminate
from stillcam.camera.simulated.sensors import Size
from stillcam.settings.encoder import encoder_limits

FRAMERATE = 30.0
BUFFERS = 6

NAME_BYTES = 256  # char filename[256] in file_output.cpp
BLOCK_BYTES = 4096  # of stdio, st_blksize of pipes and most files
END_S = 10.0
LIBAV_LEAST_BITRATE = 1000  # libavcodec/encode.c
PR_SET_PDEATHSIG = 1

SILENCE = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono", "-shortest", "-c:a", "aac"]


class MotionJPEG:
    """Frames one behind the other, with nothing between.

    Without `--flush` the last bytes of a frame, less than a block, wait for those of the next one.
    """

    full_disk = "failed to write output bytes"

    def __init__(self, options: VideoOptions) -> None:
        self._options = options
        self._file: BinaryIO | None = None
        self._buffered = b""

    def encode(self, image: Image.Image) -> bytes:
        """What `write` takes for a frame."""
        return encode.jpeg(image, self._options.quality)

    def write(self, data: bytes) -> None:
        """One frame; if it cannot be written, the program ends here."""
        if self._file is None:
            self._file = self._open()
        data = self._buffered + data
        whole = len(data) if self._options.flush else len(data) // BLOCK_BYTES * BLOCK_BYTES
        self._buffered = data[whole:]
        try:
            self._file.write(data[:whole])
            self._file.flush()
        except OSError:
            terminate(self.full_disk)

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.write(self._buffered)
                self._file.flush()

    def _open(self) -> BinaryIO:
        if self._options.output == "-":
            return sys.stdout.buffer
        name = format_name(self._options.output, 0, NAME_BYTES) or os.devnull
        try:
            return open(name, "wb")
        except OSError:
            terminate(f"failed to open output file {name}")


class H264:
    """H.264 from ffmpeg; SIGINT and the time-out let it finish the file."""

    def __init__(self, options: VideoOptions, size: Size, fps: float) -> None:
        program = shutil.which("ffmpeg")
        if program is None:
            print_stderr("stillcam: the simulated camera encodes H.264 with ffmpeg: apt install ffmpeg")
            raise Failure("Unable to find an appropriate H.264 codec")
        self._name, self._libav = options.output, options.codec == "libav"
        self.full_disk = "libav: error writing output: No space left on device" if self._libav else MotionJPEG.full_disk
        source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", f"{fps:g}", "-i", "pipe:0"]
        sound = SILENCE if options.libav_audio and self._libav else []
        encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p",
                   "-threads", "1", "-g", str(round(2 * fps))]  # fmt: skip
        bitrate = ["-b:v", str(options.bitrate)] if options.bitrate else []
        form = options.libav_format if self._libav else "h264"
        container = [*(["-f", form] if form else []), "-flush_packets", "1"]
        target = "pipe:1" if self._name == "-" else f"file:{self._name or os.devnull}"
        self._process = subprocess.Popen(
            [program, "-nostdin", "-v", "error", "-y", *source, *sound, *encoder, *bitrate, *container, target],
            stdin=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C is ours: ffmpeg ends when its input does
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call, and this process has one thread
        )

    def encode(self, image: Image.Image) -> bytes:
        """What `write` takes for a frame: its pixels."""
        return image.tobytes()

    def write(self, data: bytes) -> None:
        """One frame; if it cannot be written, the program ends here."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
        except BrokenPipeError:
            self._process.wait()
            if self._libav:
                terminate(f"libav: unable to open output mux for {self._name}: No such file or directory")
            terminate(f"failed to open output file {self._name}")

    def close(self) -> None:
        """Finish the file; ffmpeg may have ended already, with its reason on stderr."""
        try:
            self._process.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Video:
    """One run of rpicam-vid."""

    def __init__(self, options: VideoOptions, source: FaultSource) -> None:
        self._options = options
        self._frames = 0
        self._camera = Camera(options, source)
        self._faults = self._camera.faults()
        wanted = options.framerate if options.framerate > 0 else FRAMERATE
        size, mode = sensors.video(options, self._camera.sensor)
        self._period_s = max(1 / min(wanted, mode.fps), seconds(options.shutter))
        self._camera.fail_to_start(size[0])
        self._camera.configure(mode, options.buffer_count or BUFFERS, size)
        frame_us = self._period_s * 1e6
        self._picture = Picture(self._camera.sensor, mode, options, size, frame_us=frame_us, settled=True)
        self._picture.lens.power_on()
        self._picture.lens.start(viewfinder=True)
        self._output = _output(options, size, 1 / self._period_s, self._faults)
        caught = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT, signal.SIGPIPE)
        self._signals = Signals(*caught, verbose=options.verbose > 0)

    def run(self) -> None:
        """Record until the options or SIGINT end it."""
        listed = self._options.metadata_format == "json"
        with _open_metadata(self._options.metadata) as file:
            file.write("[\n" if listed else "")
            try:
                self._picture.prepare()
                self._loop(file)
            finally:
                self._output.close()
                file.write("\n]\n" if listed else "")

    def _loop(self, metadata: TextIO) -> None:
        options, timeout_s = self._options, seconds(self._options.timeout, 1e-3)
        started = due = time.monotonic()
        for _ in range(STARTUP_FRAMES):
            due = self._pace(due)
        while True:
            self._faults = self._camera.wait_while_stalled(self._frames)
            due = self._pace(due)
            timed_out = not options.frames and 0 < timeout_s < time.monotonic() - started
            if timed_out and options.verbose:
                print_stderr(f"Halting: reached timeout of {round(timeout_s * 1000)} milliseconds.")
            if timed_out or self._signals.take() == signal.SIGINT or 0 < options.frames <= self._frames:
                return
            time.sleep(self._faults.delay_s(self._frames))
            frame = self._picture.take(
                local_now(),
                frozen=self._faults.frozen,
                boat=not self._faults.no_boat,
                walked=self._faults.walked,
                marker=self._faults.marker,
            )
            self._frames += 1
            self._write(frame.image)
            if options.codec != "libav":  # which writes no metadata of its frames (libav_encoder.cpp, encode)
                content = frame.metadata | encode.tensor(self._faults.tensor)
                between = ",\n" if self._frames > 1 else ""
                text = encode.as_txt(content) if options.metadata_format == "txt" else between + encode.as_json(content)
                print(text, end="", file=metadata, flush=True)
            self._faults.die(self._frames)

    def _write(self, image: Image.Image) -> None:
        data = self._faults.corrupt(self._frames, self._output.encode(image))
        if self._faults.disk_full:
            self._output.write(data[: len(data) // 2])
            terminate(self._output.full_disk)
        self._output.write(data)

    def _pace(self, due: float) -> float:
        """Wait for the next frame; when late, skip what the sensor would have dropped."""
        self._picture.frame(self._faults.light, self._faults.nearer)
        period = self._period_s / self._faults.speed
        due += period
        now = time.monotonic()
        if now < due:
            time.sleep(due - now)
            return due
        return now if now - due > period else due


def _output(options: VideoOptions, size: Size, fps: float, faults: Faults) -> MotionJPEG | H264:
    """The output for the codec.

    A Pi up to 4 encodes H.264 in hardware; what exceeds it fails when the stream is switched on (h264_encoder.cpp).
    libav's h264_v4l2m2m does that with the first frame, in a thread of its own (libavcodec/v4l2_m2m_enc.c).
    """
    if options.codec == "mjpeg":
        return MotionJPEG(options)
    libav, hardware = options.codec == "libav", encoder_limits(os.environ.get(BOARD) or USUAL_BOARD)
    if libav and (faults.no_encoder or 0 < options.bitrate < LIBAV_LEAST_BITRATE):
        raise Failure("libav: unable to open video codec: -22")
    if libav and options.libav_audio and faults.no_microphone:
        raise Failure(f"libav: cannot open {options.audio_source} input device default")
    if hardware and not hardware.accepts(size):
        if libav:
            terminate("libav: error receiving packet: -22")
        raise Failure("failed to start output streaming")
    return H264(options, size, fps)


def _open_metadata(target: str) -> TextIO:
    """A std::ofstream that cannot be opened says nothing."""
    with contextlib.suppress(OSError):
        return open(target or os.devnull, "w")
    return open(os.devnull, "w")


def _end_with_parent() -> None:
    """The real programs encode by themselves: when they are killed, nothing finishes the file (prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
