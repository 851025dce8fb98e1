"""Looks for the magenta marker of the simulated camera in pictures and videos."""

import io
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from PIL import Image, ImageChops

from stillcam.frames.jpeg import InvalidJpeg, JpegSplitter

PICTURES = (".jpg", ".png", ".bmp")
VIDEOS = (".mp4", ".mjpeg", ".h264", ".ts", ".part")
EACH_ONCE = ("-fps_mode", "passthrough")  # of frames at uneven times; else ffmpeg repeats them for an even rate


def magenta(image: Image.Image) -> float:
    """The share of a picture's pixels that are magenta, which no flower of the scene is so clearly."""
    red, green, blue = image.convert("RGB").split()
    level = ImageChops.subtract(ImageChops.darker(red, blue), green)
    return sum(level.histogram()[128:]) / (image.width * image.height)


def magenta_in(data: bytes) -> float:
    """The same of a picture in any format, or of the thumbnail in its EXIF if that has more."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        shares = [magenta(image)]
        exif = image.info.get("exif", b"")
    at = exif.find(b"\xff\xd8")
    if at >= 0:
        with Image.open(io.BytesIO(exif[at:])) as small:
            shares.append(magenta(small))
    return max(shares)


class BeingWritten(Exception):
    """A picture that has changed, or is gone, since it was read."""


def _whole(path: Path) -> float:
    data = b""
    try:
        data = path.read_bytes()
        return magenta_in(data)
    except OSError:
        if path.exists() and path.read_bytes() == data:
            raise
        raise BeingWritten from None


def frames_of(video: Path) -> list[bytes]:
    """All frames of a video, as JPEGs."""
    ffmpeg = shutil.which("ffmpeg")
    assert ffmpeg
    argv = [ffmpeg, "-v", "error", "-i", str(video), *EACH_ONCE, "-f", "mjpeg", "-q:v", "2", "-"]
    return JpegSplitter().feed(subprocess.run(argv, capture_output=True, check=True).stdout)


def magenta_files(*folders: Path) -> dict[Path, float]:
    """The share of magenta in each picture, and in the worst frame of each video, in these folders."""
    found = {}
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        if path.suffix in PICTURES:
            with suppress(BeingWritten):
                found[path] = _whole(path)
        elif path.suffix in VIDEOS:
            found[path] = max(map(magenta_in, frames_of(path)))
        elif path.suffix not in (".json", ".jsonl", ".db"):
            try:  # what is no picture by its name may still be one
                pictures = JpegSplitter().feed(path.read_bytes())
                found |= {path: max(map(magenta_in, pictures))} if pictures else {}
            except InvalidJpeg:
                pass
    return found
