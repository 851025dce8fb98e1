"""Stands in for picamera2.encoders."""

import queue
import threading
from typing import Any

from picamera2.outputs import Output
from stillcam.camera.simulated import encode, outputs
from stillcam.camera.simulated.options import VideoOptions


class Encoder:
    """Gives frames to an output."""

    def __init__(self, framerate: Any = 30) -> None:
        self.framerate = framerate
        self.audio = False
        self.audio_input: dict[str, str] = {}
        self.size = (0, 0)
        self.output: Any = Output()

    def start(self, quality: Any = None) -> None:
        """From here on."""
        self.output.start()

    def stop(self) -> None:
        """No more."""
        self.output.stop()

    def encode(self, stream: Any, request: Any) -> None:
        """One frame."""


class JpegEncoder(Encoder):
    """JPEGs, in a thread of its own."""

    def __init__(
        self, num_threads: Any = 4, q: Any = None, colour_space: Any = None, colour_subsampling: Any = "420"
    ) -> None:
        super().__init__()
        self.q = q
        self._tasks: queue.Queue[Any] = queue.Queue(2)  # as many as there are buffers left
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self, quality: Any = None) -> None:
        """From here on."""
        super().start(quality)
        self._thread.start()

    def stop(self) -> None:
        """What is under way is finished."""
        self._tasks.put(None)
        self._thread.join()
        super().stop()

    def encode(self, stream: Any, request: Any) -> None:
        """One frame."""
        self._tasks.put(request)

    def _run(self) -> None:
        number = 0
        while (request := self._tasks.get()) is not None:
            number += 1
            data = request._faults.spoiled(number, encode.jpeg(request._frame.image, self.q))
            self.output.outputframe(data, timestamp=0)


class H264Encoder(Encoder):
    """H.264 by ffmpeg, which makes the container, too."""

    def __init__(
        self, bitrate: Any = None, repeat: Any = True, iperiod: Any = None, framerate: Any = None,
        enable_sps_framerate: Any = False, qp: Any = None, profile: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(framerate)
        self.bitrate = bitrate
        self._ffmpeg: Any = None

    def start(self, quality: Any = None) -> None:
        """From here on."""
        super().start(quality)
        form, path = self.output.target
        options = VideoOptions(
            codec="h264" if form == "h264" else "libav", libav_format=form, output=path,
            bitrate=f"{self.bitrate or 0}bps", libav_audio=self.audio,
        )  # fmt: skip
        self._ffmpeg = outputs.create(options, self.size, 30)

    def stop(self) -> None:
        """The file is finished."""
        self._ffmpeg.close()
        super().stop()

    def encode(self, stream: Any, request: Any) -> None:
        """One frame."""
        self._ffmpeg.write(request._frame.image, lambda data: data)
