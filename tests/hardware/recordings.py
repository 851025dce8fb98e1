"""What a recorded video or film really has: all of its frames are decoded."""

import io
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hardware_report import Skipped, Wrong
from PIL import Image

DECODE_S = 180.0
NO_FFMPEG = "ffmpeg is not installed: sudo apt install -y ffmpeg"


@dataclass(frozen=True, slots=True)
class Recording:
    """A file that plays."""

    codec: str
    size: tuple[int, int]  # as it is stored
    rotation: int  # degrees clockwise by which players rotate it
    frames: int
    duration_s: float

    def __str__(self) -> str:
        turned = f", rotated by {self.rotation}°" if self.rotation else ""
        return f"{self.codec} {self.size[0]}x{self.size[1]}{turned}, {self.frames} frames, {self.duration_s:.1f} s"


def first_frame(path: Path) -> Image.Image:
    """The first frame of a video; one of JPEGs needs no ffmpeg.

    Raises:
        Wrong: it does not play.
    """
    data = path.read_bytes()
    if path.suffix != ".mjpeg":
        argv = ["ffmpeg", "-v", "error", "-i", str(path), "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"]
        done = subprocess.run(argv, capture_output=True, timeout=DECODE_S, check=False)
        if done.returncode or not done.stdout:
            raise Wrong(f"{path.name} does not play: {done.stderr.decode()[-300:] or done.returncode}")
        data = done.stdout
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def read_recording(path: Path) -> Recording:
    """Decode a file.

    Raises:
        Skipped: there is no ffmpeg.
        Wrong: it does not play, or ffprobe finds damage.
    """
    if shutil.which("ffprobe") is None:
        raise Skipped(NO_FFMPEG)
    argv = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=DECODE_S, check=False)
    if done.returncode or done.stderr:
        raise Wrong(f"{path.name} does not play: {done.stderr[-300:] or done.returncode}")
    found = json.loads(done.stdout)
    stream = next((each for each in found["streams"] if each["codec_type"] == "video"), None)
    if stream is None or int(stream.get("nb_read_frames", 0)) < 1:
        raise Wrong(f"there is no frame in {path.name}")
    angles = [int(side["rotation"]) for side in stream.get("side_data_list", []) if "rotation" in side]
    return Recording(
        stream["codec_name"],
        (int(stream["width"]), int(stream["height"])),
        -sum(angles) % 360,
        int(stream["nb_read_frames"]),
        float(found["format"].get("duration", 0)),
    )
