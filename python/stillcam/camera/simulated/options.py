"""The options of rpicam-still and rpicam-vid 1.12 that our drivers pass: a dataclass field is a row of the table.

An option's name is its field's with dashes; its kind is its default's type; its default is the program's. They are
read as boost::program_options reads them, and refused in the programs' words. Any other option is unrecognised.
"""

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from stillcam.camera.simulated.program import Failure

Kind = TypeVar("Kind", bound="Options")

SHORT = {
    "h": "help", "v": "verbose", "t": "timeout", "o": "output", "n": "nopreview", "q": "quality", "s": "signal",
    "e": "encoding", "r": "raw", "b": "bitrate",
}  # fmt: skip
IMPLICIT = {"verbose": "2", "hdr": "auto"}  # values without one behind an equal sign; of a flag: 1
CHOICES = {  # with the text for another value
    "metering": ("centre spot average matrix custom", "Invalid metering mode: "),
    "exposure": ("normal sport short long custom", "Invalid exposure mode:"),
    "awb": ("auto normal incandescent tungsten fluorescent indoor daylight cloudy custom", "Invalid AWB mode: "),
    "denoise": ("auto off cdn_off cdn_fast cdn_hq", "Invalid denoise mode "),
    "autofocus_mode": ("default manual auto continuous", "Invalid AfMode:"),
    "autofocus_range": ("normal macro full", "Invalid AfRange mode:"),
    "autofocus_speed": ("normal fast", "Invalid afSpeed mode:"),
    "hdr": ("off auto sensor single-exp", "Invalid HDR option provided: "),
    "metadata_format": ("json txt", "unrecognised metadata format "),
    "encoding": ("jpg png bmp", "invalid encoding format "),
    "codec": ("h264 mjpeg libav", "unrecognised codec "),
}
TRUTH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
SECONDS = {"min": 60.0, "sec": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What both programs take (rpicam-apps core/options.cpp)."""

    help: bool = False
    version: bool = False
    list_cameras: bool = False
    camera: int = 0
    verbose: int = 1
    width: int = 0
    height: int = 0
    timeout: str = "5sec"
    output: str = ""
    nopreview: bool = False
    hflip: bool = False
    vflip: bool = False
    roi: str = "0,0,0,0"
    shutter: str = "0"
    gain: float = 0.0
    metering: str = "centre"
    exposure: str = "normal"
    ev: float = 0.0
    awb: str = "auto"
    awbgains: str = "0,0"
    ccm: str = ""
    brightness: float = 0.0
    contrast: float = 1.0
    saturation: float = 1.0
    sharpness: float = 1.0
    denoise: str = "auto"
    tuning_file: str = "-"
    mode: str = ""
    buffer_count: int = 0
    autofocus_mode: str = "default"
    autofocus_range: str = "normal"
    autofocus_speed: str = "normal"
    autofocus_window: str = "0,0,0,0"
    lens_position: str = ""
    hdr: str = "off"
    metadata: str = ""
    metadata_format: str = "json"
    flicker_period: str = "0s"


@dataclass(frozen=True, slots=True, kw_only=True)
class StillOptions(Options):
    """What only rpicam-still takes (core/still_options.hpp)."""

    quality: int = 93
    signal: bool = False
    thumb: str = "320:240:70"
    encoding: str = "jpg"
    raw: bool = False
    immediate: bool = False
    viewfinder_mode: str = ""
    autofocus_on_capture: bool = False
    zsl: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoOptions(Options):
    """What only rpicam-vid takes (core/video_options.hpp)."""

    framerate: float = -1.0
    bitrate: int = 0
    inline: bool = False
    codec: str = "h264"
    quality: int = 50
    flush: bool = False
    frames: int = 0
    libav_format: str = ""
    libav_audio: bool = False
    audio_source: str = "pulse"


def parse(kind: type[Kind], arguments: Sequence[str], lacks: Collection[str] = ()) -> Kind:
    """The options that `arguments` (without the program's name) set; the program has none of those that it `lacks`."""
    rows = _rows(kind, lacks)
    long = rows | {f"-{letter}": rows[f"--{name}"] for letter, name in SHORT.items() if f"--{name}" in rows}
    given: dict[str, Any] = {}
    words = list(arguments)
    while words:
        word, text = _split(words.pop(0))
        if not word.startswith("-"):
            raise Failure("too many positional options have been specified on the command line")
        if word not in long:
            raise Failure(f"unrecognised option '{word}'")
        name, default = long[word]
        option = _option(name)
        if text == "":
            raise Failure(f"the argument for option '{option}' should follow immediately after the equal sign")
        if text is None:
            text = "1" if isinstance(default, bool) else IMPLICIT.get(name)
        if text is None:
            if not words or _split(words[0])[0] in long:
                raise Failure(f"the required argument for option '{option}' is missing")
            text = words.pop(0)
        if name in given:
            raise Failure(f"option '{option}' cannot be specified more than once")
        given[name] = _value(option, type(default), text)
    return kind(**given)


def unparse(options: Options) -> list[str]:
    """The shortest arguments that `parse` turns into `options`."""
    values = {option: (getattr(options, name), default) for option, (name, default) in _rows(type(options)).items()}
    changed = {option: value for option, (value, default) in values.items() if value != default}
    return [option if value is True else f"{option}={value}" for option, value in changed.items()]


def usage(kind: type[Options], lacks: Collection[str] = ()) -> str:
    """The text of `--help`."""
    letters = {name: letter for letter, name in SHORT.items()}
    lines = ["Valid options are:"]
    for option, (name, default) in _rows(kind, lacks).items():
        named = f"-{letters[name]} [ {option} ]" if name in letters else option
        lines.append(f"  {named} arg{f' (={default})' if default != '' else ''}")
    return "\n".join(lines) + "\n"


def check(options: Options) -> None:
    """Refuse what the programs refuse before they open the camera."""
    for time in (options.timeout, options.shutter, options.flicker_period):
        seconds(time)
    if options.lens_position not in ("", "default") and not NUMBER.match(options.lens_position):
        raise Failure(f"Invalid lens position: {options.lens_position}")
    for name, (choices, refusal) in CHOICES.items():
        value = getattr(options, name, None)
        if value is not None and value not in choices.split():
            raise Failure(f"{refusal}{value}")
    if not numbers(options.awbgains, 2):
        raise Failure("Invalid AWB gains")
    if options.ccm and not numbers(options.ccm, 9):
        raise Failure("Invalid CCM - expect 9 comma-separated floating point numbers")
    for mode in (options.mode, getattr(options, "viewfinder_mode", "")):
        if mode and not re.match(r"\d+:\d+(:\d+(:.*)?)?$", mode):
            raise Failure("Invalid mode")
        if mode.count(":") == 3 and mode.split(":")[3][:1].upper() not in ("P", "U"):
            raise Failure("Packing indicator should be P or U")
    thumb = getattr(options, "thumb", "none")
    if thumb != "none" and not re.fullmatch(r"\d+:\d+:\d+", thumb):
        raise Failure(f"bad thumbnail parameters {thumb}")


def seconds(text: str, unit: float = 1e-6) -> float:
    """A time like `10ms`, `5sec` or `8333us`, in seconds.

    Args:
        unit: of a bare number (seconds), and where the unit is unknown, as in the real programs: `5h` is 5 ms for
            `--timeout`.
    """
    number = NUMBER.match(text)
    if not number:
        raise Failure("Invalid time string provided")
    return float(number[1]) * SECONDS.get(text[number.end() :], unit)


def numbers(text: str, count: int) -> tuple[float, ...] | None:
    """`count` numbers with commas between, as `sscanf("%f,%f…")` takes them: what follows is ignored."""
    parts = text.split(",")[:count]
    matches = [NUMBER.fullmatch(part) for part in parts[:-1]] + [NUMBER.match(part) for part in parts[-1:]]
    found = tuple(float(match[1]) for match in matches if match)
    return found if len(found) == count else None


def rectangle(text: str) -> tuple[float, float, float, float] | None:
    """x,y,w,h as fractions; None, meaning all, where it cannot be read or has no area."""
    found = numbers(text, 4)
    if not found or not found[2] or not found[3]:
        return None
    return found[0], found[1], found[2], found[3]


def _rows(kind: type[Options], lacks: Collection[str] = ()) -> dict[str, tuple[str, Any]]:
    """Option -> its field's name and default."""
    rows = {_option(row.name): (row.name, row.default) for row in fields(kind)}
    return {option: row for option, row in rows.items() if option[2:] not in lacks}


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _split(word: str) -> tuple[str, str | None]:
    """The option that a word names, and the value in the same word, if there is one."""
    if word.startswith("--"):
        option, equals, text = word.partition("=")
        return option, text if equals else None
    return (word[:2], word[2:] or None) if word.startswith("-") else (word, None)


def _value(option: str, kind: Any, text: str) -> Any:
    try:
        if kind is bool:
            return TRUTH[text.lower()]
        value = kind(text)
        if (kind is int and value < 0) or (kind is float and not math.isfinite(value)):
            raise ValueError
        return value
    except (KeyError, ValueError):
        raise Failure(f"the argument ('{text}') for option '{option}' is invalid") from None
