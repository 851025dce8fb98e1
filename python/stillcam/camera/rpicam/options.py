"""Builds the command lines of rpicam-still and rpicam-vid from settings: pure functions.

The table of controls (settings/controls.py) names the option of each control. This module adds the options that depend
on several controls or on the sensor mode.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from stillcam.camera.use_cases import (
    DEFAULT_FRAMERATE,
    Container,
    Geometry,
    configuration_of,
    effective_controls,
    framerate,
    geometry_of,
    photo_extension,
    possible_framerate,
)
from stillcam.frames.files import STILL_PREFIX
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.controls import CONTROLS, Values
from stillcam.settings.geometry import Size, fractions, mode_name, viewfinder_mode
from stillcam.settings.schema import Configuration, Settings

# Relative to the program's working directory: rpicam-still formats the output name by printf into 128 bytes, so it
# would cut a long path, and a % in a folder's name would break it.
STILL_NAME = STILL_PREFIX + "%08d."
METADATA_NAME = STILL_PREFIX + "metadata.json"

VIEWFINDER_WIDTH = 640
THUMBNAIL_SIDE, THUMBNAIL_QUALITY = 320, 70  # rpicam-still's defaults
ZSL_LONGEST_US = 66_666  # ExposureTime of photos with zero shutter lag: the longest of automatic exposure, by default
DEFAULT_FLICKER_US = 10_000  # for AeFlickerMode Manual without a period: 50 Hz mains

CODECS: dict[str, list[str]] = {
    "ts": ["--codec", "libav", "--libav-format", "mpegts", "--inline"],
    "mp4": ["--codec", "libav", "--libav-format", "mp4"],
    "h264": ["--codec", "h264", "--inline"],
    "mjpeg": ["--codec", "mjpeg"],
}


def still_arguments(settings: Settings, camera: CameraInfo, use: str, found: Values | None = None) -> list[str]:
    """Arguments of an rpicam-still that captures a still on each SIGUSR1.

    Args:
        use: `snapshot`, `photo` or `raw`.
        found: controls to start a photo with, see PhotoRequest.
    """
    configuration, geometry = configuration_of(settings, use), geometry_of(settings, camera, use)
    controls = effective_controls(settings, use) | (found or {})
    extension, is_snapshot = photo_extension(settings, use), use == "snapshot"
    quality = settings.snapshot.quality if is_snapshot else configuration.quality
    # In a snapshot, a thumbnail would mislead programs that look for a JPEG's first and last bytes.
    thumbnail = "none" if is_snapshot else _thumbnail(geometry.size, settings.camera.rotation)
    argv = [*_common(settings, configuration, geometry), "--signal", "--output", STILL_NAME + extension]
    argv += ["--metadata", METADATA_NAME, "--quality", str(quality), "--thumb", thumbnail]
    if settings.snapshot.zsl if is_snapshot else _fits_zsl(geometry, controls, extension):
        argv.append("--zsl")
    if use == "raw":
        argv.append("--raw")
    elif extension != "jpg":
        argv += ["--encoding", extension]
    if viewfinder := mode_name(viewfinder_mode(geometry.mode, camera)) if geometry.mode else geometry.mode_name:
        width, height = _viewfinder_size(geometry.size)
        argv += ["--viewfinder-mode", _packed(viewfinder), "--viewfinder-width", str(width)]
        argv += ["--viewfinder-height", str(height)]
    if controls.get("AfTrigger") == "Start":
        argv.append("--autofocus-on-capture")
    return argv + _control_options(controls, configuration, geometry)


def _fits_zsl(geometry: Geometry, controls: Values, extension: str) -> bool:
    """Whether photos can come out of the viewfinder's configuration, so that the camera is not configured for each.

    The viewfinder must run in their sensor mode anyway: in another one it would need much memory and be slow. Every
    frame is exposed as long as the photo. Without a switch to a viewfinder, AfMode Auto would not scan (rpicam-apps
    core/rpicam_app.cpp, StartCamera), and before 1.12.1 other formats than JPEG fail (apps/rpicam_still.cpp).
    """
    mode = geometry.mode
    return (
        mode is not None
        and viewfinder_mode(mode, geometry.camera) == mode
        and extension == "jpg"
        and controls.get("ExposureTime", 0) <= ZSL_LONGEST_US
        and controls.get("AfMode") != "Auto"
        and controls.get("HdrMode", "Off") == "Off"
    )


def stream_arguments(settings: Settings, camera: CameraInfo, use: str = "live") -> list[str]:
    """Arguments of an rpicam-vid that writes JPEGs to stdout, for the `live` view or the frames of a `video`.

    Without `--flush` the end of each JPEG would stay in the buffer of stdio until the next one (rpicam-apps
    output/file_output.cpp:40-44, fwrite to stdout).
    """
    quality = str(configuration_of(settings, use).quality)
    more = ["--codec", "mjpeg", "--output", "-", "--flush", "--quality", quality]
    return _vid_arguments(settings, camera, use, more)


def video_arguments(
    settings: Settings, camera: CameraInfo, output: str, container: Container, seconds: int | None
) -> list[str]:
    """Arguments of an rpicam-vid that records a video.

    Args:
        output: the file's name, without its extension.
        container: see `use_cases.choose_container`.
        seconds: duration from the first frame on; None: until SIGINT.
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
        more += ["--frames", str(max(1, round(seconds * possible_framerate(settings, camera, "video"))))]
    return _vid_arguments(settings, camera, "video", more)


def _vid_arguments(settings: Settings, camera: CameraInfo, use: str, more: list[str]) -> list[str]:
    """Without `--framerate` where the rate follows from the default: with it, the program configures the camera for
    each of its sensor modes when it opens it. A rate above that of `--mode` would have it take another mode, and so
    show another part of the sensor, which privacy masks would miss (rpicam-apps core/rpicam_app.cpp, OpenCamera and
    selectMode).
    """
    configuration, geometry = configuration_of(settings, use), geometry_of(settings, camera, use)
    argv, rate = [*_common(settings, configuration, geometry), *more], possible_framerate(settings, camera, use)
    fastest = geometry.mode.fps if geometry.mode and geometry.mode.fps else rate
    by_default = geometry.mode_name and rate == min(DEFAULT_FRAMERATE, fastest)
    if framerate(settings, use) and not by_default:
        argv += ["--framerate", f"{rate:.6g}"]
    return argv + _control_options(effective_controls(settings, use), configuration, geometry)


def _common(settings: Settings, configuration: Configuration, geometry: Geometry) -> list[str]:
    argv = ["--camera", str(geometry.camera.index), "--nopreview", "--timeout", "0"]
    argv += ["--width", str(geometry.size[0]), "--height", str(geometry.size[1])]
    if geometry.mode_name:
        argv += ["--mode", _packed(geometry.mode_name)]
    argv += [option for option, flipped in zip(("--hflip", "--vflip"), geometry.flips, strict=True) if flipped]
    if settings.camera.tuning_file:
        argv += ["--tuning-file", settings.camera.tuning_file]
    if configuration.buffer_count:
        argv += ["--buffer-count", str(configuration.buffer_count)]
    return argv


def _control_options(controls: Values, configuration: Configuration, geometry: Geometry) -> list[str]:
    """Options for controls.

    Times are numbers of microseconds without a unit, and `--hdr off` is left out: libcamera-apps of 2023 took neither
    (core/options.hpp).
    """
    argv: list[str] = []
    for name, value in controls.items():
        option = CONTROLS[name].option
        if option and (name, value) != ("HdrMode", "Off"):
            text = _text(name, value, geometry)
            # boost::program_options needs the equal sign for an option with an implicit value and for a value like -1.
            argv += [f"{option}={text}"] if option == "--hdr" or text.startswith("-") else [option, text]
    if controls.get("AeFlickerMode") == "Manual" or "AeFlickerPeriod" in controls:
        argv += ["--flicker-period", str(controls.get("AeFlickerPeriod", DEFAULT_FLICKER_US))]
    if windows := controls.get("AfWindows"):
        argv += ["--autofocus-window", fractions(geometry.flip(windows[0]), geometry.field_of_view)]
    if "NoiseReductionMode" not in controls and configuration.denoise != "auto":
        argv += ["--denoise", configuration.denoise]
    return argv


def _text(name: str, value: object, geometry: Geometry) -> str:
    """A control's value as its option takes it."""
    control = CONTROLS[name]
    if control.type == "choice":
        return next(choice.rpicam_value for choice in control.choices if choice.value == value)
    if name == "ScalerCrop":
        assert isinstance(value, list)
        return fractions(geometry.crop(value), geometry.field_of_view)
    numbers = value if isinstance(value, list) else [value]
    return ",".join(f"{number:.9g}" for number in numbers)


def same_pictures(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two command lines give the same pictures, apart from the thumbnail in EXIF."""
    return without_options(one, {"--thumb"}) == without_options(other, {"--thumb"})


def takes_photos(running: Sequence[str], photo: Sequence[str]) -> bool:
    """Whether a program with the arguments `running` takes the photos of `photo`; it need not have zero shutter lag."""
    return same_pictures(running, photo) or same_pictures(running, without_options(photo, {"--zsl"}))


def without_options(arguments: Sequence[str], options: Set[str]) -> list[str]:
    """`arguments` without some options and their values. A value never begins with two dashes."""
    remaining: list[str] = []
    removing = False
    for word in arguments:
        if word.startswith("--"):
            removing = word.partition("=")[0] in options
        if not removing:
            remaining.append(word)
    return remaining


def _thumbnail(size: Size, rotation: int) -> str:
    """The thumbnail in a picture's EXIF, in the picture's proportions: rpicam-still's default would be 320x240.

    Width and height are even (YUV 4:2:0).
    """
    if rotation in (90, 270):
        return "none"  # jpegtran would rotate the picture without it
    scale = min(1.0, THUMBNAIL_SIDE / max(size))
    width, height = (max(2, round(length * scale / 2) * 2) for length in size)
    return f"{width}:{height}:{THUMBNAIL_QUALITY}"


def _viewfinder_size(size: Size) -> Size:
    """A small viewfinder in the picture's proportions: nobody looks at it, and exposure, white balance and focus are
    measured before it is scaled. By default it has half of the sensor's width and height, in four buffers, which is 12
    to 24 MB of contiguous memory (rpicam-apps core/rpicam_app.cpp, ConfigureViewfinder).
    """
    width = min(VIEWFINDER_WIDTH, size[0] // 2 * 2)
    return width, max(2, round(width * size[1] / size[0] / 2) * 2)


def _packed(mode: str) -> str:
    """A sensor mode as `--mode` takes it: packed if the bit depth is known."""
    return f"{mode}:P" if mode.count(":") == 2 else mode
