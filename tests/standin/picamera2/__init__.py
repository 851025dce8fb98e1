"""Stands in for the picamera2 library in tests: its classes, on the simulated cameras.

What it has of the library has the library's signatures: tests/unit/camera/test_picamera2_signatures.py holds
it to those that are recorded in tests/standin/picamera2_signatures.json. It does as picamera2 0.3.38 does where
that is no kindness to its user; the lines that are named are of that version's picamera2.py:

- Jobs are done one after the other: one that waits for a frame holds up those behind it, and stop() is one
  (1560, 1414).
- cancel_all_and_flush() is what gets a job out of the way that waits for a frame that never comes (1374).
- Where no sensor mode is named it takes the one nearest to the picture's size, whatever that cuts off; one that
  is named is replaced by the nearest in the same way (1088, score_mode).
- Limits are libcamera's: other ones before configure() than after it (1264).
- Controls go with the next request that is given back (request.py:138), so behind those that are queued. Those that
  are set while it takes them are lost (request.py:151). It holds `request_lock` meanwhile; who does not is unlucky.
- An exception in an encoder, an output or the callback ends the event loop (null_preview.py:66). Nobody is told, and
  stop() waits for it for ever; stop_() does not.
- A scan counts once it has been seen to begin and to end (2752, autofocus_cycle).
- A second stream is no larger than the first, shows the same part of the sensor and has the same colour space:
  what is no JPEG's is limited to 219 steps of brightness, and the library does not convert it.
- A capture may get a frame from before it was asked for, where the last one is kept (`queue`, 1281).
- It logs each step at INFO, and so does libcamera on stderr.

The simulated camera's faults work here too.
"""

import errno
import logging
import os
import select
import threading
import time
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import Any

import libcamera

from picamera2.job import Job
from picamera2.outputs import FileOutput
from picamera2.request import CompletedRequest, plain
from stillcam.camera.simulated.faults import Faults, FaultSource

_log = logging.getLogger("picamera2.picamera2")


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
            {"Model": camera._sensor.model, "Location": 2, "Rotation": 180, "Id": camera.id, "Num": number}
            for number, camera in enumerate(libcamera.CameraManager.singleton().cameras)
        ]

    def __init__(
        self, camera_num: Any = 0, verbose_console: Any = None, tuning: Any = None, allocator: Any = None
    ) -> None:
        if tuning is not None:
            os.environ["LIBCAMERA_RPI_TUNING_FILE"] = tuning
        else:
            os.environ.pop("LIBCAMERA_RPI_TUNING_FILE", None)
        if camera_num >= len(self.global_camera_info()):
            raise RuntimeError(f'No camera number {camera_num} found - use "rpicam-hello --list-cameras" to check')
        self.camera_idx = camera_num
        self.is_open = self.started = False
        self.options: dict[str, Any] = {}
        self.post_callback: Any = None
        self.camera_config: dict[str, Any] = {}
        self.completed_requests: list[CompletedRequest] = []
        self.stop_count = 0
        self.lock = threading.Lock()
        self.request_lock = threading.Lock()
        self._controls_lock = threading.Lock()
        self._controls: dict[str, Any] = {}
        self._captures = 0
        self._job_list: list[Job] = []
        self._encoders: set[Any] = set()
        self._max_queue_len = 0
        self._loop: threading.Thread | None = None
        self._ending = False
        self._source = FaultSource(os.environ)
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._manager = libcamera.CameraManager.singleton()
        self.camera = self._manager.cameras[camera_num]
        try:
            _log.info("Initialization successful.")
            self.camera.acquire()
        except RuntimeError as error:
            _log.error("Camera __init__ sequence did not complete.")
            raise RuntimeError("Camera __init__ sequence did not complete.") from error
        self.is_open = True
        _log.info("Camera now open.")

    def __enter__(self) -> "Picamera2":
        return self

    def __exit__(self, exc_type: Any, exc_val: Any, exc_traceback: Any) -> None:
        self.close()

    @property
    def camera_properties(self) -> dict[str, Any]:
        """As libcamera's, in Python's types."""
        return {key.name: plain(value) for key, value in self.camera.properties.items()}

    def camera_configuration(self) -> dict[str, Any]:
        """What was made of the one that was asked for."""
        return self.camera_config

    @property
    def camera_controls(self) -> dict[str, tuple[Any, Any, Any]]:
        """Smallest, largest and default value."""
        infos = self.camera.controls
        return {key.name: (plain(about.min), plain(about.max), plain(about.default)) for key, about in infos.items()}

    def create_preview_configuration(
        self, main: Any = {}, lores: Any = None, raw: Any = {}, transform: Any = libcamera.Transform(),
        colour_space: Any = libcamera.ColorSpace.Sycc(), buffer_count: Any = 4, controls: Any = {},
        display: Any = "main", encode: Any = "main", queue: Any = True, sensor: Any = {}, use_case: Any = "preview",
    ) -> dict[str, Any]:  # fmt: skip
        """For a viewfinder."""
        main = {"format": "XBGR8888", "size": (640, 480)} | main
        limits = {"FrameDurationLimits": (100, 83333)} | controls
        return self._configuration(
            main, lores, raw, transform, colour_space, buffer_count, limits, encode, queue, sensor
        )

    def create_still_configuration(
        self, main: Any = {}, lores: Any = None, raw: Any = {}, transform: Any = libcamera.Transform(),
        colour_space: Any = libcamera.ColorSpace.Sycc(), buffer_count: Any = 1, controls: Any = {},
        display: Any = None, encode: Any = None, queue: Any = True, sensor: Any = {}, use_case: Any = "still",
    ) -> dict[str, Any]:  # fmt: skip
        """For stills."""
        main = {"format": "BGR888", "size": self._native()[1]} | main
        limits = {"FrameDurationLimits": (100, 1000000 * 1000)} | controls
        return self._configuration(
            main, lores, raw, transform, colour_space, buffer_count, limits, encode, queue, sensor
        )

    def create_video_configuration(
        self, main: Any = {}, lores: Any = None, raw: Any = {}, transform: Any = libcamera.Transform(),
        colour_space: Any = None, buffer_count: Any = 6, controls: Any = {},
        display: Any = "main", encode: Any = "main", queue: Any = True, sensor: Any = {}, use_case: Any = "video",
    ) -> dict[str, Any]:  # fmt: skip
        """For videos."""
        main = {"format": "XBGR8888", "size": (1280, 720)} | main
        if colour_space is None:
            hd = main["size"][0] >= 1280 and main["size"][1] >= 720
            colour_space = libcamera.ColorSpace.Rec709() if hd else libcamera.ColorSpace.Smpte170m()
        limits = {"FrameDurationLimits": (33333, 33333)} | controls
        return self._configuration(
            main, lores, raw, transform, colour_space, buffer_count, limits, encode, queue, sensor
        )

    def configure(self, camera_config: Any = None) -> None:
        """Take a configuration; the camera is stopped."""
        if self.started:
            raise RuntimeError("Camera must be stopped before configuring")
        taken = dict(camera_config)
        self.camera_config = {}
        _check(taken)
        names = [name for name in ("main", "lores", "raw") if taken[name]]
        roles = [libcamera.StreamRole.Raw if name == "raw" else libcamera.StreamRole.Viewfinder for name in names]
        asked = self.camera.generate_configuration(roles)
        asked.orientation = libcamera.Orientation((taken["transform"].hflip, taken["transform"].vflip))
        for stream, wanted in zip(asked, (taken[name] for name in names), strict=True):
            stream.size, stream.pixel_format = libcamera.Size(*wanted["size"]), libcamera.PixelFormat(wanted["format"])
            stream.buffer_count = taken["buffer_count"]
        if taken["raw"]:
            asked.sensor_config = self._sensor_configuration(taken)
        status = asked.validate()
        if status is asked.Status.Invalid:
            raise RuntimeError(f"Invalid camera configuration: {taken}")
        if status is asked.Status.Adjusted:
            _log.info("Camera configuration has been adjusted!")
        for name, stream in zip(names, asked, strict=True):
            size = stream.size.width, stream.size.height
            taken[name] = {"format": str(stream.pixel_format), "size": size, "stride": stream.stride}
        hflip, vflip = asked.orientation.value
        taken["transform"] = libcamera.Transform(hflip=hflip, vflip=vflip)
        if taken["raw"]:
            chosen = asked.sensor_config
            output_size = chosen.output_size.width, chosen.output_size.height
            taken["sensor"] = {"bit_depth": chosen.bit_depth, "output_size": output_size}
        self.camera.configure(asked)
        _log.info("Configuration successful!")
        self._max_queue_len = 1 if taken["queue"] and taken["buffer_count"] > 1 else 0
        if sum(stream.frame_size * stream.buffer_count for stream in asked) > self._faults.cma_mb << 20:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))  # dma_heap.py: an ioctl
        self.camera_config = taken
        self._controls = {}
        self.set_controls(taken["controls"])
        if "ScalerCrops" in self.camera_controls:  # lores shows what main does (1278)
            self.set_controls({"ScalerCrops": [self.camera_controls["ScalerCrops"][0]] * 2})

    def set_controls(self, controls: Any) -> None:
        """For the next request that is given back, or the first frame."""
        there = self.camera_controls
        for name in controls:
            if name not in there:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
        if not self.started or self.request_lock.locked():
            self._add_controls(controls)

    def _add_controls(self, controls: Any) -> None:
        with self._controls_lock:
            self._controls |= controls

    def start(self, config: Any = None, show_preview: Any = False) -> None:
        """Give frames."""
        if config is not None:
            self.configure(config)
        if self._loop is None:
            self._ending = False
            self._loop = threading.Thread(target=self._run, daemon=True)
            self._loop.start()
        if self.started:
            return
        self.camera.start(self._waiting_controls())
        for _ in range(self.camera_config["buffer_count"]):
            self.camera.queue_request(self.camera.create_request(self.camera_idx))
        _log.info("Camera started")
        self.started = True

    def stop(self) -> None:
        """Give no more."""
        if not self.started:
            return
        if self._loop is not None:
            self._dispatch([self.stop_], True, immediate=True)
        else:
            self.stop_()

    def close(self) -> None:
        """Give the camera free; the event loop ends first, and jobs that wait are never done (700)."""
        if self._loop is not None:
            self._ending = True
            self._loop.join()
            self._loop = None
        if not self.is_open:
            return
        self.stop()
        self.camera.release()
        self.is_open = False
        os.close(self._wake)
        _log.info("Camera closed successfully.")

    def wait(self, job: Any, timeout: Any = None) -> Any:
        """What it gave."""
        return job.get_result(timeout=timeout)

    def cancel_all_and_flush(self) -> None:
        """Forget all jobs."""
        with self.lock:
            for job in self._job_list:
                job.cancel()
            self._job_list = []

    def capture_request(self, wait: Any = None, signal_function: Any = None, flush: Any = None) -> Any:
        """A frame: the last one, where that is kept, else the next one."""
        flush = time.monotonic_ns() if flush is True else flush
        return self._dispatch([partial(self._since, flush), self._capture], wait, signal_function)

    def capture_metadata(self, wait: Any = None, signal_function: Any = None) -> Any:
        """What is said of a frame."""
        return self._dispatch([self._described], wait, signal_function)

    def autofocus_cycle(self, wait: Any = None, signal_function: Any = None) -> Any:
        """A scan; whether it found something."""
        self._add_controls(
            {"AfMode": libcamera.controls.AfModeEnum.Auto, "AfTrigger": libcamera.controls.AfTriggerEnum.Start}
        )
        state = libcamera.controls.AfStateEnum

        def wait_for(*states: int) -> tuple[bool, Any]:
            done, about = self._described()
            return done and about["AfState"] in states, done and about["AfState"] == state.Focused

        steps = [partial(wait_for, state.Scanning), partial(wait_for, state.Focused, state.Failed, state.Idle)]
        return self._dispatch(steps, wait, signal_function)

    def start_recording(
        self, encoder: Any, output: Any, pts: Any = None, config: Any = None, quality: Any = None, name: Any = None
    ) -> None:
        """Give frames to an encoder."""
        if config is not None:
            self.configure(config)
        encoder.output = FileOutput(output, pts=pts) if isinstance(output, str) else output
        encoder.size = self.camera_config["main"]["size"]
        encoder.start(quality=quality)
        with self.lock:
            self._encoders.add(encoder)
        self.start()

    def stop_recording(self) -> None:
        """And no more; its file is finished."""
        self.stop()
        for encoder in self._encoders:
            encoder.stop()
        self._encoders = set()

    @property
    def _faults(self) -> Faults:
        return self._source.read()

    def _run(self) -> None:
        """The event loop (previews/null_preview.py)."""
        poller = select.poll()
        for descriptor in (self._manager.event_fd, self._wake):
            poller.register(descriptor, select.POLLIN)
        while not self._ending:
            ready = dict(poller.poll(200))
            if self._wake in ready:
                os.eventfd_read(self._wake)
            done = self._manager.get_ready_requests()
            complete = [request for request in done if request.status is request.Status.Complete]
            if ready:
                self._process([CompletedRequest(request, self) for request in complete])

    def _process(self, requests: list[CompletedRequest]) -> None:
        """What came, and what is to be done (1430, process_requests)."""
        frames = [request for request in requests if _is_picture(request)]
        for request in requests:
            if request not in frames:
                request.release()
        finished = []
        with self.lock:
            for request in frames:
                request.acquire()
            self.completed_requests += frames
            while self._job_list and self._job_list[0].execute():
                finished.append(self._job_list.pop(0))
            for request in frames:
                if self.post_callback:
                    self.post_callback(request)
                for encoder in self._encoders:
                    encoder.encode("main", request)
                request.release()
            while len(self.completed_requests) > self._max_queue_len:
                self.completed_requests.pop(0).release()
        for job in finished:
            job.signal()

    def _dispatch(
        self,
        functions: Sequence[Callable[[], tuple[bool, Any]]],
        wait: Any,
        signal_function: Any = None,
        *,
        immediate: bool = False,
    ) -> Any:
        """Have the event loop do something (1540, dispatch_functions)."""
        with self.lock:
            alone = not self._job_list
            job = Job(list(functions), signal_function)
            self._job_list.append(job)
            if alone and (self.completed_requests or immediate):
                os.eventfd_write(self._wake, 1)
        return job.get_result() if wait is not False else job

    def stop_(self, request: Any = None) -> tuple[bool, Any]:
        """In the event loop, or without one."""
        if self.started:
            self.stop_count += 1
            self.camera.stop()
            self.started = False
            self._manager.get_ready_requests()
            while self.completed_requests:
                self.completed_requests.pop(0).release()
            _log.info("Camera stopped")
        return True, None

    def _since(self, moment_ns: int | None) -> tuple[bool, Any]:
        """Drop the frames that were exposed before it."""
        while moment_ns and self.completed_requests:
            about = self.completed_requests[0].get_metadata()
            if about["SensorTimestamp"] - 1000 * about["ExposureTime"] >= moment_ns:
                return True, None
            self.completed_requests.pop(0).release()
        return not moment_ns, None

    def _capture(self) -> tuple[bool, Any]:
        if not self.completed_requests:
            return False, None
        time.sleep(self._faults.delay_s(self._captures))
        self._captures += 1
        return True, self.completed_requests.pop(0)

    def _described(self) -> tuple[bool, Any]:
        if not self.completed_requests:
            return False, None
        request = self.completed_requests.pop(0)
        about = request.get_metadata()
        request.release()
        return True, about

    def _waiting_controls(self) -> dict[Any, Any]:
        """Those that were set, as libcamera takes them; none waits any more (controls.py:67)."""
        with self._controls_lock:
            given, self._controls = self._controls, {}
        ids = {key.name: key for key in self.camera.controls}
        taken: dict[Any, Any] = {}
        for name, value in given.items():
            if name in ("ExposureTime", "AnalogueGain"):  # 0: automatic (1340; request.py:142)
                taken[getattr(libcamera.controls, f"{name}Mode")] = 1 if value else 0
            taken[ids[name]] = _native(name, value)
        return taken

    def _configuration(
        self,
        main: Any,
        lores: Any,
        raw: Any,
        transform: Any,
        colour_space: Any,
        buffers: Any,
        controls: Any,
        encode: Any,
        queue: Any,
        sensor: Any,
    ) -> dict[str, Any]:
        if lores is not None:
            lores = {"format": "YUV420", "size": main["size"]} | lores
        for key in main | (lores or {}):
            if key not in ("format", "size", "stride", "preserve_ar"):
                raise ValueError(f"Bad key {key!r}")
        if unknown := set(sensor) - {"bit_depth", "output_size"}:
            raise RuntimeError(f"Unexpected keys {unknown} in sensor configuration")
        raw = {"format": self._native()[0], "size": main["size"]} | raw
        if "ColorFilterArrangement" not in self.camera_properties:  # USB cameras (750, _is_rpi_camera)
            raw = sensor = None
        return {"main": dict(main), "lores": lores, "raw": raw, "transform": transform, "colour_space": colour_space,
                "buffer_count": buffers, "controls": controls, "encode": encode, "queue": queue,
                "sensor": sensor}  # fmt: skip

    def _raw_modes(self) -> list[tuple[str, tuple[int, int]]]:
        formats = self.camera.generate_configuration([libcamera.StreamRole.Raw]).at(0).formats
        sizes = [(str(form), size) for form in formats.pixel_formats for size in formats.sizes(form)]
        return [(form, (size.width, size.height)) for form, size in sizes]

    def _native(self) -> tuple[str, tuple[int, int]]:
        """The largest raw format, and of those the deepest (631, _select_native_mode)."""
        return max(self._raw_modes(), key=lambda mode: (mode[1][0] * mode[1][1], bits(mode[0])))

    def _sensor_configuration(self, taken: dict[str, Any]) -> Any:
        """The mode nearest to the one that is named, else to the raw picture, which is as large as the main one."""
        wanted = taken["sensor"] or {}
        depth = wanted.get("bit_depth", bits(taken["raw"]["format"]))
        width, height = wanted.get("output_size", taken["raw"]["size"])

        def worse(asked: Any, there: Any) -> Any:
            return (there - asked) / 4 if there > asked else (asked - there) * 2

        def score(mode: tuple[str, tuple[int, int]]) -> Any:
            form, size = mode
            aspects = worse(width / height, size[0] / size[1])
            return worse(width, size[0]) + worse(height, size[1]) + 1500 * aspects + 500 * abs(depth - bits(form))

        form, size = min(self._raw_modes(), key=score)
        chosen = libcamera.SensorConfiguration()
        chosen.bit_depth, chosen.output_size = bits(form), libcamera.Size(*size)
        return chosen


def _check(taken: dict[str, Any]) -> None:
    """What the library refuses (939, check_camera_config)."""
    sizes = [taken[name]["size"] for name in ("main", "lores") if taken[name]]
    if any(side % 2 for size in sizes for side in size):
        raise RuntimeError("width and height should be even")
    if len(sizes) > 1 and (sizes[1][0] > sizes[0][0] or sizes[1][1] > sizes[0][1]):
        raise RuntimeError("lores stream dimensions may not exceed main stream")
    if taken["lores"] and taken["lores"]["format"] != "YUV420":  # up to a Pi 4
        raise RuntimeError("lores stream must be YUV")


def bits(form: str) -> int:
    """Of a raw format."""
    return int("".join(filter(str.isdigit, form.split("_", maxsplit=1)[0])) or 0)


def _is_picture(request: CompletedRequest) -> bool:
    """It is none of the first frames, which are to be thrown away (1437)."""
    return not request.request.startup


def _native(name: str, value: Any) -> Any:
    if name in libcamera.RECTANGLES:
        several = isinstance(value[0], list | tuple)
        return [libcamera.Rectangle(*part) for part in value] if several else libcamera.Rectangle(*value)
    return value
