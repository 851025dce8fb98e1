"""The list of cameras in status and API."""

from dataclasses import replace

from listed_programs import CASES, recorded

from stillcam.camera.description import describe, with_known_modes
from stillcam.camera.rpicam.listing import parse
from stillcam.settings.capabilities import CameraInfo

TWO = (CASES / "list-cameras-two.txt").read_text()  # as rpicam-apps 1.12 prints it


def test_the_device_tree_gives_rotation_and_location(tmp_path):
    camera = recorded("list-cameras-two.txt")[0]
    node = tmp_path / "soc/i2c0mux/i2c@1/imx708@1a"
    node.mkdir(parents=True)
    (node / "rotation").write_bytes((180).to_bytes(4, "big"))
    (node / "orientation").write_bytes((2).to_bytes(4, "big"))
    about = describe(camera, tmp_path)["properties"]
    assert (about["Rotation"], about["Location"]) == (180, "CameraLocationExternal")
    assert about["UnitCellSize"] == [1400, 1400]
    unknown = describe(replace(camera, model="new1", path="", colour=None), tmp_path)["properties"]
    assert unknown == {"Model": "new1", "PixelArraySize": [4608, 2592]}


def test_an_earlier_listing_completes_a_camera_in_use():
    """Whatever its number is now; a camera of another model at the same place is another one."""
    known: dict[tuple[str, str], CameraInfo] = {}
    first, second = parse(TWO)
    assert with_known_modes([first, second], known) == [first, second]
    held = replace(first, index=1, modes=(), limits=None, held=True)
    other = replace(held, model="imx477")
    assert with_known_modes([held, other], known) == [replace(first, index=1), other]
