"""`status`, `cameras`, `snapshot`, `reload`, `photo`, `raw` and `video`: requests to the capture daemon."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stillcam.cli import Arguments, Result, add_command
from stillcam.cli.daemon import ask_with_progress
from stillcam.cli.output import Table
from stillcam.common.errors import StillcamError
from stillcam.common.formats import size_text, span_text
from stillcam.common.paths import Paths
from stillcam.ipc.protocol import Message, ask
from stillcam.library.names import decode
from stillcam.system_info.camera import masks_text

TIMEOUT_S = 40.0  # the daemon answers within 30 s


def add_to(commands: Any) -> None:
    add_command(commands, "status", "show what the camera is doing", status)
    add_command(commands, "cameras", "list the connected cameras", cameras).add_argument(
        "--again",
        action="store_true",
        help="detect cameras connected later; pictures pause for a few seconds",
    )
    text = "take a snapshot and print its path; in a pipe, the picture itself"
    parser = add_command(commands, "snapshot", text, snapshot)
    parser.add_argument("--path", action="store_true", help="print the path in a pipe, too")
    for kind, what in (("photo", "photos"), ("raw", "raw photos (DNG and JPEG)")):
        parser = add_command(commands, kind, f"take {what} and print their paths", photos)
        parser.add_argument(
            "-n", type=int, default=1, metavar="N", dest="count", help="how many, 1 to 100 (default: 1)"
        )
        parser.add_argument(
            "--delay", type=float, default=0.0, metavar="S", help="wait S seconds before the first one, 0 to 3600"
        )
        parser.set_defaults(kind=kind)
    text = "record a video and print its path; Ctrl-C stops it early"
    add_command(commands, "video", text, video).add_argument(
        "seconds", type=int, metavar="SECONDS", help="length of the video, 1 to 86400"
    )
    add_command(commands, "reload", "apply changes made in the settings file with an editor", reload)


def status(paths: Paths, _arguments: Arguments) -> Result:
    status = ask(paths.socket, {"command": "status"}, TIMEOUT_S)
    camera, captures = status["camera"], status["captures"]
    reason = f": {status['reason']}" if status["reason"] else ""
    rows = [
        ("daemon", f"running since {status['started']} (pid {status['pid']})"),
        ("driver", status["driver"]),
        ("camera", f"{camera['index']} ({camera['model']})" if camera else "none"),
        ("mode", f"{status['mode']} since {status['since']}{reason}"),
        ("frames", f"{captures['ok']}, {captures['failed']} failed; newest: {status['frame'] or 'none'}"),
    ]
    if profile := status["profile"]:
        rows.append(("profile", f"{profile['active'] or 'none'} ({profile['why']})"))
    rows += [("privacy", masks)] if (masks := masks_text(status)) else []
    rows += [("restarts", f"{count} of the camera program ({cause})") for cause, count in status["restarts"].items()]
    rows += [("restarts", f"{one['count']} of thread {one['name']} ({one['error']})") for one in status["threads"]]
    rows += [("notice", f"cannot delete {one['path']} ({one['error']})") for one in status["library"]["undeletable"]]
    rows += [("notice", status["notice"])] if status["notice"] else []
    return Result(Table((), rows), status)


def cameras(paths: Paths, arguments: Arguments) -> Result:
    if arguments.again:
        answer = ask_with_progress(paths.socket, {"command": "cameras", "again": True}, "detecting cameras")
    else:
        answer = ask(paths.socket, {"command": "cameras"}, TIMEOUT_S)
    rows = [
        (str(camera["index"]), camera["model"], "{}x{}".format(*camera["size"]),
         "yes" if camera["index"] == answer["active"] else "no")
        for camera in answer["cameras"]
    ]  # fmt: skip
    return Result(Table(("NUMBER", "MODEL", "SIZE", "IN USE"), rows) if rows else ["no camera was found"], answer)


def snapshot(paths: Paths, arguments: Arguments) -> Result:
    """A snapshot: its path, or for a pipe or a file (`stillcam snapshot > file.jpg`) the picture."""
    frame = ask_with_progress(paths.socket, {"command": "snapshot"}, "taking a snapshot")["frame"]
    path = paths.images / frame
    document = {"frame": frame, "path": str(path)}
    if arguments.json or arguments.path or sys.stdout.isatty():
        return Result([str(path)], document)
    try:
        return Result([], document, picture=path.read_bytes())
    except OSError as error:
        raise StillcamError(f"{path} was replaced before it could be read: try again") from error


def reload(paths: Paths, _arguments: Arguments) -> Result:
    """Apply the settings file; returns once a picture shows it."""
    answer = ask_with_progress(paths.socket, {"command": "reload"}, "applying the settings")
    return Result(["applied" if answer["in_force"] else "the next picture will use the settings"], answer)


def photos(paths: Paths, arguments: Arguments) -> Result:
    """Take photos, and wait for the last one; Ctrl-C cancels the rest."""
    command = {"command": "photo", "kind": arguments.kind, "count": arguments.count, "delay_s": arguments.delay}
    try:
        answer = ask_with_progress(paths.socket, command, _photo_progress)
    except KeyboardInterrupt:
        answer = ask_with_progress(paths.socket, {"command": "cancel"}, "finishing or discarding the current photo")
        text = f"cancelled: the library has {len(answer['items'])} of {arguments.count} photos"
        return _taken(paths, answer, interrupted=text)
    return _taken(paths, answer)


def video(paths: Paths, arguments: Arguments) -> Result:
    """Record a video, and wait until it is in the library; Ctrl-C stops it early."""
    command = {"command": "video", "seconds": arguments.seconds, "wait": True}
    try:
        answer = ask_with_progress(paths.socket, command, _video_progress)
    except KeyboardInterrupt:
        answer = ask_with_progress(paths.socket, {"command": "stop"}, _video_progress)
        text = "the library has the video up to here" if answer["items"] else "the recording had not begun"
        return _taken(paths, answer, interrupted=f"stopped: {text}")
    return _taken(paths, answer)


def _photo_progress(status: Message) -> tuple[str, float | None]:
    taking = status.get("taking") or {"kind": "photo", "done": 0, "of": 1, "due": None}
    if taking["due"]:
        return "self-timer", max(0.0, -_age_s(taking["due"]))
    line = f"photo {min(taking['done'] + 1, taking['of'])} of {taking['of']}"
    if taking["kind"] == "raw" and status.get("recording"):
        return f"{line}: waiting for the end of the video", None
    if status["mode"] == "photo":
        return line, max(0.0, status["interval_s"] - _age_s(status["since"]))
    return f"{line}: {status['reason'] or status['mode']}", None


def _video_progress(status: Message) -> tuple[str, float | None]:
    if recording := status.get("recording"):
        return f"recording, {size_text(recording['bytes'])}{_disk_rate(recording)}", recording["left_s"]
    if (encoding := status["library"].get("encoding")) and encoding["kind"] == "video":
        return f"creating the MP4, {100 * encoding['progress']:.0f} %", None
    return "finishing the video", None


def _disk_rate(recording: Message) -> str:
    """How fast the file grows, and how long the disk lasts."""
    room_s, dropped = recording["room_s"], recording["dropped"]
    text = f", {size_text(recording['bytes_per_s'])}/s"
    text += f", room for {span_text(room_s)}" if room_s is not None else ""
    return text + (f", {dropped} frames lost: the disk is too slow" if dropped else "")


def _age_s(moment: str) -> float:
    return time.time() - datetime.fromisoformat(moment).timestamp()


def _taken(paths: Paths, answer: Mapping[str, Any], interrupted: str = "") -> Result:
    files = []
    for item in answer["items"]:
        day, _, name = item.partition("/")
        files.append(str(paths.library / day / decode(name)))
    return Result(files, {"items": answer["items"], "paths": files}, bool(files), interrupted=interrupted)
