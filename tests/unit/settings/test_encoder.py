"""Which boards have the H.264 encoder with limits, and what it takes."""

import pytest

from stillcam.camera import select
from stillcam.common.paths import Paths
from stillcam.settings import tuning_files
from stillcam.settings.encoder import HARDWARE, encoder_limits


@pytest.mark.parametrize(
    ("compatible", "encoder"),
    [
        pytest.param("raspberrypi,model-zero-2-w brcm,bcm2837 ", HARDWARE, id="Zero 2 W"),
        pytest.param("raspberrypi,model-zero-w brcm,bcm2835 ", HARDWARE, id="Zero W"),
        pytest.param("raspberrypi,4-model-b brcm,bcm2711 ", HARDWARE, id="Pi 4"),
        pytest.param("raspberrypi,5-model-b brcm,bcm2712 ", None, id="Pi 5"),
        pytest.param("", None, id="no Pi"),
    ],
)
@pytest.mark.parametrize("driver", ["rpicam", "picamera2"])
def test_the_device_tree_says_whether_the_board_encodes_in_hardware(tmp_path, monkeypatch, compatible, encoder, driver):
    tree = tmp_path / "compatible"
    tree.write_bytes(compatible.replace(" ", "\0").encode())
    program = tmp_path / "rpicam-still"
    program.touch(0o755)
    monkeypatch.setattr(tuning_files, "COMPATIBLE", tree)
    monkeypatch.setattr(select, "has_picamera2", lambda: True)
    environ = {"STILLCAM_CAMERA": driver, "PATH": str(tmp_path)}
    made = select.choose_driver(environ, Paths(tmp_path / "images", tmp_path / "data"))
    assert made.capabilities.encoder == encoder
    assert encoder_limits(compatible) == encoder


@pytest.mark.parametrize(
    ("size", "nearest"),
    [
        ((1920, 1080), None),
        ((1080, 1920), None),
        ((1440, 1440), None),
        ((1920, 1440), (1664, 1248)),
        ((2304, 1296), (1920, 1080)),
        ((1922, 480), (1920, 480)),
        ((4096, 2), (1920, 2)),
        ((16, 4096), (2, 1920)),
    ],
)
def test_sizes_that_the_hardware_takes_and_the_nearest_for_others(size, nearest):
    assert HARDWARE.accepts(size) is (nearest is None)
    if nearest:
        assert HARDWARE.nearest(size) == nearest
        assert HARDWARE.accepts(nearest)
