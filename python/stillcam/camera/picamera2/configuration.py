"""From settings to what the library is asked for: pure functions, and values that travel as JSON.

It asks for what the camera programs are asked for, so that a picture is the same with either driver. Where
rpicam-apps decides something that the library leaves open, it is decided here as there
(core/rpicam_app.cpp, StartCamera): a lens is moved all the time unless a position is given.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from stillcam.camera.rpicam.options import DEFAULT_FLICKER_US
from stillcam.camera.use_cases import (
    Geometry,
    effective_controls,
    framerate,
    live_framerate,
    live_geometry,
    photo_extension,
    photo_geometry,
    photo_settings,
    snapshot_geometry,
    video_geometry,
)
from stillcam.settings.capabilities import Camera, SensorMode
from stillcam.settings.controls import Values
from stillcam.settings.geometry import fitted, mirrored, viewfinder_mode
from stillcam.settings.schema import Configuration, Settings

DENOISE = {"off": "Off", "cdn_off": "Minimal", "cdn_fast": "Fast", "cdn_hq": "HighQuality"}
SENSOR_HDR = ("Sensor", "Auto")  # of HdrMode: the sensor's own, which is no control

# What the library itself sets for its use cases: create_preview_configuration and its sisters.
DEFAULTS: dict[str, Values] = {
    "preview": {"NoiseReductionMode": "Minimal", "FrameDurationLimits": [100, 83_333]},
    "still": {"NoiseReductionMode": "HighQuality", "FrameDurationLimits": [100, 1_000_000_000]},
    "video": {"NoiseReductionMode": "Fast", "FrameDurationLimits": [33_333, 33_333]},
}
GAINS = {"ColourGains", "ColourTemperature", "ColourCorrectionMatrix"}  # each ends automatic white balance


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that a use of the camera needs.

    Args:
        camera, path, tuning, hdr: what it is opened with: its number and its place in the device tree, the tuning
            file's path (empty: the sensor's own), and HdrMode where the sensor or the board decides.
        use: which of the library's configurations: `still`, `preview` or `video`.
        size: of the picture.
        sensor: width, height and bit depth of the sensor mode; None: the library's choice.
        viewfinder: that in which the camera waits between stills.
        flips: left and right, top and bottom.
        buffers: 0: the library's choice.
        controls: libcamera's names; enumerators by name, rectangles as the camera takes them.
        whole: the rectangle that all of the picture is, as ScalerCrop.
        quality: of JPEGs.
        extension: of a still's file.
        zsl: stills come from the running configuration, without one of their own.
        raw: a DNG is wanted with each still.
        scan: autofocus scans before each still.
    """

    camera: int
    path: str
    tuning: str
    hdr: str
    use: str
    size: tuple[int, int]
    sensor: tuple[int, int, int] | None
    viewfinder: tuple[int, int, int] | None
    flips: tuple[bool, bool]
    buffers: int
    controls: Values = field(default_factory=dict)
    whole: tuple[int, int, int, int]
    quality: int
    extension: str = "jpg"
    zsl: bool = False
    raw: bool = False
    scan: bool = False

    def opens_like(self, other: Plan) -> bool:
        """Whether a camera that was opened for the other one need not be opened again."""
        return (self.camera, self.tuning, self.hdr) == (other.camera, other.tuning, other.hdr)

    def message(self) -> dict[str, Any]:
        """As JSON carries it."""
        return asdict(self)


def from_message(message: dict[str, Any]) -> Plan:
    """What `Plan.message` has made, after it went through JSON."""
    plan = Plan(**message)
    sensor, viewfinder = (mode and (mode[0], mode[1], mode[2]) for mode in (plan.sensor, plan.viewfinder))
    return replace(
        plan,
        size=(plan.size[0], plan.size[1]),
        sensor=sensor,
        viewfinder=viewfinder,
        flips=(plan.flips[0], plan.flips[1]),
    )


def snapshot_plan(settings: Settings, camera: Camera) -> Plan:
    """For snapshots."""
    still, live, geometry = settings.snapshot, settings.live, snapshot_geometry(settings, camera)
    return _plan(settings, live, geometry, "still", {}, quality=still.quality, zsl=still.zsl)


def photo_plan(settings: Settings, camera: Camera, kind: str, found: Values | None = None) -> Plan:
    """For photos, or raw photos; `found` as in PhotoRequest."""
    use, geometry = photo_settings(settings, kind), photo_geometry(settings, camera, kind)
    extension = photo_extension(settings, kind)
    return _plan(
        settings, use, geometry, "still", found or {}, quality=use.quality, extension=extension, raw=kind == "raw"
    )


def stream_plan(settings: Settings, camera: Camera) -> Plan:
    """For the live view."""
    geometry, frames = live_geometry(settings, camera), _limits(settings, settings.live, live_framerate(settings))
    return _plan(settings, settings.live, geometry, "preview", frames, quality=settings.live.quality)


def video_plan(settings: Settings, camera: Camera) -> Plan:
    """For a video."""
    video, geometry = settings.video, video_geometry(settings, camera)
    frames = _limits(settings, video, framerate(settings, video))
    return _plan(settings, video, geometry, "video", frames, quality=video.quality)


def changes(old: Plan, new: Plan) -> Values | None:
    """What the running camera is to be told so that it does as `new` says; None: it must be started again."""
    if replace(old, controls={}, scan=new.scan, quality=new.quality) != replace(new, controls={}):
        return None
    other = {name: value for name, value in new.controls.items() if old.controls.get(name) != value}
    if old.scan and not new.scan:  # a scan leaves AfMode Auto behind
        other["AfMode"] = new.controls["AfMode"]
    return undone(old.controls.keys() - new.controls.keys(), new) | other


def undone(names: Set[str], plan: Plan) -> Values:
    """What gives controls that a plan does not name back to the camera, which would keep what it was told.

    0 gives exposure back to automatic (CompletedRequest.release), AwbEnable the colours. None stands for what
    the camera itself names as its default.
    """
    given: Values = {}
    for name in names:
        if name in ("ExposureTime", "AnalogueGain"):
            given[name] = 0
        elif name == "ScalerCrop":
            given[name] = list(plan.whole)
        elif name in ("AfWindows", "AfMetering"):
            given["AfMetering"] = plan.controls.get("AfMetering", "Auto")
        elif name in GAINS:
            given |= {} if GAINS & plan.controls.keys() else {"AwbEnable": True}
        elif name not in ("AeEnable", "AwbEnable", "LensPosition", "AfPause"):
            given[name] = DEFAULTS[plan.use].get(name)
    return given


def _plan(
    settings: Settings, configuration: Configuration, geometry: Geometry, use: str, more: Values, **own: Any
) -> Plan:
    chosen = effective_controls(settings, configuration) | more
    mode = geometry.mode
    hdr = chosen.get("HdrMode", "Off")
    return Plan(
        camera=geometry.camera.index,
        path=geometry.camera.path,
        tuning=settings.camera.tuning_file,
        hdr=hdr if hdr in SENSOR_HDR else "Off",
        use=use,
        size=even(geometry.size),
        sensor=(sensor := _sensor(mode, configuration.sensor_mode)),
        viewfinder=_sensor(viewfinder_mode(mode, geometry.camera), "") if mode else sensor,
        flips=geometry.flips,
        buffers=configuration.buffer_count,
        controls=_controls(chosen, configuration, geometry, use),
        whole=mirrored(fitted(geometry.view, geometry.size, geometry.view), geometry.flips, geometry.view),
        scan=use == "still" and chosen.get("AfTrigger") == "Start",
        **own,
    )


def _sensor(mode: SensorMode | None, wanted: str) -> tuple[int, int, int] | None:
    """Size and bit depth of the mode to ask for; of one that is wanted and not listed too, for the camera to refuse."""
    if mode is None and wanted.count(":") == 2:
        width, height, depth = map(int, wanted.split(":"))
        return width, height, depth
    return (*mode.size, mode.bit_depth) if mode and mode.bit_depth else None


def _controls(chosen: Values, configuration: Configuration, geometry: Geometry, use: str) -> Values:
    """The controls as the library takes them. Switching an algorithm off is done by its values alone.

    AwbEnable false would keep the gains of this moment, and AeEnable is ExposureTimeMode and
    AnalogueGainMode together, which the library sets with the values (CompletedRequest.release).
    """
    given = dict(chosen)
    for name in ("AeEnable", "AwbEnable"):
        if given.get(name) is False:
            del given[name]
    given.pop("AfTrigger", None)
    if given.get("HdrMode") in SENSOR_HDR:
        del given["HdrMode"]
    if use == "still":  # a still takes as long as its exposure
        given.pop("FrameDurationLimits", None)
    if crop := given.get("ScalerCrop"):
        given["ScalerCrop"] = list(mirrored(fitted(crop, geometry.size, geometry.view), geometry.flips, geometry.view))
    if windows := given.get("AfWindows"):
        given["AfWindows"] = [list(mirrored(window, geometry.flips, geometry.view)) for window in windows]
        given["AfMetering"] = "Windows"
    if given.get("AeFlickerMode") == "Manual" or "AeFlickerPeriod" in given:
        given["AeFlickerMode"] = "Manual"
        given.setdefault("AeFlickerPeriod", DEFAULT_FLICKER_US)
    if "NoiseReductionMode" not in given and configuration.denoise != "auto":
        given["NoiseReductionMode"] = DENOISE[configuration.denoise]
    given.setdefault("AfMode", "Manual" if "LensPosition" in given else "Continuous")
    return given


def _limits(settings: Settings, configuration: Configuration, rate: float) -> Values:
    """The time of a frame (µs): as set, but never shorter than its exposure."""
    controls = effective_controls(settings, configuration)
    longest = controls.get("ExposureTime", 0)
    if limits := controls.get("FrameDurationLimits"):
        return {"FrameDurationLimits": [max(round(limit), longest) for limit in limits]}
    return {"FrameDurationLimits": [round(1e6 / rate)] * 2} if rate else {}


def even(size: tuple[int, int]) -> tuple[int, int]:
    """The library refuses odd sizes (Picamera2.check_stream_config)."""
    return max(2, size[0] // 2 * 2), max(2, size[1] // 2 * 2)
