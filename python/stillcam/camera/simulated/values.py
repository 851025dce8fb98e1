"""The values that options take, read as the C++ of rpicam-apps reads them (core/options.hpp)."""

import re

from stillcam.camera.simulated.failures import Failure

NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")

SECONDS = {"min": 60.0, "sec": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
BITS = {"bps": 1, "b": 1, "kbps": 1000, "k": 1000, "K": 1000, "mbps": 1_000_000, "m": 1_000_000, "M": 1000}


def seconds(text: str, unit: float) -> float:
    """A time like `10ms`, `5sec` or `8333us`, in seconds; `unit` (seconds) is that of a bare number.

    An unknown unit counts as none, as in the real programs: `5h` is 5 ms for `--timeout`.
    """
    number = NUMBER.match(text)
    if not number:
        raise Failure("Invalid time string provided")
    return float(number[1]) * SECONDS.get(text[number.end() :], unit)


def bitrate(text: str) -> int:
    """A bitrate like `4mbps`, in bits a second. `M` is a thousand: a slip of the original, kept."""
    number = NUMBER.match(text)
    if not number:
        raise Failure("Invalid bitrate string provided")
    return int(float(number[1]) * BITS.get(text[number.end() :], 1))


def floats(text: str, count: int) -> tuple[float, ...] | None:
    """`count` numbers with commas between, as `sscanf("%f,%f…")` takes them: what follows is ignored."""
    found: list[float] = []
    at = 0
    while len(found) < count:
        number = NUMBER.match(text, at)
        if not number:
            return None
        found.append(float(number[1]))
        at = number.end()
        if len(found) < count and text[at : at + 1] != ",":
            return None
        at += 1
    return tuple(found)


def rectangle(text: str) -> tuple[float, float, float, float] | None:
    """x,y,w,h as fractions; None, meaning all, where it cannot be read or has no area."""
    found = floats(text, 4)
    if not found or not found[2] or not found[3]:
        return None
    return found[0], found[1], found[2], found[3]
