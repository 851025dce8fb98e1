"""Cameras as the library lists them: one that is odd hides no other."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from stillcam.camera.picamera2 import cameras


@dataclass(frozen=True)
class Key:
    """A control or property of libcamera's."""

    name: str


SIZE = SimpleNamespace(width=800, height=600)
CAMERA = SimpleNamespace(
    properties={Key("PixelArraySize"): SIZE}, controls={Key("Contrast"): SimpleNamespace(min=0.0, max=32.0)}
)


class Odd:
    """A camera without FrameDurationLimits, which Picamera2.sensor_modes looks up."""

    camera_controls: ClassVar[dict[str, Any]] = {}

    def __enter__(self) -> "Odd":
        return self

    def __exit__(self, *_: object) -> None:
        """Closed."""

    @property
    def sensor_modes(self) -> list[dict[str, Any]]:
        raise KeyError("FrameDurationLimits")


class Good(Odd):
    """Any other."""

    camera_controls: ClassVar[dict[str, Any]] = {"Sharpness": (0.0, 16.0, 1.0)}

    @property
    def sensor_modes(self) -> list[dict[str, Any]]:
        return [
            {"format": "SRGGB10", "size": (800, 600), "bit_depth": 10, "fps": 30.0, "crop_limits": (0, 0, 800, 600)}
        ]


def picamera2(number: int) -> Odd:
    return [Odd(), Good()][number]


@pytest.fixture
def library(monkeypatch):
    picamera2.global_camera_info = lambda: [  # type: ignore[attr-defined]
        {"Num": number, "Id": f"/base/{number}", "Model": f"m{number}"} for number in (0, 1)
    ]
    manager = SimpleNamespace(singleton=lambda: SimpleNamespace(cameras=[CAMERA, CAMERA]))
    modules = {"picamera2": SimpleNamespace(Picamera2=picamera2), "libcamera": SimpleNamespace(CameraManager=manager)}
    monkeypatch.setattr(cameras, "import_module", modules.__getitem__)


def test_a_camera_whose_modes_cannot_be_read_is_listed_without_them(library):
    odd, good = (cameras.camera_of(told) for told in cameras.listed())
    assert (odd.model, odd.size, odd.modes, odd.limits) == ("m0", (800, 600), (), {"Contrast": (0.0, 32.0)})
    assert (good.model, good.bit_depth, len(good.modes), good.limits) == ("m1", 10, 1, {"Sharpness": (0.0, 16.0)})
