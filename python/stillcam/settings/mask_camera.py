"""The camera that the privacy masks were drawn for: on another sensor, their corners would be elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.schema import Settings

Camera = Mapping[str, Any]  # `index`, `model` and `size`, as in the daemon's status


def name_of(index: int, model: str, size: tuple[int, int]) -> str:
    """As in the setting `privacy.camera`: `0 imx708 4608x2592`."""
    return f"{index} {model} {size[0]}x{size[1]}"


def with_mask_camera(settings: Settings, camera: Callable[[], Camera | None]) -> Settings:
    """The settings whose masks name the camera in use, if they name none; without masks, none is named.

    Args:
        camera: asks the daemon for the camera in use; None: it is not known.
    """
    privacy, found = settings.privacy, None
    if privacy.masks and (privacy.camera or not (found := camera()) or found["index"] != settings.camera.index):
        return settings
    name = name_of(found["index"], found["model"], found["size"]) if found else ""
    return settings if name == privacy.camera else replace(settings, privacy=replace(privacy, camera=name))


def unfit_masks(settings: Settings, camera: CameraInfo | None) -> str | None:
    """Why the masks may not cover what they should, for a person; None: they fit the camera, or there are none."""
    drawn_for = settings.privacy.camera
    if not (settings.privacy.masks and drawn_for):
        return None
    used = name_of(camera.index, camera.model, camera.size) if camera else "not known yet"
    if used == drawn_for:
        return None
    return (
        f"pictures are black: the privacy masks were drawn for camera {drawn_for}, and the camera is {used}; if they"
        " fit, clear privacy.camera (Settings, Privacy), otherwise delete them and draw new ones"
    )
