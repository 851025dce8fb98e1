"""`status`, `cameras`, `snapshot`, `reload`, `photo`, `raw` and `video`: requests to the capture daemon."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from stillcam.cli import Arguments, Result, add_command
from stillcam.cli.daemon import ask_with_progress
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.ipc.protocol import ask
from stillcam.library.names import decode

TIMEOUT_S = 40.0  # the daemon answers within 30 s
CANCEL_TIMEOUT_S = 60.0


def add_to(commands: Any) -> None:
    add_command(commands, "status", "say how the capture daemon does", status)
    add_command(commands, "cameras", "list the cameras of this machine", cameras).add_argument(
        "--again", action="store_true", help="detect cameras now; pictures pause for a few seconds"
    )
    text = "take a snapshot now, and print the frame's path; with its output in a file or a pipe, give the picture"
    parser = add_command(commands, "snapshot", text, snapshot)
    parser.add_argument("--path", action="store_true", help="print the path anyway")
    add_command(commands, "reload", "read the settings again", reload)
    for kind, what in (("photo", "photos"), ("raw", "raw photos (DNG and JPEG)")):
        parser = add_command(commands, kind, f"take {what} for the library, and print their paths", photos)
        parser.add_argument("-n", type=int, default=1, metavar="N", dest="count", help="how many, 1 to 100; default: 1")
        parser.add_argument("--delay", type=float, default=0.0, metavar="S", help="wait so many seconds before")
        parser.set_defaults(kind=kind)
    text = "make a video for the library, and print its path; Ctrl-C ends it before its time"
    add_command(commands, "video", text, video).add_argument("seconds", type=int, metavar="SECONDS", help="1 to 86400")


def status(paths: Paths, _arguments: Arguments) -> Result:
    status = ask(paths.socket, {"command": "status"}, TIMEOUT_S)
    camera, captures = status["camera"], status["captures"]
    reason = f": {status['reason']}" if status["reason"] else ""
    lines = [
        f"running (pid {status['pid']}) since {status['started']}, {status['driver']} camera",
        f"camera: {camera['index']} ({camera['model']})" if camera else "camera: none",
        f"mode: {status['mode']} since {status['since']}{reason}",
        f"frames: {captures['ok']}, failed: {captures['failed']}, newest: {status['frame']}",
    ]
    lines += [f"camera program started again ({cause}): {count}" for cause, count in status["restarts"].items()]
    lines += [f"restarts of thread {one['name']}: {one['count']} ({one['error']})" for one in status["threads"]]
    lines += [f"cannot delete {one['path']} ({one['error']})" for one in status["library"]["undeletable"]]
    return Result(lines + ([f"notice: {status['notice']}"] if status["notice"] else []), status)


def cameras(paths: Paths, arguments: Arguments) -> Result:
    if arguments.again:
        answer = ask_with_progress(paths.socket, {"command": "cameras", "again": True}, _waiting_line("list"))
    else:
        answer = ask(paths.socket, {"command": "cameras"}, TIMEOUT_S)
    lines = [
        f"{camera['index']}: {camera['model']}, {camera['size'][0]}x{camera['size'][1]}"
        + (" (active)" if camera["index"] == answer["active"] else "")
        for camera in answer["cameras"]
    ]
    return Result(lines or ["no camera was found"], answer)


def snapshot(paths: Paths, arguments: Arguments) -> Result:
    """A snapshot: its path, or for a pipe or a file (`stillcam snapshot > file.jpg`) the picture."""
    frame = ask_with_progress(paths.socket, {"command": "snapshot"}, _waiting_line("picture"))["frame"]
    path = paths.images / frame
    document = {"frame": frame, "path": str(path)}
    if arguments.json or arguments.path or sys.stdout.isatty():
        return Result([str(path)], document)
    try:
        return Result([], document, picture=path.read_bytes())
    except OSError as error:
        raise StillcamError(f"{path} has been replaced before it could be read: try again") from error


def _waiting_line(what: str) -> Callable[[dict[str, Any], float], str]:
    """The progress line of a command that has no progress of its own."""
    return lambda status, seconds: f"waiting for the {what}, {seconds:.0f} s: {status['reason'] or status['mode']}"


def reload(paths: Paths, _arguments: Arguments) -> Result:
    """Apply the settings file; returns once a picture shows it."""
    answer = ask(paths.socket, {"command": "reload"}, TIMEOUT_S)
    text = "the settings are in force" if answer["in_force"] else "the settings count from the next picture on"
    return Result([text], answer)


def photos(paths: Paths, arguments: Arguments) -> Result:
    """Take photos, and wait for the last one; Ctrl-C cancels the rest."""
    command = {"command": "photo", "kind": arguments.kind, "count": arguments.count, "delay_s": arguments.delay}
    try:
        answer = ask_with_progress(paths.socket, command, _photo_progress)
    except KeyboardInterrupt:
        answer = ask(paths.socket, {"command": "cancel"}, CANCEL_TIMEOUT_S)
    return _taken(paths, answer)


def video(paths: Paths, arguments: Arguments) -> Result:
    """Record a video, and wait until it is in the library; Ctrl-C ends it early."""
    command = {"command": "video", "seconds": arguments.seconds, "wait": True}
    try:
        answer = ask_with_progress(paths.socket, command, _video_progress)
    except KeyboardInterrupt:
        answer = ask_with_progress(paths.socket, {"command": "stop"}, _video_progress)
    return _taken(paths, answer)


def _photo_progress(status: dict[str, Any], seconds: float) -> str:
    taking = status.get("taking") or {"done": 0, "of": 1, "due": None}
    if taking["due"]:
        return f"waiting for {taking['due']}"
    line = f"photo {min(taking['done'] + 1, taking['of'])} of {taking['of']}, {seconds:.0f} s so far"
    if status["mode"] == "photo":
        return f"{line}, about {status['interval_s']:.0f} s needed"
    return f"{line}: {status['reason'] or status['mode']}"


def _video_progress(status: dict[str, Any], seconds: float) -> str:
    if recording := status.get("recording"):
        return f"recording, {recording['left_s'] or 0:.0f} s left, {recording['bytes'] / 1e6:.1f} MB"
    return f"finishing the file, {seconds:.0f} s so far"


def _taken(paths: Paths, answer: Mapping[str, Any]) -> Result:
    files = []
    for item in answer["items"]:
        day, _, name = item.partition("/")
        files.append(str(paths.library / day / decode(name)))
    return Result(files, {"items": answer["items"], "paths": files}, bool(files))
