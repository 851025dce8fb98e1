"""`photo`, `raw` and `video`: what the library keeps, taken from a terminal or by cron."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stillcam.cli import Arguments, Told, add
from stillcam.cli.progress import ask_patiently
from stillcam.common.paths import Paths
from stillcam.ipc.protocol import ask
from stillcam.library.names import decode

CANCEL_S = 60.0  # for the photo that is being taken to be given up


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
    """Answered once all are taken, however long the exposure; Ctrl-C cancels the rest."""
    order = {"command": "photo", "kind": arguments.kind, "count": arguments.count, "delay_s": arguments.delay}
    try:
        answer = ask_patiently(paths.socket, order, _photos_so_far)
    except KeyboardInterrupt:
        answer = ask(paths.socket, {"command": "cancel"}, CANCEL_S)
    return _told(paths, answer)


def video(paths: Paths, _environ: Mapping[str, str], arguments: Arguments) -> Told:
    """Answered once it is in the library."""
    order = {"command": "video", "seconds": arguments.seconds, "wait": True}
    try:
        answer = ask_patiently(paths.socket, order, _video_so_far)
    except KeyboardInterrupt:
        answer = ask_patiently(paths.socket, {"command": "stop"}, _video_so_far)
    return _told(paths, answer)


def _photos_so_far(status: dict[str, Any], seconds: float) -> str:
    taking = status.get("taking") or {"done": 0, "of": 1, "due": None}
    if taking["due"]:
        return f"waiting for {taking['due']}"
    line = f"photo {min(taking['done'] + 1, taking['of'])} of {taking['of']}, {seconds:.0f} s so far"
    if status["mode"] == "photo":
        return f"{line}, about {status['interval_s']:.0f} s needed"
    return f"{line}: {status['reason'] or status['mode']}"


def _video_so_far(status: dict[str, Any], seconds: float) -> str:
    if recording := status.get("recording"):
        return f"recording, {recording['left_s'] or 0:.0f} s left, {recording['bytes'] / 1e6:.1f} MB"
    return f"finishing the file, {seconds:.0f} s so far"


def _told(paths: Paths, answer: Mapping[str, Any]) -> Told:
    files = [str(_path(paths.library, item)) for item in answer["items"]]
    return Told(files, {"items": answer["items"], "paths": files}, bool(files))


def _path(library: Path, item: str) -> Path:
    day, _, name = item.partition("/")
    return library / day / decode(name)
