"""Builds the command lines for what the library keeps: photos, raw photos and videos. Pure functions.

A photo begins with what the camera's algorithms had found for the snapshot or the frame before
it, so that nobody has to wait for them again: `carried_over`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from stillcam.camera.driver import Container
from stillcam.camera.metadata import Metadata
from stillcam.camera.rpicam.options import (
    DEFAULT_FRAMERATE,
    Scene,
    chosen_controls,
    frame_rate,
    moving,
    on_signal,
    scene_of,
    stream_scene,
    thumbnail_option,
)
from stillcam.common.errors import SettingsError
from stillcam.settings.capabilities import Camera
from stillcam.settings.control_values import is_number
from stillcam.settings.controls import CONTROLS, Values
from stillcam.settings.encoder import Encoder
from stillcam.settings.geometry import Size, configured_size, mode_name, sensor_mode
from stillcam.settings.schema import LiveSettings, PhotoSettings, RawSettings, Settings, VideoSettings

Use = TypeVar("Use", LiveSettings, PhotoSettings, RawSettings, VideoSettings)

# What one algorithm decides, and the controls by which it does: if one of these differs, so may its result.
_AE = ("AeEnable", "ExposureValue", "AeMeteringMode", "AeExposureMode", "AeConstraintMode", "AeFlickerMode",
       "AeFlickerPeriod", "HdrMode")  # fmt: skip
_AWB = ("AwbEnable", "AwbMode", "ColourCorrectionMatrix")
_AF = ("AfMode", "AfRange", "AfSpeed", "AfMetering", "AfWindows")

FRESH_S = 10.0  # what the camera's algorithms have found is good for so long
SEARCHING = 1  # libcamera's AeState and AwbState
IDLE, SCANNING, FOCUSED = 0, 1, 2  # libcamera's AfState

WIDESCREEN = 16, 9  # of a video whose height is not set: what encoders, players and screens are made for

CODECS: dict[str, list[str]] = {
    "ts": ["--codec", "libav", "--libav-format", "mpegts", "--inline"],
    "mp4": ["--codec", "libav", "--libav-format", "mp4"],
    "h264": ["--codec", "h264", "--inline"],
    "mjpeg": ["--codec", "mjpeg"],
}


def configuration_of(settings: Settings, kind: str) -> PhotoSettings | RawSettings:
    """The configuration of photos, or of raw photos."""
    return settings.raw if kind == "raw" else settings.photo


def photo_scene(settings: Settings, camera: Camera, kind: str) -> Scene:
    """What photos, or raw photos, see."""
    configuration = configuration_of(settings, kind)
    return scene_of(settings, configuration, camera, _size(settings, configuration, camera), 0.0)


def photo_extension(settings: Settings, kind: str) -> str:
    """Of the picture that rpicam-still writes; beside a raw photo lies a JPEG."""
    return "jpg" if kind == "raw" else settings.files.photo


def photo_arguments(settings: Settings, camera: Camera, kind: str, found: Values | None = None) -> list[str]:
    """The arguments of an rpicam-still that takes a photo on each SIGUSR1.

    Args:
        kind: `photo` or `raw`.
        found: controls that the camera's algorithms had found, see `carried_over`.
    """
    configuration, extension = configuration_of(settings, kind), photo_extension(settings, kind)
    controls = chosen_controls(settings, configuration) | (found or {})
    scene = photo_scene(settings, camera, kind)
    more = ["--thumb", thumbnail_option(scene.size, settings.camera.rotation)]
    more += ["--raw"] if kind == "raw" else [] if extension == "jpg" else ["--encoding", extension]
    return on_signal(settings, configuration, scene, configuration.quality, controls, more, extension)


def carried_over(settings: Settings, kind: str, metadata: Metadata) -> Values:
    """The controls with which a photo begins where the camera's algorithms have left off.

    Args:
        metadata: the newest picture's, not older than `FRESH_S`.

    Returns:
        what is automatic, in values of its own; nothing of an algorithm that has not come to rest, or that is told
        something else for photos.
    """
    before, wanted = (chosen_controls(settings, use) for use in (settings.live, configuration_of(settings, kind)))

    def same(names: tuple[str, ...]) -> bool:
        return all(before.get(name) == wanted.get(name) for name in names)

    found: Values = {}
    if same(_AE) and _exposed(metadata):
        found |= _exposure(wanted, metadata)
    gains = metadata.get("ColourGains") if _balanced(metadata) else None
    if same(_AWB) and "ColourGains" not in wanted and isinstance(gains, list) and len(gains) == 2:
        found["ColourGains"] = [within("ColourGains", gain) for gain in gains]
    position = metadata.get("LensPosition") if metadata.get("AfState") in (IDLE, FOCUSED) else None
    if same(_AF) and "LensPosition" not in wanted and wanted.get("AfTrigger") != "Start" and is_number(position):
        found |= {"AfMode": "Manual", "LensPosition": within("LensPosition", position)}
    return found


def settled(settings: Settings, kind: str, found: Values, camera: Camera) -> bool:
    """Whether a photo that begins with `found` leaves nothing for the camera's algorithms to find."""
    controls = chosen_controls(settings, configuration_of(settings, kind)) | found
    return {"ExposureTime", "AnalogueGain", "ColourGains"} <= controls.keys() and not scans(controls, camera)


def scans(controls: Values, camera: Camera) -> bool:
    """Whether autofocus moves the lens when the camera starts with these, as far as the camera lists its controls.

    A scan before each still (AfTrigger Start) is waited for by the drivers.
    """
    if controls.get("AfTrigger") == "Start" or (camera.limits is not None and "AfMode" not in camera.limits):
        return False
    mode: str = controls.get("AfMode", "Manual" if "LensPosition" in controls else "Continuous")
    return mode != "Manual"


def pinned(settings: Settings, position: float) -> Settings:
    """The settings with the lens at `position` (dioptres) wherever AfMode is Auto.

    In that mode the lens is to move when a person asks for a scan. rpicam-apps scan whenever a viewfinder or a video
    starts (core/rpicam_app.cpp, StartCamera), and the lens is at its default after each start of the program.
    """

    def held(controls: Values) -> Values:
        if controls.get("AfMode") != "Auto" or controls.get("AfTrigger") == "Start":
            return controls
        return controls | {"AfMode": "Manual", "LensPosition": within("LensPosition", position)}

    def use(configuration: Use) -> Use:
        return replace(configuration, controls=held(configuration.controls))

    return replace(
        settings,
        controls=held(settings.controls),
        live=use(settings.live),
        photo=use(settings.photo),
        raw=use(settings.raw),
        video=use(settings.video),
    )


def video_scene(settings: Settings, camera: Camera) -> Scene:
    """What videos see; H.264 takes only even sizes."""
    width, height = _size(settings, settings.video, camera, 2)
    size = max(2, width // 2 * 2), max(2, height // 2 * 2)
    return scene_of(settings, settings.video, camera, size, frame_rate(settings, settings.video))


def refused_mode(settings: Settings, camera: Camera) -> SettingsError | None:
    """A sensor mode that is set and that the camera has not got; None: it has all, or does not tell its modes.

    The camera software takes the nearest one instead (rpicam-apps core/rpicam_app.cpp, selectMode; picamera2's
    _make_libcamera_config).
    """
    for section in ("live", "photo", "raw", "video"):
        wanted = getattr(settings, section).sensor_mode
        if wanted and camera.modes and sensor_mode(wanted, camera, (0, 0)) is None:
            there = ", ".join(dict.fromkeys(map(mode_name, camera.modes)))
            return SettingsError(
                f"camera {camera.index} ({camera.model}) has no sensor mode {wanted}: choose one of {there}, or none",
                f"{section}.sensor_mode",
            )
    return None


def refused_video(settings: Settings, camera: Camera, encoder: Encoder | None) -> SettingsError | None:
    """What of the settings the board's H.264 encoder cannot do; None: it can all, or is not needed."""
    if encoder is None or settings.files.video == "mjpeg":
        return None
    size, bitrate = video_scene(settings, camera).size, settings.video.bitrate
    if not encoder.takes(size):
        choices = " or ".join(dict.fromkeys(("1920x1080", "x".join(map(str, encoder.nearest(size))))))
        return SettingsError(
            f"{size[0]}x{size[1]} is more than this board's H.264 encoder takes: at most {encoder.side} pixels wide or"
            f" high, and {encoder.blocks} macroblocks, as 1920x1080 has; choose {choices}, or set"
            " files.video to mjpeg",
            "video.width",
        )
    if bitrate and not encoder.least_bitrate <= bitrate <= encoder.most_bitrate:
        return SettingsError(
            f"this board's H.264 encoder takes from {encoder.least_bitrate} to {encoder.most_bitrate} bit/s,"
            f" not {bitrate}: choose a value in that range, or 0 for the encoder's own choice",
            "video.bitrate",
        )
    return None


def video_rate(settings: Settings, camera: Camera) -> float:
    """Frames a second that a video has: as asked for, unless the sensor mode is slower."""
    rate, mode = frame_rate(settings, settings.video) or DEFAULT_FRAMERATE, video_scene(settings, camera).mode
    return min(rate, mode.fps) if mode and mode.fps else rate


def video_arguments(
    settings: Settings, camera: Camera, output: str, container: Container, seconds: int | None
) -> list[str]:
    """The arguments of an rpicam-vid that records.

    Args:
        output: the file's name, without its extension.
        container: see `container`.
        seconds: how long, from the first frame on; None: until SIGINT.
    """
    video = settings.video
    more = [*CODECS[container.extension], "--output", f"{output}.{container.extension}"]
    if container.extension == "mjpeg":
        more += ["--quality", str(video.quality)]
    elif video.bitrate:
        more += ["--bitrate", str(video.bitrate)]
    if video.audio != "off" and container.extension in ("ts", "mp4"):
        more += ["--libav-audio", "--audio-source", video.audio]
    if seconds:
        more += ["--frames", str(max(1, round(seconds * video_rate(settings, camera))))]
    return moving(settings, video, video_scene(settings, camera), frame_rate(settings, video), more)


def container(wanted: str, libav: bool, ffmpeg: bool) -> Container:
    """In which form a video is recorded.

    An MP4 is no file before its end is written, so where there is ffmpeg it is made of what
    survives a crash: MPEG-TS, which keeps the times of the frames, or bare H.264.

    Args:
        wanted: `mp4`, `h264` or `mjpeg`.
        libav: whether the camera program has it.
        ffmpeg: whether there is the program.
    """
    if wanted != "mp4":
        return Container(wanted, False)
    if libav:
        return Container("ts" if ffmpeg else "mp4", ffmpeg)
    return Container("h264" if ffmpeg else "mjpeg", ffmpeg)


def _size(
    settings: Settings, configuration: PhotoSettings | RawSettings | VideoSettings, camera: Camera, step: int = 16
) -> Size:
    like = None
    if configuration.sync_aspect:
        like = stream_scene(settings, camera).size
    elif isinstance(configuration, VideoSettings) and configuration.width and not configuration.align:
        like = None if configuration.height else WIDESCREEN
    return configured_size(configuration, camera, like, step)


def _exposed(metadata: Metadata) -> bool:
    """Whether automatic exposure has converged: AeState in newer libcamera, AeLocked in older.

    On a Pi one of them is there as soon as the algorithm has run; where both are missing, nothing is known, and a
    photo that converges by itself costs a second where a wrong exposure costs the photo.
    """
    state = metadata.get("AeState")
    return state != SEARCHING if is_number(state) else metadata.get("AeLocked") is True


def _balanced(metadata: Metadata) -> bool:
    """Whether white balance has converged. On a Pi no key says so: there it has when exposure has, which it follows."""
    state = metadata.get("AwbState")
    return state != SEARCHING if is_number(state) else _exposed(metadata)


def _exposure(wanted: Values, metadata: Metadata) -> Values:
    """Time and gain that let in as much light as before, where one or both are automatic.

    The camera programs have no option for digital gain. It is part of the gain that is asked for: libcamera makes up
    for what is more than the sensor can with digital gain, up to four times (rpi/agc_channel.cpp, limitGain and
    divideUpExposure).
    """
    time_us, analogue = (metadata.get(name, 0) for name in ("ExposureTime", "AnalogueGain"))
    digital = metadata.get("DigitalGain", 1.0)
    if not (is_number(time_us) and is_number(analogue) and is_number(digital)) or min(time_us, analogue, digital) <= 0:
        return {}
    gain = analogue * digital
    given_us, given_gain = wanted.get("ExposureTime"), wanted.get("AnalogueGain")
    if given_us and given_gain:
        return {}
    if given_us:
        return {"AnalogueGain": within("AnalogueGain", time_us * gain / given_us)}
    if given_gain:
        return {"ExposureTime": within("ExposureTime", time_us * gain / given_gain)}
    return {"ExposureTime": within("ExposureTime", time_us), "AnalogueGain": within("AnalogueGain", gain)}


def within(name: str, value: Any) -> float:
    """A number as the control of that name takes it."""
    control = CONTROLS[name]
    assert control.low is not None
    assert control.high is not None
    number = min(max(value, control.low), control.high)
    return int(number) if control.type == "int" else round(float(number), 6)
