"""Opening the camera: one process a camera, the log lines of libcamera, and simulated time."""

import fcntl
import os
import threading
import time
from pathlib import Path

from stillcam.camera.simulated.faults import Faults, FaultSource
from stillcam.camera.simulated.options import Options, VideoOptions, unparse
from stillcam.camera.simulated.program import Failure, print_stderr
from stillcam.camera.simulated.sensors import Sensor, SensorMode, Size, listing

OPEN_S = 0.15
MODE_S = 0.02  # to configure a camera for one mode
STALL_S = 1.0
STARTUP_FRAMES = 6  # that are hidden while exposure and white balance converge, and the time-out runs (ipa_base.cpp)
START_ERRORS = "start_errors"  # a byte for each of them so far
STARTS = "starts.log"  # where this file exists, each start of a camera adds its command line

# Options that a camera without autofocus ignores, and how libcamera's ipa_base.cpp names what they set.
LENS_OPTIONS = {
    "--autofocus-mode": "AF_MODE", "--autofocus-range": "AF_RANGE", "--autofocus-speed": "AF_SPEED",
    "--autofocus-window": "AF_WINDOWS", "--lens-position": "LENS_POSITION", "--autofocus-on-capture": "AF_TRIGGER",
}  # fmt: skip


def acquire(folder: Path, index: int, faults: Faults) -> int | None:
    """A descriptor that has the camera until it is closed; None: another process has it."""
    fd = os.open(folder / f"camera{index}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if faults.busy:
            raise BlockingIOError
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def list_cameras(source: FaultSource, verbose: bool) -> str:
    """What `--list-cameras` prints: each camera is acquired while its modes are read."""
    faults = source.read()
    sensors = faults.sensors()
    busy = set()
    for index, sensor in enumerate(sensors):
        fd = acquire(source.folder, index, faults)
        time.sleep(MODE_S * len(sensor.modes) / faults.speed)
        if fd is None:
            busy.add(index)
        else:
            os.close(fd)
    return listing(sensors, verbose, busy)


def set_hdr(options: Options, source: FaultSource) -> None:
    """Every run switches the sensor's own HDR of its camera, listing as well (core/options.cpp, Options::Parse)."""
    sensors = source.read().sensors()
    if options.camera < len(sensors) and sensors[options.camera].model == "imx708":
        switch = source.folder / f"camera{options.camera}.hdr"  # it is on while this file exists
        if options.hdr in ("sensor", "auto"):
            switch.touch()
        else:
            switch.unlink(missing_ok=True)


class Camera:
    """A camera that this process owns until it ends."""

    def __init__(self, options: Options, source: FaultSource) -> None:
        self._folder = source.folder
        self.faults = source.read
        self._verbose = options.verbose > 0
        faults = source.read()
        self._log("INFO", "Camera camera_manager.cpp:340 libcamera v0.7.0+simulated")
        sensors = faults.sensors() if options.tuning_file == "-" or Path(options.tuning_file).is_file() else ()
        for sensor in sensors:
            tuning = f"/usr/share/libcamera/ipa/rpi/vc4/{sensor.model}.json"
            self._log("INFO", f"IPAProxy ipa_proxy.cpp:180 Using tuning file {tuning}")
            self._log("INFO", f"Camera camera_manager.cpp:223 Adding camera '{sensor.path}' for handler rpi/vc4")
        if not sensors:
            raise Failure("no cameras available")
        if options.camera >= len(sensors):
            raise Failure("selected camera is not available")
        self.sensor: Sensor = sensors[options.camera]
        self._lock = acquire(source.folder, options.camera, faults)
        if self._lock is None:
            self._log("INFO", "Camera camera.cpp:1008 Pipeline handler in use by another process")
            raise Failure(f"failed to acquire camera {self.sensor.path}")
        given = unparse(options)
        if (starts := source.folder / STARTS).exists():
            with starts.open("a") as file:
                file.write(" ".join(given) + "\n")
        self.wait(OPEN_S)
        if isinstance(options, VideoOptions) and options.framerate > 0:  # to learn the rate of each mode (OpenCamera)
            self.wait(MODE_S * len(self.sensor.modes))
        time.sleep(faults.start_s)
        for option, control in {} if self.sensor.focus else LENS_OPTIONS.items():
            if any(word.partition("=")[0] == option for word in given):
                self._log("WARN", f"IPARPI ipa_base.cpp:1014 Could not set {control} - no AF algorithm")

    def wait(self, simulated_s: float) -> None:
        """Let simulated time pass."""
        time.sleep(simulated_s / self.faults().speed)

    def wait_while_stalled(self, frames: int) -> Faults:
        """Wait while the sensor is stalled after so many frames; libcamera restarts it for ever. The current faults."""
        while (faults := self.faults()).stall_after is not None and frames >= faults.stall_after:
            self.wait(STALL_S)
            print_stderr("ERROR: Device timeout detected, attempting a restart!!!")
        return faults

    def configure(self, mode: SensorMode, buffers: int, *sizes: Size) -> None:
        """Configure streams of these sizes, the first of which is logged.

        Each buffer is contiguous memory for a frame of the sensor mode, packed, and for pictures in YUV420. What was
        configured before has been given back (core/rpicam_app.cpp, setupCapture and Teardown).
        """
        size = f"{sizes[0][0]}x{sizes[0][1]}"
        raw = f"{mode.size[0]}x{mode.size[1]}-S{self.sensor.order}{mode.bits}"
        if self._verbose:
            print_stderr(f"Mode selection for {sizes[0][0]}:{sizes[0][1]}:12:P")
        self._log("INFO", f"Camera camera.cpp:1215 configuring streams: (0) {size}-YUV420 (1) {raw}_CSI2P/RAW")
        self._log("INFO", f"RPI vc4.cpp:620 Sensor: {self.sensor.path} - Selected sensor format: {raw}_1X10/RAW")
        sensed = mode.size[0] * mode.size[1] * mode.bits // 8
        pictures = sum(width * height * 3 // 2 for width, height in sizes)
        if buffers * (sensed + pictures) > self.faults().cma_mb << 20:
            raise Failure("failed to allocate capture buffers for stream")

    def fail_to_start(self, width: int) -> None:
        """End as `start_error` says, if that is meant for a picture so wide."""
        faults = self.faults()
        if not faults.start_error or width < faults.start_error_width:
            return
        with (self._folder / START_ERRORS).open("ab") as count:
            if faults.start_error_times and count.tell() >= faults.start_error_times:
                return
            count.write(b".")
        raise Failure(faults.start_error)

    def _log(self, level: str, text: str) -> None:
        if self._verbose:
            log(level, text)


def log(level: str, text: str) -> None:
    """A log line of libcamera: the time since boot, the thread, the level."""
    seconds = time.clock_gettime(time.CLOCK_BOOTTIME)
    clock = f"{int(seconds // 3600)}:{int(seconds // 60 % 60):02d}:{seconds % 60:012.9f}"
    print_stderr(f"[{clock}] [{threading.get_native_id()}] {level:>5} {text}")
