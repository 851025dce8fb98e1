"""Stands in for picamera2.outputs. Those that make a container leave that to the encoder's ffmpeg."""

import io
from pathlib import Path
from typing import Any


class Output:
    """Takes what an encoder gives."""

    def __init__(self, pts: Any = None) -> None:
        self.recording = False
        self.error_callback: Any = None

    def start(self) -> None:
        """From here on."""
        self.recording = True

    def stop(self) -> None:
        """No more."""
        self.recording = False

    def outputframe(
        self, frame: Any, keyframe: Any = True, timestamp: Any = None, packet: Any = None, audio: Any = False
    ) -> None:
        """One frame."""


class FileOutput(Output):
    """Frames one behind the other."""

    def __init__(self, file: Any = None, pts: Any = None, split: Any = None) -> None:
        super().__init__(pts=pts)
        if not isinstance(file, str | Path | io.BufferedIOBase):
            raise RuntimeError("Must pass io.BufferedIOBase")
        self.target = ("h264", str(file))
        self._needs_close = isinstance(file, str | Path)
        self._fileoutput = open(file, "wb") if isinstance(file, str | Path) else file  # noqa: SIM115 - until stop()

    def outputframe(
        self, frame: Any, keyframe: Any = True, timestamp: Any = None, packet: Any = None, audio: Any = False
    ) -> None:
        """One frame, flushed."""
        self._fileoutput.write(frame)
        self._fileoutput.flush()

    def stop(self) -> None:
        """Close what was opened here."""
        super().stop()
        if self._needs_close:
            self._fileoutput.close()


class FfmpegOutput(Output):
    """A container by ffmpeg."""

    def __init__(
        self, output_filename: Any, audio: Any = False, audio_device: Any = "default", audio_sync: Any = -0.3,
        audio_samplerate: Any = 48000, audio_codec: Any = "aac", audio_bitrate: Any = 128000,
        audio_filter: Any = None, pts: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(pts=pts)
        (name,) = output_filename.split()
        self.target = (name.rpartition(".")[2], name)


class PyavOutput(Output):
    """A container by PyAV."""

    def __init__(self, output_name: Any, format: Any = None, pts: Any = None, options: Any = None) -> None:
        super().__init__(pts=pts)
        self.target = (format, output_name)
