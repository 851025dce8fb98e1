"""Which picamera2 the tests run on: the stand-in, or the real one where TEST_PICAMERA2 names the folder that has it."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STANDIN = ROOT / "tests/standin"


def python_path() -> str:
    """PYTHONPATH of a daemon, or of a driver's child."""
    real = os.environ.get("TEST_PICAMERA2")
    library = [STANDIN / "real", Path(real)] if real else []  # before the stand-in, which has libcamera too
    return os.pathsep.join(map(str, [ROOT / "python", *library, STANDIN]))


LIBRARY = {"STILLCAM_CAMERA": "picamera2", "PYTHONPATH": python_path()}
