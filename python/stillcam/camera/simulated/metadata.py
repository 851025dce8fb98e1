"""What the camera says of a frame, and how `--metadata` writes it."""

import json
import sys
from pathlib import Path
from typing import Any

from stillcam.camera.simulated.failures import Failure

Metadata = dict[str, Any]
"""libcamera's names and units: µs, ×, K, lx, dioptres, °C, ns since boot."""


def save(target: str, form: str, content: Metadata) -> None:
    """Write one capture's metadata to a file, in place, or to stdout (`-`).

    On stdout the lines of `txt` are flushed as they come; the last brace of `json` stays in the buffer
    until the next capture, as with the real program.
    """
    text = as_txt(content) if form == "txt" else as_json(content)
    if target == "-":
        sys.stdout.write(text[:-1])
        sys.stdout.flush()
        sys.stdout.write(text[-1:])
        if form == "txt":
            sys.stdout.flush()
        return
    try:
        Path(target).write_text(text)
    except OSError:
        raise Failure(f"failed to open file {target}") from None


def as_json(content: Metadata) -> str:
    """An object, a line for each key, without a line's end after its brace."""
    lines = ",\n".join(f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items())
    return "{\n" + lines + "\n}"


def as_txt(content: Metadata) -> str:
    """`Name=value` lines and an empty one; lists as `[ 1.0, 2.0 ]`, rectangles as `(x, y)/wxh`."""
    return "".join(f"{key}={_txt(key, value)}\n" for key, value in content.items()) + "\n"


def _txt(key: str, value: Any) -> str:
    if key == "ScalerCrop":
        x, y, width, height = value
        return f"({x}, {y})/{width}x{height}"
    if isinstance(value, list):
        return "[ " + ", ".join(_txt("", item) for item in value) + " ]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6f}" if isinstance(value, float) else str(value)
