"""The camera modules that can be simulated, how `--list-cameras` prints them, and what size and mode a stream gets."""

from collections.abc import Collection
from dataclasses import dataclass

from stillcam.camera.simulated.options import Options, StillOptions
from stillcam.camera.simulated.program import Failure

BOARD = "STILLCAM_SIMULATED_BOARD"  # the processor: one without bcm2712's software encoder has the hardware's limits
USUAL_BOARD = "bcm2711"

LEAST_US = 26  # ExposureTime
LONGEST_US = 112_015_553

# What libcamera's ipa_base.cpp lists for a Pi 4, as smallest and largest value.
CONTROLS = {
    "AeConstraintMode": "0..3", "AeEnable": "false..true", "AeExposureMode": "0..3", "AeFlickerMode": "0..1",
    "AeFlickerPeriod": "100..1000000", "AeMeteringMode": "0..3", "AwbEnable": "false..true", "AwbMode": "0..7",
    "Brightness": "-1.000000..1.000000", "ColourCorrectionMatrix": "-16.000000..16.000000",
    "ColourGains": "0.000000..32.000000", "ColourTemperature": "100..100000", "Contrast": "0.000000..32.000000",
    "ExposureValue": "-8.000000..8.000000", "HdrMode": "0..4", "NoiseReductionMode": "0..4",
    "Saturation": "0.000000..32.000000", "Sharpness": "0.000000..16.000000",
}  # fmt: skip
LENS_CONTROLS = {
    "AfMetering": "0..1", "AfMode": "0..2", "AfPause": "0..2", "AfRange": "0..2", "AfSpeed": "0..1",
    "AfTrigger": "0..1", "AfWindows": "(0, 0)/0x0..(65535, 65535)/65535x65535",
}  # fmt: skip

VIDEO_SIZE = (640, 480)
VIEWFINDER_FPS = 30.0

Size = tuple[int, int]
Rectangle = tuple[int, int, int, int]

# The limits of controls as long as the camera has not been configured (ipa_base.cpp, ipaControls).
ANYWHERE: Rectangle = (65535, 65535, 65535, 65535)
UNCONFIGURED = {
    "AnalogueGain": "1.000000..16.000000", "ExposureTime": "1..66666", "FrameDurationLimits": "33333..120000",
    "LensPosition": "0.000000..32.000000", "ScalerCrop": "(0, 0)/0x0..(65535, 65535)/65535x65535",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SensorMode:
    """What the sensor can read out: pixels, their format, the fastest rate, and the part of the pixel array used."""

    size: Size
    format: str
    fps: float
    crop: Rectangle

    def mirror(self, rectangle: Rectangle, across: bool, down: bool) -> Rectangle:
        """A rectangle of the pixel array where it comes to lie when the sensor flips what this mode reads."""
        x, y, width, height = rectangle
        x = 2 * self.crop[0] + self.crop[2] - x - width if across else x
        y = 2 * self.crop[1] + self.crop[3] - y - height if down else y
        return x, y, width, height

    @property
    def bits(self) -> int:
        return int("".join(filter(str.isdigit, self.format.split("_")[0])))


@dataclass(frozen=True, slots=True)
class Sensor:
    """A camera module.

    Args:
        focus: the lens's range in dioptres; None where the lens is fixed.
        phase_detection: without it an autofocus scan looks for the most contrast, which takes longer.
    """

    model: str
    size: Size
    order: str
    path: str
    modes: tuple[SensorMode, ...]
    focus: tuple[float, float] | None
    max_gain: float
    phase_detection: bool = False

    @property
    def bits(self) -> int:
        return max(mode.bits for mode in self.modes)

    def still_mode(self) -> SensorMode:
        """The first of the largest modes: what a still uses."""
        return max(self.modes, key=lambda mode: (mode.size, mode.bits))

    def mode_for(self, size: Size, fps: float) -> SensorMode:
        """The cheapest mode that gives `size` (pixels) at `fps` with the most of the view.

        The weights are ours; on these sensors they choose as rpicam-apps does.
        """

        def score(mode: SensorMode) -> float:
            aspect = abs(mode.size[0] / mode.size[1] - size[0] / size[1])
            missing = max(0, size[0] - mode.size[0]) + max(0, size[1] - mode.size[1])
            slow = max(0.0, fps - mode.fps)
            lost = 1 - mode.crop[2] * mode.crop[3] / (self.size[0] * self.size[1])
            surplus = mode.size[0] * mode.size[1] / (self.size[0] * self.size[1])
            shallow = self.bits - mode.bits
            return 150 * aspect + 2 * missing + 50 * slow + 1000 * lost + 100 * surplus + 200 * shallow

        return min(self.modes, key=score)


IMX519 = Sensor(  # 4:3 like most cameras, and with autofocus
    model="imx519",
    size=(4656, 3496),
    order="RGGB",
    path="/base/soc/i2c0mux/i2c@1/imx519@1a",
    modes=(
        SensorMode((1280, 720), "SRGGB10_CSI2P", 80.01, (1048, 1042, 2560, 1440)),
        SensorMode((1920, 1080), "SRGGB10_CSI2P", 60.05, (408, 674, 3840, 2160)),
        SensorMode((2328, 1748), "SRGGB10_CSI2P", 30.0, (0, 0, 4656, 3496)),
        SensorMode((3840, 2160), "SRGGB10_CSI2P", 18.0, (408, 672, 3840, 2160)),
        SensorMode((4656, 3496), "SRGGB10_CSI2P", 9.0, (0, 0, 4656, 3496)),
    ),
    focus=(0.0, 15.0),
    max_gain=16.0,
)

IMX708 = Sensor(
    model="imx708",
    size=(4608, 2592),
    order="RGGB",
    path="/base/soc/i2c0mux/i2c@1/imx708@1a",
    modes=(
        SensorMode((1536, 864), "SRGGB10_CSI2P", 120.13, (768, 432, 3072, 1728)),
        SensorMode((2304, 1296), "SRGGB10_CSI2P", 56.03, (0, 0, 4608, 2592)),
        SensorMode((4608, 2592), "SRGGB10_CSI2P", 14.35, (0, 0, 4608, 2592)),
    ),
    focus=(0.0, 15.0),
    max_gain=16.0,
    phase_detection=True,
)

IMX219 = Sensor(
    model="imx219",
    size=(3280, 2464),
    order="RGGB",
    path="/base/axi/pcie@120000/rp1/i2c@80000/imx219@10",
    modes=(
        SensorMode((640, 480), "SRGGB10_CSI2P", 206.65, (1000, 752, 1280, 960)),
        SensorMode((1640, 1232), "SRGGB10_CSI2P", 41.85, (0, 0, 3280, 2464)),
        SensorMode((1920, 1080), "SRGGB10_CSI2P", 47.57, (680, 692, 1920, 1080)),
        SensorMode((3280, 2464), "SRGGB10_CSI2P", 21.19, (0, 0, 3280, 2464)),
        SensorMode((640, 480), "SRGGB8", 206.65, (1000, 752, 1280, 960)),
    ),
    focus=None,
    max_gain=10.67,
)

MODULES = {sensor.model: sensor for sensor in (IMX519, IMX219, IMX708)}


def sensors_of(models: str) -> tuple[Sensor, ...]:
    """The sensors of these models (`imx519 imx219`), in the order of their numbers.

    Raises:
        Failure: one of the models cannot be simulated.
    """
    for model in models.split():
        if model not in MODULES:
            raise Failure(f"{model} cannot be simulated: choose among {', '.join(MODULES)}")
    return tuple(MODULES[model] for model in models.split())


def listing(sensors: tuple[Sensor, ...], verbose: bool = False, busy: Collection[int] = ()) -> str:
    """The text of `--list-cameras`, with its last line's end; `--verbose=2` lists the controls too.

    Args:
        busy: the cameras that another process has. To read rates, crops and limits the camera is configured for
            each mode (rpicam-apps core/options.cpp), which then fails without a word: what is printed is what
            libcamera has before the first configuration.
    """
    if not sensors:
        return "No cameras available!\n"
    lines = ["Available cameras", "-----------------"]
    for index, sensor in enumerate(sensors):
        width, height = sensor.size
        lines.append(f"{index} : {sensor.model} [{width}x{height} {sensor.bits}-bit {sensor.order}] ({sensor.path})")
        prefix = "    Modes: "
        for format in dict.fromkeys(mode.format for mode in sensor.modes):
            start = f"{prefix}'{format}' : "
            for mode in sensor.modes:
                if mode.format == format:
                    fps, (x, y, w, h) = (30.0, ANYWHERE) if index in busy else (mode.fps, mode.crop)
                    lines.append(f"{start}{mode.size[0]}x{mode.size[1]} [{fps:.2f} fps - ({x}, {y})/{w}x{h} crop]")
                    start = " " * len(start)
            prefix = " " * 11
        lines += _controls(sensor, index in busy) if verbose else []
        lines.append("")
    return "\n".join(lines) + "\n"


def _controls(sensor: Sensor, busy: bool) -> list[str]:
    """The controls of a sensor's full mode, as libcamera's ControlInfo::toString writes them."""
    mode = sensor.still_mode()
    size = f"{mode.size[0]}x{mode.size[1]}"
    head = f"    Available controls for {size} {mode.format} mode:"
    controls = {**CONTROLS, **LENS_CONTROLS} if sensor.focus else dict(CONTROLS)
    controls["AnalogueGain"] = f"1.000000..{sensor.max_gain:.6f}"
    controls["ExposureTime"] = f"{LEAST_US}..{LONGEST_US}"
    controls["FrameDurationLimits"] = f"{1e6 / mode.fps:.0f}..{LONGEST_US + 1000}"
    controls["ScalerCrop"] = f"(0, 0)/64x64..(0, 0)/{size}"
    if sensor.focus:
        controls["LensPosition"] = f"{sensor.focus[0]:.6f}..{sensor.focus[1]:.6f}"
    if busy:
        controls |= {name: limits for name, limits in UNCONFIGURED.items() if name in controls}
    listed = [f"    {name} : [{limits}]" for name, limits in sorted(controls.items())]
    return ["", head, "    " + "-" * (len(head) - 4), *listed]


def still_mode(options: StillOptions, sensor: Sensor) -> SensorMode:
    """The mode that `--mode` comes nearest to, else the full one; sensor HDR halves it on the imx708."""
    if options.mode:
        return _nearest(options.mode, sensor)
    if options.hdr in ("sensor", "auto") and sensor is IMX708:
        return sensor.modes[1]
    return sensor.still_mode()


def video_mode(options: Options, sensor: Sensor, size: Size, fps: float) -> SensorMode:
    """The mode that `--mode` comes nearest to, else the best for the size and the frame rate."""
    return _nearest(options.mode, sensor) if options.mode else sensor.mode_for(size, fps)


def still_size(options: StillOptions, sensor: Sensor) -> Size:
    """As asked, each side for itself, else the mode's; even, and no larger than the sensor."""
    whole = still_mode(options, sensor).size
    return _even((options.width or whole[0], options.height or whole[1]), sensor)


def viewfinder_size(options: StillOptions, sensor: Sensor) -> Size:
    """Half of the sensor, in the proportions of the still (core/rpicam_app.cpp, ConfigureViewfinder)."""
    wide, high = sensor.size[0] // 2, sensor.size[1] // 2
    if options.width and options.height:
        aspect = options.width / options.height
        wide, high = min(wide, int(high * aspect)), min(high, int(wide / aspect))
    return _even((wide, high), sensor)


def viewfinder_mode(options: StillOptions, sensor: Sensor) -> SensorMode:
    """The mode that `--viewfinder-mode` comes nearest to, else the best for the viewfinder."""
    if options.viewfinder_mode:
        return _nearest(options.viewfinder_mode, sensor)
    return sensor.mode_for(viewfinder_size(options, sensor), VIEWFINDER_FPS)


def video_size(options: Options, sensor: Sensor) -> Size:
    """As asked, each side for itself, else that of 640x480."""
    return _even((options.width or VIDEO_SIZE[0], options.height or VIDEO_SIZE[1]), sensor)


def _even(size: Size, sensor: Sensor) -> Size:
    return max(2, min(size[0], sensor.size[0]) & ~1), max(2, min(size[1], sensor.size[1]) & ~1)


def _nearest(text: str, sensor: Sensor) -> SensorMode:
    """W:H, perhaps with :DEPTH, as rpicam-apps chooses: the size counts most."""
    parts = [int(part) for part in text.split(":")[:3]]
    depth = parts[2] if len(parts) > 2 else 12

    def distance(mode: SensorMode) -> int:
        return abs(mode.size[0] - parts[0]) + abs(mode.size[1] - parts[1]) + 10 * abs(mode.bits - depth)

    return min(sensor.modes, key=distance)
