"""What the camera says of a frame, and how `--metadata` writes it."""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any, TextIO

from stillcam.camera.simulated.exposure import Balance, Exposure
from stillcam.camera.simulated.focus import Focus
from stillcam.camera.simulated.sensors import Rectangle

Metadata = dict[str, Any]
"""libcamera's names and units: µs, K, lx, dioptres, °C, ns since boot."""

SENSOR_CELSIUS = 41.0
AE_SEARCHING, AE_CONVERGED = 1, 2


def describe(
    exposure: Exposure,
    balance: Balance,
    focus: Focus,
    crop: Rectangle,
    stamp_ns: int,
    frame_us: float,
    *,
    lux: float,
    settled: bool,
) -> Metadata:
    """The metadata of one frame; a sensor without a lens motor says nothing of a lens."""
    lens = {} if focus.position is None else {"LensPosition": focus.position, "AfState": focus.state}
    return {
        "SensorTimestamp": stamp_ns,
        "ExposureTime": exposure.time_us,
        "AnalogueGain": exposure.analogue_gain,
        "DigitalGain": exposure.digital_gain,
        "ColourGains": [balance.red, balance.blue],
        "ColourTemperature": balance.kelvin,
        "Lux": lux,
        **lens,
        "FocusFoM": focus.figure_of_merit,
        "AeLocked": settled,
        "AeState": AE_CONVERGED if settled else AE_SEARCHING,
        "ScalerCrop": list(crop),
        "FrameDuration": round(max(frame_us, exposure.time_us)),
        "SensorTemperature": SENSOR_CELSIUS,
    }


def tensor(numbers: int) -> Metadata:
    """What an IMX500 says besides: the output of its network."""
    return {"CnnOutputTensor": [0.015625] * numbers} if numbers else {}


class Saver:
    """The metadata of stills: a file rewritten in place for each, or stdout (`-`).

    On stdout the lines of `txt` are flushed as they come; the last brace of `json` stays in the buffer
    until the next capture or the end, as with the real program.
    """

    def __init__(self, target: str, form: str) -> None:
        self._target, self._form = target, form
        self._held = ""

    def save(self, content: Metadata) -> None:
        """One capture's; nothing where there is no target."""
        text = as_txt(content) if self._form == "txt" else as_json(content)
        if self._target == "-":
            keep = 0 if self._form == "txt" else 1
            sys.stdout.write(self._held + text[: len(text) - keep])
            sys.stdout.flush()
            self._held = text[len(text) - keep :]
        elif self._target:
            with contextlib.suppress(OSError):  # a std::ofstream that cannot be opened says nothing
                Path(self._target).write_text(text)

    def close(self) -> None:
        """What is still held."""
        sys.stdout.write(self._held)
        self._held = ""


def as_json(content: Metadata) -> str:
    """An object, a line for each key, without a line's end after its brace."""
    lines = ",\n".join(f"    {json.dumps(key)}: {_value(value)}" for key, value in content.items())
    return "{\n" + lines + "\n}"


def as_txt(content: Metadata) -> str:
    """`Name=value` lines and an empty one; a rectangle is `(x, y)/wxh`."""
    lines = []
    for key, value in content.items():
        if key == "ScalerCrop":
            x, y, width, height = value
            lines.append(f"{key}=({x}, {y})/{width}x{height}\n")
        else:
            lines.append(f"{key}={_value(value)}\n")
    return "".join(lines) + "\n"


def _value(value: Any) -> str:
    """As libcamera's ControlValue::toString: six decimals, spaces inside brackets; all of it is JSON too."""
    if isinstance(value, list):
        return "[ " + ", ".join(_value(item) for item in value) + " ]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6f}" if isinstance(value, float) else str(value)


class Stream:
    """The metadata of a video: an array of objects, or blocks of text, until it is closed.

    Nothing where `target` is empty; stdout where it is `-`, and then without the array's first bracket
    (output/output.cpp opens the array only for files).
    """

    def __init__(self, target: str, form: str) -> None:
        self._form = form
        self._first = True
        self._file: TextIO | None = None
        if not target:
            return
        with contextlib.suppress(OSError):  # a std::ofstream that cannot be opened says nothing
            self._file = sys.stdout if target == "-" else open(target, "w")  # noqa: SIM115 - open until close()
        if self._file is not None and form == "json" and target != "-":
            self._file.write("[\n")

    def write(self, content: Metadata) -> None:
        """One frame's."""
        if self._file is None:
            return
        if self._form == "txt":
            self._file.write(as_txt(content))
        else:
            self._file.write(("" if self._first else ",\n") + as_json(content))
        self._file.flush()
        self._first = False

    def close(self) -> None:
        """End the array."""
        if self._file is None:
            return
        if self._form == "json":
            self._file.write("\n]\n")
        self._file.flush()
        if self._file is not sys.stdout:
            self._file.close()
