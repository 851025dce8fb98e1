"""`settings get`, `set` and `check`: the settings file, without an editor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stillcam.cli import Arguments, Result, add_command, add_group
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.paths import Paths
from stillcam.ipc.protocol import AnswerTimeout, NoAnswer, Refusal, ask
from stillcam.settings.document import patched, to_json
from stillcam.settings.file import load, save
from stillcam.settings.schema import SHARED_SECTIONS, Settings

RELOAD_TIMEOUT_S = 40.0  # the daemon answers within 30 s


def add_to(commands: Any) -> None:
    settings = add_group(commands, "settings", "print, change and check the settings")
    get = add_command(settings, "get", "print a setting, or all of them", get_settings)
    get.add_argument("name", nargs="?", metavar="NAME", help="like snapshot.interval_s or snapshot; default: all")
    change = add_command(settings, "set", "change a setting, and have it in force", set_setting)
    change.add_argument("name", metavar="NAME", help="like snapshot.interval_s or controls.Brightness")
    change.add_argument("value", metavar="VALUE", help="a text, or JSON; null: back to the default")
    text = "say what is wrong with the settings file, by line and field"
    check = add_command(settings, "check", text, check_settings)
    check.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: the one in use")


def get_settings(paths: Paths, arguments: Arguments) -> Result:
    document = to_json(load(paths.settings))
    del document["version"]
    if not arguments.name:
        return Result([line for section, value in document.items() for line in _lines(section, value)], document)
    value: Any = document
    for part in arguments.name.split("."):
        if not isinstance(value, dict) or part not in value:
            raise SettingsError(f"there is no setting {arguments.name!r}, or none is set: see `settings get`")
        value = value[part]
    if isinstance(value, dict):
        return Result(_lines(arguments.name, value), value)
    return Result([value if isinstance(value, str) else _as_json(value)], value)


def set_setting(paths: Paths, arguments: Arguments) -> Result:
    """Change a setting. One that the camera refuses is restored."""
    if paths.first and arguments.name.partition(".")[0] in SHARED_SECTIONS:
        raise SettingsError(f"{arguments.name} counts for all cameras: set it without --camera")
    old = load(paths.settings)
    new = _changed(old, arguments.name, _parsed(arguments.value))
    if new == old:
        return Result([f"{arguments.name}: already set"], {"changed": False, "in_force": True})
    save(paths.settings, new)
    try:
        answer = ask(paths.socket, {"command": "reload"}, RELOAD_TIMEOUT_S)
    except AnswerTimeout as late:
        return Result([f"saved; {late}"], {"changed": True, "in_force": False})
    except NoAnswer:
        return Result(["saved; the capture daemon does not run now"], {"changed": True, "in_force": False})
    except Refusal as refusal:
        if refusal.cause != "refused":
            raise
        save(paths.settings, old)
        ask(paths.socket, {"command": "reload"}, RELOAD_TIMEOUT_S)
        raise SettingsError(f"the camera refuses this, the settings stay as they were: {refusal}") from refusal
    in_force = bool(answer["in_force"])
    text = "saved, and in force" if in_force else "saved; it counts from the next picture on"
    return Result([text], {"changed": True, "in_force": in_force})


def check_settings(paths: Paths, arguments: Arguments) -> Result:
    file = arguments.file or paths.settings
    try:
        if not file.exists() and arguments.file:
            raise StillcamError(f"there is no {file}")
        load(file, pipe=bool(arguments.file))
    except SettingsError as error:
        wrong = {"right": False, "error": str(error), "field": error.field or None, "line": error.line or None}
        return Result([str(error)], wrong, ok=False)
    text = f"{file} is right" if file.exists() else f"there is no {file}: the defaults are in force"
    return Result([text], {"right": True, "error": None, "field": None, "line": None})


def _changed(settings: Settings, name: str, value: Any) -> Settings:
    """`settings` with one of them changed; the error says which."""
    patch = value
    for part in reversed(name.split(".")):
        patch = {part: patch}
    try:
        return patched(settings, patch)
    except SettingsError as error:
        raise SettingsError(f"{error.field or name}: {error}", error.field, error.line) from error


def _parsed(typed: str) -> Any:
    """The typed value as JSON; a text needs no quotes."""
    try:
        return json.loads(typed)
    except ValueError:
        return typed


def _lines(name: str, value: Any) -> list[str]:
    if not isinstance(value, dict):
        return [f"{name} = {_as_json(value)}"]
    return [line for key, item in value.items() for line in _lines(f"{name}.{key}", item)]


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
