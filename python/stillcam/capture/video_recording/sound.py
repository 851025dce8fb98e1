"""The sound of a video whose frames the daemon records: ffmpeg records it beside, and it is muxed with the MP4.

Matroska needs no end, so a kill costs a second of it. ffmpeg's inputs for PulseAudio and ALSA give samples the time of
the machine's clock (libavdevice/pulse_audio_dec.c, alsa_dec.c), which `-copyts` keeps. The time of the first frame is
by the same clock, so that sound and picture need not begin together.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

from stillcam.camera.errors import NO_MICROPHONE
from stillcam.common.child_process import ChildProcess, find_program
from stillcam.common.errors import CameraError

DEVICE = "default"  # PulseAudio's, or ALSA's
LAG_FRAMES = 2.5  # from the exposure of a frame until it is read: read-out, processing, encoding
LATENCY = {"pulse": ("-fragment_size", "9600")}  # 50 ms: PulseAudio would give the sound of two seconds at a time
CLUSTER_MS = 1000  # a kill costs so much


class SoundRecording:
    """Records until `stop`.

    Args:
        source: `pulse` or `alsa`.
        path: the file, a Matroska.
    """

    def __init__(self, source: str, path: Path) -> None:
        argv = [
            find_program("ffmpeg") or "ffmpeg", "-nostdin", "-v", "error", "-y", "-f", source, *LATENCY.get(source, ()),
            "-i", DEVICE,
            "-c:a", "pcm_s16le", "-copyts", "-cluster_time_limit", str(CLUSTER_MS), "-flush_packets", "1",
            "-f", "matroska", f"file:{path}",
        ]  # fmt: skip
        self._reason = ""
        self._program: ChildProcess | None = None
        try:
            self._program = ChildProcess("ffmpeg", argv, path.parent)
        except CameraError as error:
            self._reason = f"no sound: {error}"

    def stop(self, interrupts: Sequence[int]) -> str:
        """End the recording; why there is no sound, or not until the end, empty: there is.

        Args:
            interrupts: see `ChildProcess.stop`.
        """
        if program := self._program:
            failed = program.status is not None
            program.stop(signal.SIGINT, interrupts=interrupts)
            self._program = None
            if failed:
                said = program.stderr[-1] if program.stderr else "ffmpeg ended"
                self._reason = f"the sound is missing, or ends early: {NO_MICROPHONE} ({said})"
        return self._reason
