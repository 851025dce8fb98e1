"""Exceptions of the library become a cause and a reason."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from stillcam.camera.picamera2 import session
from stillcam.camera.picamera2.errors import TooOld, cause_and_reason


def raised(text: str, cause: BaseException | None = None) -> BaseException:
    error = RuntimeError(text)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "cause", "said"),
    [
        pytest.param(raised("Camera __init__ sequence did not complete.", raised("Failed to acquire camera: busy")),
                     "busy", "another program uses the camera", id="another program"),
        pytest.param(raised("acquire: returned unexpected code: -16"), "busy", "another program uses", id="a number"),
        pytest.param(raised('No camera number 3 found - use "rpicam-hello --list-cameras"'), "absent",
                     "does not exist", id="number"),
        pytest.param(raised("Invalid camera configuration: {…}"), "options", "choose another one", id="configuration"),
        pytest.param(ModuleNotFoundError("No module named 'libcamera'"), "missing", "apt install", id="not installed"),
        pytest.param(OSError(28, "No space left on device", "/x/y.jpg"), "disk", "df -h", id="full disk"),
        pytest.param(OSError(13, "Permission denied", "/dev/shm/x.jpg"), "disk", "df -h", id="a disk below /dev"),
        pytest.param(OSError(2, "No such file or directory", "/dev/video11"), "missing", "there is no /dev/video11",
                     id="no encoder"),
        pytest.param(OSError(13, "Permission denied", "/dev/video11"), "missing", "group video", id="forbidden"),
        pytest.param(OSError(16, "Device or resource busy", "/dev/video11"), "busy", "uses /dev/video11",
                     id="encoder in use"),
        pytest.param(TooOld("picamera2 0.3.25 is too old, Stillcam needs 0.3.27"), "missing",
                     "needs 0.3.27: update it (sudo apt", id="old"),
        pytest.param(ValueError("numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C"
                                " header, got 88 from PyObject"), "missing", "uninstall --break-system-packages numpy",
                     id="numpy"),
        pytest.param(ImportError("libcamera.so.0.5: cannot open shared object file: No such file or directory"),
                     "missing", "full-upgrade", id="half an upgrade"),
        pytest.param(raised("Failed", IndexError("list index out of range")), "died", "Failed", id="another index"),
        pytest.param(raised("PiDNG: DNGBASE.convert() got an unexpected keyword argument 'file'"), "missing",
                     "PiDNG", id="pip's PiDNG"),
        pytest.param(raised("PiDNG: 'ColourCorrectionMatrix'"), "options", "monochrome", id="a monochrome sensor"),
        pytest.param(raised("Failed to start CameraManager: No such device"), "missing", "libcamera does not start",
                     id="no camera hardware"),
        pytest.param(raised("Failed", AttributeError("'libcamera._libcamera.Size' object has no attribute 'to_tuple'")),
                     "missing", "Raspberry Pi OS", id="Debian's libcamera"),
        pytest.param(raised("Could not open any dmaHeap device"), "missing", "/dev/dma_heap", id="another kernel"),
        pytest.param(raised("Failed to configure camera: Invalid argument"), "options", "choose another",
                     id="libcamera refuses it"),
        pytest.param(raised("Failed to start camera: No such device"), "died", "did not start", id="no start"),
        pytest.param(raised("configuration failed: sensor mode [1, 2, 3] and not [4, 5, 6]"), "options",
                     "no such sensor mode", id="mode"),
        pytest.param(BrokenPipeError(32, "Broken pipe"), "disk", "ffmpeg", id="the library's FfmpegOutput"),
        pytest.param(ValueError("no container format 'pulse'"), "options", "PyAV", id="pip's PyAV"),
        pytest.param(raised("the camera gives no frames"), "stalled", "cable", id="stall"),
        pytest.param(ValueError("odd"), "died", "ValueError: odd", id="anything else"),
    ],
)  # fmt: skip
def test_exceptions_of_the_library_give_cause_and_reason(error, cause, said):
    found, reason = cause_and_reason(error)
    assert found == cause and said in reason


def test_a_camera_that_is_gone_is_told_from_other_missing_indexes(monkeypatch):
    """As picamera2 up to 0.3.36 does (picamera2.py: global_camera_info()[camera_num])."""
    configuration: Any = SimpleNamespace(camera=3, tuning="")
    monkeypatch.setitem(sys.modules, "picamera2", SimpleNamespace(Picamera2=lambda number, tuning: [][number]))
    monkeypatch.setattr(session, "set_sensor_hdr", lambda *_: None)
    with pytest.raises(RuntimeError) as caught:
        session.Session(configuration, lambda _: None)
    assert cause_and_reason(caught.value)[0] == "absent"
