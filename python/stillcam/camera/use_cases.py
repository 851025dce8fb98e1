"""The settings of each use case applied to a camera: size, sensor mode, flips, frame rate and controls.

The use cases are snapshots, live view, photos, raw photos and videos. Both drivers build on these pure functions, so
that a picture is the same with either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stillcam.camera.driver import Container
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
    Configuration,
    LiveViewSettings,
    PhotoSettings,
    RawSettings,
    Settings,
    VideoSettings,
)

DEFAULT_FRAMERATE = 30.0  # of the camera programs, where none is set
ZSL_FRAME_S = 0.1  # duration of a full-resolution frame, at most, as long as no metadata say it
WIDESCREEN = 16, 9  # of a video whose height is not set: what encoders, players and screens are made for


@dataclass(frozen=True, slots=True)
class Geometry:
    """Picture size, sensor mode and flips of a use case.

    Args:
        size: of the picture, width and height in pixels.
        mode: None if the camera does not list its modes, or not the one that is set.
        mode_name: as in the settings (`2304:1296:10`), also if the camera does not list it; empty: the camera's choice.
        flips: horizontal, vertical.
    """

    camera: CameraInfo
    size: Size
    mode: SensorMode | None
    mode_name: str
    flips: Flips

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


def snapshot_geometry(settings: Settings, camera: CameraInfo) -> Geometry:
    """Geometry of snapshots: the live view's configuration in the snapshots' size."""
    still, live = settings.snapshot, settings.live
    mode = sensor_mode(live.sensor_mode, camera, (0, 0)) if live.sensor_mode else None
    size = picture_size(still.width, still.height, mode.size if mode else camera.size)
    return _geometry(settings, live, camera, size, 0.0)


def live_geometry(settings: Settings, camera: CameraInfo) -> Geometry:
    """Geometry of the live view."""
    return _geometry(settings, settings.live, camera, configured_size(settings.live, camera), live_framerate(settings))


def photo_geometry(settings: Settings, camera: CameraInfo, kind: str) -> Geometry:
    """Geometry of photos (`kind` is `photo`) or raw photos (`raw`)."""
    configuration = photo_settings(settings, kind)
    return _geometry(settings, configuration, camera, _size(settings, configuration, camera), 0.0)


def video_geometry(settings: Settings, camera: CameraInfo) -> Geometry:
    """Geometry of videos. H.264 takes only even sizes."""
    width, height = _size(settings, settings.video, camera, 2)
    size = max(2, width // 2 * 2), max(2, height // 2 * 2)
    return _geometry(settings, settings.video, camera, size, framerate(settings, settings.video))


def _geometry(
    settings: Settings, configuration: Configuration, camera: CameraInfo, size: Size, rate: float
) -> Geometry:
    mode = sensor_mode(configuration.sensor_mode, camera, size, rate)
    name = mode_name(mode) if mode else configuration.sensor_mode
    return Geometry(camera, size, mode, name, _flips(settings, configuration))


def _size(
    settings: Settings, configuration: PhotoSettings | RawSettings | VideoSettings, camera: CameraInfo, step: int = 16
) -> Size:
    like = None
    if configuration.sync_aspect:
        like = live_geometry(settings, camera).size
    elif isinstance(configuration, VideoSettings) and configuration.width and not configuration.align:
        like = None if configuration.height else WIDESCREEN
    return configured_size(configuration, camera, like, step)


def _flips(settings: Settings, configuration: Configuration) -> Flips:
    """Flips that the camera applies. 180° is both; 90° and 270° are applied to the JPEG later."""
    half_turn = settings.camera.rotation == 180
    across, down = settings.camera.hflip ^ configuration.hflip, settings.camera.vflip ^ configuration.vflip
    return across ^ half_turn, down ^ half_turn


def photo_settings(settings: Settings, kind: str) -> PhotoSettings | RawSettings:
    """The configuration of photos, or of raw photos."""
    return settings.raw if kind == "raw" else settings.photo


def photo_extension(settings: Settings, kind: str) -> str:
    """Extension of the picture's file. A raw photo has a JPEG beside its DNG."""
    return "jpg" if kind == "raw" else settings.files.photo


def photos_equal_snapshots(settings: Settings, camera: CameraInfo, kind: str) -> bool:
    """Whether photos of this kind are captured like snapshots, so that the camera need not be restarted for one."""
    snapshot, live, photo = settings.snapshot, settings.live, photo_settings(settings, kind)
    return (
        (kind, photo_extension(settings, kind), snapshot.zsl) == ("photo", "jpg", False)
        and photo_geometry(settings, camera, kind) == snapshot_geometry(settings, camera)
        and effective_controls(settings, photo) == effective_controls(settings, live)
        and (photo.quality, photo.denoise, photo.buffer_count) == (snapshot.quality, live.denoise, live.buffer_count)
    )


def effective_controls(settings: Settings, configuration: Configuration) -> Values:
    """Controls in a use case: those set for all use cases override its own."""
    return effective({**configuration.controls, **settings.controls})


def live_framerate(settings: Settings) -> float:
    """Frames per second of the live view; 0: the camera's choice."""
    return framerate(settings, settings.live)


def framerate(settings: Settings, configuration: LiveViewSettings | VideoSettings) -> float:
    """Frames per second to request in a use case; 0: the camera's choice.

    A frame lasts at least as long as its exposure: libcamera would shorten the exposure instead.
    """
    controls = effective_controls(settings, configuration)
    rate = configuration.framerate
    if limits := controls.get("FrameDurationLimits"):
        rate = 1e6 / limits[1]
    longest = 1e6 / controls["ExposureTime"] if controls.get("ExposureTime") else 0.0
    return min(rate or DEFAULT_FRAMERATE, longest) if longest else rate


def video_framerate(settings: Settings, camera: CameraInfo) -> float:
    """Frames per second of a video: as requested, unless the sensor mode is slower."""
    rate, mode = framerate(settings, settings.video) or DEFAULT_FRAMERATE, video_geometry(settings, camera).mode
    return min(rate, mode.fps) if mode and mode.fps else rate


def zsl_frame_s(settings: Settings) -> float:
    """The duration of a frame with zero shutter lag, according to the settings (seconds)."""
    return max(ZSL_FRAME_S, float(effective_controls(settings, settings.live).get("ExposureTime", 0)) / 1e6)


def choose_container(wanted: str, libav: bool, ffmpeg: bool) -> Container:
    """The container in which the driver records a video.

    An MP4 cannot be played until its end is written. If ffmpeg is installed, the driver therefore records what survives
    a crash, and ffmpeg converts it: MPEG-TS, which keeps the frames' timestamps, or bare H.264.

    Args:
        wanted: `mp4`, `h264` or `mjpeg`.
        libav: whether the driver can write containers.
        ffmpeg: whether ffmpeg is installed.
    """
    if wanted != "mp4":
        return Container(wanted, False)
    if libav:
        return Container("ts" if ffmpeg else "mp4", ffmpeg)
    return Container("h264" if ffmpeg else "mjpeg", ffmpeg)


def sensor_mode_error(settings: Settings, camera: CameraInfo) -> SettingsError | None:
    """The error for a sensor mode in the settings that the camera does not have; None: no such mode, or none listed.

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
    size, bitrate = video_geometry(settings, camera).size, settings.video.bitrate
    if not encoder.accepts(size):
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
