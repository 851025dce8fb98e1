"""The two cameras that this machine pretends to have, and how `--list-cameras` prints them."""

from dataclasses import dataclass

Size = tuple[int, int]
Rectangle = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class SensorMode:
    """What the sensor can read out: pixels, their format, the fastest rate, and the part of the pixel array used."""

    size: Size
    format: str
    fps: float
    crop: Rectangle

    @property
    def bits(self) -> int:
        return int("".join(filter(str.isdigit, self.format.split("_")[0])))


@dataclass(frozen=True, slots=True)
class Sensor:
    """A camera module; `focus` is the lens's range in dioptres, None where the lens is fixed."""

    model: str
    size: Size
    order: str
    path: str
    modes: tuple[SensorMode, ...]
    focus: tuple[float, float] | None
    max_gain: float
    base_iso: float

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
    base_iso=100.0,
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
    base_iso=100.0,
)

SENSORS = (IMX708, IMX219)


def listing(sensors: tuple[Sensor, ...]) -> str:
    """The text of `--list-cameras`, with its last line's end."""
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
                    x, y, w, h = mode.crop
                    lines.append(f"{start}{mode.size[0]}x{mode.size[1]} [{mode.fps:.2f} fps - ({x}, {y})/{w}x{h} crop]")
                    start = " " * len(start)
            prefix = " " * 11
        lines.append("")
    return "\n".join(lines) + "\n"
