"""An order for a film, contact sheet, keogram or picture of star trails: a JSON document, validated where it enters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stillcam.common.errors import SettingsError
from stillcam.common.validate import FLAG, choice_in, is_number, moment_in, number_in
from stillcam.series.definition import check_name
from stillcam.series.manifest import ms_to_text

KINDS = {"film": "mp4", "sheet": "jpg", "keogram": "jpg", "trails": "jpg"}  # and the extension of the file
FPS = (1, 60)
WIDTHS = (64, 7680)  # px
DEFAULT_FPS = 25
MIN_CROP = 0.01  # of a side
_FILM_FIELDS = ("fps", "deflicker", "stamp")
_FIELDS = ("kind", "series", "fps", "width", "crop", "deflicker", "stamp", "from", "to")

Crop = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Order:
    """What to make."""

    kind: str  # one of KINDS
    series: str | None = None  # whose pictures; None: the library's
    fps: int = DEFAULT_FPS
    width: int | None = None  # pixels; None: as taken, which is also the maximum
    crop: Crop | None = None  # the visible part of each picture: x, y, width, height as fractions of it; None: all
    deflicker: bool = False  # even out small steps of brightness
    stamp: bool = False  # show in each picture when it was taken
    from_ms: int | None = None  # the first and the last time (ms since the epoch) of the pictures; None: all
    to_ms: int | None = None
    day: str | None = None  # the local day of a film that the daemon makes every day; None: a person has ordered it


def from_document(document: Any, zone: str) -> Order:
    """Validate an order.

    Args:
        document: as `docs/reference/api.md` describes it; fields that are missing or null have their defaults.
        zone: of the local clock, see `stillcam.common.clock`.

    Raises:
        SettingsError: names the field and the values that are allowed.
    """
    if not isinstance(document, Mapping):
        raise SettingsError('an order is an object like {"kind": "film", "series": "Garden"}')
    if unknown := set(document) - set(_FIELDS):
        raise SettingsError(f"unknown field: known fields are {', '.join(_FIELDS)}", min(map(str, unknown)))
    given = {name: value for name, value in document.items() if value is not None}
    kind = choice_in(given, "kind", tuple(KINDS))
    if kind != "film" and (wrong := [name for name in _FILM_FIELDS if given.get(name)]):
        raise SettingsError(f"is for films only, not for kind {kind}", wrong[0])
    order = Order(
        kind=kind,
        series=_series(given.get("series")),
        fps=int(number_in(given, "fps", *FPS, whole=True) or DEFAULT_FPS),
        width=int(number_in(given, "width", *WIDTHS, whole=True) or 0) or None,
        crop=_crop(given.get("crop")),
        deflicker=choice_in(given, "deflicker", FLAG),
        stamp=choice_in(given, "stamp", FLAG),
        from_ms=moment_in(given, "from", zone),
        to_ms=moment_in(given, "to", zone),
    )
    if order.from_ms is not None and order.to_ms is not None and order.to_ms < order.from_ms:
        raise SettingsError("must not be before from", "to")
    return order


def to_document(order: Order) -> dict[str, Any]:
    """The complete document; `day` is in it, too, although it cannot be ordered."""
    return {
        "kind": order.kind,
        "series": order.series,
        **({name: getattr(order, name) for name in _FILM_FIELDS} if order.kind == "film" else {}),
        "width": order.width,
        "crop": order.crop and list(order.crop),
        "from": None if order.from_ms is None else ms_to_text(order.from_ms),
        "to": None if order.to_ms is None else ms_to_text(order.to_ms),
        "day": order.day,
    }


def _series(name: Any) -> str | None:
    try:
        return None if name is None else check_name(name)
    except SettingsError as error:
        raise SettingsError(str(error), "series") from error


def _crop(value: Any) -> Crop | None:
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 4 and all(map(is_number, value)):
        x, y, width, height = map(float, value)
        if min(x, y) >= 0 and min(width, height) >= MIN_CROP and max(x + width, y + height) <= 1 + 1e-9:
            return x, y, width, height
    raise SettingsError("must be [x, y, width, height] as fractions of the picture, such as [0, 0.25, 1, 0.5]", "crop")
