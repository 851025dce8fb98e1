"""Listing cameras through picamera2, and the HDR mode of a sensor."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from listed_programs import recorded

from stillcam.camera.picamera2 import cameras
from stillcam.camera.picamera2.cameras import set_hdr
from stillcam.settings.capabilities import CameraInfo


@dataclass(frozen=True)
class Key:
    """A control or property of libcamera's."""

    name: str


SIZES = [SimpleNamespace(width=400, height=300), SimpleNamespace(width=800, height=600)]
LIBCAMERA = SimpleNamespace(
    properties={Key("PixelArraySize"): SIZES[1]},
    controls={Key("ExposureTime"): SimpleNamespace(min=1, max=66_666)},  # before it is configured
    generate_configuration=lambda _roles: SimpleNamespace(
        at=lambda _: SimpleNamespace(
            formats=SimpleNamespace(pixel_formats=["SRGGB10_CSI2P", "MJPEG"], sizes=lambda _: SIZES)
        )
    ),
)


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
        width, height = raw["size"]
        self.camera_controls = {
            "ExposureTime": (26, width * 1000, 20_000),
            "FrameDurationLimits": (width * 100, 10**9, None),
            "ScalerCrop": ((0, 0, 64, 64), (0, 0, width, height), None),
        }


class Odd(Good):
    """One without FrameDurationLimits, from which the frame rate is known."""

    def configure(self, raw: dict[str, Any]) -> None:
        self.camera_controls = {}


class Busy(Good):
    """Another program has it."""

    def __init__(self, number: int) -> None:
        error = RuntimeError("Failed to acquire camera: Device or resource busy")
        raise RuntimeError("Camera __init__ sequence did not complete.") from error


def sent(camera: CameraInfo) -> CameraInfo:
    """As the daemon gets it."""
    return cameras.camera_from_json(json.loads(json.dumps(asdict(camera))))


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


def test_the_camera_that_is_used_is_listed_with_modes_and_limits(library):
    """Limits are those of the full mode: before a mode is configured they say nothing of this sensor."""
    odd, good, busy = (sent(camera) for camera in cameras.list_cameras(1))
    assert [(mode.size, mode.fps, mode.crop) for mode in good.modes] == [
        ((400, 300), 25.0, (0, 0, 400, 300)), ((800, 600), 12.5, (0, 0, 800, 600)),
    ]  # fmt: skip
    assert good.limits is not None and good.limits["ExposureTime"] == (26.0, 800_000.0)
    assert (good.bit_depth, good.held) == (10, False)
    for other in (odd, busy):
        assert [(mode.size, mode.bit_depth) for mode in other.modes] == [((400, 300), 10), ((800, 600), 10)]
        assert not any(mode.crop or mode.fps for mode in other.modes)
        assert (other.limits, other.held) == ({"ExposureTime": None}, True)
    assert Good.opened == [1]


def test_a_camera_whose_modes_cannot_be_measured_is_listed(library):
    odd = sent(cameras.list_cameras(0)[0])
    assert (odd.model, odd.size, odd.limits, odd.held) == ("m0", (800, 600), {"ExposureTime": None}, False)


def test_a_camera_that_another_program_has_is_to_be_listed_again(library):
    """Its modes and limits were not known for the rest of the daemon's life."""
    assert cameras.list_cameras(2)[2].held


def test_without_the_camera_that_is_wanted_the_others_are_listed(library):
    assert [camera.held for camera in cameras.list_cameras(7)] == [True] * 3


IMX708, IMX219 = recorded("list-cameras-two.txt")


@pytest.fixture
def subdevices(tmp_path: Path) -> Path:
    """Two sensors, as the kernel shows them, and a device that is no sensor."""
    for number, (module, node) in enumerate((("imx219", "i2c@10/imx219@10"), ("imx708", "i2c@1/imx708@1a"))):
        device = tmp_path / f"sys/v4l-subdev{number}/device"
        (device / "driver").mkdir(parents=True)
        (device / "driver/module").symlink_to(f"../../../../module/{module}")
        (device / "of_node").symlink_to(f"../../firmware/devicetree/base/soc/i2c0mux/{node}")
    (tmp_path / "sys/v4l-subdev2").mkdir()
    return tmp_path / "sys"


def test_sensor_hdr_is_set_on_its_device(subdevices, tmp_path):
    assert IMX708.path == "/base/soc/i2c0mux/i2c@1/imx708@1a"
    assert not set_hdr(IMX219.path, True, subdevices, tmp_path)
    assert not set_hdr("", True, subdevices, tmp_path)
    with pytest.raises(FileNotFoundError, match="v4l-subdev1"):
        set_hdr(IMX708.path, True, subdevices, tmp_path)
    (tmp_path / "v4l-subdev1").touch()
    with pytest.raises(OSError, match="ioctl"):  # a file is no such device
        set_hdr(IMX708.path, True, subdevices, tmp_path)
