"""The list of cameras in status and API: as the driver lists them, with libcamera's properties and known modes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.geometry import mode_name

DEVICE_TREE = Path("/proc/device-tree")

# Side of a pixel in nanometres (libcamera's camera_sensor_properties.cpp).
UNIT_CELL_NM = {
    "imx219": 1120, "imx290": 2900, "imx296": 3450, "imx327": 2900, "imx378": 1550, "imx462": 2900, "imx477": 1550,
    "imx500": 1550, "imx519": 1220, "imx708": 1400, "ov5647": 1400, "ov64a40": 1008, "ov9281": 3000,
}  # fmt: skip
LOCATIONS = {0: "CameraLocationFront", 1: "CameraLocationBack", 2: "CameraLocationExternal"}  # orientation there


def describe(camera: CameraInfo, device_tree: Path = DEVICE_TREE) -> dict[str, Any]:
    """A camera for JSON; `properties` has libcamera's names."""
    fields = asdict(camera)
    del fields["limits"]
    fields["properties"] = _properties(camera, device_tree)
    fields["modes"] = [asdict(mode) | {"sensor_mode": mode_name(mode)} for mode in camera.modes]
    return fields


def with_known_modes(cameras: Sequence[CameraInfo], known: dict[tuple[str, str], CameraInfo]) -> list[CameraInfo]:
    """`cameras`, with modes and limits of earlier listings for those that another process held.

    Args:
        known: path and model -> camera; updated.
    """
    known |= {(camera.path, camera.model): camera for camera in cameras if not camera.held}
    return [
        replace(known.get((camera.path, camera.model), camera), index=camera.index) if camera.held else camera
        for camera in cameras
    ]


def same_cameras(before: Sequence[CameraInfo], now: Sequence[CameraInfo]) -> bool:
    """Whether a list of `now` names the cameras of `before`, as far as is known of those that are in use."""
    return len(before) == len(now) and all(
        (one.as_held() if other.held else one) == other for one, other in zip(before, now, strict=True)
    )


def _properties(camera: CameraInfo, device_tree: Path) -> dict[str, Any]:
    cell = UNIT_CELL_NM.get(camera.model.split("_")[0])  # imx708_wide_noir
    node = device_tree / camera.path.removeprefix("/base").lstrip("/")
    orientation = _number(node / "orientation")
    known = {
        "Model": camera.model,
        "PixelArraySize": list(camera.size),
        "ColorFilterArrangement": camera.colour,
        "UnitCellSize": cell and [cell, cell],
        "Rotation": _number(node / "rotation"),
        "Location": None if orientation is None else LOCATIONS.get(orientation),
    }
    return {name: value for name, value in known.items() if value is not None}


def _number(cell: Path) -> int | None:
    """A cell of the device tree: 32 bits, big-endian."""
    try:
        raw = cell.read_bytes()
    except OSError:
        return None
    return int.from_bytes(raw, "big") if len(raw) == 4 else None
