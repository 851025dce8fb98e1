"""Heat and power in words: what the firmware's `get_throttled` says."""

from __future__ import annotations

from stillcam.system_info import Row

SINCE_BOOT = 16  # the same condition, so many bits higher: it has occurred since boot

# Bit, label, what it means and what to do. Source: Raspberry Pi documentation, vcgencmd get_throttled.
_CONDITIONS = (
    (0, "Supply voltage", "too low", "use the official power supply and a short, thick cable"),
    (1, "Clock capped", "the firmware caps the processor's clock", "it follows from low voltage or heat"),
    (2, "Throttled", "the firmware slows the processor down", "it follows from low voltage or heat"),
    (3, "Temperature limit", "the soft limit is reached, the clock is lowered", "give it a heat sink, a fan or shade"),
)


def power(celsius: float | None, throttled: int | None) -> list[Row]:
    """Temperature, and each condition now and since boot.

    Args:
        celsius: the processor's temperature; None: not known.
        throttled: the bits of get_throttled; None: no Raspberry Pi.
    """
    rows = [("Temperature", f"{celsius:.1f} °C")] if celsius is not None else []
    if throttled is not None:
        rows += [(label, _condition(throttled, bit, fault, advice)) for bit, label, fault, advice in _CONDITIONS]
        rows.append(("get_throttled", f"{throttled:#x}"))
    return rows


def _condition(throttled: int, bit: int, fault: str, advice: str) -> str:
    if throttled >> bit & 1:
        return f"now: {fault}: {advice}"
    if throttled >> bit + SINCE_BOOT & 1:
        return f"was, since boot: {fault}: {advice}"
    return "no trouble since boot"
