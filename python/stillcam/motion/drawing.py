"""The moving blocks, drawn over the picture."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from PIL import Image, ImageDraw

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
    """Make an MP4 of frames with their blocks drawn in.

    Raises:
        StillcamError: ffmpeg is missing or fails.
    """
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise StillcamError("a film needs ffmpeg: sudo apt install -y ffmpeg")
    argv = [ffmpeg, "-nostdin", "-v", "error", "-y", "-f", "mjpeg", "-framerate", str(fps), "-i", "pipe:0",
            "-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2", "-c:v", "libx264", "-pix_fmt", "yuv420p",
            "-movflags", "+faststart", "-f", "mp4", str(target.resolve())]  # fmt: skip
    with tempfile.TemporaryFile("w+") as errors, subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=errors) as child:
        assert child.stdin is not None
        try:
            for jpeg, observation in frames:
                draw(jpeg, observation).save(child.stdin, "JPEG", quality=85)
            child.stdin.close()
        except BrokenPipeError:
            pass  # it has ended: its last words say why
        except BaseException:
            child.kill()
            raise
        if child.wait() != 0:
            errors.seek(0)
            raise StillcamError(f"{target}: ffmpeg cannot make it: {errors.read().strip() or 'it said nothing'}")
