"""Temperature of the board, and whether its firmware throttles it for heat or low voltage. Absent on other machines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from stillcam.system_info import Row, output_of

VCGENCMD_TIMEOUT_S = 2.0
HOT_C = 80.0  # the firmware slows the processor down from here on (Raspberry Pi documentation)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that the firmware reports (Raspberry Pi documentation, vcgencmd get_throttled)."""

    name: str  # for metrics
    bit: int  # in `get_throttled`; 16 bits higher is whether it has held since boot
    label: str  # this and the following for a person
    text: str
    advice: str

    def is_now(self, throttled: int) -> bool:
        """Whether it holds now."""
        return bool(throttled >> self.bit & 1)

    def was_since_boot(self, throttled: int) -> bool:
        """Whether it has held at some time since boot."""
        return bool(throttled >> self.bit + 16 & 1)


COOLING = "give it a heat sink, a fan or shade"
_CAUSE = "the cause is low voltage or heat"
CONDITIONS = (
    Condition("under_voltage", 0, "Supply voltage", "too low",
              "use the official power supply and a short, thick cable"),
    Condition("frequency_capped", 1, "Clock capped", "the firmware caps the processor's clock", _CAUSE),
    Condition("throttled", 2, "Throttled", "the firmware slows the processor down", _CAUSE),
    Condition("soft_temperature_limit", 3, "Temperature limit", "the soft limit is reached and the clock lowered",
              COOLING),
)  # fmt: skip


def temperature_c(sys: Path = Path("/sys")) -> float | None:
    """The processor's temperature in °C; None: not known."""
    try:
        return int((sys / "class/thermal/thermal_zone0/temp").read_text()) / 1000
    except (OSError, ValueError):
        return None


def throttled(sys: Path = Path("/sys")) -> int | None:
    """The bits of `get_throttled`; None on a board that is no Raspberry Pi.

    The firmware's driver shows them in hexadecimal; without it `vcgencmd get_throttled` prints `throttled=0x50005`.
    """
    for file in (sys / "devices/platform").glob("soc*/*firmware/get_throttled"):
        try:
            return int(file.read_text(), 16)
        except (OSError, ValueError):
            break
    output = output_of(("vcgencmd", "get_throttled"), VCGENCMD_TIMEOUT_S)
    match = re.search(r"^throttled=0x([0-9a-fA-F]+)$", output, re.MULTILINE)
    return int(match[1], 16) if match else None


def heat_and_power(celsius: float | None, throttled: int | None) -> list[Row]:
    """Temperature, and each condition now and since boot. Arguments: what `temperature_c` and `throttled` return."""
    rows = [("Temperature", f"{celsius:.1f} °C")] if celsius is not None else []
    if throttled is not None:
        rows += [(condition.label, _state(condition, throttled)) for condition in CONDITIONS]
        rows.append(("get_throttled", f"{throttled:#x}"))
    return rows


def _state(condition: Condition, throttled: int) -> str:
    if condition.is_now(throttled):
        return f"now: {condition.text}; {condition.advice}"
    if condition.was_since_boot(throttled):
        return f"earlier since boot: {condition.text}; {condition.advice}"
    return "no problems since boot"
