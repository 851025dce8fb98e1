"""Convergence of automatic exposure, white balance and focus, and carrying their values over to a photo.

A photo starts with the values that the snapshot or live frame before it had, so that the algorithms need not converge
again. Only values of algorithms that had converged are carried over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stillcam.camera.metadata import Metadata
from stillcam.camera.use_cases import effective_controls
from stillcam.common.validate import is_number
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.controls import CONTROLS, Values
from stillcam.settings.schema import Settings

# The controls that an algorithm's result depends on.
_AE = ("AeEnable", "ExposureValue", "AeMeteringMode", "AeExposureMode", "AeConstraintMode", "AeFlickerMode",
       "AeFlickerPeriod", "HdrMode")  # fmt: skip
_AWB = ("AwbEnable", "AwbMode", "ColourCorrectionMatrix")
_AF = ("AfMode", "AfRange", "AfSpeed", "AfMetering", "AfWindows")

FRESH_S = 10.0  # older values are not carried over
SEARCHING = 1  # libcamera's AeState and AwbState
IDLE, SCANNING, FOCUSED = 0, 1, 2  # libcamera's AfState


def converged_controls(settings: Settings, kind: str, metadata: Metadata) -> Values:
    """The values of converged algorithms, as controls for what is automatic in a photo.

    There are none for an algorithm that has not converged, or that is configured differently for photos.

    Args:
        kind: `photo` or `raw`.
        metadata: of the newest picture, not older than `FRESH_S`.
    """
    before, wanted = effective_controls(settings, "live"), effective_controls(settings, kind)

    def same(names: tuple[str, ...]) -> bool:
        return all(before.get(name) == wanted.get(name) for name in names)

    found: Values = {}
    if same(_AE) and _exposure_converged(metadata):
        found |= _exposure(wanted, metadata)
    gains = metadata.get("ColourGains") if _white_balance_converged(metadata) else None
    if same(_AWB) and "ColourGains" not in wanted and isinstance(gains, list) and len(gains) == 2:
        found["ColourGains"] = [clamped("ColourGains", gain) for gain in gains]
    return found | found_lens(wanted, metadata) if same_autofocus(before, wanted) else found


def same_autofocus(before: Values, wanted: Values) -> bool:
    """Whether autofocus is to do the same with both."""
    return all(before.get(name) == wanted.get(name) for name in _AF)


def found_lens(wanted: Values, metadata: Metadata) -> Values:
    """The lens position that autofocus has found, as controls; empty if none, or if the controls `wanted` set it."""
    position = metadata.get("LensPosition") if metadata.get("AfState") in (IDLE, FOCUSED) else None
    if "LensPosition" in wanted or wanted.get("AfTrigger") == "Start" or not is_number(position):
        return {}
    return {"AfMode": "Manual", "LensPosition": clamped("LensPosition", position)}


def is_fully_manual(
    settings: Settings, kind: str, found: Values, camera: CameraInfo, *, waits_for_focus: bool = False
) -> bool:
    """Whether exposure, white balance and focus of a photo are all fixed, `found` included.

    Args:
        waits_for_focus: see Driver; the focus then need not be fixed.
    """
    controls = effective_controls(settings, kind) | found
    focused = waits_for_focus or not scans_at_start(controls, camera)
    return {"ExposureTime", "AnalogueGain", "ColourGains"} <= controls.keys() and focused


def scans_at_start(controls: Values, camera: CameraInfo) -> bool:
    """Whether autofocus scans when the camera starts with these controls.

    False for a scan before each still (AfTrigger Start): the drivers wait for that one. True if the camera does not
    list its controls.
    """
    if controls.get("AfTrigger") == "Start" or (camera.limits is not None and "AfMode" not in camera.limits):
        return False
    mode: str = controls.get("AfMode", "Manual" if "LensPosition" in controls else "Continuous")
    return mode != "Manual"


def with_lens_position(settings: Settings, position: float) -> Settings:
    """The settings with the lens at `position` (dioptres) wherever AfMode is Auto.

    In that mode the lens moves only for a scan that a person requested. But rpicam-apps scan whenever a viewfinder or
    a video starts (core/rpicam_app.cpp, StartCamera), and the lens is at its default after each start of the program.
    """

    def fixed(controls: Values) -> Values:
        if controls.get("AfMode") != "Auto" or controls.get("AfTrigger") == "Start":
            return controls
        return controls | {"AfMode": "Manual", "LensPosition": clamped("LensPosition", position)}

    sections = {name: getattr(settings, name) for name in ("live", "photo", "raw", "video")}
    return replace(
        settings,
        controls=fixed(settings.controls),
        **{name: replace(section, controls=fixed(section.controls)) for name, section in sections.items()},
    )


def _exposure_converged(metadata: Metadata) -> bool:
    """Whether automatic exposure has converged: AeState in newer libcamera, AeLocked in older.

    On a Pi one of them is present as soon as the algorithm has run. If both are missing, False: converging again costs
    a second, a wrong exposure costs the photo.
    """
    state = metadata.get("AeState")
    return state != SEARCHING if is_number(state) else metadata.get("AeLocked") is True


def _white_balance_converged(metadata: Metadata) -> bool:
    """Whether white balance has converged. A Pi reports no AwbState: white balance converges with exposure there."""
    state = metadata.get("AwbState")
    return state != SEARCHING if is_number(state) else _exposure_converged(metadata)


def _exposure(wanted: Values, metadata: Metadata) -> Values:
    """Exposure time and gain with the total exposure of `metadata`, where one or both are automatic.

    The camera programs have no option for digital gain, so AnalogueGain includes it: libcamera replaces gain beyond
    the sensor's limit by digital gain, up to four times (rpi/agc_channel.cpp, limitGain and divideUpExposure).
    """
    time_us, analogue = (metadata.get(name, 0) for name in ("ExposureTime", "AnalogueGain"))
    digital = metadata.get("DigitalGain", 1.0)
    if not (is_number(time_us) and is_number(analogue) and is_number(digital)) or min(time_us, analogue, digital) <= 0:
        return {}
    gain = analogue * digital
    set_us, set_gain = wanted.get("ExposureTime"), wanted.get("AnalogueGain")
    if set_us and set_gain:
        return {}
    if set_us:
        return {"AnalogueGain": clamped("AnalogueGain", time_us * gain / set_us)}
    if set_gain:
        return {"ExposureTime": clamped("ExposureTime", time_us * gain / set_gain)}
    return {"ExposureTime": clamped("ExposureTime", time_us), "AnalogueGain": clamped("AnalogueGain", gain)}


def clamped(name: str, value: Any) -> float:
    """`value` within the limits of the control `name`."""
    control = CONTROLS[name]
    assert control.low is not None
    assert control.high is not None
    number = min(max(value, control.low), control.high)
    return int(number) if control.type == "int" else round(float(number), 6)
