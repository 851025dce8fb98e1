"""In the child: one camera, through the library, and one use of it at a time."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from stillcam.camera.convergence import SCANNING
from stillcam.camera.metadata import capped
from stillcam.camera.picamera2 import recording
from stillcam.camera.picamera2.configuration import Plan, undone
from stillcam.camera.picamera2.sensor_hdr import set_hdr
from stillcam.camera.picamera2.wire import Message
from stillcam.frames.files import STILL_PREFIX
from stillcam.frames.jpeg import Cutter
from stillcam.settings.controls import Values

STALL_S = 5.0  # without a frame, beyond the time of four, and a video is over
SCAN_S = 5.0  # an autofocus scan that takes longer is given up
TELL_S = 0.1  # so often a stream tells what the camera says
DELAY_FRAMES = 3  # from the request that carries an exposure to the frame that has it (libcamera's cam_helper)
BUFFERS = {"preview": 4, "still": 1, "video": 6}  # the library's own choice
ZSL_BUFFERS = 3
VIEWFINDER_WIDTH = 640
VIEWFINDER_LIMITS = [100, 1_000_000_000]  # of a frame's time, µs: exposure is measured as a still will need it
PIXELS = {"still": "BGR888", "preview": "YUV420", "video": "YUV420"}
USB_PIXELS = "MJPEG"  # what USB cameras have in common; the library decodes it for stills


class Session:
    """Owns the camera from here to `close`.

    Args:
        plan: says which camera.
        tell: told what the camera says of its newest frame.
    """

    def __init__(self, plan: Plan, tell: Callable[[Message], None]) -> None:
        self._libcamera = import_module("libcamera")
        library = import_module("picamera2")
        self._board_hdr = _hdr_of(library, plan)
        self._camera = library.Picamera2(plan.camera, tuning=plan.tuning or None)
        self._plan = plan
        self._tell = tell
        self._told = 0.0
        self._frames = 0  # that have come of what runs now ...
        self._first_s: float | None = None  # ... when the first of them came (monotonic) ...
        self._last_s = 0.0  # ... and the last
        self._due = 0  # the first of them that has the controls that were changed last
        self._settled: Callable[[], None] | None = None  # called when it comes
        self._given: set[str] = set()  # controls that the camera has ever been told
        self._recording = False
        self._pipe: recording.Pipe | None = None
        self._encoder: Any = None  # of a stream or a video
        self._still: Any = None  # the configuration of stills
        self._viewfinder: Any = None  # what runs between them; None: the same
        self._usb = "ColorFilterArrangement" not in self._camera.camera_properties  # as Picamera2._is_rpi_camera
        self._camera.post_callback = self._seen

    def close(self) -> None:
        """End what runs, finish its file, and give the camera free.

        The library stops the camera in turn with its other jobs: behind one that waits for a frame, a camera that
        gives none could not be stopped (Picamera2.stop, dispatch_functions).
        """
        self._camera.cancel_all_and_flush()
        self.stop()
        self._camera.close()

    @property
    def films(self) -> bool:
        """Whether a video is being made."""
        return self._recording and self._pipe is None

    @property
    def began_s(self) -> float | None:
        """When the first frame of a video came (monotonic); None: it has not."""
        return self._first_s

    @property
    def patience_s(self) -> float:
        """How long a frame of a video may take."""
        controls = self._plan.controls
        longest_us: int = max(*controls.get("FrameDurationLimits", [0, 0]), controls.get("ExposureTime", 0))
        return STALL_S + 4e-6 * longest_us

    def check(self) -> None:
        """Raises RuntimeError where frames of a video do not come any more."""
        if self.films and time.monotonic() - self._last_s > self.patience_s:
            raise RuntimeError("the camera gives no frames")

    def stop(self) -> None:
        """End what runs."""
        if self._recording:
            self._recording, self._encoder = False, None
            self._camera.stop_recording()
        else:
            self._camera.stop()

    def stills(self, plan: Plan) -> None:
        """Get ready for stills; returns once the camera has given a frame, and the lens has come to rest."""
        self.stop()
        if self._usb and plan.raw:
            raise RuntimeError("no raw photos of USB cameras")
        self._plan, self._pipe = plan, None
        self._camera.options["quality"] = plan.quality
        buffers = plan.buffers or (ZSL_BUFFERS if plan.zsl else BUFFERS["still"])
        self._still = self._configuration(plan.size, buffers, queue=plan.zsl)
        self._viewfinder = None if plan.zsl else self._preview(plan)
        self._run(self._viewfinder or self._still, scans=True)
        self._await_focus()

    def still(self, folder: Path, number: int) -> Message:
        """Take one: its files' names, when it was written, and what the camera says of it."""
        plan = self._plan
        if plan.scan and not self._recording:
            self._scan()
        if self._viewfinder:
            self._camera.stop()
            self._run(self._still)
        request = self._captured()
        try:
            metadata = capped(request.get_metadata())
            name = f"{STILL_PREFIX}{number:08d}.{plan.extension}"
            _write(folder / name, self._encoded(request))
            raw = f"{STILL_PREFIX}{number:08d}.dng" if plan.raw else None
            if raw:
                _save_dng(request, folder / raw)
            told = {"metadata": metadata, "mode": self._mode()}
            return {"still": name, "raw": raw, "time": time.time(), **told}
        finally:
            request.release()

    def _captured(self) -> Any:
        """A frame; while a video is made, it is waited for no longer than the next one may take."""
        if not self._recording:
            return self._camera.capture_request()
        try:
            return self._camera.wait(self._camera.capture_request(wait=False), timeout=self.patience_s)
        except TimeoutError as error:
            raise RuntimeError("the camera gives no frames") from error

    def rest(self) -> None:
        """After a still: back to what runs between them."""
        if self._viewfinder:
            self._camera.stop()
            self._run(self._viewfinder)

    def stream(self, plan: Plan, descriptor: int) -> None:
        """Begin to write JPEGs."""
        self.stop()
        self._plan, self._pipe = plan, recording.Pipe(descriptor)
        if self._usb:  # it gives JPEGs of its own
            self._viewfinder, self._recording = None, False
            self._begin_counting()
            self._run(self._configuration(plan.size, plan.buffers or BUFFERS[plan.use]), scans=True)
            return
        encoder, output = recording.jpegs(plan.quality, self._pipe)
        self._record(plan, encoder, output)

    def record(self, plan: Plan, order: Message, failed: Callable[[BaseException], None]) -> None:
        """Begin a video; stills are frames of it, of the order's `quality`."""
        self.stop()
        if self._usb:
            raise RuntimeError("no videos of USB cameras")
        self._plan, self._pipe = plan, None
        self._camera.options["quality"] = order["quality"]
        self._record(plan, *recording.video(order, plan.quality, failed))

    def adjust(self, plan: Plan, given: Values, settled: recording.Settled) -> None:
        """Go on with other controls.

        Args:
            plan: what is then in force.
            given: see `plan.changes`.
            settled: called when pictures are sure to have been taken with them, with the number of frames of a
                stream that were written before.
        """
        self._plan = plan
        self._given |= plan.controls.keys()
        self._camera.set_controls(self._native(self._scanning(given)))
        if plan.use == "still":
            self._camera.options["quality"] = plan.quality
        elif self._encoder is not None:
            self._encoder.q = plan.quality
        buffers = self._camera.camera_configuration()["buffer_count"]
        self._due = self._frames + buffers + DELAY_FRAMES  # those that are queued come first, and do not have them
        if self._pipe:
            self._pipe.settles(self._due, settled)
        elif plan.use == "video":
            self._settled = lambda: settled(0)
        else:  # a still without ZSL starts the camera, with these controls
            while (plan.zsl or "AfMode" in given) and self._frames < self._due:
                self._camera.capture_metadata()
            self._await_focus()
            settled(0)

    def _record(self, plan: Plan, encoder: Any, output: Any) -> None:
        self._viewfinder = None
        self._configure(self._configuration(plan.size, plan.buffers or BUFFERS[plan.use]))
        self._control(self._scanning(plan.controls))
        self._begin_counting()
        self._recording, self._encoder = True, encoder
        self._camera.start_recording(encoder, output)

    def _begin_counting(self) -> None:
        self._frames = self._due = 0
        self._first_s, self._last_s = None, time.monotonic()

    def _mode(self) -> list[int] | None:
        """Width, height and bit depth of the sensor mode in use; None of USB cameras."""
        sensor = self._camera.camera_configuration().get("sensor")
        return sensor and [*sensor["output_size"], sensor["bit_depth"]]

    def _configure(self, configuration: Any) -> None:
        """Configure the camera.

        Raises:
            RuntimeError: it does not take this. The library itself would take the nearest sensor mode instead of
                one that the sensor has not got (Picamera2._make_libcamera_config).
        """
        self._camera.configure(configuration)
        if self._usb and (form := self._camera.camera_configuration()["main"]["format"]) != USB_PIXELS:
            raise RuntimeError(f"configuration failed: the camera gives {form} and no {USB_PIXELS}")
        plan, mode = self._plan, self._mode()
        wanted = plan.viewfinder if configuration is self._viewfinder else plan.sensor
        if mode and wanted and tuple(mode) != wanted:
            raise RuntimeError(f"configuration failed: sensor mode {mode} and not {list(wanted)}")

    def _configuration(self, size: tuple[int, int], buffers: int, *, queue: bool = True, use: str = "") -> Any:
        """A configuration of the plan's use, or of another one."""
        plan = self._plan
        use = use or plan.use
        create = {
            "still": self._camera.create_still_configuration,
            "preview": self._camera.create_preview_configuration,
            "video": self._camera.create_video_configuration,
        }[use]
        more: dict[str, Any] = {}
        if sensor := plan.sensor if use == plan.use else plan.viewfinder:
            width, height, depth = sensor
            more["sensor"] = {"output_size": (width, height), "bit_depth": depth}
            if plan.raw:
                more["raw"] = {"size": (width, height)}
        if use == "preview":  # JPEG is in full range whatever its size
            more["colour_space"] = self._libcamera.ColorSpace.Sycc()
        transform = self._libcamera.Transform(hflip=plan.flips[0], vflip=plan.flips[1])
        main = {"size": size, "format": USB_PIXELS if self._usb else PIXELS[use]}
        return create(main=main, transform=transform, buffer_count=buffers, queue=queue, **more)

    def _preview(self, plan: Plan) -> Any:
        """The viewfinder: small pictures of a sensor mode that sees what the still will, so that it measures that."""
        width = min(VIEWFINDER_WIDTH, plan.size[0])
        size = width, max(2, round(width * plan.size[1] / plan.size[0]) // 2 * 2)
        return self._configuration(size, BUFFERS["preview"], use="preview")

    def _run(self, configuration: Any, *, scans: bool = False) -> None:
        """Start the camera in a configuration, with the plan's controls from its first frame on.

        Args:
            scans: a use of the camera begins, and in AfMode Auto a scan with it.
        """
        self._configure(configuration)
        given = dict(self._plan.controls)
        if configuration is self._viewfinder:
            given["FrameDurationLimits"] = VIEWFINDER_LIMITS
        self._control(self._scanning(given) if scans else given)
        self._camera.start()

    def _control(self, given: Values) -> None:
        """Have these controls in force from the first frame on, and none that was told before."""
        self._camera.set_controls(self._native(undone(self._given - given.keys(), self._plan) | given))
        self._given |= self._plan.controls.keys()

    def _native(self, given: Values) -> dict[str, Any]:
        """Controls as the library takes them; those that this camera lacks are left out."""
        there = self._camera.camera_controls
        if self._board_hdr:
            given = {"HdrMode": "SingleExposure"} | given
        native = {}
        for name, value in given.items():
            if name in there:
                value = there[name][2] if value is None else value  # noqa: PLW2901
                if value is not None:
                    native[name] = self._value(name, value)
        return native

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            controls = self._libcamera.controls
            enum = getattr(controls, f"{name}Enum", None) or getattr(controls.draft, f"{name}Enum")
            return getattr(enum, value)
        if isinstance(value, list | tuple):
            return [tuple(part) for part in value] if isinstance(value[0], list | tuple) else tuple(value)
        return value

    def _scanning(self, given: Values) -> Values:
        """In AfMode Auto the lens stays where it is until it is told to scan."""
        return given | ({"AfTrigger": "Start"} if given.get("AfMode") == "Auto" and not self._plan.scan else {})

    def _await_focus(self) -> None:
        """Wait for a frame, and while the lens is on its way, for as long as a scan may take.

        A still starts the camera anew, and with it a scan that is not over (libcamera's af.cpp, switchMode).
        """
        deadline = time.monotonic() + SCAN_S
        while self._camera.capture_metadata().get("AfState") == SCANNING and time.monotonic() < deadline:
            pass

    def _scan(self) -> None:
        """An autofocus cycle; what it finds is kept for the still."""
        if "AfMode" not in self._camera.camera_controls:
            return
        job = self._camera.autofocus_cycle(wait=False)
        try:
            found = self._camera.wait(job, timeout=SCAN_S)
            logging.debug("autofocus: %s", "focused" if found else "failed")
        except TimeoutError:
            self._camera.cancel_all_and_flush()
            logging.info("autofocus did not finish within %s s", SCAN_S)
        self._plan.controls["AfMode"] = "Auto"  # another mode would move the lens again

    def _encoded(self, request: Any) -> bytes:
        """The picture's file. It is written here: the library keeps an error on a full disk to itself."""
        buffer = io.BytesIO()
        form = "jpeg" if self._plan.extension == "jpg" else self._plan.extension
        request.save("main", buffer, format=form)
        return buffer.getvalue()

    def _seen(self, request: Any) -> None:
        """Called by the library's thread for each frame."""
        self._frames, self._last_s = self._frames + 1, time.monotonic()
        self._first_s = self._first_s or self._last_s
        if self._usb and self._pipe:  # the buffer is longer than its JPEG
            for frame in Cutter().feed(bytes(request.make_buffer("main")))[:1]:
                self._pipe.write(frame)
        news = self._frames == self._due or self._last_s - self._told >= TELL_S
        if (self._recording or self._pipe) and news:
            self._told = self._last_s
            self._tell({"metadata": capped(request.get_metadata()), "mode": self._mode()})
        if self._settled and self._frames >= self._due:
            settled, self._settled = self._settled, None
            settled()


def _hdr_of(library: Any, plan: Plan) -> bool:
    """Set the HDR mode of a sensor that has one, before the camera is looked at; whether the board is to do HDR."""
    board = plan.hdr == "Auto" and library.Picamera2.platform.name == "PISP"
    wanted = plan.hdr == "Sensor" or (plan.hdr == "Auto" and not board)
    try:
        set_hdr(plan.path, wanted)
    except OSError as error:
        if wanted:
            raise RuntimeError("configuration failed: the sensor's HDR cannot be switched") from error
        logging.debug("the sensor's HDR cannot be switched: %s", error)
    return board


def _save_dng(request: Any, path: Path) -> None:
    """Have the library write what the sensor saw.

    Raises:
        RuntimeError: the PiDNG that is there is another one than the library calls.
        OSError: with the file's name.
    """
    try:
        request.save_dng(str(path))
    except (TypeError, AttributeError) as error:
        raise RuntimeError(f"PiDNG: {error}") from error
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _write(path: Path, data: bytes) -> None:
    """Raises OSError, with the file's name, and leaves nothing."""
    try:
        with path.open("wb") as file:
            file.write(data)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise OSError(error.errno, os.strerror(error.errno or 0), str(path)) from error
