"""How fast a video fills the disk, and how long there is room for it."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

from stillcam.common.errors import CameraError
from stillcam.films.ffmpeg import BITS_PER_PIXEL
from stillcam.settings.geometry import Size
from stillcam.settings.schema import Settings

MEASURED_S = 2.0  # after so much of a video its own rate counts
LEAST_ROOM_S = 10.0  # a video, or what was requested of it, is not begun without room for so much
# JPEG quality, and bits a pixel of a usual picture: 4:2:0, some noise. Nothing depends on it once the video runs.
JPEG_BITS = ((1, 0.15), (50, 0.6), (75, 1.0), (85, 1.4), (93, 2.4), (100, 6.0))


class DiskRate:
    """The rate of one video.

    Args:
        estimated_bytes_per_s: until it can be measured.
    """

    def __init__(self, estimated_bytes_per_s: float) -> None:
        self.bytes_per_s = estimated_bytes_per_s

    def measure(self, written_bytes: int, duration_s: float) -> None:
        """So much has been written of a video of that duration."""
        if written_bytes and duration_s >= MEASURED_S:
            self.bytes_per_s = written_bytes / duration_s

    def room_s(self, spare_bytes: int) -> float:
        """How much of the video has room in so many bytes, in seconds."""
        return max(0.0, spare_bytes / self.bytes_per_s)

    def to_json(self, spare_bytes: int | None) -> dict[str, int | None]:
        """For the progress of the video; None: the spare space is not known yet."""
        room_s = None if spare_bytes is None else round(self.room_s(spare_bytes))
        return {"bytes_per_s": round(self.bytes_per_s), "room_s": room_s}

    def check(self, spare_bytes: int, seconds: int | None) -> None:
        """Refuse a video that would end at once.

        Raises:
            CameraError: `disk`.
        """
        room_s = self.room_s(spare_bytes)
        if room_s < min(seconds or LEAST_ROOM_S, LEAST_ROOM_S):
            raise CameraError(
                "disk",
                f"the disk has room for {room_s:.0f} s of this video, which needs about {self.bytes_per_s / 1e6:.1f}"
                " MB/s: delete something, or make the video smaller (video.width, video.quality)",
            )


def jpeg_rate(size: Size, quality: int, rate: float) -> float:
    """What JPEGs of that size and quality need, about, in bytes a second.

    Args:
        rate: frames a second.
    """
    at = min(bisect_right(JPEG_BITS, (quality, 0.0)), len(JPEG_BITS) - 1)
    (low, low_bits), (high, high_bits) = list(pairwise(JPEG_BITS))[max(0, at - 1)]
    bits = low_bits + (high_bits - low_bits) * (quality - low) / (high - low)
    return size[0] * size[1] * rate * bits / 8


def encoded_rate(settings: Settings, size: Size, rate: float) -> float:
    """What the camera program's H.264 needs, about, in bytes a second."""
    return (settings.video.bitrate or BITS_PER_PIXEL * size[0] * size[1] * rate) / 8
