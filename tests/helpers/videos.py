"""Videos in tests: what ffprobe says of them, and one that is being recorded."""

import json
import subprocess
from pathlib import Path
from typing import Any

from capture_daemon import DEADLINE_S, IdleDaemon

SOME_BYTES = 40_000  # more than a first picture


def streams_of(path: Path) -> list[dict[str, Any]]:
    """What ffprobe says of each stream; all frames are decoded."""
    argv = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=DEADLINE_S)
    streams: list[dict[str, Any]] = json.loads(done.stdout)["streams"]
    return streams


def playable(path: Path, size: tuple[int, int]) -> None:
    """Check that it is an MP4 that browsers play, and begin while it loads."""
    (stream,) = streams_of(path)
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuv420p")
    assert (stream["width"], stream["height"]) == size
    assert int(stream["nb_read_frames"]) >= 2
    data = path.read_bytes()
    assert data.find(b"moov") < data.find(b"mdat")


def recording(idle_daemon: IdleDaemon, least_bytes: int = SOME_BYTES) -> dict[str, Any]:
    """Wait until a video has so many bytes; its progress."""
    status = idle_daemon.until(lambda status: (status["recording"] or {"bytes": 0})["bytes"] >= least_bytes)
    progress: dict[str, Any] = status["recording"]
    return progress
