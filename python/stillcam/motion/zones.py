"""Zones in a picture: a mask of where motion counts. Their texts are in `settings.zones`."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from stillcam.settings.geometry import Flips, Rectangle, Size
from stillcam.settings.zones import Point, Zone


def mask(zones: Sequence[Zone], crop: Rectangle, size: Size, flips: Flips = (False, False)) -> Image.Image:
    """Where motion counts in a picture: `DetectorSettings` takes it.

    Args:
        zones: motion counts in those that include, or everywhere if none does; but in none that excludes.
        crop: the part of the sensor that the picture shows, before any flip: the ScalerCrop of a frame's metadata.
        size: of the mask in pixels; the detector scales it.
        flips: by the camera, as `camera.use_cases.Geometry` has them: a rotation by 180 degrees is both. A rotation by
            90 or 270 degrees comes after detection.

    Returns:
        255 where motion counts, and 0 elsewhere (mode L).
    """
    drawn = Image.new("L", size, 0 if any(zone.include for zone in zones) else 255)
    pen = ImageDraw.Draw(drawn)
    for zone in sorted(zones, key=lambda zone: not zone.include):
        corners = [_in_picture(point, crop, flips) for point in zone.outline]
        scaled = [(across * size[0] - 0.5, down * size[1] - 0.5) for across, down in corners]
        pen.polygon(scaled, fill=255 if zone.include else 0)
    return drawn


def _in_picture(point: Point, crop: Rectangle, flips: Flips) -> tuple[float, float]:
    """Where a point of the sensor is: 0 to 1 from left to right and from top to bottom; beyond that: outside."""
    across, down = (point[0] - crop[0]) / crop[2], (point[1] - crop[1]) / crop[3]
    return 1 - across if flips[0] else across, 1 - down if flips[1] else down
