"""`photo`, `raw` and `video`: what the library keeps, taken from a terminal or by cron."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stillcam.commands import Arguments, Told, add
from stillcam.library.names import decode
from stillcam.link import ask
from stillcam.paths import Paths

PHOTO_S = 60.0  # that one may take
FINISH_S = 600.0  # that a video may take to be finished


def add_to(commands: Any) -> None:
    """Add these commands."""
    for kind, what in (("photo", "photos"), ("raw", "raw photos (DNG and JPEG)")):
        parser = add(commands, kind, f"take {what} for the library, and print their paths", photos)
        parser.add_argument("-n", type=int, default=1, metavar="N", dest="count", help="how many, 1 to 100; default: 1")
        parser.add_argument("--delay", type=float, default=0.0, metavar="S", help="wait so many seconds before")
        parser.set_defaults(kind=kind)
    text = "make a video for the library, and print its path; Ctrl-C ends it before its time"
    add(commands, "video", text, video).add_argument("seconds", type=int, metavar="SECONDS", help="1 to 86400")


def photos(paths: Paths, _environ: Mapping[str, str], arguments: Arguments) -> Told:
    """Answered once all are taken; Ctrl-C cancels the rest."""
    order = {"command": "photo", "kind": arguments.kind, "count": arguments.count, "delay_s": arguments.delay}
    try:
        answer = ask(paths.socket, order, arguments.delay + PHOTO_S * max(1, arguments.count))
    except KeyboardInterrupt:
        answer = ask(paths.socket, {"command": "cancel"}, PHOTO_S)
    return _told(paths, answer)


def video(paths: Paths, _environ: Mapping[str, str], arguments: Arguments) -> Told:
    """Answered once it is in the library."""
    order = {"command": "video", "seconds": arguments.seconds, "wait": True}
    try:
        answer = ask(paths.socket, order, max(0, arguments.seconds) + FINISH_S)
    except KeyboardInterrupt:
        answer = ask(paths.socket, {"command": "stop"}, FINISH_S)
    return _told(paths, answer)


def _told(paths: Paths, answer: Mapping[str, Any]) -> Told:
    files = [str(_path(paths.library, item)) for item in answer["items"]]
    return Told(files, {"items": answer["items"], "paths": files}, bool(files))


def _path(library: Path, item: str) -> Path:
    day, _, name = item.partition("/")
    return library / day / decode(name)
