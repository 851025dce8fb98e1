"""What is asked of each control on a real camera, and what the camera must then say of its pictures."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stillcam.settings.capabilities import CameraInfo, Capabilities
from stillcam.settings.controls import CONTROLS, Control, Values, reason_against

# Numbers to try, the last one in the middle of things; a choice or a switch is tried with each of its values.
NUMBERS: dict[str, list[Any]] = {
    "LensPosition": [0.0, 2.0],
    "ExposureTime": [1000, 20_000],
    "AnalogueGain": [1.0, 4.0],
    "ExposureValue": [-1.0, 1.0],
    "AeFlickerPeriod": [8333, 10_000],
    "FrameDurationLimits": [[100_000, 100_000]],
    "ColourGains": [[1.5, 1.5], [2.5, 1.2]],
    "ColourTemperature": [3000, 6500],
    "ColourCorrectionMatrix": [[1, 0, 0, 0, 1, 0, 0, 0, 1]],
    "Brightness": [-0.2, 0.2],
    "Contrast": [0.5, 2.0],
    "Saturation": [0.0, 2.0],
    "Sharpness": [0.0, 4.0],
}
# What else must be set for a control to have an effect.
WITH: dict[str, Values] = {
    "LensPosition": {"AfMode": "Manual"},
    "AfPause": {"AfMode": "Continuous"},
    "AeEnable": {"ExposureTime": 10_000, "AnalogueGain": 2.0},
    "ExposureTime": {"AnalogueGain": 1.0},
    "AnalogueGain": {"ExposureTime": 10_000},
    "AwbEnable": {"ColourGains": [1.8, 1.6]},
    "ColourCorrectionMatrix": {"ColourGains": [1.8, 1.6]},
}
# Of these the camera does not say what they are set to: that it gives a picture is all that can be seen. Many of them
# are tried at once, and with --quick also the others, as far as they do not contradict each other.
UNTOLD = (
    *("AfMode", "AfRange", "AfSpeed", "AfMetering", "AfWindows", "ExposureValue", "AeFlickerMode", "AeFlickerPeriod"),
    *("AeMeteringMode", "AeExposureMode", "AwbMode"),
    *("Brightness", "Contrast", "Saturation", "Sharpness", "NoiseReductionMode"),
)
# These change how the camera works, or are of the live view: each is tried alone.
ALONE = ("AfTrigger", "AfPause", "HdrMode", "FrameDurationLimits")
# How far what the camera says may be from what was asked; those that it does not tell are not compared.
TOLERANCE = {"ExposureTime": 0.05, "AnalogueGain": 0.1, "ColourGains": 0.05, "LensPosition": 0.1, "ScalerCrop": 0.05}
SLACK = {"ExposureTime": 100, "AnalogueGain": 0.1, "ColourGains": 0.1, "LensPosition": 0.2, "ScalerCrop": 64}


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """Something to try: a name for the report, and the controls to set."""

    name: str
    controls: Values


@dataclass(frozen=True, slots=True)
class Unable:
    """A control that cannot be tried, and why."""

    control: str
    reason: str


@dataclass(slots=True)
class Group:
    """Attempts that are made together.

    Attributes:
        accepted: whether the camera gives a picture with these controls; None: not tried yet.
        metadata: of that picture.
    """

    controls: Values
    accepted: bool | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def attempts(camera: CameraInfo, capabilities: Capabilities, *, quick: bool = False) -> Iterator[Attempt | Unable]:
    """What to try, control by control."""
    told = {"limits": camera.limits}
    for control in CONTROLS.values():
        values = _values(control, camera, capabilities)
        if reason := reason_against(control.name, values[-1], capabilities.to_json(), told):
            yield Unable(control.name, reason)
            continue
        for value in values[-1:] if quick else values:
            yield Attempt(f"{control.name} = {value}", WITH.get(control.name, {}) | {control.name: value})


def together(tried: Iterable[Attempt | Unable], *, quick: bool = False) -> dict[Attempt, Group]:
    """The attempts on untold controls in groups: the first values of all controls, the second ones, and so on.

    With `quick`, those on the other controls, too, each in the first group that it does not contradict.
    """
    if quick:
        return _compatible(attempt for attempt in tried if isinstance(attempt, Attempt))
    columns: list[list[Attempt]] = []
    seen: Counter[str] = Counter()
    for attempt in tried:
        if isinstance(attempt, Unable) or (name := next(iter(attempt.controls))) not in UNTOLD:
            continue
        if seen[name] == len(columns):
            columns.append([])
        columns[seen[name]].append(attempt)
        seen[name] += 1
    groups = [
        (Group({name: value for attempt in column for name, value in attempt.controls.items()}), column)
        for column in columns
    ]
    return {attempt: group for group, column in groups for attempt in column}


def _compatible(tried: Iterable[Attempt]) -> dict[Attempt, Group]:
    found: dict[Attempt, Group] = {}
    groups: list[Group] = []
    for attempt in tried:
        if any(name in ALONE for name in attempt.controls):
            continue
        for group in groups:
            if all(group.controls.get(name, value) == value for name, value in attempt.controls.items()):
                break
        else:
            group = Group({})
            groups.append(group)
        group.controls = {**group.controls, **attempt.controls}
        found[attempt] = group
    return found


def complaint(controls: Values, metadata: Mapping[str, Any]) -> str | None:
    """What the camera did otherwise than asked; None: nothing, as far as it tells."""
    for name, tolerance in TOLERANCE.items():
        if name not in controls or name not in metadata:
            continue
        if (name in ("ExposureTime", "AnalogueGain") and controls.get("AeEnable")) or (
            name == "ColourGains" and controls.get("AwbEnable")
        ):
            continue
        wanted, found = _list(controls[name]), _list(metadata[name])
        if name == "ScalerCrop":  # it grows to the picture's proportions, and keeps its middle
            wanted, found = _middle(wanted), _middle(found)
        for one, other in zip(wanted, found, strict=True):
            if abs(one - other) > tolerance * abs(one) + SLACK[name]:
                return f"asked for {name} {controls[name]}, the camera says {metadata[name]}"
    return None


def _values(control: Control, camera: CameraInfo, capabilities: Capabilities) -> list[Any]:
    width, height = camera.size
    middle = [width // 4, height // 4, width // 2, height // 2]
    if control.type == "bool":
        return [True, False]
    if control.type == "choice":
        return [choice.value for choice in control.choices]
    if control.type == "crop":
        return [[0, 0, width // 2, height // 2], middle]
    if control.type == "windows":
        return [[middle]] if capabilities.windows == 1 else [[middle], [middle, [0, 0, width // 4, height // 4]]]
    values = NUMBERS[control.name]
    limits = (camera.limits or {}).get(control.name)
    if not limits or control.type not in ("int", "float"):
        return values
    return [min(max(value, limits[0]), limits[1]) for value in values]


def _list(value: Any) -> list[float]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _middle(rectangle: list[float]) -> list[float]:
    x, y, width, height = rectangle
    return [x + width / 2, y + height / 2]
