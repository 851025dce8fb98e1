"""The options of rpicam-still and rpicam-vid 1.12 that our drivers pass: a dataclass field is a row of the table.

An option's name is its field's with dashes; its kind is its default's type; its default is the program's. They are
read as boost::program_options reads them, and refused in the programs' words. Any other option is unrecognised.
"""

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeVar

from stillcam.camera.simulated.program import Failure

Kind = TypeVar("Kind", bound="Options")

TRUTH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
SECONDS = {"min": 60.0, "sec": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def _option(default: Any, short: str = "", *, bare: str = "", choices: str = "", refusal: str = "") -> Any:
    """A row.

    Args:
        default: the value that it has when it is not given.
        short: its one-letter form.
        bare: the value that it has when none follows it.
        choices: the values that it takes, with spaces between.
        refusal: the text for another one.
    """
    row = {"short": short, "bare": bare, "choices": choices.split(), "refusal": refusal}
    return field(default=default, metadata=row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What both programs take (rpicam-apps core/options.cpp)."""

    help: bool = _option(False, "h")
    version: bool = _option(False)
    list_cameras: bool = _option(False)
    camera: int = _option(0)
    verbose: int = _option(1, "v", bare="2")
    width: int = _option(0)
    height: int = _option(0)
    timeout: str = _option("5sec", "t")
    output: str = _option("", "o")
    nopreview: bool = _option(False, "n")
    hflip: bool = _option(False)
    vflip: bool = _option(False)
    roi: str = _option("0,0,0,0")
    shutter: str = _option("0")
    gain: float = _option(0.0)
    metering: str = _option("centre", choices="centre spot average matrix custom", refusal="Invalid metering mode: ")
    exposure: str = _option("normal", choices="normal sport short long custom", refusal="Invalid exposure mode:")
    ev: float = _option(0.0)
    awb: str = _option(
        "auto", choices="auto normal incandescent tungsten fluorescent indoor daylight cloudy custom",
        refusal="Invalid AWB mode: ")  # fmt: skip
    awbgains: str = _option("0,0")
    ccm: str = _option("")
    brightness: float = _option(0.0)
    contrast: float = _option(1.0)
    saturation: float = _option(1.0)
    sharpness: float = _option(1.0)
    denoise: str = _option("auto", choices="auto off cdn_off cdn_fast cdn_hq", refusal="Invalid denoise mode ")
    tuning_file: str = _option("-")
    mode: str = _option("")
    buffer_count: int = _option(0)
    autofocus_mode: str = _option("default", choices="default manual auto continuous", refusal="Invalid AfMode:")
    autofocus_range: str = _option("normal", choices="normal macro full", refusal="Invalid AfRange mode:")
    autofocus_speed: str = _option("normal", choices="normal fast", refusal="Invalid afSpeed mode:")
    autofocus_window: str = _option("0,0,0,0")
    lens_position: str = _option("")
    hdr: str = _option(
        "off", bare="auto", choices="off auto sensor single-exp", refusal="Invalid HDR option provided: "
    )
    metadata: str = _option("")
    metadata_format: str = _option("json", choices="json txt", refusal="unrecognised metadata format ")
    flicker_period: str = _option("0s")

    @property
    def timeout_s(self) -> float:
        """Seconds to run; 0 for ever."""
        return seconds(self.timeout, 1e-3)

    @property
    def shutter_us(self) -> float:
        """Manual ExposureTime in µs; 0: automatic."""
        return seconds(self.shutter, 1e-6) * 1e6

    @property
    def flicker_us(self) -> float:
        """AeFlickerPeriod in µs; 0: off."""
        return seconds(self.flicker_period, 1e-6) * 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class StillOptions(Options):
    """What only rpicam-still takes (core/still_options.hpp)."""

    quality: int = _option(93, "q")
    signal: bool = _option(False, "s")
    thumb: str = _option("320:240:70")
    encoding: str = _option("jpg", "e", choices="jpg png bmp", refusal="invalid encoding format ")
    raw: bool = _option(False, "r")
    immediate: bool = _option(False)
    viewfinder_mode: str = _option("")
    autofocus_on_capture: bool = _option(False)
    zsl: bool = _option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoOptions(Options):
    """What only rpicam-vid takes (core/video_options.hpp)."""

    framerate: float = _option(-1.0)
    bitrate: int = _option(0, "b")
    inline: bool = _option(False)
    codec: str = _option("h264", choices="h264 mjpeg libav", refusal="unrecognised codec ")
    quality: int = _option(50, "q")
    flush: bool = _option(False)
    frames: int = _option(0)
    libav_format: str = _option("")
    libav_audio: bool = _option(False)
    audio_source: str = _option("pulse")


def parse(kind: type[Kind], arguments: Sequence[str], lacks: Collection[str] = ()) -> Kind:
    """The options that `arguments` (without the program's name) set.

    Args:
        lacks: options that this program does not have.

    Raises:
        Failure: in the words of boost::program_options.
    """
    rows = {_name(row): row for row in fields(kind) if _name(row) not in lacks}
    given: dict[str, Any] = {}
    words = list(arguments)
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            raise Failure("too many positional options have been specified on the command line")
        row, text = _find(rows, word)
        if row is None:
            raise Failure(f"unrecognised option '{word.partition('=')[0]}'")
        name = _name(row)
        if text == "":
            raise Failure(f"the argument for option '--{name}' should follow immediately after the equal sign")
        if text is None and isinstance(row.default, bool):
            text = "1"
        elif text is None and row.metadata["bare"]:
            text = row.metadata["bare"]  # boost takes the next word for a value only behind an equal sign
        elif text is None:
            if not words or _find(rows, words[0])[0]:
                raise Failure(f"the required argument for option '--{name}' is missing")
            text = words.pop(0)
        if row.name in given:
            raise Failure(f"option '--{name}' cannot be specified more than once")
        given[row.name] = _value(row, text)
    return kind(**given)


def unparse(options: Options) -> list[str]:
    """The shortest arguments that `parse` turns into `options`."""
    given = {_name(row): getattr(options, row.name) for row in fields(options)}
    defaults = {_name(row): row.default for row in fields(options)}
    changed = {name: value for name, value in given.items() if value != defaults[name]}
    return [f"--{name}" if value is True else f"--{name}={value}" for name, value in changed.items()]


def usage(kind: type[Options], lacks: Collection[str] = ()) -> str:
    """The text of `--help`."""
    lines = ["Valid options are:"]
    for row in fields(kind):
        if (name := _name(row)) not in lacks:
            short = f"-{row.metadata['short']} [ --{name} ]" if row.metadata["short"] else f"--{name}"
            lines.append(f"  {short} arg{f' (={row.default})' if row.default != '' else ''}")
    return "\n".join(lines)


def check(options: Options) -> None:
    """What the programs refuse before they open the camera.

    Raises:
        Failure: with the program's text.
    """
    _ = options.timeout_s, options.shutter_us, options.flicker_us
    if options.lens_position not in ("", "default") and not NUMBER.match(options.lens_position):
        raise Failure(f"Invalid lens position: {options.lens_position}")
    for row in fields(options):
        value = getattr(options, row.name)
        if row.metadata["choices"] and value not in row.metadata["choices"]:
            raise Failure(f"{row.metadata['refusal']}{value}")
    if not numbers(options.awbgains, 2):
        raise Failure("Invalid AWB gains")
    if options.ccm and not numbers(options.ccm, 9):
        raise Failure("Invalid CCM - expect 9 comma-separated floating point numbers")
    _check_mode(options.mode)
    if isinstance(options, StillOptions):
        _check_mode(options.viewfinder_mode)
        if options.thumb != "none" and not re.fullmatch(r"\d+:\d+:\d+", options.thumb):
            raise Failure(f"bad thumbnail parameters {options.thumb}")


def seconds(text: str, unit: float) -> float:
    """A time like `10ms`, `5sec` or `8333us`, in seconds; `unit` (seconds) is that of a bare number.

    An unknown unit counts as none, as in the real programs: `5h` is 5 ms for `--timeout`.
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


def _name(row: Field[Any]) -> str:
    """The long form without its dashes."""
    return row.name.replace("_", "-")


def _find(rows: dict[str, Field[Any]], word: str) -> tuple[Field[Any] | None, str | None]:
    """The option that a word names, and the value in the same word; None: it names or holds none."""
    if word.startswith("--"):
        name, equals, text = word[2:].partition("=")
        return rows.get(name), text if equals else None
    named = (row for row in rows.values() if word.startswith("-") and row.metadata["short"] == word[1:2] != "")
    return next(named, None), word[2:] or None


def _value(row: Field[Any], text: str) -> Any:
    kind: Any = type(row.default)
    try:
        if kind is bool:
            return TRUTH[text.lower()]
        value = kind(text)
        if (kind is int and value < 0) or (kind is float and not math.isfinite(value)):
            raise ValueError
        return value
    except (KeyError, ValueError):
        raise Failure(f"the argument ('{text}') for option '--{_name(row)}' is invalid") from None


def _check_mode(text: str) -> None:
    """W:H, W:H:DEPTH or W:H:DEPTH:P|U; empty: none is asked for."""
    if text and not re.match(r"\d+:\d+(:\d+(:.*)?)?$", text):
        raise Failure("Invalid mode")
    if text.count(":") == 3 and text.split(":")[3][:1].upper() not in ("P", "U"):
        raise Failure("Packing indicator should be P or U")
