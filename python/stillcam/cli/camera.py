"""`status`, `cameras`, `snapshot` and `reload`: what the capture daemon is asked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from stillcam.cli import Arguments, Told, add
from stillcam.cli.progress import ask_patiently
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.ipc.protocol import ask

TIMEOUT_S = 40.0  # the daemon answers the slowest of them within 30 s


def add_to(commands: Any) -> None:
    """Add these commands."""
    add(commands, "status", "say how the capture daemon does", status)
    add(commands, "cameras", "list the cameras of this machine", cameras).add_argument(
        "--again", action="store_true", help="detect cameras now; pictures pause for a few seconds"
    )
    text = "take a snapshot now, and print the frame's path; with its output in a file or a pipe, give the picture"
    add(commands, "snapshot", text, snapshot).add_argument("--path", action="store_true", help="print the path anyway")
    add(commands, "reload", "read the settings again", reload)


def status(paths: Paths, _environ: Mapping[str, str], _arguments: Arguments) -> Told:
    """The daemon's own words; `document` is all of its status."""
    told = ask(paths.socket, {"command": "status"}, TIMEOUT_S)
    camera = told["camera"]
    lines = [f"running (pid {told['pid']}) since {told['started']}, {told['driver']} camera"]
    lines.append(f"camera: {camera['index']} ({camera['model']})" if camera else "camera: none")
    lines.append(f"mode: {told['mode']} since {told['since']}" + (f": {told['reason']}" if told["reason"] else ""))
    lines.append(f"frames: {told['captures']['ok']}, failed: {told['captures']['failed']}, newest: {told['frame']}")
    lines += [f"camera program started again ({cause}): {count}" for cause, count in told["restarts"].items()]
    lines += [f"restarts of thread {one['name']}: {one['count']} ({one['error']})" for one in told["threads"]]
    lines += [f"cannot delete {one['path']} ({one['error']})" for one in told["library"]["undeletable"]]
    return Told(lines + ([f"notice: {told['notice']}"] if told["notice"] else []), told)


def cameras(paths: Paths, _environ: Mapping[str, str], arguments: Arguments) -> Told:
    """As they were when the daemon last looked for them, or now."""
    message: dict[str, Any] = {"command": "cameras"}
    told = (
        ask_patiently(paths.socket, message | {"again": True}, _waiting_for("list"))
        if arguments.again
        else ask(paths.socket, message, TIMEOUT_S)
    )
    lines = [
        f"{camera['index']}: {camera['model']}, {camera['size'][0]}x{camera['size'][1]}"
        + (" (active)" if camera["index"] == told["active"] else "")
        for camera in told["cameras"]
    ]
    return Told(lines or ["no camera was found"], told)


def snapshot(paths: Paths, _environ: Mapping[str, str], arguments: Arguments) -> Told:
    """`stillcam snapshot > file.jpg` gives a file; a person at a terminal gets the path."""
    frame = ask_patiently(paths.socket, {"command": "snapshot"}, _waiting_for("picture"))["frame"]
    path = paths.images / frame
    told = Told([str(path)], {"frame": frame, "path": str(path)})
    if arguments.json or arguments.path or sys.stdout.isatty():
        return told
    try:
        picture = path.read_bytes()
    except OSError as error:
        raise StillcamError(f"{path} has been replaced before it could be read: try again") from error
    return Told([], told.document, picture=picture)


def _waiting_for(what: str) -> Callable[[dict[str, Any], float], str]:
    """The progress line of `ask_patiently` for an answer that has no progress of its own."""
    return lambda status, seconds: f"waiting for the {what}, {seconds:.0f} s: {status['reason'] or status['mode']}"


def reload(paths: Paths, _environ: Mapping[str, str], _arguments: Arguments) -> Told:
    """Answered once a picture shows the settings."""
    told = ask(paths.socket, {"command": "reload"}, TIMEOUT_S)
    text = "the settings are in force" if told["in_force"] else "the settings count from the next picture on"
    return Told([text], told)
