"""The text of a stamp: a template with fields in braces, such as `{name} {date} {time}`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stillcam.common.validate import is_number

if TYPE_CHECKING:
    from stillcam.settings.schema import StampSettings

FIELDS = {
    "date": "the day, such as 2026-11-30",
    "time": "the time, by stamp.time_format",
    "name": "the machine's host name",
    "camera": "the model of the sensor",
    "temperature": "of the sensor, in °C, where the camera reports it",
}
MOST_LETTERS = 120
UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is drawn into a picture.

    Attributes:
        size: height of the box, in percent of the picture's.
        rotation: clockwise degrees by which players rotate the picture: the stamp is upright then, in that corner.
    """

    text: str
    corner: str
    size: float
    rotation: int = 0


def check_template(template: str) -> None:
    """Check the text of a stamp.

    Raises:
        ValueError: it is empty or too long, or has an unknown field; the message says what to write.
    """
    if not template.strip() or len(template) > MOST_LETTERS or not template.isprintable():
        raise ValueError(f"must have from 1 to {MOST_LETTERS} printable characters")
    from string import Formatter

    known = ", ".join(f"{{{name}}}" for name in FIELDS)
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        raise ValueError(
            f"has a brace without its other one: write a field such as {known}, or {{{{ for a brace"
        ) from None
    for _, field, form, conversion in parts:
        if field is not None and (field not in FIELDS or form or conversion):
            raise ValueError(f"has an unknown field {{{field}}}: known are {known}")


def stamp_of(
    settings: StampSettings, time_s: float, name: str, camera: str, metadata: Mapping[str, Any], rotation: int = 0
) -> Stamp:
    """The stamp of a picture; a field that is not known is `UNKNOWN`.

    Args:
        time_s: when it was taken, since the epoch; it is shown in local time.
        name: of the machine.
        camera: the model of the sensor.
        metadata: of the picture.
        rotation: see `Stamp`.
    """
    local, temperature = time.localtime(time_s), metadata.get("SensorTemperature")
    values = {
        "date": time.strftime("%Y-%m-%d", local),
        "time": time.strftime(settings.time_format, local),
        "name": name,
        "camera": camera or UNKNOWN,
        "temperature": f"{temperature:.0f} °C" if is_number(temperature) else UNKNOWN,
    }
    return Stamp(settings.text.format_map(values), settings.corner, settings.size, rotation)
