"""The brightness of a picture, measured on an eighth of its size."""

from __future__ import annotations

from typing import BinaryIO

from stillcam.library.upright import upright

SIZE = (320, 240)  # that is enough; JPEGs are decoded at an eighth, in a fraction of the time
_WHITE = 250  # and brighter: clipped
_LINEAR = [(value / 255) / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in range(256)]


def measure(file: BinaryIO) -> tuple[float, float]:
    """The mean brightness of a JPEG (linear, 0 to 1), and the share of it that is clipped.

    Raises:
        Unreadable: it is damaged.
    """
    histogram = upright(file, SIZE, ("JPEG",)).convert("L").histogram()
    total = sum(histogram)
    mean = sum(count * light for count, light in zip(histogram, _LINEAR, strict=True)) / total
    return mean, sum(histogram[_WHITE:]) / total
