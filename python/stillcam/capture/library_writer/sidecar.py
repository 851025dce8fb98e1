"""The sidecar of an item: what was known when it was taken."""

from __future__ import annotations

from typing import Any

from stillcam.camera.metadata import Metadata
from stillcam.camera.use_cases import effective_controls
from stillcam.common.formats import utc_text
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.controls import Values
from stillcam.settings.document import to_json
from stillcam.settings.schema import Settings

VERSION = 1


def make_sidecar(
    settings: Settings,
    camera: CameraInfo,
    kind: str,
    time_s: float,
    size: tuple[int, int],
    metadata: Metadata,
    sensor_mode: str = "",
) -> dict[str, Any]:
    """Make the sidecar of an item.

    Args:
        settings: with which it was taken.
        kind: `photo`, `raw` or `video`.
        time_s: when, in seconds since the epoch.
        size: width and height in pixels, as shown.
        metadata: of the camera; empty where they are unknown.
        sensor_mode: the one used; empty where it is unknown.

    Returns:
        a JSON object; `controls` are those that were set, `configuration` that of the use case.
    """
    configuration = {"photo": settings.photo, "raw": settings.raw, "video": settings.video}[kind]
    controls: Values = effective_controls(settings, configuration)
    return {
        "version": VERSION,
        "kind": kind,
        "time": utc_text(time_s),
        "camera": {"index": camera.index, "model": camera.model},
        "size": list(size),
        "controls": controls,
        "configuration": to_json(settings)[kind],
        "sensor_mode": sensor_mode or None,
        "metadata": metadata or None,
    }


def rotated_size(size: tuple[int, int], rotation: int) -> tuple[int, int]:
    """The size of a picture after a rotation by `rotation` degrees."""
    return (size[1], size[0]) if rotation in (90, 270) else size
