"""`profile`: settings for day and night, and which of them are in force."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillcam.cli import Arguments, Result, add_command, add_group
from stillcam.cli.daemon import ask_with_progress, naming_field
from stillcam.cli.output import Table, local_text
from stillcam.cli.settings import as_patch, parsed
from stillcam.common.clock import local_zone, zone_named
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.paths import Paths
from stillcam.common.safe_read import parse_json
from stillcam.ipc.protocol import Message, NoAnswer, Refusal, ask
from stillcam.settings.file import load as load_settings
from stillcam.settings.in_force import dotted_names

if TYPE_CHECKING:
    from stillcam.profiles.definition import Profile

STATUS_TIMEOUT_S = 5.0
MAX_BYTES = 1 << 20


def add_to(commands: Any) -> None:
    group = add_group(commands, "profile", "switch and edit settings for day and night")
    add_command(group, "list", "list the profiles, and which one is active", show_all)
    add_command(group, "show", "print a profile as JSON", show, "profile")
    chosen = add_command(group, "use", "switch to a profile by hand, or to the plain settings", use)
    chosen.add_argument("profile", nargs="?", metavar="PROFILE", help="its name (default: the plain settings)")
    text = "tomorrow (00:00), change (when the conditions choose another one), or a local time like 06:30 or"
    chosen.add_argument("--until", metavar="TIME", help=f"{text} 2026-12-01T06:30 (default: until it is switched back)")
    add_command(group, "auto", "let the conditions choose the profile again", automatic)
    new = add_command(group, "add", "add a profile, last in order", add, "profile")
    new.add_argument("--set", action="append", default=[], dest="changes", metavar="SETTING=VALUE",
                     help="what it changes, like motion.sensitivity=3 (may be repeated)")  # fmt: skip
    new.add_argument("--from", dest="opens", metavar="TIME", help="like 22:00, sunset or sunrise-00:30; needs --to")
    new.add_argument("--to", dest="closes", metavar="TIME", help="end of the daily window")
    new.add_argument("--days", metavar="DAYS", help="like sat,sun (default: every day)")
    measure = new.add_mutually_exclusive_group()
    for name, text in (("lux", "brightness in lux"), ("exposure", "exposure time in seconds × gain")):
        for side in ("below", "above"):
            measure.add_argument(f"--{name}-{side}", type=float, metavar="N", help=f"{text}; needs --end")
    new.add_argument("--end", type=float, metavar="N", help="lux, or exposure time × gain, at which the profile ends")
    add_command(group, "remove", "delete a profile", remove, "profile")
    edit = add_command(group, "edit", "replace all profiles by those of a JSON file", replace_all)
    edit.add_argument("file", metavar="FILE", help="as `stillcam profile list --json` prints it; -: standard input")


def show_all(paths: Paths, arguments: Arguments) -> Result:
    from stillcam.profiles.choice import words
    from stillcam.profiles.definition import to_json

    profiles, state = _load(paths), _state(paths) or {}
    refused = {one["name"]: one["reason"] for one in state.get("refused", ())}
    rows = [
        (
            one.name,
            "active" if one.name == state.get("active") else "refused" if one.name in refused else "",
            words(one),
            ", ".join(dotted_names(one.changes)) or "nothing",
        )
        for one in profiles
    ]
    document = to_json(profiles)
    if not rows:
        return Result(["there are no profiles: the plain settings are in force"], document)
    table = Table(("PROFILE", "STATE", "CONDITION", "CHANGES"), rows).lines(colours=False)
    zone = local_zone(arguments.environ)
    return Result([*table, *(f"{name}: {why}" for name, why in refused.items()), *_outlook(state, zone)], document)


def show(paths: Paths, arguments: Arguments) -> Result:
    from stillcam.profiles.definition import find, profile_to_json

    document = profile_to_json(find(_load(paths), arguments.profile))
    return Result([json.dumps(document, ensure_ascii=False, indent=2)], document)


def use(paths: Paths, arguments: Arguments) -> Result:
    until = _until(arguments.until, local_zone(arguments.environ), arguments.parser)
    return _command(paths, arguments, action="use", name=arguments.profile, until=until)


def automatic(paths: Paths, arguments: Arguments) -> Result:
    return _command(paths, arguments, action="auto")


def add(paths: Paths, arguments: Arguments) -> Result:
    row = {"name": arguments.profile, "when": _condition(arguments), "changes": _changes(arguments)}
    return _change(paths, lambda rows: [*rows, row], f"{arguments.profile} was added")


def remove(paths: Paths, arguments: Arguments) -> Result:
    from stillcam.profiles.definition import find

    name = find(_load(paths), arguments.profile).name
    return _change(paths, lambda rows: [row for row in rows if row["name"] != name], f"{name} was deleted")


def replace_all(paths: Paths, arguments: Arguments) -> Result:
    try:
        raw = sys.stdin.buffer.read(MAX_BYTES) if arguments.file == "-" else Path(arguments.file).read_bytes()
        document = parse_json(raw)
    except OSError as error:
        raise StillcamError(f"cannot read {arguments.file}: {error.strerror}") from error
    except ValueError as error:
        raise StillcamError(f"{arguments.file} is not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("profiles"), list):
        raise StillcamError(f'{arguments.file}: must be an object like {{"version": 1, "profiles": []}}')
    return _change(paths, lambda _: document["profiles"], f"{len(document['profiles'])} profiles were saved")


def _load(paths: Paths) -> tuple[Profile, ...]:
    from stillcam.profiles import file

    return file.load(paths.data)


def _state(paths: Paths) -> Message | None:
    """The state of the profiles; None without a daemon."""
    try:
        state: Message | None = ask(paths.socket, {"command": "status"}, STATUS_TIMEOUT_S)["profile"]
    except NoAnswer:
        return None
    return state


def _outlook(state: Message, zone: str) -> list[str]:
    """Which profile is active, why, and when that changes."""
    if not state:
        return []
    lines = [f"active: {state['active'] or 'the plain settings'} ({state['why']})"]
    if state["until"]:
        lines.append(f"until: {local_text(state['until'], zone)}")
    if state["next"]:
        then = state["next"]["profile"] or "the plain settings"
        lines.append(f"next: {then}, at {local_text(state['next']['time'], zone)}")
    return lines


def _command(paths: Paths, arguments: Arguments, **message: Any) -> Result:
    with naming_field():
        answer = ask_with_progress(paths.socket, {"command": "profile", **message}, "applying the settings")
    state = answer["profile"]
    return Result(_outlook(state, local_zone(arguments.environ)), {"state": state, "in_force": answer["in_force"]})


def _change(paths: Paths, change: Callable[[list[Any]], list[Any]], done: str) -> Result:
    """Write other profiles, and apply them. If the camera refuses them, or at Ctrl-C, they stay as they were."""
    from stillcam.profiles import file
    from stillcam.profiles.definition import from_json, problem, to_json

    old, settings = _load(paths), load_settings(paths.settings)
    with naming_field():
        new = from_json({"profiles": change(to_json(old)["profiles"])})
        for one in new:
            if one not in old and (error := problem(one, settings)):
                raise SettingsError(str(error), f"{one.name}: {error.field}")
    file.save(paths.data, new)
    document = to_json(new)
    reload = {"command": "reload"}
    try:
        ask_with_progress(paths.socket, reload, "applying the profiles")
    except NoAnswer as error:
        return Result([f"{done}, but is not applied yet: {error}"], document)
    except (Refusal, KeyboardInterrupt) as reason:
        file.save(paths.data, old)
        ask_with_progress(paths.socket, reload, "restoring the profiles")
        if isinstance(reason, KeyboardInterrupt):
            raise KeyboardInterrupt("the profiles are as they were before") from None
        raise StillcamError(f"the camera refuses this; the profiles stay as they were: {reason}") from reason
    return Result([done], document)


def _condition(arguments: Arguments) -> dict[str, Any]:
    fail = arguments.parser.error
    for measure in ("lux", "exposure"):
        for side in ("below", "above"):
            threshold = getattr(arguments, f"{measure}_{side}")
            if threshold is not None:
                if arguments.end is None or arguments.opens or arguments.closes:
                    fail(f"--{measure}-{side}: needs --end, and neither --from nor --to")
                return {"type": measure, side: threshold, "until": arguments.end}
    if (arguments.opens is None) != (arguments.closes is None):
        fail("--from and --to belong together")
    if arguments.opens is None:
        if arguments.days or arguments.end is not None:
            fail("--days needs --from and --to, --end needs a brightness such as --lux-below")
        return {"type": "manual"}
    days = arguments.days.split(",") if arguments.days else []
    return {"type": "times", "from": arguments.opens, "to": arguments.closes, "weekdays": days}


def _changes(arguments: Arguments) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for text in arguments.changes:
        name, equals, value = text.partition("=")
        if not equals or "." not in name:
            arguments.parser.error(f"{text}: must be like motion.sensitivity=3")
        _merge(changes, as_patch(name, parsed(value)))
    return changes


def _merge(target: dict[str, Any], patch: dict[str, Any]) -> None:
    for name, value in patch.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = value


def _until(text: str | None, zone: str, parser: argparse.ArgumentParser) -> str | int | None:
    """The end of a choice as the daemon takes it: a word, or ms since the epoch."""
    if text in (None, "tomorrow", "change"):
        return text
    here = zone_named(zone)
    now = datetime.now(here)
    try:
        moment = datetime.fromisoformat(text if "-" in text else f"{now:%Y-%m-%d}T{text}")
    except ValueError:
        parser.error(f"--until: must be tomorrow, change, or a time like 06:30 or 2026-12-01T06:30, not {text}")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=here)
    if "-" not in text and moment <= now:  # a time of day that is over today
        moment += timedelta(1)
    return int(moment.timestamp() * 1000)
