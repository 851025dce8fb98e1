"""Settings -> camera configuration: pure functions, and a value that the worker gets as JSON.

A picture is to be the same with either driver. What rpicam-apps decide and the library leaves open is therefore decided
here in the same way (core/rpicam_app.cpp, StartCamera): autofocus is continuous unless a lens position is set.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import asdict, dataclass, field, replace

from stillcam.camera.metadata import Metadata
from stillcam.camera.picamera2.ipc import Message, with_tuples
from stillcam.camera.rpicam.options import DEFAULT_FLICKER_US
from stillcam.camera.use_cases import (
    Geometry,
    configuration_of,
    effective_controls,
    even,
    framerate,
    geometry_of,
    photo_extension,
)
from stillcam.common.validate import is_number
from stillcam.settings.capabilities import CameraInfo, SensorMode
from stillcam.settings.controls import Values
from stillcam.settings.geometry import viewfinder_mode
from stillcam.settings.schema import Configuration, Settings

LIBRARY_USES = {"live": "preview", "video": "video"}  # `still` otherwise
DENOISE = {"off": "Off", "cdn_off": "Minimal", "cdn_fast": "Fast", "cdn_hq": "HighQuality"}
SENSOR_HDR = ("Sensor", "Auto")  # values of HdrMode that no control of libcamera sets

# Controls that the library sets by default: create_preview_configuration and so on.
DEFAULTS: dict[str, Values] = {
    "preview": {"NoiseReductionMode": "Minimal", "FrameDurationLimits": [100, 83_333]},
    "still": {"NoiseReductionMode": "HighQuality", "FrameDurationLimits": [100, 1_000_000_000]},
    "video": {"NoiseReductionMode": "Fast", "FrameDurationLimits": [33_333, 33_333]},
}
SLOW_FRAME_US = 250_000  # with longer frames a restart is faster than to change controls, which wait for queued frames
EXPOSURE = {"ExposureTime": 40, "AnalogueGain": 0.02}  # and the steps in which sensors have them, at most
EXPOSURE_SHARE = 0.04  # or this part of the value
GAINS = {"ColourGains", "ColourTemperature", "ColourCorrectionMatrix"}  # each switches automatic white balance off


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraConfiguration:
    """All that a use case needs."""

    # For opening the camera
    camera: int  # its number
    path: str  # in the device tree
    tuning: str  # path of the tuning file; empty: the sensor's own
    hdr: str  # HdrMode if it is one of `SENSOR_HDR`
    # For configuring it
    use: str  # the library's configuration: `still`, `preview` or `video`
    size: tuple[int, int]  # of the picture
    sensor: tuple[int, int, int] | None  # width, height and bit depth of the sensor mode; None: the library's choice
    viewfinder: tuple[int, int, int] | None  # sensor mode of the viewfinder between stills
    flips: tuple[bool, bool]  # horizontal, vertical
    buffers: int  # 0: the library's choice
    controls: Values = field(default_factory=dict)  # enumerators by name, rectangles after flips
    full_crop: tuple[int, int, int, int]  # the ScalerCrop without zoom
    # For pictures
    quality: int  # of JPEGs
    extension: str = "jpg"  # of a still's file
    zsl: bool = False  # take stills from the running configuration
    raw: bool = False  # save a DNG with each still
    scan: bool = False  # run an autofocus scan before each still

    def opens_like(self, other: CameraConfiguration) -> bool:
        """Whether a camera that was opened for `other` need not be reopened."""
        return (self.camera, self.tuning, self.hdr) == (other.camera, other.tuning, other.hdr)

    def to_json(self) -> Message:
        """For the worker."""
        return asdict(self)

    @classmethod
    def from_json(cls, message: Message) -> CameraConfiguration:
        """The inverse of `to_json`."""
        return cls(**with_tuples(message))


def configure(settings: Settings, camera: CameraInfo, use: str, found: Values | None = None) -> CameraConfiguration:
    """The configuration of a use case, see use_cases.

    Args:
        found: controls to start a photo with, see PhotoRequest.
    """
    configuration, geometry = configuration_of(settings, use), geometry_of(settings, camera, use)
    chosen = effective_controls(settings, use) | (found or {})
    if use in ("live", "video"):
        chosen |= _frame_limits(chosen, framerate(settings, use))
    hdr = chosen.get("HdrMode", "Off")
    library_use = LIBRARY_USES.get(use, "still")
    sensor = _sensor(geometry.mode, configuration.sensor_mode)
    return CameraConfiguration(
        camera=camera.index,
        path=camera.path,
        tuning=settings.camera.tuning_file,
        hdr=hdr if hdr in SENSOR_HDR else "Off",
        use=library_use,
        size=even(geometry.size),  # the library refuses odd ones (Picamera2.check_stream_config)
        sensor=sensor,
        viewfinder=_sensor(viewfinder_mode(geometry.mode, camera), "") if geometry.mode else sensor,
        flips=geometry.flips,
        buffers=configuration.buffer_count,
        controls=_controls(chosen, configuration, geometry, library_use),
        full_crop=geometry.crop(geometry.field_of_view),
        quality=settings.snapshot.quality if use == "snapshot" else configuration.quality,
        extension=photo_extension(settings, use),
        zsl=use == "snapshot" and settings.snapshot.zsl,
        raw=use == "raw",
        scan=library_use == "still" and chosen.get("AfTrigger") == "Start",
    )


def shown_size(settings: Settings, camera: CameraInfo) -> tuple[int, int]:
    """The size of the frames that are shown during a video: the live view's width, the proportions of the video.

    They are no larger than the video: the library refuses that (Picamera2.check_camera_config).
    """
    width, height = geometry_of(settings, camera, "video").size
    shown = min(width, geometry_of(settings, camera, "live").size[0])
    return even((shown, round(height * shown / width)))


def control_changes(old: CameraConfiguration, new: CameraConfiguration) -> Values | None:
    """The controls to set so that a camera that runs with `old` runs with `new`; None: it must be restarted."""
    if replace(old, controls={}, scan=new.scan, quality=new.quality) != replace(new, controls={}):
        return None
    changed = {name: value for name, value in new.controls.items() if old.controls.get(name) != value}
    if old.scan and not new.scan:  # a scan leaves AfMode Auto behind
        changed["AfMode"] = new.controls["AfMode"]
    return reset_controls(old.controls.keys() - new.controls.keys(), new) | changed


def exposure_changes(old: CameraConfiguration, new: CameraConfiguration) -> Values | None:
    """As `control_changes`, if `new` has a fixed exposure; None also if it has none, or the scan is to be repeated."""
    return control_changes(old, new) if new.controls.keys() >= EXPOSURE.keys() and not new.scan else None


def has_exposure(metadata: Metadata, configuration: CameraConfiguration) -> bool:
    """Whether a frame with this metadata has the exposure of the configuration, as near as a sensor gets."""
    for name, step in EXPOSURE.items():
        wanted, found = configuration.controls[name], metadata.get(name)
        if not is_number(found) or abs(found - wanted) > max(step, EXPOSURE_SHARE * wanted):
            return False
    return True


def reset_controls(names: Set[str], configuration: CameraConfiguration) -> Values:
    """Values that reset controls which `configuration` does not set: the camera would keep the values set before.

    0 makes exposure automatic (CompletedRequest.release), AwbEnable white balance. None stands for the camera's own
    default.
    """
    values: Values = {}
    for name in names:
        if name in ("ExposureTime", "AnalogueGain"):
            values[name] = 0
        elif name == "ScalerCrop":
            values[name] = list(configuration.full_crop)
        elif name in ("AfWindows", "AfMetering"):
            values["AfMetering"] = configuration.controls.get("AfMetering", "Auto")
        elif name in GAINS:
            values |= {} if GAINS & configuration.controls.keys() else {"AwbEnable": True}
        elif name not in ("AeEnable", "AwbEnable", "LensPosition", "AfPause"):
            values[name] = DEFAULTS[configuration.use].get(name)
    return values


def _sensor(mode: SensorMode | None, wanted: str) -> tuple[int, int, int] | None:
    """Size and bit depth of the mode; also of one that is not listed, which the worker then refuses."""
    if mode is None and wanted.count(":") == 2:
        width, height, depth = map(int, wanted.split(":"))
        return width, height, depth
    return (*mode.size, mode.bit_depth) if mode and mode.bit_depth else None


def _controls(chosen: Values, configuration: Configuration, geometry: Geometry, use: str) -> Values:
    """Controls for the library. Setting its values is enough to switch an algorithm off.

    AwbEnable false would keep the current gains, and AeEnable stands for ExposureTimeMode and AnalogueGainMode, which
    the library sets with the values (CompletedRequest.release).
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
        given["ScalerCrop"] = list(geometry.crop(crop))
    if windows := given.get("AfWindows"):
        given["AfWindows"] = [list(geometry.flip(window)) for window in windows]
        given["AfMetering"] = "Windows"
    if given.get("AeFlickerMode") == "Manual" or "AeFlickerPeriod" in given:
        given["AeFlickerMode"] = "Manual"
        given.setdefault("AeFlickerPeriod", DEFAULT_FLICKER_US)
    if "NoiseReductionMode" not in given and configuration.denoise != "auto":
        given["NoiseReductionMode"] = DENOISE[configuration.denoise]
    given.setdefault("AfMode", "Manual" if "LensPosition" in given else "Continuous")
    return given


def _frame_limits(chosen: Values, rate: float) -> Values:
    """FrameDurationLimits (µs): as set, but not below the exposure time."""
    if limits := chosen.get("FrameDurationLimits"):
        return {"FrameDurationLimits": [max(round(limit), chosen.get("ExposureTime", 0)) for limit in limits]}
    return {"FrameDurationLimits": [round(1e6 / rate)] * 2} if rate else {}
