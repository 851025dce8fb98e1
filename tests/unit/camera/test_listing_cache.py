"""When a kept list of cameras may be used: only while nothing that it depends on has changed."""

from pathlib import Path

import pytest

from stillcam.camera.rpicam.listing_cache import ListingCache, identity

SENSOR = "sys/devices/platform/soc/fe205000.i2c/i2c-10/10-001a"
NODE = "sys/firmware/devicetree/base/soc/i2c0mux/i2c@1/imx708@1a"
LIBRARY, TUNING = "usr/lib/aarch64-linux-gnu/libcamera.so.0.7", "usr/share/libcamera/ipa/rpi/vc4/imx708.json"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The files of a Pi with a Camera Module 3."""
    for name, content in {
        f"{SENSOR}/video4linux/v4l-subdev0/name": "imx708\n",
        f"{NODE}/compatible": "sony,imx708\0",
        f"{NODE}/port/endpoint/link-frequencies": "\0\0\0\0\x1a\xd2\x74\x80",
        "usr/bin/rpicam-still": "program",
        LIBRARY: "library",
        TUNING: "{}",
        "boot/firmware/config.txt": "camera_auto_detect=1\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / SENSOR / "of_node").symlink_to(tmp_path / NODE)
    (tmp_path / SENSOR / "video4linux/v4l-subdev0/device").symlink_to("../..")
    classes = tmp_path / "sys/class/video4linux"
    classes.mkdir(parents=True)
    (classes / "v4l-subdev0").symlink_to(tmp_path / SENSOR / "video4linux/v4l-subdev0")
    return tmp_path


def of(machine: Path, **environ: str) -> str | None:
    return identity(str(machine / "usr/bin/rpicam-still"), environ, machine)


def test_a_start_of_the_same_machine_is_recognised(machine):
    assert of(machine) == of(machine) is not None
    subdevice = machine / "sys/class/video4linux/v4l-subdev0"
    subdevice.rename(subdevice.with_name("v4l-subdev3"))  # the kernel has found devices in another order
    assert of(machine) == of(machine) is not None


@pytest.mark.parametrize(
    ("file", "content"),
    [
        pytest.param(f"{SENSOR}/video4linux/v4l-subdev0/name", "imx708_wide\n", id="another module of the same sensor"),
        pytest.param(f"{NODE}/compatible", "sony,imx219\0", id="another sensor at the same place"),
        pytest.param(f"{NODE}/port/endpoint/link-frequencies", "\0\0\0\0\x1a\xd2\x74\x81", id="another overlay"),
        pytest.param("usr/bin/rpicam-still", "program 2", id="another camera program"),
        pytest.param(LIBRARY, "library 2", id="another libcamera"),
        pytest.param("usr/local/lib/libcamera.so.0.8", "library", id="a further libcamera"),
        pytest.param(TUNING, "{ }", id="another tuning file"),
        pytest.param("boot/firmware/config.txt", "dtoverlay=imx708\n", id="another config.txt"),
    ],
)
def test_what_the_list_depends_on_is_noticed(machine, file, content):
    before = of(machine)
    (machine / file).parent.mkdir(parents=True, exist_ok=True)
    (machine / file).write_text(content)
    assert of(machine) not in (before, None)


def test_a_variable_of_libcamera_is_noticed_and_no_other(machine):
    assert of(machine) == of(machine, HOME="/root") != of(machine, LIBCAMERA_RPI_TUNING_FILE="/tuning.json")


def test_nothing_is_known_of_usb_cameras_nor_without_cameras(machine):
    usb = machine / "sys/devices/platform/scb/fd500000.pcie/usb1/1-1/1-1.2/1-1.2:1.0/video4linux/video0"
    usb.mkdir(parents=True)
    (usb / "name").write_text("HD Webcam\n")
    (usb / "device").symlink_to("../..")
    entry = machine / "sys/class/video4linux/video0"
    entry.symlink_to(usb)
    assert of(machine) is None
    entry.unlink()
    (machine / "sys/class/video4linux/v4l-subdev0").unlink()  # no cable
    assert of(machine) is None


def test_only_a_list_of_the_same_devices_is_read(tmp_path):
    path = tmp_path / "cameras.list"
    assert ListingCache(path, lambda: "one").read() == ""
    ListingCache(path, lambda: "one").write("0 : imx708\n1 : imx219\n")
    assert ListingCache(path, lambda: "one").read() == "0 : imx708\n1 : imx219\n"
    assert ListingCache(path, lambda: "two").read() == ""
    ListingCache(path, lambda: None).write("0 : webcam\n")
    assert ListingCache(path, lambda: None).read() == ""


@pytest.mark.parametrize("content", [b"", b"\n", b"one", b"\xff\xfe\nlist", b"one\n" + bytes(2 << 20)])
def test_a_broken_file_is_no_list(tmp_path, content):
    path = tmp_path / "cameras.list"
    path.write_bytes(content)
    assert ListingCache(path, lambda: "one").read() == ""
