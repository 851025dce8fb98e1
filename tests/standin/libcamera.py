"""Stands in for libcamera's Python bindings: what picamera2 uses of them, on the simulated cameras.

It does what libcamera and its handler for the Raspberry Pi do (version 0.7; paths below are in its source):

- A frame is taken with the request at the head of the queue, so controls come behind the requests that are
  queued before them; exposure and gain reach the sensor two frames later (ipa/rpi/cam_helper).
- The first frames after the first start are marked FrameStartup (pipeline_base.cpp, handleState).
- Before `configure` the limits of controls are the same for every sensor; after it they are the mode's
  (ipa_base.cpp, ipaControls; pipeline_base.cpp, configure). ScalerCrops is there with two streams only.
- Formats and sizes of raw pictures are told without the camera being acquired.
- Autofocus scans when continuous mode begins, when the scene has moved in it, or a scan is asked for; another
  configuration begins a scan that is under way again (af.cpp, switchMode).
- An error is a RuntimeError with the system's text (py_main.cpp: std::system_error).

Enumerators and their numbers are libcamera's (src/libcamera/control_ids_core.yaml and
control_ids_draft.yaml), named as the bindings do: without the prefix that they have in common.
"""

import contextlib
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from enum import Enum, IntEnum
from types import SimpleNamespace
from typing import Any

from camera_scene import options_of

from stillcam.camera.simulated.autofocus import CONTRAST_FRAMES, PHASE_FRAMES, RETRIGGER_FRAMES, SKIPPED_FRAMES
from stillcam.camera.simulated.camera import STARTS, acquire, log
from stillcam.camera.simulated.encode import tensor
from stillcam.camera.simulated.faults import Faults, FaultSource
from stillcam.camera.simulated.options import StillOptions
from stillcam.camera.simulated.picture import Frame, Picture, local_now, scaler_crop
from stillcam.camera.simulated.sensors import (
    LEAST_US,
    LONGEST_US,
    Sensor,
    SensorMode,
)

USB = "STANDIN_USB"  # where it is set, the cameras are USB cameras: no raw pictures, no sensor modes, only MJPEG
STARTUP_FRAMES = 3  # depends on the sensor's helper and tuning
SENSOR_DELAY = 2  # frames from the request that carries an exposure or a gain to the frame that has it
LEAST_PERIOD_S = 0.01  # of real time: frames that nobody looks at need not burn the processor
LENS_AT_REST = 1.0  # dioptres
FOR_RAW = {
    "SensorBlackLevels": [4096] * 4,
    "ColourCorrectionMatrix": [1.6, -0.4, -0.2, -0.3, 1.6, -0.3, 0.0, -0.6, 1.6],
}

# Of a frame: its scene, whether it is frozen, see Faults.marker, and metadata that are not the scene's.
Source = tuple[Picture, bool, str, dict[str, Any]]

_libcamera = sys.modules[__name__]  # where picamera2 looks for some classes


def _enum(name: str, *members: str) -> type[IntEnum]:
    return IntEnum(name, {member: number for number, member in enumerate(members)})  # type: ignore[return-value]


ENUMS = {
    name: _enum(name, *members.split())
    for name, members in {
        "AeMeteringMode": "CentreWeighted Spot Matrix Custom",
        "AeConstraintMode": "Normal Highlight Shadows Custom",
        "AeExposureMode": "Normal Short Long Custom",
        "AeFlickerMode": "Off Manual Auto",
        "AwbMode": "Auto Incandescent Tungsten Fluorescent Indoor Daylight Cloudy Custom",
        "AfMode": "Manual Auto Continuous",
        "AfRange": "Normal Macro Full",
        "AfSpeed": "Normal Fast",
        "AfMetering": "Auto Windows",
        "AfTrigger": "Start Cancel",
        "AfPause": "Immediate Deferred Resume",
        "AfState": "Idle Scanning Focused Failed",
        "HdrMode": "Off MultiExposureUnmerged MultiExposure SingleExposure Night",
        "NoiseReductionMode": "Off Fast HighQuality Minimal ZSL",
    }.items()
}
RECTANGLES = ("ScalerCrop", "ScalerCrops", "AfWindows")


class ControlType(Enum):
    Other = 0
    Rectangle = 1
    Size = 2


class ControlId:
    """One of these a control: they are compared by identity."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.type = ControlType.Rectangle if name in RECTANGLES else ControlType.Other

    def __repr__(self) -> str:
        return f"libcamera.ControlId({self.name})"


_ids: dict[str, ControlId] = {}


def _id(name: str) -> ControlId:
    return _ids.setdefault(name, ControlId(name))


controls = SimpleNamespace(
    **{f"{name}Enum": enum for name, enum in ENUMS.items() if name != "NoiseReductionMode"},
    **{name: _id(name) for name in ("ExposureTime", "AnalogueGain", "ExposureTimeMode", "AnalogueGainMode")},
    SensorTimestamp=_id("SensorTimestamp"),
    draft=SimpleNamespace(NoiseReductionModeEnum=ENUMS["NoiseReductionMode"]),
)
properties = SimpleNamespace(
    draft=SimpleNamespace(ColorFilterArrangementEnum=_enum("CFA", "RGGB", "GRBG", "GBRG", "BGGR", "RGB", "MONO"))
)


class Size:
    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height


class Rectangle:
    def __init__(self, x: int, y: int, width: int, height: int) -> None:
        self.x, self.y, self.width, self.height = x, y, width, height


class Transform:
    def __init__(self, other: Any = None, *, hflip: Any = False, vflip: Any = False, transpose: Any = False) -> None:
        source = other or SimpleNamespace(hflip=bool(hflip), vflip=bool(vflip), transpose=bool(transpose))
        self.hflip, self.vflip, self.transpose = source.hflip, source.vflip, source.transpose

    def __str__(self) -> str:
        return f"hflip {self.hflip}, vflip {self.vflip}"


class Orientation(Enum):
    Rotate0 = (False, False)
    Rotate0Mirror = (True, False)
    Rotate180Mirror = (False, True)
    Rotate180 = (True, True)
    Rotate90Mirror = "90m"
    Rotate270 = "270"
    Rotate90 = "90"
    Rotate270Mirror = "270m"


class ColorSpace:
    YcbcrEncoding = _enum("YcbcrEncoding", "Null", "Rec601", "Rec709")
    Range = _enum("Range", "Full", "Limited")

    def __init__(self, other: Any) -> None:
        fields = other if isinstance(other, tuple) else tuple(vars(other).values())
        self.primaries, self.transferFunction, self.ycbcrEncoding, self.range = fields

    def __str__(self) -> str:
        return f"{self.primaries}/{self.transferFunction}"

    @staticmethod
    def Sycc() -> "ColorSpace":  # noqa: N802 - libcamera's name
        return ColorSpace(("Rec709", "Srgb", 1, 0))

    @staticmethod
    def Smpte170m() -> "ColorSpace":  # noqa: N802
        return ColorSpace(("Smpte170m", "Rec709", 1, 1))

    @staticmethod
    def Rec709() -> "ColorSpace":  # noqa: N802
        return ColorSpace(("Rec709", "Rec709", 2, 1))

    @staticmethod
    def Raw() -> "ColorSpace":  # noqa: N802
        return ColorSpace(("Raw", "Linear", 0, 0))


class PixelFormat:
    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return self.name


StreamRole = Enum("StreamRole", ["Raw", "StillCapture", "VideoRecording", "Viewfinder"])


class StreamFormats:
    """What a stream can be: pixel formats, and their sizes."""

    def __init__(self, sizes: dict[str, list[tuple[int, int]]]) -> None:
        self._sizes = sizes

    @property
    def pixel_formats(self) -> list[PixelFormat]:
        return [PixelFormat(name) for name in self._sizes]

    def sizes(self, form: PixelFormat) -> list[Size]:
        return [Size(*size) for size in self._sizes[form.name]]


class Stream:
    """A stream is its identity, and what it is configured as."""

    configuration: "StreamConfiguration"


class StreamConfiguration:
    def __init__(self, formats: StreamFormats, role: StreamRole) -> None:
        self.formats, self.role = formats, role
        self.size, self.pixel_format = Size(640, 480), PixelFormat("XBGR8888")
        self.buffer_count, self.stride, self.frame_size = 4, 0, 0
        self.color_space: ColorSpace | None = None
        self.stream = Stream()
        self.stream.configuration = self


class SensorConfiguration:
    def __init__(self) -> None:
        self.bit_depth, self.output_size = 0, Size(0, 0)


class CameraConfiguration:
    Status = Enum("Status", ["Valid", "Adjusted", "Invalid"])

    def __init__(self, sensor: Sensor, streams: list[StreamConfiguration]) -> None:
        self._sensor, self._streams = sensor, streams
        self.orientation = Orientation.Rotate0
        self.sensor_config: SensorConfiguration | None = None
        self.mode = sensor.still_mode()

    def at(self, index: int) -> StreamConfiguration:
        return self._streams[index]

    def __iter__(self) -> Iterator[StreamConfiguration]:
        return iter(self._streams)

    def validate(self) -> Any:
        """A sensor configuration must be one of the sensor's (pipeline_base.cpp, validate).

        A USB camera has no flips, and some sizes: it takes the next smaller one, or the smallest (uvcvideo.cpp).
        """
        if USB in os.environ:
            (stream,) = self._streams
            if str(stream.pixel_format) != "MJPEG":
                stream.pixel_format = PixelFormat("YUYV")
            sizes = stream.formats.sizes(stream.pixel_format)
            most = stream.size.width * stream.size.height
            fitting = [size for size in sizes if size.width * size.height <= most]
            stream.size = [*sizes[:1], *fitting][-1]
            self.orientation = Orientation.Rotate0
        else:
            asked = self.sensor_config
            assert asked is not None, "picamera2 always names one"
            wanted = (asked.output_size.width, asked.output_size.height), asked.bit_depth
            same = [mode for mode in self._sensor.modes if (mode.size, mode.bits) == wanted]
            if not same:
                return self.Status.Invalid
            self.mode = same[0]
        adjusted = False
        for stream in self._streams:
            form, width, height = str(stream.pixel_format), stream.size.width, stream.size.height
            if stream.role is StreamRole.Raw:
                adjusted |= (form, (width, height)) != (self.mode.format, self.mode.size)
                stream.pixel_format, stream.size = PixelFormat(self.mode.format), Size(*self.mode.size)
                stream.stride = (self.mode.size[0] * self.mode.bits // 8 + 31) // 32 * 32
                stream.frame_size = stream.stride * self.mode.size[1]
            else:
                if form == "YUV420":  # planes of chroma have half the stride
                    stream.stride = (width + 63) // 64 * 64
                    stream.frame_size = stream.stride * height * 3 // 2
                    continue
                bits = {"MJPEG": 24, "YUYV": 16, "BGR888": 24, "RGB888": 24}.get(form, 32)
                stream.stride = width * bits // 8
                stream.frame_size = width * height * bits // 8
        return self.Status.Adjusted if adjusted else self.Status.Valid


class FrameMetadata:
    Status = Enum("Status", ["Success", "Error", "Cancelled", "FrameStartup"])


class FrameBuffer:
    class Plane:
        fd, offset, length = -1, 0, 0

    def __init__(self, planes: list[Any]) -> None:
        self.planes = planes
        self.metadata = SimpleNamespace(status=FrameMetadata.Status.Success, planes=planes)


class Request:
    """One frame to be taken, with what it is to be taken with."""

    Status = Enum("Status", ["Pending", "Complete", "Cancelled"])

    def __init__(self, cookie: int, drawing: threading.Lock) -> None:
        self.cookie = cookie
        self.buffers: dict[Stream, FrameBuffer] = {}
        self._drawing = drawing
        self.reuse()

    def reuse(self) -> None:
        self.status = self.Status.Pending
        self.given: dict[ControlId, Any] = {}
        self._source: Source | None = None
        self._frame: Frame | None = None
        self.startup = False

    def add_buffer(self, stream: Stream, buffer: FrameBuffer) -> None:
        self.buffers[stream] = buffer

    def set_control(self, control: ControlId, value: Any) -> None:
        self.given[control] = value

    def complete(self, source: Source, status: Any) -> None:
        """It holds a frame."""
        self._source, self.status = source, self.Status.Complete
        self.startup = status is FrameMetadata.Status.FrameStartup
        for buffer in self.buffers.values():
            buffer.metadata.status = status

    @property
    def frame(self) -> Frame:
        """Drawn once it is looked at."""
        with self._drawing:
            if self._frame is None:
                assert self._source is not None
                scene, frozen, marker, _ = self._source
                self._frame = scene.take(local_now(), frozen=frozen, marker=marker)
            return self._frame

    @property
    def metadata(self) -> dict[ControlId, Any]:
        assert self._source is not None
        told = FOR_RAW | self.frame.metadata | self._source[-1]
        return {_id(name): _native(name, value) for name, value in told.items()}


def _native(name: str, value: Any) -> Any:
    if name in RECTANGLES:
        return Rectangle(*value)
    return tuple(value) if isinstance(value, list) else value


class ControlInfo:
    """Smallest, largest and default value."""

    def __init__(self, low: Any, high: Any, default: Any) -> None:
        self.min, self.max, self.default = low, high, default


class Camera:
    """A camera as it is listed; it is used once it is acquired."""

    def __init__(self, sensor: Sensor, number: int) -> None:
        self.id = sensor.path
        self._sensor, self._number = sensor, number
        about: dict[str, Any] = {"Model": sensor.model, "PixelArraySize": Size(*sensor.size)}
        if USB not in os.environ:
            about["ColorFilterArrangement"] = ("RGGB", "GRBG", "GBRG", "BGGR").index(sensor.order)
        about |= {"Rotation": 180, "Location": 2}
        self.properties = {_id(name): value for name, value in about.items()}
        self.controls = _infos(sensor, None, (0, 0))
        self._source = FaultSource(os.environ)
        self._lock_fd: int | None = None
        self._lock = threading.Lock()
        self._drawing = threading.Lock()
        self._queue: deque[Request] = deque()
        self._told: dict[str, Any] = {}  # what the algorithms know, whatever configuration came since
        self._on_the_way: deque[dict[str, Any]] = deque()
        self._scan_left = 0
        self._scanned = False
        self._nearer = 0.0  # see `Faults`
        self._frames = 0
        self._startup = STARTUP_FRAMES
        self._running = False
        self._thread: threading.Thread | None = None
        self._configuration: CameraConfiguration | None = None

    def acquire(self) -> None:
        faults = self._source.read()
        self._lock_fd = acquire(self._source.folder, self._number, faults)
        if self._lock_fd is None:
            log("INFO", "Camera camera.cpp:1008 Pipeline handler in use by another process")
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        self._log(f"open {self._number} {os.environ.get('LIBCAMERA_RPI_TUNING_FILE', '')}")
        time.sleep(faults.start_s)

    def release(self) -> None:
        if self._running:
            raise RuntimeError("Failed to release camera: Device or resource busy")
        assert self._lock_fd is not None
        os.close(self._lock_fd)

    def generate_configuration(self, roles: list[StreamRole]) -> CameraConfiguration:
        """The camera need not be acquired for it (camera.cpp, generateConfiguration)."""
        raw: dict[str, list[tuple[int, int]]] = {}
        for mode in self._sensor.modes:
            raw.setdefault(mode.format, []).append(mode.size)
        if USB in os.environ:
            raw = {"MJPEG": [(320, 240), (640, 480), (1280, 720)], "YUYV": [(640, 480)]}
        return CameraConfiguration(self._sensor, [StreamConfiguration(StreamFormats(raw), role) for role in roles])

    def configure(self, configuration: CameraConfiguration) -> None:
        self._configuration = configuration
        main = configuration.at(0)
        outputs = [stream for stream in configuration if stream.role is not StreamRole.Raw]
        self.controls = _infos(self._sensor, configuration.mode, (main.size.width, main.size.height), len(outputs))
        self._told.pop("ScalerCrop", None)
        if self._scan_left:
            self._scan_left = self._scan_frames
        chatter = f"Selected sensor format: {configuration.mode.size[0]}x{configuration.mode.size[1]}"
        log("INFO", f"RPI vc4.cpp:620 Sensor: {self.id} - {chatter}-{configuration.mode.format}")

    def start(self, given: dict[ControlId, Any]) -> None:
        assert self._configuration is not None
        self._log(f"start {self._configuration.at(0).size.width}")
        self._on_the_way.clear()
        self._tell(_plain(given))
        self._running = True
        self._thread = threading.Thread(target=self._run, args=(self._startup,), daemon=True)
        self._startup = 0
        self._thread.start()

    def stop(self) -> None:
        """The requests that are queued are cancelled."""
        self._running = False
        assert self._thread is not None
        self._thread.join()
        while self._queue:
            request = self._queue.popleft()
            request.status = request.Status.Cancelled
            CameraManager.singleton().completed(request)

    def create_request(self, cookie: int) -> Request:
        return Request(cookie, self._drawing)

    def queue_request(self, request: Request) -> None:
        self._queue.append(request)

    def _run(self, startup: int) -> None:
        told: dict[str, Any] = {}
        scene = self._scene()
        while self._running:
            faults = self._source.read()
            time.sleep(max(LEAST_PERIOD_S, self._period_s / faults.speed))
            if faults.stall_after is not None and self._frames >= faults.stall_after:
                continue
            try:
                request = self._queue.popleft()
            except IndexError:  # all are held: the frame is lost
                continue
            self._frames += 1
            if faults.die_after is not None and self._frames >= faults.die_after:
                _die(faults)
            if faults.nearer != self._nearer:
                self._nearer = faults.nearer
                if self._told.get("AfMode") == ENUMS["AfMode"]["Continuous"] and self._sensor.focus:
                    self._scan_left = self._scan_frames
                scene = self._scene()
            told = self._due(_plain(request.given))
            if told:
                self._tell(told)
                scene = self._scene()
            moving = {"AfState": ENUMS["AfState"]["Scanning"].value, "LensPosition": LENS_AT_REST}
            status = FrameMetadata.Status.FrameStartup if startup > 0 else FrameMetadata.Status.Success
            startup -= 1
            about = tensor(faults.tensor) | (moving if self._scan_left else {})
            request.complete((scene, faults.frozen, faults.marker, about), status)
            self._scan_left = max(0, self._scan_left - 1)
            CameraManager.singleton().completed(request)

    def _due(self, given: dict[str, Any]) -> dict[str, Any]:
        """What this frame is taken with, out of what its request says: exposure and gain are the sensor's."""
        slow = {name: given.pop(name) for name in list(given) if name.startswith(("ExposureTime", "AnalogueGain"))}
        self._on_the_way.append(slow)
        return given | (self._on_the_way.popleft() if len(self._on_the_way) > SENSOR_DELAY else {})

    def _tell(self, told: dict[str, Any]) -> None:
        before = self._told.get("AfMode", 0)
        for name in ("ExposureTime", "AnalogueGain"):
            if told.pop(f"{name}Mode", 1) == 0:
                self._told.pop(name, None)
                told.pop(name, None)
        gains = {"ColourGains", "ColourTemperature"}
        if told.pop("AwbEnable", False) or gains & told.keys():  # the newest of them wins
            for name in gains:
                self._told.pop(name, None)
        if crops := told.pop("ScalerCrops", None):  # wins over ScalerCrop (pipeline_base.cpp, applyScalerCrop)
            told["ScalerCrop"], other = crops
            assert tuple(other) == tuple(told["ScalerCrop"]), "the streams would not show the same"
        trigger = told.pop("AfTrigger", None)
        self._told |= told
        mode = self._told.get("AfMode", 0)
        if mode != before:
            scans = mode == ENUMS["AfMode"]["Continuous"]
            self._scan_left, self._scanned = self._scan_frames if scans else 0, False
        if mode == ENUMS["AfMode"]["Auto"] and trigger is not None and self._sensor.focus:
            self._scan_left = self._scan_frames if trigger == ENUMS["AfTrigger"]["Start"] else 0
            self._scanned = self._scanned or self._scan_left > 0
        if not self._sensor.focus or USB in os.environ:
            self._scan_left = 0

    def _scene(self) -> Picture:
        assert self._configuration is not None
        told, mode, main = dict(self._told), self._configuration.mode, self._configuration.at(0)
        mode_of_lens = told.setdefault("AfMode", ENUMS["AfMode"]["Manual"])
        if mode_of_lens == ENUMS["AfMode"]["Auto"] and not self._scanned:
            told["AfMode"] = ENUMS["AfMode"]["Manual"]
        limits = told.get("FrameDurationLimits", (33_333, 33_333))
        flips = self._configuration.orientation.value
        options = options_of(told, ENUMS, flips, mode, video=limits[0] == limits[1])
        size = main.size.width, main.size.height
        picture = Picture(self._sensor, mode, options, size, frame_us=self._period_s * 1e6, settled=True)
        if self._nearer:
            for _ in range(RETRIGGER_FRAMES + 1 + CONTRAST_FRAMES):
                picture.frame(1.0, self._nearer)
        return picture

    @property
    def _scan_frames(self) -> int:
        return SKIPPED_FRAMES + (PHASE_FRAMES if self._sensor.model == "imx708" else CONTRAST_FRAMES)

    @property
    def _period_s(self) -> float:
        assert self._configuration is not None
        shortest, longest = self._told.get("FrameDurationLimits", (33_333, 33_333))
        wanted = max(shortest, min(longest, 33_333)) / 1e6
        return float(max(wanted, 1 / self._configuration.mode.fps, self._told.get("ExposureTime", 0) / 1e6))

    def _log(self, line: str) -> None:
        if (self._source.folder / STARTS).exists():
            with (self._source.folder / STARTS).open("a") as file:
                file.write(f"picamera2 {line}\n")


class CameraManager:
    """All cameras, and the requests that are done."""

    _one: "CameraManager | None" = None

    @staticmethod
    def singleton() -> "CameraManager":
        if CameraManager._one is None:
            log("INFO", "Camera camera_manager.cpp:340 libcamera v0.7.0+simulated")
            CameraManager._one = CameraManager()
        return CameraManager._one

    def __init__(self) -> None:
        faults = FaultSource(os.environ).read()
        self.cameras = [Camera(sensor, number) for number, sensor in enumerate(faults.sensors())]
        self.event_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._lock = threading.Lock()
        self._done: list[Request] = []

    def completed(self, request: Request) -> None:
        """Have a request fetched."""
        with self._lock:
            self._done.append(request)
        os.eventfd_write(self.event_fd, 1)

    def get_ready_requests(self) -> list[Request]:
        """Those that are done since the last call."""
        with self._lock:
            done, self._done = self._done, []
            with contextlib.suppress(BlockingIOError):
                os.eventfd_read(self.event_fd)
        return done


def _die(faults: Faults) -> None:
    """End this process, from whatever thread."""
    if faults.die_signal:
        os.kill(os.getpid(), faults.die_signal)
        time.sleep(60)
    os._exit(faults.die_exit)


def _plain(given: dict[ControlId, Any]) -> dict[str, Any]:
    """Controls by name, rectangles as tuples."""

    def plain(value: Any) -> Any:
        if isinstance(value, Rectangle):
            return value.x, value.y, value.width, value.height
        if isinstance(value, list) and value and isinstance(value[0], Rectangle):
            return [plain(part) for part in value]
        return value

    return {control.name: plain(value) for control, value in given.items()}


def _infos(
    sensor: Sensor, mode: SensorMode | None, size: tuple[int, int], outputs: int = 1
) -> dict[ControlId, ControlInfo]:
    """What the camera can be told.

    Args:
        mode: that it is configured with; None: it is not yet.
        size: of the picture.
        outputs: streams that are not raw.
    """
    infos = {name: ControlInfo(*_range(text)) for name, text in sensor.controls.items()}
    defaults = {"Contrast": 1.0, "Saturation": 1.0, "Sharpness": 1.0, "Brightness": 0.0, "ExposureValue": 0.0}
    for name, default in defaults.items():
        infos[name].default = default
    if mode is None:
        infos["ExposureTime"] = ControlInfo(1, 66_666, 20_000)
        infos["AnalogueGain"] = ControlInfo(1.0, 16.0, 1.0)
        infos["FrameDurationLimits"] = ControlInfo(33_333, 250_000_000, (33_333, 33_333))
        infos["ScalerCrop"] = ControlInfo(Rectangle(0, 0, 0, 0), Rectangle(*[65535] * 4), Rectangle(0, 0, 0, 0))
        lens = 0.0, 32.0
    else:
        infos["ExposureTime"] = ControlInfo(LEAST_US, LONGEST_US, 20_000)
        infos["AnalogueGain"] = ControlInfo(1.0, sensor.max_gain, 1.0)
        infos["FrameDurationLimits"] = ControlInfo(round(1e6 / mode.fps), LONGEST_US + 1000, (33_333, 33_333))
        crops = (0, 0, 64, 64), mode.crop, scaler_crop(StillOptions(), mode, size)
        infos["ScalerCrop"] = ControlInfo(*(Rectangle(*crop) for crop in crops))
        if outputs > 1:  # with two of them the limits are the defaults of each
            infos["ScalerCrops"] = ControlInfo(*[Rectangle(*crops[2])] * 3)
        lens = sensor.focus or (0.0, 0.0)
    if sensor.focus:
        infos["LensPosition"] = ControlInfo(*lens, LENS_AT_REST)
    return {_id(name): info for name, info in infos.items()}


def _range(text: str) -> tuple[Any, Any, Any]:
    low, high = text.split("..")
    if low == "false":
        return False, True, True
    if low.startswith("("):
        return (0, 0, 0, 0), (65535, 65535, 65535, 65535), (0, 0, 0, 0)
    kind = float if "." in low else int
    return kind(low), kind(high), 0 if kind is int else None
