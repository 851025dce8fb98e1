"""What the web server knows that others are notified of: the picture, films, the board, and sign-ins."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stillcam.common.formats import size_text
from stillcam.films.record import Film
from stillcam.films.store import FilmStore
from stillcam.notifications.events import Event, Facts, PictureLoss
from stillcam.system_info import board

if TYPE_CHECKING:
    from stillcam.server.camera_context import CameraContext

_FILMS = {"film": "film", "sheet": "contact sheet", "keogram": "keogram", "trails": "picture of star trails"}


def facts_of(context: CameraContext) -> Facts:
    """The facts of one camera; those of the board are the first one's."""
    return Facts(
        picture_loss=partial(_picture_loss, context),
        picture=partial(_picture, context),
        status=context.daemon.status,
        films=partial(_films, FilmStore(context.paths)),
        board=board_events if context.paths.first is None else dict,
        temperature=board.temperature_c if context.paths.first is None else lambda: None,
    )


def sign_in_event(name: str, address: str) -> Event:
    """A user has signed in on a device for the first time; `address` is its IP address."""
    text = f"{name} signed in from {address}, on a device that is new. If you do not know it, change that password."
    return Event("sign_in.new_device", time.time(), {"user": name, "address": address}, "sign-in", text)


def board_events(sys: Path = Path("/sys")) -> dict[str, Event]:
    """The events of the conditions of the board that hold now, by type."""
    now_s, celsius, bits = time.time(), board.temperature_c(sys), board.throttled(sys)
    conditions = {one.name: one for one in board.CONDITIONS if bits is not None and one.is_now(bits)}
    events = {}
    data = {"temperature_c": celsius, "throttled": bits}
    if "soft_temperature_limit" in conditions or (celsius is not None and celsius >= board.HOT_C):
        text = f"The processor is at {celsius:.0f} °C" if celsius is not None else "The processor is too hot"
        events["board.hot"] = Event("board.hot", now_s, data, "too hot", f"{text}: {board.COOLING}.")
    if low := conditions.get("under_voltage"):
        text = f"The supply voltage is {low.text}: {low.advice}."
        events["board.undervoltage"] = Event("board.undervoltage", now_s, data, "supply voltage too low", text)
    return events


def _picture_loss(context: CameraContext) -> PictureLoss | None:
    if not (stale := context.staleness.check()):
        return None
    return PictureLoss(stale.reason, stale.newest.time_s if stale.newest else None)


def _picture(context: CameraContext) -> bytes | None:
    newest = context.cache.newest
    return bytes(newest.picture.data) if newest else None


def _films(store: FilmStore) -> dict[str, Event]:
    return {film.id: _film_event(film, store.file_path(film)) for film in store.all() if film.state == "done"}


def _film_event(film: Film, file: Path) -> Event:
    data = {
        "id": film.id, "kind": film.kind, "series": film.order.series, "made": film.made, "bytes": film.bytes,
        "duration_s": film.duration_s, "pictures": film.pictures, "address": f"films/{film.file}",
    }  # fmt: skip
    what, of = _FILMS.get(film.kind, film.kind), f"of {film.order.series}" if film.order.series else "of the library"
    text = f"The {what} {of} is ready: {film.pictures} pictures, {size_text(film.bytes or 0)}."
    picture = file if file.suffix == ".jpg" else None
    return Event("film.made", time.time(), data, f"{what} ready", text, picture)
