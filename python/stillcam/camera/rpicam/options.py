"""Builds the command lines of rpicam-still and rpicam-vid from settings: pure functions.

What a control's option is called stands in the table of controls; here is what several
controls do together, and what depends on the sensor mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stillcam.camera.rpicam.older import without
from stillcam.frames.files import STILL_PREFIX
from stillcam.settings.capabilities import Camera, SensorMode
from stillcam.settings.control_values import in_force
from stillcam.settings.controls import CONTROLS, Values
from stillcam.settings.geometry import (
    Flips,
    Rectangle,
    Size,
    configured_size,
    fitted,
    fractions,
    mirrored,
    mode_name,
    picture_size,
    sensor_mode,
    view,
    viewfinder_mode,
)
from stillcam.settings.schema import Configuration, LiveSettings, Settings, VideoSettings

# Relative to the folder of the stills, where the program runs: rpicam-still formats the output name
# into 128 bytes by printf, so a long path is cut and a % in a folder's name breaks it.
STILL_NAME = STILL_PREFIX + "%08d."
METADATA_NAME = STILL_PREFIX + "metadata.json"

THUMBNAIL_SIDE, THUMBNAIL_QUALITY = 320, 70  # what rpicam-still has as its default, but for the proportions

DEFAULT_FRAMERATE = 30.0  # what the camera programs take where none is set
ZSL_FRAME_S = 0.1  # duration of a full-resolution frame, at most, as long as no metadata say it
DEFAULT_FLICKER_US = 10_000  # of AeFlickerMode Manual without a period: 50 Hz mains


@dataclass(frozen=True, slots=True)
class Scene:
    """What of the sensor is seen, and how it lies in the picture."""

    camera: Camera
    size: Size
    mode: SensorMode | None
    mode_text: str
    flips: Flips

    @property
    def view(self) -> Rectangle:
        """In sensor pixels, as they lie when nothing is flipped."""
        return view(self.mode, self.camera)


def still_scene(settings: Settings, camera: Camera) -> Scene:
    """What snapshots see."""
    still, live = settings.snapshot, settings.live
    mode = sensor_mode(live.sensor_mode, camera, (0, 0)) if live.sensor_mode else None
    size = picture_size(still.width, still.height, mode.size if mode else camera.size)
    return scene_of(settings, live, camera, size, 0.0)


def stream_scene(settings: Settings, camera: Camera) -> Scene:
    """What the live view sees."""
    return scene_of(settings, settings.live, camera, configured_size(settings.live, camera), stream_rate(settings))


def still_arguments(settings: Settings, camera: Camera) -> list[str]:
    """The arguments of a long-running rpicam-still that takes one still on each SIGUSR1."""
    still, live, scene = settings.snapshot, settings.live, still_scene(settings, camera)
    more = ["--zsl"] if still.zsl else []
    # A frame with a second picture in it would mislead programs that look for a JPEG's first and last bytes.
    return on_signal(settings, live, scene, still.quality, chosen_controls(settings, live), ["--thumb", "none", *more])


def on_signal(
    settings: Settings,
    configuration: Configuration,
    scene: Scene,
    quality: int,
    controls: Values,
    more: Sequence[str] = (),
    extension: str = "jpg",
) -> list[str]:
    """The arguments of an rpicam-still that takes a still on each SIGUSR1.

    Args:
        quality: of JPEGs.
        controls: those that count.
        more: options of the use case alone.
        extension: of the files, `jpg` where nothing else is asked for.
    """
    argv = [*_common(settings, configuration, scene), "--signal", "--output", STILL_NAME + extension]
    argv += ["--metadata", METADATA_NAME, "--quality", str(quality), *more]
    if scene.mode:
        argv += ["--viewfinder-mode", packed(mode_name(viewfinder_mode(scene.mode, scene.camera)))]
    elif scene.mode_text:
        argv += ["--viewfinder-mode", scene.mode_text]
    if controls.get("AfTrigger") == "Start":
        argv.append("--autofocus-on-capture")
    return argv + control_options(controls, configuration, scene)


def same_pictures(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two command lines give the same pictures, with a thumbnail in their EXIF or without."""
    return without(one, {"--thumb"}) == without(other, {"--thumb"})


def thumbnail_option(size: Size, rotation: int) -> str:
    """The thumbnail in a picture's EXIF: 320 pixels at most, in its proportions.

    rpicam-still would squeeze any picture into 320x240; its planes are of even sizes (YUV 4:2:0).
    """
    if rotation in (90, 270):
        return "none"  # jpegtran turns the picture, and would leave the thumbnail lying on its side
    scale = min(1.0, THUMBNAIL_SIDE / max(size))
    width, height = (max(2, round(length * scale / 2) * 2) for length in size)
    return f"{width}:{height}:{THUMBNAIL_QUALITY}"


def stream_arguments(settings: Settings, camera: Camera) -> list[str]:
    """The arguments of an rpicam-vid that writes JPEGs to stdout until it is ended.

    Without `--flush` the end of each picture waits for the next one: stdio holds back what fills no whole
    block of 4096 bytes (rpicam-apps output/file_output.cpp:40-44, fwrite to stdout).
    """
    live, rate, scene = settings.live, stream_rate(settings), stream_scene(settings, camera)
    argv = ["--codec", "mjpeg", "--output", "-", "--flush", "--quality", str(live.quality)]
    return moving(settings, live, scene, rate, argv)


def moving(settings: Settings, configuration: Configuration, scene: Scene, rate: float, more: list[str]) -> list[str]:
    """The arguments of an rpicam-vid.

    Args:
        rate: frames a second; 0: the camera program's choice.
        more: options of the use case alone.
    """
    argv = [*_common(settings, configuration, scene), *more]
    if rate:
        argv += ["--framerate", f"{rate:.6g}"]
    return argv + control_options(chosen_controls(settings, configuration), configuration, scene)


def chosen_controls(settings: Settings, configuration: Configuration) -> Values:
    """The controls that count in a use case: its own, and over them those that are set for all."""
    return in_force({**configuration.controls, **settings.controls})


def flips_of(settings: Settings, configuration: Configuration) -> Flips:
    """What the camera is to mirror; a rotation by 180° is both, one by 90° or 270° is done on the JPEG."""
    half_turn = settings.camera.rotation == 180
    across, down = settings.camera.hflip ^ configuration.hflip, settings.camera.vflip ^ configuration.vflip
    return across ^ half_turn, down ^ half_turn


def stream_rate(settings: Settings) -> float:
    """Frames a second to ask for in the live view; 0: the camera programs' choice."""
    return frame_rate(settings, settings.live)


def zsl_frame_s(settings: Settings) -> float:
    """The duration of a frame with zero shutter lag, by the settings (seconds)."""
    return max(ZSL_FRAME_S, float(chosen_controls(settings, settings.live).get("ExposureTime", 0)) / 1e6)


def frame_rate(settings: Settings, configuration: LiveSettings | VideoSettings) -> float:
    """Frames a second to ask for in a use case; 0: the camera programs' choice.

    A frame lasts at least as long as its exposure: libcamera would shorten the exposure instead.
    """
    controls = chosen_controls(settings, configuration)
    rate = configuration.framerate
    if limits := controls.get("FrameDurationLimits"):
        rate = 1e6 / limits[1]
    longest = 1e6 / controls["ExposureTime"] if controls.get("ExposureTime") else 0.0
    return min(rate or DEFAULT_FRAMERATE, longest) if longest else rate


def scene_of(settings: Settings, configuration: Configuration, camera: Camera, size: Size, rate: float) -> Scene:
    """What a use case sees, in a picture of `size`, at `rate` frames a second (0: whatever)."""
    mode = sensor_mode(configuration.sensor_mode, camera, size, rate)
    text = mode_name(mode) if mode else configuration.sensor_mode
    return Scene(camera, size, mode, packed(text), flips_of(settings, configuration))


def packed(mode: str) -> str:
    """A sensor mode's name as `--mode` takes it: with P where its bit depth is known."""
    return f"{mode}:P" if mode.count(":") == 2 else mode


def _common(settings: Settings, configuration: Configuration, scene: Scene) -> list[str]:
    argv = ["--camera", str(scene.camera.index), "--nopreview", "--timeout", "0"]
    argv += ["--width", str(scene.size[0]), "--height", str(scene.size[1])]
    if scene.mode_text:
        argv += ["--mode", scene.mode_text]
    argv += [option for option, flipped in zip(("--hflip", "--vflip"), scene.flips, strict=True) if flipped]
    if settings.camera.tuning_file:
        argv += ["--tuning-file", settings.camera.tuning_file]
    if configuration.buffer_count:
        argv += ["--buffer-count", str(configuration.buffer_count)]
    return argv


def control_options(controls: Values, configuration: Configuration, scene: Scene) -> list[str]:
    """The options of all controls that count.

    Times are bare numbers of microseconds, as libcamera-apps until 2023 take no unit (core/options.hpp: `shutter` was
    a float). HDR that is off is not mentioned: there `--hdr` was a number, and off is what all begin with.
    """
    argv: list[str] = []
    for name, value in controls.items():
        option = CONTROLS[name].option
        if option and (name, value) != ("HdrMode", "Off"):
            text = _text(name, value, scene)
            # boost::program_options: an option with an implicit value, and a value like -1, need the equal sign.
            argv += [f"{option}={text}"] if option == "--hdr" or text.startswith("-") else [option, text]
    if controls.get("AeFlickerMode") == "Manual" or "AeFlickerPeriod" in controls:
        argv += ["--flicker-period", str(controls.get("AeFlickerPeriod", DEFAULT_FLICKER_US))]
    if windows := controls.get("AfWindows"):
        argv += ["--autofocus-window", fractions(mirrored(windows[0], scene.flips, scene.view), scene.view)]
    if "NoiseReductionMode" not in controls and configuration.denoise != "auto":
        argv += ["--denoise", configuration.denoise]
    return argv


def _text(name: str, value: object, scene: Scene) -> str:
    """A control's value as its option takes it."""
    control = CONTROLS[name]
    if control.type == "choice":
        return next(choice.word for choice in control.choices if choice.value == value)
    if name == "ScalerCrop":
        assert isinstance(value, list)
        crop = fitted(value, scene.size, scene.view)
        return fractions(mirrored(crop, scene.flips, scene.view), scene.view)
    numbers = value if isinstance(value, list) else [value]
    return ",".join(f"{number:.9g}" for number in numbers)
