"""Stands in for picamera2.outputs. Those that make a container leave that to ffmpeg."""

import contextlib
import errno
import io
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any


class Output:
    """Takes what an encoder gives."""

    def __init__(self, pts: Any = None) -> None:
        self.recording = False

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
    """Frames one behind the other.

    An error of a connection is kept to itself, any other one goes to the encoder's thread (fileoutput.py:137, _write).
    """

    def __init__(self, file: Any = None, pts: Any = None, split: Any = None) -> None:
        super().__init__(pts=pts)
        self.dead = False
        if not isinstance(file, str | Path | io.BufferedIOBase):
            raise RuntimeError("Must pass io.BufferedIOBase")
        self._needs_close = isinstance(file, str | Path)
        self._fileoutput = open(file, "wb") if isinstance(file, str | Path) else file  # noqa: SIM115 - until stop()

    def outputframe(
        self, frame: Any, keyframe: Any = True, timestamp: Any = None, packet: Any = None, audio: Any = False
    ) -> None:
        """One frame, flushed."""
        if not self.recording:
            return
        try:
            self._fileoutput.write(frame)
            self._fileoutput.flush()
        except (ConnectionResetError, ConnectionRefusedError, BrokenPipeError, ValueError):
            self.dead = True

    def stop(self) -> None:
        """Close what was opened here."""
        super().stop()
        try:
            if self._needs_close:
                self._fileoutput.close()
        except (ConnectionResetError, ConnectionRefusedError, BrokenPipeError):
            self.dead = True


class _Container(Output):
    """By ffmpeg, out of bare H.264."""

    def __init__(self, form: str, path: str) -> None:
        super().__init__()
        self.error_callback: Any = None
        self._form, self._path = form, path
        self._ffmpeg: subprocess.Popen[bytes] | None = None
        self.needs_pacing = True

    def start(self) -> None:
        """From here on."""
        form = {"ts": "mpegts"}.get(self._form, self._form)
        call = [shutil.which("ffmpeg") or "ffmpeg", "-v", "error", "-y", "-f", "h264", "-r", "30", "-i", "-"]
        call += ["-c", "copy", "-f", form, "-flush_packets", "1", f"file:{self._path}"]
        self._ffmpeg = subprocess.Popen(call, stdin=subprocess.PIPE)
        super().start()

    def stop(self) -> None:
        """The file is finished; what fails then is kept to itself (pyavoutput.py:58, stop)."""
        super().stop()
        ffmpeg, self._ffmpeg = self._ffmpeg, None
        if ffmpeg is None:
            return
        assert ffmpeg.stdin is not None
        with contextlib.suppress(OSError):
            ffmpeg.stdin.close()
        ffmpeg.wait()

    def outputframe(
        self, frame: Any, keyframe: Any = True, timestamp: Any = None, packet: Any = None, audio: Any = False
    ) -> None:
        """One frame; the first error is told, and then nothing more (pyavoutput.py:107, ffmpegoutput.py:138)."""
        if not self.recording or self._ffmpeg is None:
            return
        assert self._ffmpeg.stdin is not None
        try:
            self._ffmpeg.stdin.write(frame)
            self._ffmpeg.stdin.flush()
        except BrokenPipeError as error:
            self._ffmpeg.wait()
            self._ffmpeg = None
            if self.error_callback:
                self.error_callback(self._failure(error))

    def _failure(self, error: BrokenPipeError) -> OSError:
        return error


class FfmpegOutput(_Container):
    """A container by ffmpeg."""

    def __init__(
        self, output_filename: Any, audio: Any = False, audio_device: Any = "default", audio_sync: Any = -0.3,
        audio_samplerate: Any = 48000, audio_codec: Any = "aac", audio_bitrate: Any = 128000,
        audio_filter: Any = None, pts: Any = None,
    ) -> None:  # fmt: skip
        (name,) = output_filename.split()
        super().__init__(name.rpartition(".")[2], name)


class PyavOutput(_Container):
    """A container by PyAV."""

    def __init__(self, output_name: Any, format: Any = None, pts: Any = None, options: Any = None) -> None:
        super().__init__(format, output_name)

    def _failure(self, error: BrokenPipeError) -> OSError:
        """PyAV says what the system said of which file."""
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._path)
