"""How `--metadata` writes what the camera says of its frames."""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any, TextIO

Metadata = dict[str, Any]
"""libcamera's names and units: µs, K, lx, dioptres, °C, ns since boot."""


class StillMetadata:
    """The metadata of stills: a file rewritten in place for each, or stdout (`-`).

    On stdout the lines of `txt` are flushed as they come; the last brace of `json` stays in the buffer
    until the next capture or the end, as with the real program.
    """

    def __init__(self, target: str, form: str) -> None:
        self._target, self._form = target, form
        self._buffered = ""

    def write(self, content: Metadata) -> None:
        """Write the metadata of one capture; does nothing without a target."""
        text = as_txt(content) if self._form == "txt" else as_json(content)
        if self._target == "-":
            held = len(text) - (self._form == "json")
            sys.stdout.write(self._buffered + text[:held])
            sys.stdout.flush()
            self._buffered = text[held:]
        elif self._target:
            with contextlib.suppress(OSError):  # a std::ofstream that cannot be opened says nothing
                Path(self._target).write_text(text)

    def close(self) -> None:
        """Write what is still buffered."""
        sys.stdout.write(self._buffered)


class VideoMetadata:
    """The metadata of a video: an array of objects, or blocks of text, until it is closed."""

    def __init__(self, target: str, form: str) -> None:
        self._json, self._separator = form == "json", "[\n"
        self._file: TextIO | None = None
        if target:
            with contextlib.suppress(OSError):  # a std::ofstream that cannot be opened says nothing
                self._file = open(target, "w")  # noqa: SIM115 - open until close()

    def write(self, content: Metadata) -> None:
        """One frame's."""
        if self._file is not None:
            self._file.write(self._separator + as_json(content) if self._json else as_txt(content))
            self._file.flush()
            self._separator = ",\n"

    def close(self) -> None:
        """End the array."""
        if self._file is not None:
            self._file.write("\n]\n" if self._json else "")
            self._file.close()


def tensor(length: int) -> Metadata:
    """What an IMX500 adds: the output of its network."""
    return {"CnnOutputTensor": [0.015625] * length} if length else {}


def as_json(content: Metadata) -> str:
    """An object, a line for each key, without a line's end after its brace."""
    lines = ",\n".join(f"    {json.dumps(key)}: {_value(value)}" for key, value in content.items())
    return "{\n" + lines + "\n}"


def as_txt(content: Metadata) -> str:
    """`Name=value` lines and an empty one; a rectangle is `(x, y)/wxh`."""
    texts = {key: _value(value) for key, value in content.items()}
    if "ScalerCrop" in content:
        x, y, width, height = content["ScalerCrop"]
        texts["ScalerCrop"] = f"({x}, {y})/{width}x{height}"
    return "".join(f"{key}={text}\n" for key, text in texts.items()) + "\n"


def _value(value: Any) -> str:
    """As libcamera's ControlValue::toString: six decimals, spaces inside brackets; all of it is JSON too."""
    if isinstance(value, list):
        return "[ " + ", ".join(_value(item) for item in value) + " ]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6f}" if isinstance(value, float) else str(value)
