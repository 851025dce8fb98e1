"""`motion arm`, `disarm`, `trigger`, `keep` and `status`: requests to the capture daemon."""

from __future__ import annotations

from typing import Any

from stillcam.cli import Arguments, Result, add_command
from stillcam.cli.daemon import ask_with_progress
from stillcam.cli.output import Table, local_text
from stillcam.cli.settings import change_setting
from stillcam.common.clock import local_zone
from stillcam.common.paths import Paths
from stillcam.ipc.protocol import ask
from stillcam.settings.in_force import overlay_of, read_state

TIMEOUT_S = 40.0  # the daemon answers at once, unless the camera holds its thread
IGNORED = {"settling": "learning what the scene looks like", "light": "the light has changed"}


def add_to(group: Any) -> None:
    """Add the commands to the group `motion`."""
    add_command(group, "arm", "turn motion detection on; it stays on after a restart", arm)
    add_command(group, "disarm", "turn motion detection off", disarm)
    trigger_parser = add_command(group, "trigger", "record an event now, for example for a door sensor", trigger)
    _add_seconds(trigger_parser, "1 to 3600")
    _add_seconds(add_command(group, "keep", "save the last seconds of an armed camera", keep), "1 to 30")
    add_command(group, "status", "show the state of motion detection", status)


def arm(paths: Paths, _arguments: Arguments) -> Result:
    return _arm(paths, True)


def disarm(paths: Paths, _arguments: Arguments) -> Result:
    return _arm(paths, False)


def _arm(paths: Paths, armed: bool) -> Result:
    overlay = overlay_of(read_state(paths.data))
    if "armed" not in overlay.changes.get("motion", {}):
        return change_setting(paths, "motion.armed", armed)
    answer = ask(paths.socket, {"command": "profile", "action": "arm", "armed": armed}, TIMEOUT_S)
    text = f"{'armed' if armed else 'disarmed'} until profile {overlay.name} ends, which sets it otherwise"
    return Result([text], {"changed": answer["changed"], "in_force": answer["in_force"]})


def trigger(paths: Paths, arguments: Arguments) -> Result:
    return _event(paths, {"command": "trigger", "seconds": arguments.seconds}, "is being recorded")


def keep(paths: Paths, arguments: Arguments) -> Result:
    return _event(paths, {"command": "keep", "seconds": arguments.seconds}, "is kept")


def status(paths: Paths, arguments: Arguments) -> Result:
    motion = ask(paths.socket, {"command": "status"}, TIMEOUT_S)["motion"]
    if motion is None:
        return Result(["disarmed"], {"motion": None})
    event, counts, zone = motion["event"], motion["counts"], local_zone(arguments.environ)
    rows = [
        ("armed", "yes" if motion["armed"] else "no"),
        ("active", "yes" if motion["active"] else "no"),
        ("level", f"{motion['level']} blocks; {motion['threshold']} count"),
        ("events", str(counts["events"])),
        ("frames", f"{counts['looked']} looked at, {counts['skipped']} skipped, {counts['dropped']} not written"),
    ]
    if motion["next"]:
        hours = "looks for motion" if motion["scheduled"] else "does not look for motion"
        rows.insert(1, ("schedule", f"{hours} until {local_text(motion['next'], zone)}"))
    if motion["ignored"]:
        rows.append(("ignored", IGNORED[motion["ignored"]]))
    if event:
        end = local_text(event["end"], zone) if event["end"] else "now"
        text = f"number {event['number']} ({event['trigger']}), {local_text(event['start'], zone)} to {end}"
        rows.append(("newest", f"{text}; {event['item'] or 'no item yet'}"))
    return Result(Table((), rows), {"motion": motion})


def _add_seconds(parser: Any, span: str) -> None:
    parser.add_argument(
        "--seconds", type=float, default=10.0, metavar="S", help=f"length in seconds, {span} (default: 10)"
    )


def _event(paths: Paths, command: dict[str, Any], text: str) -> Result:
    answer = ask_with_progress(paths.socket, command, "waiting for the camera")
    return Result([f"event {answer['event']['number']} {text}"], answer)
