"""The table of controls: what may be asked of the camera, in libcamera's own names and units.

Page, API, validation and documentation come from here. Names, enumerators (without their
prefix) and meanings are libcamera's (src/libcamera/control_ids_core.yaml and
control_ids_draft.yaml); ranges are the Raspberry Pi's (src/ipa/rpi/common/ipa_base.cpp)
where rpicam-apps does not clamp to less (core/options.cpp). Each control is either set, or
left to the camera by not being mentioned.

A rectangle is [x, y, width, height] in sensor pixels, before any flip or rotation: it stays
on its subject when the picture is turned.

rpicam sets controls by options (`camera.rpicam.options`), picamera2 passes every control to
`set_controls`. Each driver declares what it cannot do (`capabilities`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

Values = dict[str, Any]  # name -> value, as `control_values.check_controls` gives it

CUSTOM = "Custom"  # a mode that somebody has added to a tuning file; libcamera's own files define none
LARGEST = 65535  # sensor pixels; larger values are clipped to the sensor


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a control: libcamera's enumerator without its prefix, a label, and the value of rpicam's option."""

    value: str
    text: str
    rpicam_value: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """Another control that disables this one while it has one of these values, as libcamera documents."""

    control: str
    values: tuple[Any, ...]
    text: str  # for a person
    ending_value: Any = None  # the value of `control` that ends this; None: leave it to the camera


@dataclass(frozen=True, slots=True)
class Control:
    """One row.

    The type is `bool`, `int`, `float`, `choice`, `pair` (two numbers), `crop` (a rectangle), `windows` (a list of at
    most `high` rectangles) or `matrix` (nine numbers, row by row).
    """

    name: str  # libcamera's
    group: str  # where the page shows it
    type: str
    text: str  # what it does, for a person
    unit: str = ""
    low: float | None = None  # inclusive, as `high`; of each number in a pair or matrix
    high: float | None = None
    step: float | None = None  # of a slider
    scale: str = "linear"  # of a slider, or `log`
    choices: tuple[Choice, ...] = ()
    default: Any = None  # what the camera does when it is not set; None: it depends
    option: str = ""  # of rpicam-still and rpicam-vid, where one option sets this control alone
    reason: str = ""  # why the camera programs cannot set it; empty: they can
    overridden_by: Override | None = None
    needs: tuple[str, ...] = ()  # controls without which it cannot be set; for a `bool`: cannot be off


_NO_OPTION = "the camera programs have no option for it"
_AUTO_EXPOSURE = Override("AeEnable", (True,), "automatic exposure is on")
_AUTO_WHITE_BALANCE = Override("AwbEnable", (True,), "automatic white balance is on")

_FOCUS = (
    Control("AfMode", "Focus", "choice", "Manual uses the lens position, On request runs one scan, Continuous follows"
            " the scene.", option="--autofocus-mode",
            choices=(Choice("Manual", "Manual", "manual"), Choice("Auto", "On request", "auto"),
                     Choice("Continuous", "Continuous", "continuous"))),
    Control("LensPosition", "Focus", "float", "Distance that is in focus, as 1/metres: 0 is infinity, 2 is half a"
            " metre. Needs manual focus.", "dioptres", 0.0, 32.0, 0.1, option="--lens-position",
            overridden_by=Override("AfMode", ("Auto", "Continuous"), "the focus mode is not Manual", "Manual")),
    Control("AfRange", "Focus", "choice", "Distances that autofocus searches.", default="Normal",
            option="--autofocus-range",
            choices=(Choice("Normal", "Normal", "normal"), Choice("Macro", "Close only", "macro"),
                     Choice("Full", "All", "full"))),
    Control("AfSpeed", "Focus", "choice", "Speed of the lens during a scan.", default="Normal",
            option="--autofocus-speed",
            choices=(Choice("Normal", "Smooth", "normal"), Choice("Fast", "Fast", "fast"))),
    Control("AfMetering", "Focus", "choice", "Area to focus on: chosen by the camera, or your focus windows.",
            default="Auto",
            choices=(Choice("Auto", "The camera decides"), Choice("Windows", "Focus window"))),
    Control("AfWindows", "Focus", "windows", "Parts of the picture to focus on. The camera programs accept one,"
            " picamera2 up to ten.", "px", high=10,
            overridden_by=Override("AfMetering", ("Auto",), "the camera decides what is to be sharp", "Windows")),
    Control("AfTrigger", "Focus", "choice", "Runs a scan before each snapshot and photo. Focus now runs a single one.",
            default="Cancel",
            choices=(Choice("Start", "Before each still"), Choice("Cancel", "On request only"))),
    Control("AfPause", "Focus", "choice", "Pauses continuous autofocus.",
            choices=(Choice("Immediate", "At once"), Choice("Deferred", "After this scan"),
                     Choice("Resume", "Resume")),
            reason="the camera programs accept no commands while they run; set the focus mode (AfMode) to Manual"),
)  # fmt: skip

_ZOOM = (
    Control("ScalerCrop", "Zoom", "crop", "Part of the sensor that fills the picture.", "px", 0, LARGEST, 1,
            option="--roi"),
)  # fmt: skip

_EXPOSURE = (
    Control("AeEnable", "Exposure", "bool", "Sets exposure time and gain automatically; your own values then have no"
            " effect. To turn it off, set both.", default=True, needs=("ExposureTime", "AnalogueGain")),
    Control("ExposureTime", "Exposure", "int", "Time for which each frame collects light. 10000 is 1/100 s.", "µs",
            1, 700_000_000, 1, "log", option="--shutter", overridden_by=_AUTO_EXPOSURE),
    Control("AnalogueGain", "Exposure", "float", "Amplification in the sensor. ISO is about 100 times this value.",
            "×", 1.0, 64.0, 0.1, "log", option="--gain", overridden_by=_AUTO_EXPOSURE),
    Control("ExposureValue", "Exposure", "float",
            "Correction of automatic exposure, in stops. 1 doubles the brightness.", "EV",
            -8.0, 8.0, 0.25, default=0.0, option="--ev"),
    Control("AeMeteringMode", "Exposure", "choice", "Part of the picture that automatic exposure measures.",
            default="CentreWeighted", option="--metering",
            choices=(Choice("CentreWeighted", "Centre-weighted", "centre"), Choice("Spot", "Spot", "spot"),
                     Choice("Matrix", "Average", "average"), Choice(CUSTOM, "From the tuning file", "custom"))),
    Control("AeExposureMode", "Exposure", "choice", "Short exposures reduce motion blur; long ones reduce noise.",
            default="Normal", option="--exposure",
            choices=(Choice("Normal", "Normal", "normal"), Choice("Short", "Short (sport)", "sport"),
                     Choice("Long", "Long", "long"), Choice(CUSTOM, "From the tuning file", "custom"))),
    Control("AeConstraintMode", "Exposure", "choice",
            "Highlights keeps bright areas from burning out, Shadows keeps dark areas visible.", default="Normal",
            choices=(Choice("Normal", "Normal"), Choice("Highlight", "Highlights"), Choice("Shadows", "Shadows"),
                     Choice(CUSTOM, "From the tuning file")),
            reason=f"{_NO_OPTION}; use exposure compensation (ExposureValue)"),
    Control("AeFlickerMode", "Exposure", "choice", "Avoids stripes under lamps that flicker with the mains.",
            default="Off", choices=(Choice("Off", "Off"), Choice("Manual", "Flicker period"))),
    Control("AeFlickerPeriod", "Exposure", "int", "Period of the flicker: 10000 with 50 Hz mains, 8333 with 60 Hz.",
            "µs", 100, 1_000_000, 1, default=10_000,
            overridden_by=Override("AeFlickerMode", ("Off",), "flicker avoidance is off", "Manual")),
    Control("FrameDurationLimits", "Exposure", "pair", "Shortest and longest time per frame in live view and video."
            " The camera programs use the longer one for all frames.", "µs", 100, 1_000_000_000, 1, "log"),
)  # fmt: skip

_WHITE_BALANCE = (
    Control("AwbEnable", "White balance", "bool",
            "Sets the colour gains automatically; your own values then have no effect."
            " To turn it off, set them.", default=True, needs=("ColourGains",)),
    Control("AwbMode", "White balance", "choice", "Kind of light that automatic white balance expects.", default="Auto",
            option="--awb",
            choices=(Choice("Auto", "Auto", "auto"), Choice("Incandescent", "Incandescent", "incandescent"),
                     Choice("Tungsten", "Tungsten", "tungsten"), Choice("Fluorescent", "Fluorescent", "fluorescent"),
                     Choice("Indoor", "Indoor", "indoor"), Choice("Daylight", "Daylight", "daylight"),
                     Choice("Cloudy", "Cloudy", "cloudy"), Choice(CUSTOM, "From the tuning file", "custom"))),
    Control("ColourGains", "White balance", "pair",
            "Gains of red and blue. Setting them turns automatic white balance off.", "×",
            0.1, 32.0, 0.05, option="--awbgains", overridden_by=_AUTO_WHITE_BALANCE),
    Control("ColourTemperature", "White balance", "int", "Colour of the light: 3000 is a warm lamp, 6500 is daylight.",
            "K", 100, 100_000, 50, "log",
            reason=f"{_NO_OPTION}; choose a light (AwbMode) or set the colour gains (ColourGains)"),
    Control("ColourCorrectionMatrix", "White balance", "matrix",
            "Converts the sensor's red, green and blue to sRGB. Takes effect together with the colour gains.", "",
            -16.0, 16.0, 0.01, option="--ccm", overridden_by=_AUTO_WHITE_BALANCE, needs=("ColourGains",)),
)  # fmt: skip

_IMAGE = (
    Control("Brightness", "Image", "float", "Positive values brighten the picture, negative ones darken it.", "",
            -1.0, 1.0, 0.02, default=0.0, option="--brightness"),
    Control("Contrast", "Image", "float",
            "1 is normal. Higher values make bright parts brighter and dark parts darker.", "",
            0.0, 15.99, 0.05, default=1.0, option="--contrast"),
    Control("Saturation", "Image", "float", "0 is greyscale, 1 is normal.", "", 0.0, 15.99, 0.05, default=1.0,
            option="--saturation"),
    Control("Sharpness", "Image", "float", "0 is no sharpening, 1 is normal.", "", 0.0, 15.99, 0.05, default=1.0,
            option="--sharpness"),
)  # fmt: skip

_NOISE = (
    Control("NoiseReductionMode", "Noise & HDR", "choice", "Applies to all uses, instead of their own noise reduction.",
            option="--denoise",
            choices=(Choice("Off", "Off", "off"), Choice("Minimal", "Minimal", "cdn_off"),
                     Choice("Fast", "Fast", "cdn_fast"), Choice("HighQuality", "High quality", "cdn_hq"))),
    # Auto and Sensor are rpicam's: the sensor's own HDR (Camera Module 3) is no value of libcamera's HdrMode.
    Control("HdrMode", "Noise & HDR", "choice", "High dynamic range, if camera and board support it.", default="Off",
            option="--hdr",
            choices=(Choice("Off", "Off", "off"), Choice("Auto", "Auto", "auto"),
                     Choice("SingleExposure", "Several frames (Pi 5)", "single-exp"),
                     Choice("Sensor", "In the sensor (Camera Module 3)", "sensor"))),
)  # fmt: skip

CONTROLS = {control.name: control for control in (*_FOCUS, *_ZOOM, *_EXPOSURE, *_WHITE_BALANCE, *_IMAGE, *_NOISE)}


_AS_THEY_ARE = ("name", "group", "type", "unit", "step", "scale", "default", "text")  # in a row for other programs


def table_for(
    capabilities: Mapping[str, Any] | None,
    camera: Mapping[str, Any] | None,
    modes: Mapping[str, Collection[str]] | None = None,
) -> list[dict[str, Any]]:
    """The table for other programs, in the order in which a page shows it.

    Args:
        capabilities: the driver's, as in the daemon's status: `refused` (control -> why it cannot be set), and
            `windows` (focus windows at once); None: not known.
        camera: as in the same status: `size`, and `limits` (control -> [low, high] or None) that the camera itself
            names; None or without limits: not known.
        modes: control -> its values that the tuning file has; None: not known, and then it has no mode of its own.
    """
    return [_row(control, capabilities or {}, camera or {}, modes) for control in CONTROLS.values()]


def reason_against(
    name: str,
    value: Any,
    capabilities: Mapping[str, Any] | None,
    camera: Mapping[str, Any] | None,
    modes: Mapping[str, Collection[str]] | None = None,
) -> str | None:
    """Why this control cannot be set to a value now, for a person; None: it can. Arguments as `table_for`'s."""
    capabilities = capabilities or {}
    if refused := _refused(name, capabilities, camera or {}):
        return refused
    if modes and name in modes and value != CONTROLS[name].default and value not in modes[name]:
        return f"the tuning file has no {name} {value}: choose another mode, or a tuning file that has it"
    most = capabilities.get("windows", 1)
    if CONTROLS[name].type == "windows" and isinstance(value, list) and len(value) > most:
        return f"must be no more than {most} with this camera's software"
    return None


def _refused(name: str, capabilities: Mapping[str, Any], camera: Mapping[str, Any]) -> str | None:
    reason: str | None = capabilities.get("refused", {}).get(name)
    limits = camera.get("limits")
    if reason or not limits or name in limits or name == "HdrMode":  # the sensor's own is none of libcamera's
        return reason
    return "this camera has no autofocus" if CONTROLS[name].group == "Focus" else "this camera has no such control"


def _offered(control: Control, modes: Mapping[str, Collection[str]] | None) -> list[Choice]:
    """The choices; of modes those that the tuning file has, and the default, which needs none."""
    if modes and control.name in modes:
        return [choice for choice in control.choices if choice.value in {control.default, *modes[control.name]}]
    return [choice for choice in control.choices if choice.value != CUSTOM]


def _row(
    control: Control,
    capabilities: Mapping[str, Any],
    camera: Mapping[str, Any],
    modes: Mapping[str, Collection[str]] | None,
) -> dict[str, Any]:
    reason, choices = _refused(control.name, capabilities, camera), _offered(control, modes)
    if reason is None and len(choices) == 1:
        reason = "the tuning file has no other mode"
    low, high = control.low, control.high
    limits = (camera.get("limits") or {}).get(control.name)
    if control.type in ("int", "float") and limits and low is not None and high is not None:
        within = max(low, limits[0]), min(high, limits[1])
        low, high = within if within[0] < within[1] else (low, high)
    if control.type == "crop" and camera.get("size"):
        high = max(camera["size"])
    if control.type == "windows":
        high = capabilities.get("windows", 1)
    return {
        **{name: getattr(control, name) for name in _AS_THEY_ARE},
        "low": low,
        "high": high,
        "choices": [{"value": choice.value, "text": choice.text} for choice in choices],
        "overridden_by": control.overridden_by
        and asdict(control.overridden_by) | {"values": [*control.overridden_by.values]},
        "needs": [*control.needs],
        "available": reason is None,
        "reason": reason,
    }
