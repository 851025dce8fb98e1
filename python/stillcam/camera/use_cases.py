"""The settings of each use case applied to a camera: size, sensor mode, flips, frame rate and controls.

The use cases are `snapshot`, `live`, `photo`, `raw` and `video`. Both drivers build on these pure functions, so that a
picture is the same with either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stillcam.common.errors import SettingsError
from stillcam.settings.capabilities import CameraInfo, SensorMode
from stillcam.settings.control_values import effective
from stillcam.settings.controls import Values
from stillcam.settings.encoder import EncoderLimits
from stillcam.settings.geometry import (
    Flips,
    Rectangle,
    Size,
    configured_size,
    field_of_view,
    fit_crop,
    flip_rectangle,
    mode_name,
    picture_size,
    sensor_mode,
)
from stillcam.settings.schema import (
    LiveViewSettings,
    PhotoSettings,
    RawSettings,
    Settings,
    VideoSettings,
)

DEFAULT_FRAMERATE = 30.0  # of the camera programs, where none is set
SLOWER_FPS = 0.1  # nobody sees less of a difference: cameras list 29.98 frames per second for 30
ZSL_FRAME_S = 0.1  # duration of a full-resolution frame, at most, as long as no metadata say it
WIDESCREEN = 16, 9  # of a video whose height is not set: what encoders, players and screens are made for


@dataclass(frozen=True, slots=True)
class Container:
    """The file format in which a driver records a video."""

    extension: str
    remux: bool  # ffmpeg has to convert it to MP4 afterwards


@dataclass(frozen=True, slots=True)
class Geometry:
    """Picture size, sensor mode and flips of a use case."""

    camera: CameraInfo
    size: Size  # of the picture
    mode: SensorMode | None  # None: the camera lists no modes, or not the one that is set
    mode_name: str  # as in the settings (`2304:1296:10`), also if it is not listed; empty: the camera's choice
    flips: Flips  # by the camera: 180° is both; 90° and 270° are applied to the JPEG later

    @property
    def field_of_view(self) -> Rectangle:
        """The part of the sensor that is seen, in sensor pixels before any flip."""
        return field_of_view(self.mode, self.camera)

    def flip(self, rectangle: Sequence[int]) -> Rectangle:
        """A rectangle of the settings as it is in the flipped picture, and the reverse."""
        return flip_rectangle(rectangle, self.flips, self.field_of_view)

    def crop(self, rectangle: Sequence[int]) -> Rectangle:
        """A ScalerCrop of the settings in the picture's proportions, as it is in the flipped picture."""
        return self.flip(fit_crop(rectangle, self.size, self.field_of_view))


def geometry_of(settings: Settings, camera: CameraInfo, use: str) -> Geometry:
    """Geometry of a use case. Snapshots have the live view's configuration, in a size of their own."""
    configuration, size = configuration_of(settings, use), _size(settings, camera, use)
    rate = framerate(settings, use) if use in ("live", "video") else 0.0
    mode = sensor_mode(configuration.sensor_mode, camera, size, rate)
    name = mode_name(mode) if mode else configuration.sensor_mode
    half_turn = settings.camera.rotation == 180
    across, down = settings.camera.hflip ^ configuration.hflip, settings.camera.vflip ^ configuration.vflip
    return Geometry(camera, size, mode, name, (across ^ half_turn, down ^ half_turn))


def _size(settings: Settings, camera: CameraInfo, use: str) -> Size:
    configuration = configuration_of(settings, use)
    if use == "snapshot":
        mode = sensor_mode(configuration.sensor_mode, camera, (0, 0)) if configuration.sensor_mode else None
        whole = mode.size if mode else camera.size
        return picture_size(settings.snapshot.width, settings.snapshot.height, whole)
    like = None
    if not isinstance(configuration, LiveViewSettings) and configuration.sync_aspect:
        like = configured_size(settings.live, camera)
    elif use == "video" and configuration.width and not configuration.align and not configuration.height:
        like = WIDESCREEN
    if use == "video":  # H.264 takes only even sizes
        return even(configured_size(configuration, camera, like, 2))
    return configured_size(configuration, camera, like)


def even(size: Size) -> Size:
    """The size rounded down to even numbers."""
    return max(2, size[0] // 2 * 2), max(2, size[1] // 2 * 2)


def configuration_of(settings: Settings, use: str) -> LiveViewSettings | PhotoSettings | RawSettings | VideoSettings:
    """The configuration of a use case."""
    return settings.live if use == "snapshot" else getattr(settings, use)


def photo_settings(settings: Settings, kind: str) -> PhotoSettings | RawSettings:
    """The configuration of photos (`kind` is `photo`), or of raw photos (`raw`)."""
    return settings.raw if kind == "raw" else settings.photo


def photo_extension(settings: Settings, use: str) -> str:
    """Extension of a still's file. A raw photo has a JPEG beside its DNG."""
    return settings.files.photo if use == "photo" else "jpg"


def photos_equal_snapshots(settings: Settings, camera: CameraInfo, kind: str) -> bool:
    """Whether photos of this kind are captured like snapshots, so that the camera need not be restarted for one."""
    snapshot, live, photo = settings.snapshot, settings.live, photo_settings(settings, kind)
    return (
        (kind, photo_extension(settings, kind), snapshot.zsl) == ("photo", "jpg", False)
        and geometry_of(settings, camera, kind) == geometry_of(settings, camera, "snapshot")
        and effective_controls(settings, kind) == effective_controls(settings, "snapshot")
        and (photo.quality, photo.denoise, photo.buffer_count) == (snapshot.quality, live.denoise, live.buffer_count)
    )


def effective_controls(settings: Settings, use: str) -> Values:
    """Controls in a use case: those set for all use cases override its own."""
    return effective({**configuration_of(settings, use).controls, **settings.controls})


def expected_crop(settings: Settings, geometry: Geometry, use: str) -> Rectangle:
    """The part of the sensor that a use case shows by its settings, before any flip."""
    whole = geometry.field_of_view
    return fit_crop(effective_controls(settings, use).get("ScalerCrop", whole), geometry.size, whole)


def uses_sensor_hdr(settings: Settings) -> bool:
    """Whether HDR in the sensor is set for any use case: listing cameras switches it off."""
    controls = (effective_controls(settings, use) for use in ("live", "photo", "raw", "video"))
    return any(each.get("HdrMode") in ("Auto", "Sensor") for each in controls)


def framerate(settings: Settings, use: str) -> float:
    """Frames per second to request for `live` or `video`; 0: the camera's choice.

    A frame lasts at least as long as its exposure: libcamera would shorten the exposure instead.
    """
    controls = effective_controls(settings, use)
    rate = settings.video.framerate if use == "video" else settings.live.framerate
    if limits := controls.get("FrameDurationLimits"):
        rate = 1e6 / limits[1]
    longest = 1e6 / controls["ExposureTime"] if controls.get("ExposureTime") else 0.0
    return min(rate or DEFAULT_FRAMERATE, longest) if longest else rate


def possible_framerate(settings: Settings, camera: CameraInfo, use: str) -> float:
    """Frames per second of `live` or `video`: as requested, unless the sensor mode is slower."""
    rate, mode = framerate(settings, use) or DEFAULT_FRAMERATE, geometry_of(settings, camera, use).mode
    return min(rate, mode.fps) if mode and mode.fps else rate


def slow_mode_notice(settings: Settings, camera: CameraInfo) -> str | None:
    """Why a video has fewer frames per second than requested; None: the sensor mode is fast enough."""
    wanted, possible = framerate(settings, "video"), possible_framerate(settings, camera, "video")
    if wanted < possible + SLOWER_FPS:
        return None
    mode = geometry_of(settings, camera, "video").mode_name
    return (
        f"{possible:g} frames per second instead of {wanted:g}: the sensor mode {mode} is no faster; choose another"
        " video.sensor_mode, or a lower video.framerate"
    )


def frame_duration_s(settings: Settings, use: str) -> float:
    """Duration of a frame of the running camera (seconds); 0: the camera is reconfigured for each still."""
    if use in ("photo", "raw"):
        return 0.0
    if use == "snapshot":
        exposure_us: float = effective_controls(settings, use).get("ExposureTime", 0)
        return max(ZSL_FRAME_S, exposure_us / 1e6) if settings.snapshot.zsl else 0.0
    return 1 / (framerate(settings, use) or DEFAULT_FRAMERATE)


def choose_container(wanted: str, libav: bool, ffmpeg: bool) -> Container:
    """The container in which the driver records a video, where `mp4`, `h264` or `mjpeg` is wanted.

    An MP4 cannot be played until its end is written. If `ffmpeg` is installed, the driver therefore records what
    survives a crash, and ffmpeg converts it: MPEG-TS, which keeps the frames' timestamps, if the driver can write
    containers by `libav`, else bare H.264.
    """
    if wanted != "mp4":
        return Container(wanted, False)
    if libav:
        return Container("ts" if ffmpeg else "mp4", ffmpeg)
    return Container("h264" if ffmpeg else "mjpeg", ffmpeg)


def sensor_mode_error(settings: Settings, camera: CameraInfo) -> SettingsError | None:
    """The error for a sensor mode in the settings that the camera does not have; None: all are listed, or none is.

    The camera software would take the nearest mode instead (rpicam-apps core/rpicam_app.cpp, selectMode; picamera2's
    _make_libcamera_config).
    """
    for section in ("live", "photo", "raw", "video"):
        wanted = getattr(settings, section).sensor_mode
        if wanted and camera.modes and sensor_mode(wanted, camera, (0, 0)) is None:
            listed = ", ".join(dict.fromkeys(map(mode_name, camera.modes)))
            return SettingsError(
                f"camera {camera.index} ({camera.model}) has no sensor mode {wanted}: choose one of {listed}, or none",
                f"{section}.sensor_mode",
            )
    return None


def video_error(settings: Settings, camera: CameraInfo, encoder: EncoderLimits | None) -> SettingsError | None:
    """The error for video settings beyond the board's H.264 encoder; None: they are within its limits."""
    if encoder is None or settings.files.video == "mjpeg":
        return None
    size, bitrate = geometry_of(settings, camera, "video").size, settings.video.bitrate
    if not encoder.accepts(size):
        choices = " or ".join(dict.fromkeys(("1920x1080", "x".join(map(str, encoder.nearest(size))))))
        return SettingsError(
            f"{size[0]}x{size[1]} exceeds the limits of this board's H.264 encoder (at most {encoder.side} pixels wide"
            f" or high, and {encoder.blocks} macroblocks, like 1920x1080): choose {choices}, or set"
            " files.video to mjpeg",
            "video.width",
        )
    if bitrate and not encoder.least_bitrate <= bitrate <= encoder.most_bitrate:
        return SettingsError(
            f"this board's H.264 encoder supports {encoder.least_bitrate} to {encoder.most_bitrate} bit/s,"
            f" not {bitrate}: choose a value in that range, or 0 for the encoder's own choice",
            "video.bitrate",
        )
    return None
