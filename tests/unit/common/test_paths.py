"""Where each of several cameras has its things."""

from pathlib import Path

import pytest

from stillcam.common.errors import StillcamError
from stillcam.common.paths import ROOT, Paths, camera_numbers


def of(**environ: str) -> Paths:
    return Paths.from_environ({f"STILLCAM_{name.upper()}": value for name, value in environ.items()})


def test_one_camera_has_the_folders_themselves():
    paths = of(images="/run/images", data="")
    assert (paths.images, paths.data) == (Path("/run/images"), ROOT / "data")
    assert (paths.number, paths.first, paths.primary) == (0, None, paths)


def test_the_first_of_several_is_as_if_alone():
    assert of(cameras="0 1") == of(cameras="0 1", number="0") == of()


def test_another_one_has_folders_below_the_first_one_s():
    paths = of(cameras="2 0  11", number="11", images="/run/images", data="/var/data")
    assert (paths.images, paths.data) == (Path("/run/images/11"), Path("/var/data/cameras/11"))
    assert paths.socket == Path("/var/data/cameras/11/run/capture.sock")
    assert (paths.primary.data, paths.primary.number) == (Path("/var/data"), 2)
    assert paths.of(2) == paths.primary
    assert paths.of(0).images == Path("/run/images/0")


@pytest.mark.parametrize("said", [" ", "0 0", "1 01", "x", "-1", "32", "0,1", "0 ²", "../1"])
def test_what_is_no_list_of_cameras(said):
    with pytest.raises(StillcamError, match="STILLCAM_CAMERAS must be"):
        camera_numbers({"STILLCAM_CAMERAS": said})


@pytest.mark.parametrize("number", ["1", "00", "x", "../0"])
def test_a_camera_that_is_not_named(number):
    with pytest.raises(StillcamError, match="is not in STILLCAM_CAMERAS='0'"):
        of(number=number)


def test_a_folder_on_a_disk_that_is_missing_is_named_with_its_place(tmp_path):
    (tmp_path / "usb").mkdir()
    (tmp_path / "images").symlink_to(tmp_path / "usb/images")
    paths = of(images=str(tmp_path / "images"))
    with pytest.raises(StillcamError, match=f"is a disk missing at {tmp_path}/usb"):
        paths.make(paths.images)
    (tmp_path / "usb/images").mkdir()
    assert paths.make(paths.images) == paths.images
    assert list(paths.images.iterdir()) == []
