"""Outputs recorded from the real rpicam-apps 1.12 on libcamera 0.7's virtual camera, against parsers and simulation.

Recorded are the exit status (negative: the signal) and the lines of stderr that say an error.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stillcam.camera import metadata
from stillcam.camera.rpicam.errors import failure

ROOT = Path(__file__).resolve().parents[3]
CASES = Path(__file__).resolve().parents[2] / "cases"
ERRORS = json.loads((CASES / "rpicam-1.12-errors.json").read_text())
NOT_SIMULATED = {"--rotation", "--timelapse"}  # no driver passes them
VALUES = {
    "ScalerCrop": [0, 0, 1920, 1080], "LensPosition": 1.0, "ColourTemperature": 4200, "Lux": 400.0, "AfState": 1,
    "AeState": 1, "DigitalGain": 1.0, "AnalogueGain": 1.5, "ColourGains": [1.8, 1.6], "ExposureTime": 12000,
}  # fmt: skip


def named(case: dict[str, Any]) -> str:
    return f"{case['program']} {case['arguments']}"


@pytest.mark.parametrize("case", ERRORS, ids=named)
def test_an_error_has_a_cause(case):
    error = failure(case["program"], case["status"], case["stderr"])
    assert error.cause == case["cause"]


@pytest.mark.parametrize(
    "case", [case for case in ERRORS if not NOT_SIMULATED & {*case["arguments"].split()}], ids=named
)
def test_the_simulated_camera_fails_as_the_real_one(case, tmp_path):
    argv = [sys.executable, "-m", "stillcam.camera.simulated", case["program"], *case["arguments"].split()]
    env = {
        **os.environ, "PYTHONPATH": str(ROOT / "python"), "STILLCAM_SIMULATED_DIR": str(tmp_path),
        "STILLCAM_SIMULATED_FAULTS": json.dumps({"speed": 20, "cameras": "imx219"}),
    }  # fmt: skip
    ended = subprocess.run(
        argv, check=False, cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    lines = [line for line in ended.stderr.splitlines() if line.startswith(("ERROR: ***", "terminate", "  what()"))]
    assert (ended.returncode, lines) == (case["status"], case["stderr"])


def test_the_metadata_of_a_still():
    found = metadata.from_json((CASES / "rpicam-1.12-metadata.json").read_bytes())
    assert found is not None
    assert found.items() >= VALUES.items()


def test_the_metadata_of_a_video_frame_by_frame():
    text = (CASES / "rpicam-1.12-metadata.txt").read_bytes()
    reader = metadata.TextParser()
    found = [frame for byte in text if (frame := reader.feed(bytes([byte])))]
    assert [frame["SensorTimestamp"] for frame in found] == [2536265032475, 2536301171666]
    assert all(frame.items() >= VALUES.items() for frame in found)
