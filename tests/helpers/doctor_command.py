"""`stillcam doctor` on a folder of the test."""

import os
import subprocess
import sys
from pathlib import Path

from serving import DEADLINE_S, ROOT


def doctor(folder: Path, port: int | str, *options: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {
        "PYTHONPATH": str(ROOT / "python"),
        "STILLCAM_DATA": str(folder / "data"),
        "STILLCAM_IMAGES": str(folder / "images"),
        "STILLCAM_CAMERA": "simulated",
        "STILLCAM_BIND": "127.0.0.1",
        "STILLCAM_PORT": str(port),
    }
    return subprocess.run(
        [sys.executable, "-m", "stillcam", "doctor", *options],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S, env=environ, check=False,
    )  # fmt: skip
