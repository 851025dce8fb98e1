"""Autofocus: where the lens goes, for which part of the scene."""

from stillcam.camera.simulated.options import Options, StillOptions, numbers, rectangle
from stillcam.camera.simulated.scene import Box, View, subject
from stillcam.camera.simulated.sensors import Sensor

HYPERFOCAL = 1.0  # dioptres: where the lens rests
RANGES = {"normal": (0.0, 12.0), "macro": (3.0, 15.0), "full": (0.0, 15.0)}
BEST_FOM = 14_000
TOLERANCE = 0.5  # dioptres from what was to be sharp to where a scan still counts as a success

PHASE_FRAMES, CONTRAST_FRAMES = 12, 40  # of a scan; by contrast: some eight positions of five frames
SKIPPED_FRAMES = 5  # by autofocus, after each (re)configuration

IDLE, SCANNING, FOCUSED, FAILED = 0, 1, 2, 3  # libcamera's AfState


class Autofocus:
    """The lens, frame by frame, as libcamera's rpi/af.cpp moves it and rpicam-apps ask for it.

    Each (re)configuration of the camera is followed by frames that autofocus skips; a scan then takes its time. In
    mode continuous there is a scan when the program starts; in mode auto whenever a viewfinder starts
    (core/rpicam_app.cpp, StartCamera). At first, everything is as after a scan; `power_on` begins at the beginning.

    Args:
        whole: the largest crop of the sensor mode, of which a focus window is a part.
        flips: whether the sensor mirrors left and right, top and bottom; a window lies in what it gives.

    Attributes:
        position: of the lens, dioptres; None: it has no motor.
        target: where the next scan ends, or the lens is to stay.
    """

    def __init__(self, options: Options, sensor: Sensor, whole: View, flips: tuple[bool, bool]) -> None:
        on_capture = isinstance(options, StillOptions) and options.autofocus_on_capture
        default = "manual" if options.lens_position or on_capture else "continuous"
        self._named = options.autofocus_mode != "default"
        self._mode = self._configured_mode = options.autofocus_mode if self._named else default
        self._subject = subject(_window(options, whole, flips))
        self._by_phase = sensor.model == "imx708"  # else by contrast, which takes longer
        self._skip = self._left = 0  # frames, of those that are skipped and of the scan
        self._idle_state = IDLE  # AfState when there is no scan
        self._rest: float | None = None
        self.target: float | None = None
        if sensor.focus:
            given = numbers(options.lens_position, 1)
            wanted = given[0] if given and self._mode == "manual" else HYPERFOCAL
            self._rest = self.target = _within(sensor.focus, wanted)
            if self._mode != "manual" or on_capture:
                self.target = _within(RANGES[options.autofocus_range], self._subject)
                self._idle_state = self._result
        self.position = self.target

    @property
    def scanning(self) -> bool:
        return self._left > 0

    @property
    def resting(self) -> bool:
        """Whether further frames change nothing."""
        return not self._left and not self._skip

    @property
    def state(self) -> int:
        """AfState, as libcamera numbers it."""
        return SCANNING if self.scanning else self._idle_state

    @property
    def figure_of_merit(self) -> int:
        """How sharp the focus window is."""
        return BEST_FOM if self.position is None else round(BEST_FOM / (1 + 2 * abs(self.position - self._subject)))

    def power_on(self) -> None:
        """The program opens the camera."""
        self.position, self._idle_state = self._rest, IDLE
        if self._mode == "continuous":
            self._scan()

    def start(self, *, viewfinder: bool) -> None:
        """The camera is configured and started.

        Args:
            viewfinder: there is no still stream: in mode auto that is what triggers a scan.
        """
        self._skip = SKIPPED_FRAMES
        if self.scanning and not self._by_phase:
            self._scan()  # from its beginning
        elif viewfinder and self._mode == "auto" and not self.scanning:
            self._scan()

    def trigger(self) -> None:
        """Mode auto, and a scan: what --autofocus-on-capture begins with."""
        self._mode = "auto"
        if not self.scanning:
            self._scan()

    def cancel(self) -> None:
        """Mode auto, without a scan: what --autofocus-on-capture ends with. The state is idle, whatever was found."""
        self._mode, self._left, self._idle_state = "auto", 0, IDLE

    def resume(self) -> None:
        """Back to a mode that was asked for by name."""
        if self._named and self._mode != self._configured_mode:
            self._mode = self._configured_mode
            if self._mode == "continuous":
                self._scan()

    def frame(self) -> None:
        """One frame of the sensor."""
        if self._skip:
            self._skip -= 1
        elif self._left and self.position is not None and self.target is not None:
            self.position += (self.target - self.position) / self._left
            self._left -= 1
            if not self._left:
                self.position, self._idle_state = self.target, self._result

    def _scan(self) -> None:
        if self.position is not None:
            self._left = PHASE_FRAMES if self._by_phase else CONTRAST_FRAMES

    @property
    def _result(self) -> int:
        """AfState at the end of a scan."""
        return FOCUSED if abs((self.target or 0.0) - self._subject) < TOLERANCE else FAILED


def _within(limits: tuple[float, ...], value: float) -> float:
    return min(limits[1], max(limits[0], value))


def _window(options: Options, whole: View, flips: tuple[bool, bool]) -> Box:
    """The focus window in the scene; where none is given, half the width of the middle third (libcamera's af.cpp)."""
    x, y, width, height = rectangle(options.autofocus_window) or (1 / 4, 1 / 3, 1 / 2, 1 / 3)
    x, y = 1 - x - width if flips[0] else x, 1 - y - height if flips[1] else y
    left, top = whole.left + x * whole.width, whole.top + y * whole.height
    return left, top, left + width * whole.width, top + height * whole.height
