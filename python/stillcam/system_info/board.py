"""What the board says of itself: temperature, and whether it holds itself back. Absent on other machines."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

VCGENCMD_TIMEOUT_S = 2.0
# Bits of get_throttled; 16 bits higher: has happened since the start (Raspberry Pi documentation, vcgencmd).
CONDITIONS = {
    "under_voltage": 1 << 0,
    "frequency_capped": 1 << 1,
    "throttled": 1 << 2,
    "soft_temperature_limit": 1 << 3,
}
SINCE_START = 16


def temperature_c(sys: Path = Path("/sys")) -> float | None:
    """The processor's temperature in °C; None where it is not known."""
    try:
        return int((sys / "class/thermal/thermal_zone0/temp").read_text()) / 1000
    except (OSError, ValueError):
        return None


def throttled(sys: Path = Path("/sys")) -> int | None:
    """The bits of `CONDITIONS`; None on a board that is no Raspberry Pi.

    The firmware's driver shows them in hexadecimal; without it `vcgencmd get_throttled`
    says `throttled=0x50005`.
    """
    for file in (sys / "devices/platform").glob("soc*/*firmware/get_throttled"):
        try:
            return int(file.read_text(), 16)
        except (OSError, ValueError):
            break
    if not shutil.which("vcgencmd"):
        return None
    try:
        said = subprocess.run(
            ["vcgencmd", "get_throttled"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=VCGENCMD_TIMEOUT_S, check=False,
        ).stdout  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.fullmatch(r"throttled=0x([0-9a-fA-F]+)\s*", said)
    return int(match[1], 16) if match else None
