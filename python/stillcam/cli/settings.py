"""`settings`: read, change and check the settings without an editor."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from stillcam.cli import Arguments, Result, add_command, add_group
from stillcam.cli.daemon import STATUS_TIMEOUT_S, ask_with_progress
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.paths import Paths
from stillcam.ipc.protocol import Message, NoAnswer, Refusal, ask
from stillcam.settings.document import patched, to_json
from stillcam.settings.file import load, save
from stillcam.settings.in_force import dotted_names, overlay_of, read_state
from stillcam.settings.mask_camera import Camera, with_mask_camera
from stillcam.settings.schema import SHARED_SECTIONS, Settings
from stillcam.system_control import switch


def add_to(commands: Any) -> None:
    settings = add_group(commands, "settings", "read, change and check settings")
    get = add_command(settings, "get", "print one setting, a section of settings, or all", get_settings)
    get.add_argument(
        "name",
        nargs="?",
        metavar="SETTING",
        help="like snapshot.interval_s, or snapshot for its section (default: all)",
    )
    change = add_command(settings, "set", "change a setting and apply it", set_setting)
    change.add_argument("name", metavar="SETTING", help="like snapshot.interval_s or controls.Brightness")
    change.add_argument("value", metavar="VALUE", help="text or JSON; null restores the default")
    text = "check the settings file and print the line and the setting of a mistake"
    check = add_command(settings, "check", text, check_settings)
    check.add_argument("file", nargs="?", type=Path, metavar="FILE", help="check this file instead of the one in use")


def get_settings(paths: Paths, arguments: Arguments) -> Result:
    if arguments.name == switch.NAME:
        return Result([_as_json(on := switch.is_on())], on)
    document = to_json(load(paths.settings))
    del document["version"]
    if not arguments.name:
        return Result([line for section, value in document.items() for line in _lines(section, value)], document)
    value: Any = document
    for part in arguments.name.split("."):
        if not isinstance(value, dict) or part not in value:
            raise SettingsError(f"there is no setting {arguments.name!r}: see `stillcam settings get`")
        value = value[part]
    if isinstance(value, dict):
        return Result(_lines(arguments.name, value), value)
    return Result([value if isinstance(value, str) else _as_json(value)], value)


def set_setting(paths: Paths, arguments: Arguments) -> Result:
    """Change a setting. If the camera refuses it, or at Ctrl-C, the settings stay as they were."""
    if arguments.name == switch.NAME:  # root runs this: nothing else is read or written
        on = switch.turn(parsed(arguments.value))
        return Result([f"{switch.NAME} is {'on' if on else 'off'}"], {"changed": True, "in_force": True})
    if paths.first and arguments.name.partition(".")[0] in SHARED_SECTIONS:
        raise SettingsError(f"{arguments.name} applies to all cameras: set it without --camera")
    return change_setting(paths, arguments.name, parsed(arguments.value))


def change_setting(paths: Paths, name: str, value: Any) -> Result:
    """As `set_setting`, of a value that has been parsed."""
    old = load(paths.settings)
    new = with_mask_camera(_changed(old, name, value), lambda: _camera(paths))
    if new == old:
        return Result([f"{name}: already set"], {"changed": False, "in_force": True})
    save(paths.settings, new)
    try:
        answer = _reload(paths)
    except NoAnswer as error:
        return Result([f"saved, but not applied yet: {error}"], {"changed": True, "in_force": False})
    except Refusal as refusal:
        if refusal.cause != "refused":
            raise
        _restore(paths, old)
        raise SettingsError(f"the camera refuses this; the settings stay as they were: {refusal}") from refusal
    except KeyboardInterrupt:
        _restore(paths, old)
        raise KeyboardInterrupt(f"{name} is as it was before") from None
    in_force = bool(answer["in_force"])
    text = "saved and applied" if in_force else "saved; the next picture will use it"
    overlay = overlay_of(read_state(paths.data))
    if name in dotted_names(overlay.changes):
        text = f"saved, but profile {overlay.name} sets {name} while it is active"
    return Result([text], {"changed": True, "in_force": in_force})


def _restore(paths: Paths, old: Settings) -> None:
    save(paths.settings, old)
    _reload(paths)


def _camera(paths: Paths) -> Camera | None:
    """The camera in use; None: the daemon does not answer."""
    with suppress(NoAnswer):
        return ask(paths.socket, {"command": "status"}, STATUS_TIMEOUT_S).get("camera")
    return None


def _reload(paths: Paths) -> Message:
    return ask_with_progress(paths.socket, {"command": "reload"}, "applying the settings")


def check_settings(paths: Paths, arguments: Arguments) -> Result:
    file = arguments.file or paths.settings
    try:
        if not file.exists() and arguments.file:
            raise StillcamError(f"there is no file {file}")
        load(file, pipe=bool(arguments.file))
    except SettingsError as error:
        wrong = {"right": False, "error": str(error), "field": error.field or None, "line": error.line or None}
        return Result([str(error)], wrong, ok=False)
    text = f"{file} is valid" if file.exists() else f"there is no {file}: the defaults apply"
    return Result([text], {"right": True, "error": None, "field": None, "line": None})


def _changed(settings: Settings, name: str, value: Any) -> Settings:
    """`settings` with one of them changed; the error says which."""
    try:
        return patched(settings, as_patch(name, value))
    except SettingsError as error:
        raise SettingsError(f"{error.field or name}: {error}", error.field, error.line) from error


def as_patch(name: str, value: Any) -> Any:
    """The merge patch that sets one setting by its dotted name."""
    for part in reversed(name.split(".")):
        value = {part: value}
    return value


def parsed(typed: str) -> Any:
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
