"""Stands in for the picamera2 library in tests: its classes, on the simulated cameras.

What it has of the library has the library's signatures: tests/unit/test_picamera2_signatures.py holds
it to those that are recorded in tests/standin/picamera2_signatures.json. The simulated camera's
faults work here too.
"""

import fcntl
import os
import threading
import time
from enum import Enum
from typing import Any

import libcamera

from picamera2.job import Job
from picamera2.outputs import FileOutput
from picamera2.request import CompletedRequest
from picamera2.scene import options_of, picture
from stillcam.camera.simulated.camera import MEMORY_BYTES, folder
from stillcam.camera.simulated.faults import Faults, FaultSource
from stillcam.camera.simulated.sensors import Sensor, SensorMode

LEAST_PERIOD_S = 0.01  # of real time: frames that nobody looks at need not burn the processor
STARTS = "starts.log"  # where this file exists, each opening of a camera and each start adds a line


class Platform(Enum):
    VC4 = 0
    PISP = 1


class Picamera2:
    """One camera, opened."""

    platform = Platform.VC4

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        """All cameras."""
        return [
            {"Model": sensor.model, "Location": 2, "Rotation": 180, "Id": sensor.path, "Num": number}
            for number, sensor in enumerate(_attached())
        ]

    def __init__(
        self, camera_num: Any = 0, verbose_console: Any = None, tuning: Any = None, allocator: Any = None
    ) -> None:
        self.is_open = self.started = False
        self._place = folder(os.environ)
        self._source = FaultSource(self._place, os.environ)
        if camera_num >= len(self.global_camera_info()):
            raise RuntimeError(f'No camera number {camera_num} found - use "rpicam-hello --list-cameras" to check')
        self._sensor: Sensor = _attached()[camera_num]
        self._lock_fd = os.open(self._place / f"camera{camera_num}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if self._faults.busy:
                raise BlockingIOError
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            error = RuntimeError("Failed to acquire camera: Device or resource busy")
            raise RuntimeError("Camera __init__ sequence did not complete.") from error
        self.is_open = True
        self.options: dict[str, Any] = {}
        self.post_callback: Any = None
        self.camera_config: dict[str, Any] = {}
        self.lock = threading.Lock()
        self._drawing = threading.Lock()
        self._told: dict[str, Any] = {}  # what the algorithms know, whatever configuration came since
        self._next: dict[str, Any] = {}
        self._triggered = False
        self._captures = 0
        self._job_list: list[Job] = []
        self._encoders: set[Any] = set()
        self._mode = self._sensor.still_mode()
        self._loop: threading.Thread | None = None
        self._log(f"open {camera_num} {tuning or ''}")
        time.sleep(self._faults.start_s)

    def __enter__(self) -> "Picamera2":
        return self

    def __exit__(self, exc_type: Any, exc_val: Any, exc_traceback: Any) -> None:
        self.close()

    @property
    def camera_properties(self) -> dict[str, Any]:
        """As libcamera's, in Python's types."""
        bayer = {} if libcamera.USB in os.environ else {"ColorFilterArrangement": 0}
        return {"Model": self._sensor.model, "PixelArraySize": self._sensor.size} | bayer

    def camera_configuration(self) -> dict[str, Any]:
        """What was made of the one that was asked for."""
        return self.camera_config

    @property
    def camera_controls(self) -> dict[str, tuple[Any, Any, Any]]:
        """Smallest, largest and default value."""
        infos = libcamera.control_infos(self._sensor)
        return {name: (info.min, info.max, info.default) for name, info in infos.items()}

    @property
    def sensor_modes(self) -> list[dict[str, Any]]:
        """What the sensor can read out."""
        if libcamera.USB in os.environ:
            return [{"format": "MJPEG"}, {"format": "YUYV"}]
        return [
            {"format": mode.format, "unpacked": mode.format.split("_")[0], "bit_depth": mode.bits, "size": mode.size,
             "fps": mode.fps, "crop_limits": mode.crop, "exposure_limits": (26, 112_015_553, 20_000)}
            for mode in self._sensor.modes
        ]  # fmt: skip

    def create_preview_configuration(
        self, main: Any = {}, lores: Any = None, raw: Any = {}, transform: Any = libcamera.Transform(),
        colour_space: Any = libcamera.ColorSpace.Sycc(), buffer_count: Any = 4, controls: Any = {},
        display: Any = "main", encode: Any = "main", queue: Any = True, sensor: Any = {}, use_case: Any = "preview",
    ) -> dict[str, Any]:  # fmt: skip
        """For a viewfinder."""
        limits = {"FrameDurationLimits": (100, 83333)} | controls
        return _configuration(main, raw, transform, buffer_count, limits, encode, queue, sensor)

    def create_still_configuration(
        self, main: Any = {}, lores: Any = None, raw: Any = {}, transform: Any = libcamera.Transform(),
        colour_space: Any = libcamera.ColorSpace.Sycc(), buffer_count: Any = 1, controls: Any = {},
        display: Any = None, encode: Any = None, queue: Any = True, sensor: Any = {}, use_case: Any = "still",
    ) -> dict[str, Any]:  # fmt: skip
        """For stills."""
        limits = {"FrameDurationLimits": (100, 1000000 * 1000)} | controls
        return _configuration(main, raw, transform, buffer_count, limits, encode, queue, sensor)

    def create_video_configuration(
        self, main: Any = {}, lores: Any = None, raw: Any = {}, transform: Any = libcamera.Transform(),
        colour_space: Any = None, buffer_count: Any = 6, controls: Any = {},
        display: Any = "main", encode: Any = "main", queue: Any = True, sensor: Any = {}, use_case: Any = "video",
    ) -> dict[str, Any]:  # fmt: skip
        """For videos."""
        limits = {"FrameDurationLimits": (33333, 33333)} | controls
        return _configuration(main, raw, transform, buffer_count, limits, encode, queue, sensor)

    def configure(self, camera_config: Any = None) -> None:
        """Take a configuration; the camera is stopped."""
        if self.started:
            raise RuntimeError("Camera must be stopped before configuring")
        width, height = camera_config["main"]["size"]
        if width % 2 or height % 2:
            raise RuntimeError("width and height should be even")
        if width * height * 3 // 2 * camera_config["buffer_count"] > MEMORY_BYTES:
            raise RuntimeError("Cannot allocate memory")
        if libcamera.USB in os.environ and camera_config["main"]["format"] != "MJPEG":
            camera_config["main"]["format"] = "YUYV"
        self.camera_config = camera_config
        self._mode = self._mode_for(camera_config["sensor"])
        self._next = {}
        self.set_controls(camera_config["controls"])
        self.set_controls({"ScalerCrops": [_largest(self._mode, (width, height))]})

    def set_controls(self, controls: Any) -> None:
        """For the next frames, or the first."""
        for name in controls:
            if name not in self.camera_controls:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
        with self.lock:
            self._next |= controls

    def start(self, config: Any = None, show_preview: Any = False) -> None:
        """Give frames."""
        if config is not None:
            self.configure(config)
        if self.started:
            return
        self._log(f"start {self.camera_config['main']['size'][0]}")
        self.started = True
        self._loop = threading.Thread(target=self._run, daemon=True)
        self._loop.start()

    def stop(self) -> None:
        """Give no more."""
        self.started = False
        if self._loop is not None:
            self._loop.join()
            self._loop = None

    def close(self) -> None:
        """Give the camera free."""
        if self.is_open:
            self.stop()
            self.is_open = False
            os.close(self._lock_fd)

    def wait(self, job: Any, timeout: Any = None) -> Any:
        """What it gave."""
        return job.get_result(timeout=timeout)

    def cancel_all_and_flush(self) -> None:
        """Forget all jobs."""
        with self.lock:
            jobs, self._job_list = self._job_list, []
        for job in jobs:
            job.cancel()

    def capture_request(self, wait: Any = None, signal_function: Any = None, flush: Any = None) -> Any:
        """The next frame."""
        return self._dispatch(Job([self._capture], signal_function), wait)

    def capture_metadata(self, wait: Any = None, signal_function: Any = None) -> Any:
        """What is said of the next frame."""
        return self._dispatch(Job([lambda: (True, self._request.get_metadata())], signal_function), wait)

    def autofocus_cycle(self, wait: Any = None, signal_function: Any = None) -> Any:
        """A scan; whether it found something."""
        controls = libcamera.controls
        self.set_controls({"AfMode": controls.AfModeEnum.Auto, "AfTrigger": controls.AfTriggerEnum.Start})
        return self._dispatch(Job([self._focused], signal_function), wait)

    def start_recording(
        self, encoder: Any, output: Any, pts: Any = None, config: Any = None, quality: Any = None, name: Any = None
    ) -> None:
        """Give frames to an encoder."""
        if config is not None:
            self.configure(config)
        encoder.output = FileOutput(output, pts=pts) if isinstance(output, str) else output
        encoder.size = self.camera_config["main"]["size"]
        encoder.start(quality=quality)
        self._encoders.add(encoder)
        self.start()

    def stop_recording(self) -> None:
        """And no more; its file is finished."""
        self.stop()
        for encoder in self._encoders:
            encoder.stop()
        self._encoders.clear()

    @property
    def _faults(self) -> Faults:
        return self._source.read()

    def _dispatch(self, job: Job, wait: Any) -> Any:
        with self.lock:
            self._job_list.append(job)
        return job.get_result() if wait is not False else job

    def _focused(self) -> tuple[bool, Any]:
        state = self._request.get_metadata()["AfState"]
        return state in (2, 3), state == 2

    def _capture(self) -> tuple[bool, Any]:
        self._captures += 1
        faults = self._faults
        time.sleep(faults.slow_s)
        if faults.die_after is not None and self._captures >= faults.die_after:
            _die(faults)
        return True, self._request

    def _run(self) -> None:
        """The event loop: frame by frame."""
        view = None
        while self.started:
            with self.lock:
                told, self._next = self._next, {}
            self._tell(told)
            if view is None or told:
                view = self._view()
            time.sleep(max(LEAST_PERIOD_S, self._period_s / self._faults.speed))
            stall = self._faults.stall_after
            if stall is not None and self._captures >= stall:
                continue
            self._request = CompletedRequest(view, self)
            with self.lock:
                jobs = list(self._job_list)
            for job in jobs:
                if job.execute():
                    with self.lock:
                        self._job_list = [left for left in self._job_list if left is not job]
            if self.post_callback:
                self.post_callback(self._request)
            for encoder in self._encoders:
                self._captures += 1
                if (after := self._faults.die_after) is not None and self._captures >= after:
                    _die(self._faults)
                encoder.encode("main", self._request)

    def _tell(self, told: dict[str, Any]) -> None:
        if "AfTrigger" in told:
            self._triggered = told["AfTrigger"].name == "Start"
        if "AfMode" in told and told["AfMode"] != self._told.get("AfMode"):
            self._triggered = "AfTrigger" in told
        for name in ("ExposureTime", "AnalogueGain"):
            if told.get(name) == 0:
                self._told.pop(name, None)
                told.pop(name)
        gains = {"ColourGains", "ColourTemperature"}
        if told.pop("AwbEnable", False) or gains & told.keys():  # the newest of them wins
            for name in gains:
                self._told.pop(name, None)
        self._told |= told

    def _view(self) -> Any:
        told = dict(self._told)
        if told.get("AfMode", 0) == 1 and not self._triggered:
            told["AfMode"] = libcamera.controls.AfModeEnum.Manual
        transform = self.camera_config["transform"]
        options = options_of(told, (transform.hflip, transform.vflip), self._mode, video=bool(self._encoders))
        return picture(self._sensor, self._mode, options, self.camera_config["main"]["size"], self._period_s * 1e6)

    @property
    def _period_s(self) -> float:
        shortest, longest = self._told["FrameDurationLimits"]
        wanted = max(shortest, min(longest, 33_333)) / 1e6
        return float(max(wanted, 1 / self._mode.fps, self._told.get("ExposureTime", 0) / 1e6))

    def _mode_for(self, sensor: Any) -> SensorMode:
        if not sensor:
            return self._sensor.still_mode()
        same = [mode for mode in self._sensor.modes if mode.size == sensor["output_size"]]
        return next(mode for mode in same if mode.bits == sensor["bit_depth"])

    def _log(self, line: str) -> None:
        if (self._place / STARTS).exists():
            with (self._place / STARTS).open("a") as file:
                file.write(f"picamera2 {line}\n")


def _attached() -> tuple[Sensor, ...]:
    return FaultSource(folder(os.environ), os.environ).read().sensors()


def _die(faults: Faults) -> None:
    """End this process, from whatever thread."""
    if faults.die_signal:
        os.kill(os.getpid(), faults.die_signal)
        time.sleep(60)
    os._exit(faults.die_exit)


def _configuration(
    main: Any, raw: Any, transform: Any, buffers: Any, controls: Any, encode: Any, queue: Any, sensor: Any
) -> dict[str, Any]:
    for key in main:
        if key not in ("format", "size", "stride", "preserve_ar"):
            raise ValueError(f"Bad key {key!r}")
    if unknown := set(sensor) - {"bit_depth", "output_size"}:
        raise RuntimeError(f"Unexpected keys {unknown} in sensor configuration")
    return {"main": dict(main), "raw": dict(raw), "transform": transform, "buffer_count": buffers,
            "controls": controls, "encode": encode, "queue": queue, "sensor": sensor}  # fmt: skip


def _largest(mode: SensorMode, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """What configure() sets as ScalerCrops: all that the picture's proportions leave."""
    x, y, width, height = mode.crop
    wide, high = min(width, height * size[0] // size[1]), min(height, width * size[1] // size[0])
    return x + (width - wide) // 2, y + (height - high) // 2, wide, high
