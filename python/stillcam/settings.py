"""What the owner decides, kept in `data/settings.json`.

The dataclasses below are the table: a field's default, range, unit and explanation stand
with it, and validation and documentation come from there. The file holds only what differs
from the defaults, is written whole (temporary file, fsync, rename, fsync of the folder),
and may be edited by hand. A file that is wrong is never used and never overwritten: the
last good settings (`data/settings.last-good.json`) stay in force.
"""

import json
import os
import re
from dataclasses import Field, asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from stillcam.errors import SettingsError, StillcamError

VERSION = 1
MAX_FILE_BYTES = 1 << 20


def _setting(default: Any, text: str, *, low: float | None = None, high: float | None = None,
             choices: tuple[Any, ...] = (), unit: str = "") -> Any:  # fmt: skip
    """A field of the table: its default, explanation, inclusive range or choices, and unit."""
    return field(default=default, metadata={"text": text, "low": low, "high": high, "choices": choices, "unit": unit})


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """Which camera, and which way up it hangs."""

    index: int = _setting(0, "which camera, as numbered by rpicam-still --list-cameras", low=0, high=31)
    rotation: int = _setting(0, "clockwise rotation of the picture", choices=(0, 90, 180, 270), unit="°")
    hflip: bool = _setting(False, "mirror left and right (before the rotation)")
    vflip: bool = _setting(False, "mirror top and bottom (before the rotation)")


@dataclass(frozen=True, slots=True)
class SnapshotSettings:
    """The stills taken by the clock."""

    interval_s: float = _setting(2.0, "time from one snapshot to the next", low=0.1, high=86400, unit="s")
    width: int = _setting(1280, "width before the rotation; 0: the sensor's", low=0, high=16384, unit="px")
    height: int = _setting(
        0, "height before the rotation; 0: by the sensor's aspect ratio", low=0, high=16384, unit="px"
    )
    quality: int = _setting(85, "JPEG quality", low=1, high=100)
    zsl: bool = _setting(False, "zero shutter lag: stills at once, without a mode of their own (more memory)")


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Frames at video rate while somebody watches."""

    width: int = _setting(1280, "width before the rotation; 0: the sensor's", low=0, high=4096, unit="px")
    height: int = _setting(
        0, "height before the rotation; 0: by the sensor's aspect ratio", low=0, high=4096, unit="px"
    )
    framerate: float = _setting(15.0, "frames a second", low=0.1, high=120, unit="fps")
    quality: int = _setting(75, "JPEG quality", low=1, high=100)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; a value of this type has been validated."""

    camera: CameraSettings = CameraSettings()
    snapshot: SnapshotSettings = SnapshotSettings()
    live: LiveSettings = LiveSettings()


def setting_fields() -> list[tuple[str, Field[Any]]]:
    """The table: (dotted name, dataclass field) of every setting, in order."""
    return [(f"{section.name}.{item.name}", item) for section in fields(Settings) for item in fields(section.type)]  # type: ignore[arg-type]


def from_json(document: Any) -> Settings:
    """Check a parsed settings document, and fill in the defaults.

    Raises:
        SettingsError: names the field, and says what would be right.
    """
    if not isinstance(document, dict):
        raise SettingsError('the settings must be an object like {"version": 1, "snapshot": {"interval_s": 2}}')
    version = document.get("version", VERSION)
    if version != VERSION or isinstance(version, bool):
        raise SettingsError(f"version {version!r} is not known here: this Stillcam reads version {VERSION}", "version")
    sections = {item.name: item for item in fields(Settings)}
    for name, content in document.items():
        if name != "version" and name not in sections:
            raise SettingsError(f"unknown section{_did_you_mean(name, [*sections])}", str(name))
        if name != "version" and not isinstance(content, dict):
            raise SettingsError(f"must be an object, not {_kind(content)}", name)
    return Settings(
        **{name: _section(name, cast(type, item.type), document.get(name, {})) for name, item in sections.items()}
    )


def _section(section: str, kind: type, content: dict[str, Any]) -> Any:
    known = {item.name: item for item in fields(kind)}
    values = {}
    for name, value in content.items():
        dotted = f"{section}.{name}"
        if name not in known:
            raise SettingsError(f"unknown setting{_did_you_mean(name, [*known])}", dotted)
        values[name] = _value(dotted, known[name], value)
    return kind(**values)


def _value(dotted: str, item: Field[Any], value: Any) -> Any:
    """`value` in the type of `item`, or a SettingsError."""
    low, high, choices, unit = (item.metadata[key] for key in ("low", "high", "choices", "unit"))
    kind = item.type
    right = isinstance(value, bool)
    if kind is float:
        right = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
    elif kind is int:
        right = isinstance(value, int) and not isinstance(value, bool)
    if not right:
        raise SettingsError(f"must be {_EXPECTED[cast(type, kind)]}, not {_kind(value)}", dotted)
    if kind in (int, float):
        value = cast(type, kind)(value)
        if choices and value not in choices:
            raise SettingsError(f"must be one of {', '.join(map(str, choices))}, not {value}", dotted)
        if low is not None and not low <= value <= high:
            suffix = f" {unit}" if unit else ""
            raise SettingsError(f"must be from {low:g} to {high:g}{suffix}, not {value:g}", dotted)
    return value


_EXPECTED = {bool: "true or false", int: "a whole number", float: "a number"}


def _kind(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else text[:37] + "..."


def _did_you_mean(name: object, known: list[str]) -> str:
    close = get_close_matches(str(name), known, 1)
    return f": did you mean {close[0]!r}?" if close else f": it may be one of {', '.join(known)}"


def to_json(settings: Settings) -> dict[str, Any]:
    """The document that the file holds: the version, and what differs from the defaults."""
    document: dict[str, Any] = {"version": VERSION}
    defaults = asdict(Settings())
    for section, content in asdict(settings).items():
        differs = {name: value for name, value in content.items() if value != defaults[section][name]}
        if differs:
            document[section] = differs
    return document


def load(path: Path) -> Settings:
    """Read the settings file; without one, the defaults.

    Raises:
        SettingsError: the file is wrong; its text names file, line and field.
        StillcamError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise StillcamError(f"cannot read {path}: {error.strerror}") from error
    if len(raw) > MAX_FILE_BYTES:
        raise SettingsError(f"{path}: larger than {MAX_FILE_BYTES} bytes: this is no settings file")
    try:
        text = raw.decode()
        return from_json(json.loads(text, object_pairs_hook=_no_duplicates))
    except json.JSONDecodeError as error:
        raise SettingsError(f"{path}, line {error.lineno}: not JSON ({error.msg})", line=error.lineno) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{path}: not JSON in UTF-8 ({error})") from error
    except SettingsError as error:
        line = _line_of(error.field, text)
        where = f"{path}, line {line}: {error.field}" if line else f"{path}: {error.field}"
        raise SettingsError(f"{where.removesuffix(': ')}: {error}", error.field, line) from error


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        twice = next(name for position, (name, _) in enumerate(pairs) if name in dict(pairs[:position]))
        raise SettingsError("stands there twice: keep one", twice)
    return document


def _line_of(dotted: str, text: str) -> int:
    """The line, from 1, on which the setting stands in the file; 0 when it cannot be found."""
    at = 0
    for name in filter(None, dotted.split(".")):
        match = re.compile(rf'"{re.escape(name)}"\s*:').search(text, at)
        if not match:
            return 0
        at = match.start()
    return text.count("\n", 0, at) + 1 if dotted else 0


def save(path: Path, settings: Settings) -> None:
    """Replace the settings file in one step: after a power cut it is the old one or the new one, whole.

    Raises:
        StillcamError: it cannot be written; the old file is as it was.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    text = json.dumps(to_json(settings), indent=2, ensure_ascii=False) + "\n"
    try:
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise StillcamError(f"cannot write {path} ({error.strerror}): the settings stay as they were") from error


def load_in_force(path: Path) -> tuple[Settings, str | None]:
    """The settings to work with: those of the file, or the last good ones when the file is wrong.

    Returns:
        the settings, and what is wrong with the file (None: nothing).

    Raises:
        StillcamError: the file is wrong, and there are no good ones from before.
    """
    last_good = path.with_name("settings.last-good.json")
    try:
        settings = load(path)
    except StillcamError as error:
        if not last_good.exists():
            raise
        return load(last_good), f"{error}; the last good settings stay in force"
    try:
        kept: Settings | None = load(last_good)
    except StillcamError:
        kept = None
    if kept != settings or not last_good.exists():
        save(last_good, settings)
    return settings, None


def changed(settings: Settings, dotted: str, value: Any) -> Settings:
    """`settings` with one setting changed.

    Raises:
        SettingsError: there is no such setting, or the value is wrong.
    """
    section, _, name = dotted.partition(".")
    part = getattr(settings, section, None)
    known = dict(setting_fields())
    if part is None or dotted not in known:
        raise SettingsError(f"unknown setting{_did_you_mean(dotted, [*known])}", dotted)
    return replace(settings, **{section: replace(part, **{name: _value(dotted, known[dotted], value)})})
