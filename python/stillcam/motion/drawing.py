"""The moving blocks, drawn over the picture."""

from __future__ import annotations

import contextlib
import io
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from PIL import Image, ImageDraw

from stillcam.common.child_process import find_program
from stillcam.common.errors import StillcamError
from stillcam.motion.detector import Observation

MOVING, STILL = (255, 60, 30), (255, 200, 0)  # of frames that count as motion, and of others


def draw(jpeg: bytes, observation: Observation) -> Image.Image:
    """A frame with its moving blocks outlined: red where it counts as motion, yellow where it does not yet."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        drawn = image.convert("RGB")
    across, down = drawn.width / observation.columns, drawn.height / observation.rows
    pen = ImageDraw.Draw(drawn)
    for column, row in observation.blocks:
        box = (column * across, row * down, (column + 1) * across - 1, (row + 1) * down - 1)
        pen.rectangle(box, outline=MOVING if observation.motion else STILL, width=max(1, drawn.width // 640))
    return drawn


def film_of(frames: Iterable[tuple[bytes, Observation]], target: Path, fps: float) -> None:
    """Make an MP4 of frames with their blocks drawn in; without all of them there is none.

    Args:
        frames: JPEGs of one size, each with what was seen in it.
        target: the file; it is replaced if it is there.
        fps: frames a second.

    Raises:
        StillcamError: ffmpeg is missing or fails.
    """
    ffmpeg = find_program("ffmpeg")
    if ffmpeg is None:
        raise StillcamError("a film needs ffmpeg: sudo apt install -y ffmpeg")
    part = target.with_name(f".{target.name}.part")
    argv = [ffmpeg, "-nostdin", "-v", "error", "-y", "-f", "mjpeg", "-framerate", str(fps), "-i", "pipe:0",
            "-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2", "-c:v", "libx264", "-pix_fmt", "yuv420p",
            "-movflags", "+faststart", "-f", "mp4", str(part.resolve())]  # fmt: skip
    try:
        with tempfile.TemporaryFile("w+") as errors:
            with subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=errors) as child:
                _feed(child, frames)
            if child.returncode != 0:
                errors.seek(0)
                raise StillcamError(f"{target}: ffmpeg cannot make it: {errors.read().strip() or 'it said nothing'}")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _feed(child: subprocess.Popen[bytes], frames: Iterable[tuple[bytes, Observation]]) -> None:
    """Send the drawn frames to ffmpeg; if they end early, it is killed."""
    assert child.stdin is not None
    try:
        for jpeg, observation in frames:
            draw(jpeg, observation).save(child.stdin, "JPEG", quality=85)
        child.stdin.close()
    except BrokenPipeError:
        pass  # it has ended: its last words say why
    except BaseException:
        child.kill()
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
        raise
