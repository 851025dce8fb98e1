"""Autofocus: where the lens goes, for which part of the scene."""

from stillcam.camera.simulated.options import Options, StillOptions, numbers, rectangle
from stillcam.camera.simulated.scene import Box, View, subject
from stillcam.camera.simulated.sensors import Sensor

HYPERFOCAL = 1.0  # dioptres: where the lens rests
MIDDLE = (1 / 4, 1 / 3, 1 / 2, 1 / 3)  # where autofocus looks unless a window is set (computeWeights)
RANGES = {"normal": (0.0, 12.0), "macro": (3.0, 15.0), "full": (0.0, 15.0)}
BEST_FOM = 14_000
TOLERANCE = 0.5  # dioptres from what was to be sharp to where a scan still counts as a success

PHASE_FRAMES, CONTRAST_FRAMES = 12, 60  # of a scan; by contrast: some ten positions of six frames (doScan)
SKIPPED_FRAMES = 5  # by autofocus, after each (re)configuration
PHASE_LIGHT = 0.05  # of the scene's; with less, phase detection finds nothing, and the scan is one by contrast
RETRIGGER_RATIO = 0.75  # in mode continuous, another contrast than after the last scan …
RETRIGGER_FRAMES = 10  # … for so many frames begins the next one

IDLE, SCANNING, FOCUSED, FAILED = 0, 1, 2, 3  # libcamera's AfState


class Autofocus:
    """The lens, frame by frame, as libcamera's rpi/af.cpp moves it and rpicam-apps ask for it.

    Each (re)configuration of the camera is followed by frames that autofocus skips; a scan then takes its time, and
    one by contrast begins again (switchMode). In mode continuous there is a scan when the program starts, and when the
    scene has changed; in mode auto whenever a viewfinder starts (core/rpicam_app.cpp, StartCamera). At first,
    everything is as after a scan; `power_on` begins at the beginning.

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
        self._middle = subject(_part(MIDDLE, whole))
        self._nearer = 0.0  # see `Faults`
        self._range = RANGES[options.autofocus_range]
        self._has_phase = self._by_phase = sensor.model == "imx708"  # else by contrast, which takes longer
        self._skip = self._left = 0  # frames, of those that are skipped and of the scan
        self._changed = 0  # frames since the scene has changed
        self._idle_state = IDLE  # AfState when there is no scan
        self._rest: float | None = None
        self.target: float | None = None
        if sensor.focus:
            given = numbers(options.lens_position, 1)
            wanted = given[0] if given and self._mode == "manual" else HYPERFOCAL
            self._rest = self.target = _within(sensor.focus, wanted)
            if self._mode != "manual" or on_capture:
                self.target = self._goal
                self._idle_state = self._result
        self.position = self.target
        self._contrast = self._sharpness(self._subject)  # after the last scan

    @property
    def scanning(self) -> bool:
        return self._left > 0

    @property
    def resting(self) -> bool:
        """Whether further frames change nothing."""
        return not self._left and not self._skip and not self._changed

    @property
    def state(self) -> int:
        """AfState, as libcamera numbers it."""
        return SCANNING if self.scanning else self._idle_state

    @property
    def figure_of_merit(self) -> int:
        """How sharp the middle is, wherever the focus window is (ipa_base.cpp, reportMetadata)."""
        return round(self._sharpness(self._middle))

    def _sharpness(self, subject: float) -> float:
        return BEST_FOM if self.position is None else BEST_FOM / (1 + 2 * abs(self.position - subject - self._nearer))

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

    def frame(self, light: float = 1.0, nearer: float = 0.0) -> None:
        """One frame of the sensor.

        Args:
            light: see `Faults`.
            nearer: the same; a scan ends where the scene is then.
        """
        by_phase = self._has_phase and light >= PHASE_LIGHT
        if self.scanning and self._by_phase and not by_phase:
            self._left = CONTRAST_FRAMES
        self._by_phase, self._nearer = by_phase, nearer
        if self._skip:
            self._skip -= 1
        elif self._left and self.position is not None and self.target is not None:
            self.target = self._goal
            self.position += (self.target - self.position) / self._left
            self._left -= 1
            if not self._left:
                self.position, self._idle_state = self.target, self._result
                self._contrast, self._changed = self._sharpness(self._subject), 0
        elif self._mode == "continuous":
            self._watch()

    def _watch(self) -> None:
        """Begin a scan if the scene has changed, and stayed so for some frames (af.cpp, doAF)."""
        now = self._sharpness(self._subject)
        if min(now, self._contrast) < RETRIGGER_RATIO * max(now, self._contrast):
            self._contrast, self._changed = now, 1
        elif self._changed:
            self._changed += 1
        if self._changed >= RETRIGGER_FRAMES:
            self._scan()

    def _scan(self) -> None:
        self._changed = 0
        if self.position is not None:
            self._left = PHASE_FRAMES if self._by_phase else CONTRAST_FRAMES

    @property
    def _goal(self) -> float:
        """Where a scan ends."""
        return _within(self._range, self._subject + self._nearer)

    @property
    def _result(self) -> int:
        """AfState at the end of a scan."""
        return FOCUSED if abs((self.target or 0.0) - self._subject - self._nearer) < TOLERANCE else FAILED


def _within(limits: tuple[float, ...], value: float) -> float:
    return min(limits[1], max(limits[0], value))


def _window(options: Options, whole: View, flips: tuple[bool, bool]) -> Box:
    """The focus window in the scene."""
    x, y, width, height = rectangle(options.autofocus_window) or MIDDLE
    x, y = 1 - x - width if flips[0] else x, 1 - y - height if flips[1] else y
    return _part((x, y, width, height), whole)


def _part(fractions: Box, whole: View) -> Box:
    """A part of the scene: left, top, width and height as fractions of `whole`."""
    x, y, width, height = fractions
    left, top = whole.left + x * whole.width, whole.top + y * whole.height
    return left, top, left + width * whole.width, top + height * whole.height
