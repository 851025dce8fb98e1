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
TRUTH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
NUMBER = r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
SECONDS = {"min": 60.0, "sec": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


TIME, MODE = f"{NUMBER}.*", r"(\d+:\d+(:\d+(:[PpUu].*)?)?)?"
VALUES = {  # that the programs take, and what they say of another one before they open the camera
    "timeout": (TIME, "Invalid time string provided"),
    "shutter": (TIME, "Invalid time string provided"),
    "flicker_period": (TIME, "Invalid time string provided"),
    "lens_position": (f"|default|{NUMBER}.*", "Invalid lens position: {}"),
    "metering": ("centre|spot|average|matrix|custom", "Invalid metering mode: {}"),
    "exposure": ("normal|sport|short|long|custom", "Invalid exposure mode:{}"),
    "awb": ("auto|normal|incandescent|tungsten|fluorescent|indoor|daylight|cloudy|custom", "Invalid AWB mode: {}"),
    "awbgains": (f"{NUMBER},{NUMBER}.*", "Invalid AWB gains"),
    "ccm": (f"|({NUMBER},){{8}}{NUMBER}.*", "Invalid CCM - expect 9 comma-separated floating point numbers"),
    "denoise": ("auto|off|cdn_off|cdn_fast|cdn_hq", "Invalid denoise mode {}"),
    "autofocus_mode": ("default|manual|auto|continuous", "Invalid AfMode:{}"),
    "autofocus_range": ("normal|macro|full", "Invalid AfRange mode:{}"),
    "autofocus_speed": ("normal|fast", "Invalid afSpeed mode:{}"),
    "hdr": ("off|auto|sensor|single-exp", "Invalid HDR option provided: {}"),
    "metadata_format": ("json|txt", "unrecognised metadata format {}"),
    "mode": (MODE, "Invalid mode"),
    "viewfinder_mode": (MODE, "Invalid mode"),
    "encoding": ("jpg|png|bmp", "invalid encoding format {}"),
    "thumb": (r"none|\d+:\d+:\d+", "bad thumbnail parameters {}"),
    "codec": ("h264|mjpeg|libav", "unrecognised codec {}"),
}


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
    viewfinder_width: int = 0
    viewfinder_height: int = 0
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
    defaults = type(options)()
    for name, (pattern, refusal) in VALUES.items():
        value = getattr(options, name, None)
        if value is None or value == getattr(defaults, name):  # nearly always: no pattern has to be compiled
            continue
        if not re.fullmatch(pattern, value, re.DOTALL):
            raise Failure(refusal.format(value))


def seconds(text: str, unit: float = 1e-6) -> float:
    """A time like `10ms`, `5sec` or `8333us`, in seconds.

    Args:
        unit: of a bare number (seconds), and where the unit is unknown, as in the real programs: `5h` is 5 ms for
            `--timeout`.
    """
    number = re.match(NUMBER, text)
    if not number:
        raise Failure("Invalid time string provided")
    return float(number[1]) * SECONDS.get(text[number.end() :], unit)


def numbers(text: str, count: int) -> tuple[float, ...] | None:
    """`count` numbers with commas between, as `sscanf("%f,%f…")` takes them: what follows is ignored."""
    found = re.match(",".join([NUMBER] * count), text)
    return tuple(map(float, found.groups())) if found else None


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
