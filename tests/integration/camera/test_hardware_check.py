"""`tests/run --hardware` on the simulated camera, by either driver: what somebody with a Pi is asked to run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stillcam.settings.controls import CONTROLS

ROOT = Path(__file__).resolve().parents[3]
HARDWARE = ROOT / "tests/hardware"
DRIVERS = [
    pytest.param({"STILLCAM_CAMERA": "simulated"}, {"AfPause", "AeConstraintMode", "ColourTemperature"}, id="rpicam"),
    pytest.param({"STILLCAM_CAMERA": "picamera2"}, set(), id="picamera2"),
]


def check(folder: Path, environ: dict[str, str], *more: str, **faults: object) -> tuple[int, str]:
    """The exit status and what is printed."""
    (folder / "faults.json").write_text(json.dumps({"speed": 20, **faults}))
    python = os.pathsep.join(map(str, (ROOT / "python", ROOT / "tests/standin")))
    env = os.environ | {"PYTHONPATH": python, "STILLCAM_SIMULATED_DIR": str(folder), "TMPDIR": str(folder)} | environ
    command = [sys.executable, str(HARDWARE / "check_hardware.py"), "--quick", "--width", "320", *more]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=280, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(("environ", "without"), DRIVERS)
def test_the_hardware_check_goes_through_every_mode_and_control(tmp_path, environ, without):
    status, said = check(tmp_path, environ, "--camera", "0")
    assert status == 0, said
    assert said.endswith("all is well\n")
    done = [line.split(" | ")[1] for line in said.splitlines() if line.startswith("| ok |")]
    assert {what.split(" = ")[0] for what in done if " = " in what} == CONTROLS.keys() - without
    modes = {what for what in done if what.startswith("sensor mode")}
    assert modes == {
        f"sensor mode {size}"
        for size in ("1280:720:10", "1920:1080:10", "2328:1748:10", "3840:2160:10", "4656:3496:10")
    }
    others = {"snapshots", "live view", "raw photo", "photo, png", "video, mp4", "video, h264", "video, mjpeg"}
    others |= {"picture during a video"}
    assert others <= set(done)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("stillcam-hardware")) == []


def test_the_script_hands_its_arguments_on():
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # where there is no .venv yet
    done = subprocess.run(
        [ROOT / "tests/run", "--hardware", "--help"],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--quick" in done.stdout


def test_without_a_camera_it_says_so(tmp_path):
    status, said = check(tmp_path, {"STILLCAM_CAMERA": "simulated"}, no_camera=True)
    assert (status, "check the cable" in said) == (1, True)


@pytest.fixture
def complaint(monkeypatch):
    monkeypatch.syspath_prepend(HARDWARE)
    import hardware_attempts

    return hardware_attempts.complaint


@pytest.mark.parametrize(
    ("controls", "metadata", "said"),
    [
        ({"ExposureTime": 1000}, {"ExposureTime": 1004}, None),
        ({"ExposureTime": 20_000}, {"ExposureTime": 10_000}, "asked for ExposureTime 20000, the camera says 10000"),
        ({"ExposureTime": 20_000}, {}, None),
        ({"ColourGains": [1.5, 1.5]}, {"ColourGains": [1.5, 2.0]}, "asked for ColourGains"),
        ({"ScalerCrop": [1152, 648, 2304, 1296]}, {"ScalerCrop": [1126, 648, 2356, 1296]}, None),
        ({"ScalerCrop": [1152, 648, 2304, 1296]}, {"ScalerCrop": [0, 0, 4608, 2592]}, None),
        ({"ScalerCrop": [0, 0, 2304, 1296]}, {"ScalerCrop": [0, 0, 4608, 2592]}, "asked for ScalerCrop"),
    ],
)
def test_a_camera_that_does_otherwise_is_found_out(complaint, controls, metadata, said):
    found = complaint(controls, metadata)
    assert found is None if said is None else said in found
