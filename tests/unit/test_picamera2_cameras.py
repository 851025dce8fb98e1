"""Cameras as the library lists them: one that is odd hides no other, and only the one that is used is opened."""

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
LIBCAMERA = SimpleNamespace(
    properties={Key("PixelArraySize"): SIZE},
    controls={Key("ExposureTime"): SimpleNamespace(min=1, max=66_666)},  # before it is configured
    generate_configuration=lambda _roles: SimpleNamespace(
        at=lambda _: SimpleNamespace(
            formats=SimpleNamespace(pixel_formats=["SRGGB10_CSI2P", "MJPEG"], sizes=lambda _: [SIZE])
        )
    ),
)
MODE = {"format": "SRGGB10", "size": (800, 600), "bit_depth": 10, "fps": 30.0, "crop_limits": (0, 0, 800, 600)}


class Good:
    """A camera; its limits are those of the mode that it is configured with."""

    opened: ClassVar[list[int]] = []

    def __init__(self, number: int) -> None:
        self.opened.append(number)
        self.camera_controls: dict[str, Any] = {"ExposureTime": (1, 66_666, 20_000)}

    def __enter__(self) -> "Good":
        return self

    def __exit__(self, *_: object) -> None:
        """Closed."""

    def create_preview_configuration(self, raw: dict[str, Any], buffer_count: int) -> dict[str, Any]:
        assert buffer_count == 1  # a full mode's buffers are large
        return raw

    def configure(self, raw: dict[str, Any]) -> None:
        self.camera_controls = {"ExposureTime": (26, raw["size"][0] * 1000, 20_000)}

    @property
    def sensor_modes(self) -> list[dict[str, Any]]:
        return [MODE | {"size": (400, 300)}, MODE]


class Odd(Good):
    """One without FrameDurationLimits, which Picamera2.sensor_modes looks up."""

    @property
    def sensor_modes(self) -> list[dict[str, Any]]:
        raise KeyError("FrameDurationLimits")


class Busy(Good):
    """Another program has it."""

    def __init__(self, number: int) -> None:
        error = RuntimeError("Failed to acquire camera: Device or resource busy")
        raise RuntimeError("Camera __init__ sequence did not complete.") from error


def picamera2(number: int) -> Good:
    return (Odd, Good, Busy)[number](number)


@pytest.fixture
def library(monkeypatch):
    picamera2.global_camera_info = lambda: [  # type: ignore[attr-defined]
        {"Num": number, "Id": f"/base/{number}", "Model": f"m{number}"} for number in (0, 1, 2)
    ]
    libcamera = SimpleNamespace(
        CameraManager=SimpleNamespace(singleton=lambda: SimpleNamespace(cameras=[LIBCAMERA] * 3)),
        StreamRole=SimpleNamespace(Raw="raw"),
    )
    modules = {"picamera2": SimpleNamespace(Picamera2=picamera2), "libcamera": libcamera}
    monkeypatch.setattr(cameras, "import_module", modules.__getitem__)
    monkeypatch.setattr(Good, "opened", [])


def test_the_camera_that_is_used_is_listed_with_all_that_it_says(library):
    """Limits are those of the full mode: before a mode is configured they say nothing of this sensor."""
    odd, good, busy = (cameras.camera_of(told) for told in cameras.listed(1))
    assert [(mode.size, mode.fps, mode.crop) for mode in good.modes] == [
        ((400, 300), 30.0, (0, 0, 800, 600)), ((800, 600), 30.0, (0, 0, 800, 600)),
    ]  # fmt: skip
    assert (good.limits, good.bit_depth, good.held) == ({"ExposureTime": (26.0, 800_000.0)}, 10, False)
    for other in (odd, busy):
        assert [(mode.size, mode.bit_depth, mode.crop) for mode in other.modes] == [((800, 600), 10, None)]
        assert (other.limits, other.held) == ({"ExposureTime": None}, True)
    assert Good.opened == [1]


def test_a_camera_whose_modes_cannot_be_measured_is_listed(library):
    odd = cameras.camera_of(cameras.listed(0)[0])
    assert (odd.model, odd.size, odd.limits, odd.held) == ("m0", (800, 600), {"ExposureTime": None}, False)


def test_a_camera_that_another_program_has_is_to_be_listed_again(library):
    """Its modes and limits were not known for the rest of the daemon's life."""
    assert cameras.listed(2)[2]["held"]


def test_without_the_camera_that_is_wanted_the_others_are_listed(library):
    assert [told["held"] for told in cameras.listed(7)] == [True] * 3
