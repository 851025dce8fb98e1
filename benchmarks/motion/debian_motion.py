"""Debian's `motion`, on a clip that it plays."""

import contextlib
import os
import subprocess
import time
from pathlib import Path

from clips import FPS

SPEED = 8  # times faster than the clip was taken: `motion` counts in frames, or in the seconds that are set here
DEFAULTS = """\
threshold 1500
despeckle_filter EedDl
minimum_motion_frames 1
"""  # as /etc/motion/motion.conf has them
RECOMMENDED = """\
threshold_tune on
noise_tune on
despeckle_filter EedDl
lightswitch_percent 50
lightswitch_frames 5
minimum_motion_frames 2
smart_mask_speed 10
"""  # as its guide says for trees, switched lights and noise; a mask at this speed is as one of 5 at 5 frames a second
_CONFIGURATION = """\
daemon off
setup_mode off
log_level 4
log_file {folder}/log
target_dir {folder}
netcam_url file://{clip}
width 1280
height 720
framerate {fps}
picture_output off
movie_output off
webcontrol_port 0
stream_port 0
event_gap 1
static_object_time 1
on_motion_detected date +%%s.%%N >> "{folder}/detected"
{more}
"""


def record(mjpeg: Path) -> None:
    """Make a clip of a file of JPEGs, beside it, that is played `SPEED` times faster."""
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-f", "mjpeg", "-framerate", f"{FPS * SPEED}", "-i", str(mjpeg),
            "-c", "copy", str(mjpeg.with_suffix(".mkv"))]  # fmt: skip
    subprocess.run(argv, check=True)


def play(clip: Path, folder: Path, seconds: float, more: str) -> tuple[list[float], float]:
    """Let it watch a clip.

    Args:
        clip: from `record`.
        folder: for its files.
        seconds: how long the clip is when it is not played faster.
        more: of its configuration.

    Returns:
        the times of frames with motion, in seconds of the clip; its processor time for a frame, in seconds.
    """
    folder.mkdir()
    (folder / "conf").write_text(_CONFIGURATION.format(folder=folder, clip=clip, fps=FPS * SPEED, more=more))
    motion = subprocess.Popen(
        ["motion", "-c", str(folder / "conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not _has_open(motion.pid, clip):
            time.sleep(0.005)
        began_s, before_s = time.time(), _cpu_s(motion.pid)
        time.sleep(seconds / SPEED)  # then it would play the clip again
        taken_s = _cpu_s(motion.pid) - before_s
    finally:
        motion.kill()
        motion.wait()
    detected = folder / "detected"
    texts = detected.read_text().split() if detected.exists() else []
    return sorted((float(text) - began_s) * SPEED for text in texts), taken_s / (seconds * FPS)


def _has_open(pid: int, path: Path) -> bool:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if descriptor.readlink() == path:
                return True
    return False


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
