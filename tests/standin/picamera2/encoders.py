"""Stands in for picamera2.encoders."""

import contextlib
import errno
import os
import queue
import shutil
import subprocess
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from picamera2.outputs import Output
from stillcam.camera.simulated import encode
from stillcam.camera.simulated.faults import FaultSource


class Encoder:
    """Gives frames to an output."""

    def __init__(self, framerate: Any = 30) -> None:
        self.framerate = framerate
        self.audio = False
        self.audio_input: dict[str, str] = {}
        self.size = (0, 0)
        self.output: Any = Output()
        self._running = False
        self._lock = threading.Lock()

    def start(self, quality: Any = None) -> None:
        """From here on."""
        with self._lock:
            self._running = True
            self.output.start()
            self._start()
            if self.audio:
                self._audio_start()

    def stop(self) -> None:
        """What is under way is finished first."""
        with self._lock:
            if not self._running:
                raise RuntimeError("Encoder already stopped")
            self._running = False
            self._stop()
            self.output.stop()

    def encode(self, stream: Any, request: Any) -> None:
        """One frame."""
        with self._lock:
            if self._running:
                self._encode(request)

    def outputframe(
        self, frame: Any, keyframe: Any = True, timestamp: Any = None, packet: Any = None, audio: Any = False
    ) -> None:
        """It is encoded."""
        self.output.outputframe(frame, keyframe, timestamp, packet, audio)

    def _audio_start(self) -> None:
        """Open the microphone, by PyAV; its errors are OSErrors that name the device as a file (encoder.py:317)."""
        if FaultSource(os.environ).read().no_microphone:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.audio_input["file"])

    def _start(self) -> None:
        """Of one kind."""

    def _stop(self) -> None:
        """Of one kind."""

    def _encode(self, request: Any) -> None:
        """Of one kind."""


class MultiEncoder(Encoder):
    """Threads that encode, and one that writes: what cannot be written piles up (multi_encoder.py:31)."""

    def __init__(self, num_threads: Any = 4) -> None:
        super().__init__()
        self.threads = ThreadPoolExecutor(num_threads)
        self.tasks: queue.Queue[Future[bytes] | None] = queue.Queue()
        self.thread: Any = None

    def _start(self) -> None:
        self.thread = threading.Thread(target=self.output_thread, daemon=True)
        self.thread.start()

    def _stop(self) -> None:
        self.tasks.put(None)
        self.thread.join()

    def output_thread(self) -> None:
        """An error ends it, and nobody is told (multi_encoder.py:48)."""
        while (task := self.tasks.get()) is not None:
            self.outputframe(task.result(), timestamp=0)

    def encode_func(self, request: Any, name: Any) -> bytes:
        """Of one kind."""
        return b""

    def _encode(self, request: Any) -> None:
        request.acquire()
        self.tasks.put(self.threads.submit(self._encoded, request))

    def _encoded(self, request: Any) -> bytes:
        data = self.encode_func(request, "main")
        request.release()
        return data


class JpegEncoder(MultiEncoder):
    """JPEGs."""

    def __init__(
        self, num_threads: Any = 4, q: Any = None, colour_space: Any = None, colour_subsampling: Any = "420"
    ) -> None:
        super().__init__(num_threads=num_threads)
        self.q = q
        self._number = 0

    def encode_func(self, request: Any, name: Any) -> bytes:
        """One frame."""
        if name == "lores":
            return request._make_jpeg(name, self.q)  # type: ignore[no-any-return]
        self._number += 1
        data = encode.jpeg(request._seen(request._frame.image), self.q)
        return bytes(request.picam2._faults.corrupt(self._number, data))


class H264Encoder(Encoder):
    """H.264 by ffmpeg; one thread writes, and an error ends it without a word (v4l2_encoder.py:203, thread_poll)."""

    def __init__(
        self, bitrate: Any = None, repeat: Any = True, iperiod: Any = None, framerate: Any = None,
        enable_sps_framerate: Any = False, qp: Any = None, profile: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(framerate)
        self.bitrate = bitrate
        self._ffmpeg: Any = None
        self._thread: Any = None

    def _start(self) -> None:
        call = [shutil.which("ffmpeg") or "ffmpeg", "-nostdin", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"]
        call += ["-s", f"{self.size[0]}x{self.size[1]}", "-r", "30", "-i", "-", "-c:v", "libx264"]
        call += ["-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-threads", "1", "-g", "60"]
        call += ["-b:v", str(self.bitrate or 1_000_000), "-f", "h264", "-flush_packets", "1", "-"]
        self._ffmpeg = subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._thread = threading.Thread(target=self._written, daemon=True)
        self._thread.start()

    def _stop(self) -> None:
        self._ffmpeg.stdin.close()
        self._thread.join()
        self._ffmpeg.stdout.close()
        self._ffmpeg.wait()

    def _encode(self, request: Any) -> None:
        data = memoryview(request._frame.image.convert("RGB").tobytes())
        with contextlib.suppress(BrokenPipeError):
            while data:
                data = data[self._ffmpeg.stdin.write(data) :]
        if data:  # as the ioctl of a driver that fails (v4l2_encoder.py:353)
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    def _written(self) -> None:
        while data := self._ffmpeg.stdout.read(1 << 16):
            self.outputframe(data)
