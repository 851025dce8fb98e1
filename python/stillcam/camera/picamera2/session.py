"""In the worker: one camera, through the library, in one use case at a time."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from stillcam.camera.convergence import SCANNING
from stillcam.camera.metadata import without_long_arrays
from stillcam.camera.picamera2 import outputs
from stillcam.camera.picamera2.cameras import set_sensor_hdr
from stillcam.camera.picamera2.configuration import (
    SLOW_FRAME_US,
    CameraConfiguration,
    exposure_changes,
    has_exposure,
    reset_controls,
)
from stillcam.camera.picamera2.conversion import BUFFERS, USB_PIXELS, Conversion
from stillcam.camera.picamera2.ipc import Message
from stillcam.frames.files import STILL_PREFIX
from stillcam.frames.jpeg import JpegSplitter
from stillcam.settings.controls import Values

NO_FRAMES = "the camera gives no frames"
VIDEO_STALL_S = 5.0  # a video ends after this time without a frame, plus the duration of four
SCAN_TIMEOUT_S = 5.0  # of an autofocus scan
REPORT_S = 0.1  # interval of metadata during live view and video
DELAY_FRAMES = 3  # from the request with a new exposure to the frame that has it (libcamera's cam_helper)
ZSL_BUFFERS = 3
VIEWFINDER_LIMITS = [100, 1_000_000_000]  # FrameDurationLimits (µs): exposures as long as a still's


class Session:
    """Owns the camera until `close`.

    Args:
        configuration: of the first use case; it names the camera.
        report: called with the metadata of the newest frame, in a thread of the library.
    """

    def __init__(self, configuration: CameraConfiguration, report: Callable[[Message], None]) -> None:
        library = import_module("picamera2")
        board_hdr = set_sensor_hdr(library, configuration)
        try:
            self._camera = library.Picamera2(configuration.camera, tuning=configuration.tuning or None)
        except IndexError as error:  # up to picamera2 0.3.36
            raise RuntimeError(f"no camera number {configuration.camera}") from error
        self._conversion = Conversion(self._camera, board_hdr)
        self._wanted = configuration
        self._report = report
        self._reported_s = 0.0
        self._frames = 0  # so far, in this use case
        self._first_s: float | None = None  # when the first of them came (monotonic)
        self._last_s = 0.0  # when the newest came
        self._applied_from = 0  # number of the first frame with the newest controls
        self._on_applied: Callable[[], None] | None = None  # called when it comes
        self._controls_set: set[str] = set()  # all controls that have been set
        self._recording = False
        self._duration_s = math.inf  # of a video, from its first frame
        self._folder, self._number = Path(), 0  # of the stills
        self._pipe: outputs.FramePipe | None = None
        self._encoder: Any = None  # of the live view or a video
        self._shown: outputs.ShownFrames | None = None  # during a video that the library encodes
        self._bracket = self._in_bracket = False  # see `start_stills`; a still of it has been taken
        self._frame_us = 0.0  # FrameDuration of the newest still
        self._still: Any = None  # the library's configuration of stills
        self._viewfinder: Any = None  # the one between them; None: the same
        self._loop: threading.Thread | None = None  # of the library, in which all of its work is done
        self._loop_died = False
        self._camera.post_callback = self._on_frame

    def close(self) -> None:
        """Stop the camera, finish the file of a video, and release the camera.

        The library queues a stop behind its other jobs, so a job that waits for a frame of a stalled camera would block
        it (Picamera2.stop, dispatch_functions): the jobs are cancelled first.
        """
        self._camera.cancel_all_and_flush()
        self.stop()
        self._camera.close()

    def thread_died(self, thread: threading.Thread | None) -> None:
        """An exception ends a thread of the library; called in this thread, which is still alive."""
        self._loop_died = self._loop_died or (thread is not None and thread is self._loop)

    @property
    def is_recording(self) -> bool:
        """Whether a video is being recorded."""
        return self._recording and self._pipe is None

    def is_video_over(self) -> bool:
        """Whether a video has reached its duration; RuntimeError if it gets no more frames."""
        now_s = time.monotonic()
        if now_s - self._last_s > self._frame_timeout_s:
            raise RuntimeError(NO_FRAMES)
        return self._first_s is not None and now_s >= self._first_s + self._duration_s

    @property
    def _frame_timeout_s(self) -> float:
        """The longest time between two frames of a video."""
        controls = self._wanted.controls
        longest_us: int = max(*controls.get("FrameDurationLimits", [0, 0]), controls.get("ExposureTime", 0))
        return VIDEO_STALL_S + 4e-6 * longest_us

    def stop(self) -> None:
        """Stop the camera and finish the file of a video."""
        if self._loop_died:  # the library would wait for it for ever
            self._camera.stop_()
        if self._recording:
            self._recording, self._encoder = False, None
            self._camera.stop_recording()
        else:
            self._camera.stop()

    def start_stills(self, configuration: CameraConfiguration, folder: Path, *, bracket: bool) -> None:
        """Start the camera for stills; returns after its first frame, and after an autofocus scan.

        Args:
            bracket: the next call may change the exposure only: the camera then continues in the stills' mode.
        """
        if self._continues(configuration, folder):
            return
        self.stop()
        self._bracket, self._in_bracket = bracket, False
        self._folder, self._number = folder, 0
        if self._conversion.is_usb and configuration.raw:
            raise RuntimeError("no raw photos of USB cameras")
        self._wanted, self._pipe = configuration, None
        self._camera.options["quality"] = configuration.quality
        buffers = configuration.buffers or (ZSL_BUFFERS if configuration.zsl else BUFFERS["still"])
        self._still = self._conversion.configuration(self._wanted, buffers, queue=configuration.zsl)
        self._viewfinder = None if configuration.zsl else self._conversion.viewfinder(self._wanted)
        self._start(self._viewfinder or self._still, scan=True)
        self._await_focus()

    def capture_still(self, *, small: bool) -> Message:
        """Capture a still: a message with its files' names, time and metadata.

        Args:
            small: during a video, a frame of the live view's size is enough.
        """
        wanted = self._wanted
        self._number += 1
        if wanted.scan and not self._recording:
            self._scan()
        if self._viewfinder and not self._in_bracket:
            self._camera.stop()
            self._start(self._still)
        request = self._exposed() if self._in_bracket else self._capture()
        try:
            metadata = without_long_arrays(request.get_metadata())
            self._frame_us = metadata.get("FrameDuration", 0)
            stem = f"{STILL_PREFIX}{self._number:08d}"
            name, raw = f"{stem}.{wanted.extension}", f"{stem}.dng" if wanted.raw else None
            small = small and self._shown is not None
            if small and self._shown:
                self._shown.save(request, self._folder / name)
            else:
                outputs.save_picture(request, self._folder / name, self._camera.options.get("quality", 90))
            if raw:
                outputs.save_dng(request, self._folder / raw)
            about = {"time": time.time(), "metadata": metadata, "mode": self._mode()}
            return {"still": name, "raw": raw, "small": small, **about}
        finally:
            request.release()

    def _capture(self) -> Any:
        """A frame, to be released. During a video the wait has a time-out."""
        if not self._recording:
            return self._camera.capture_request()
        try:
            return self._camera.wait(self._camera.capture_request(wait=False), timeout=self._frame_timeout_s)
        except TimeoutError as error:
            raise RuntimeError(NO_FRAMES) from error

    def _continues(self, configuration: CameraConfiguration, folder: Path) -> bool:
        """Whether the camera continues with another exposure: metering and restarts are spared.

        It waits for no frame: the next still is the first one that has the exposure.
        """
        changes = exposure_changes(self._wanted, configuration) if self._in_bracket else None
        if changes is None or folder != self._folder or self._frame_us > SLOW_FRAME_US:
            return False
        self._wanted = configuration
        self._controls_set |= configuration.controls.keys()
        self._set_controls(changes)
        return True

    def _exposed(self) -> Any:
        """The first frame that has the wanted exposure; the sensor may not reach it."""
        for _ in range(self._camera.camera_configuration()["buffer_count"] + DELAY_FRAMES):
            request = self._capture()
            if has_exposure(request.get_metadata(), self._wanted):
                return request
            request.release()
        return self._capture()

    def start_viewfinder(self) -> None:
        """Return to the viewfinder after a still, but in the middle of a bracket."""
        self._in_bracket = self._bracket
        if self._viewfinder and not self._in_bracket:
            self._camera.stop()
            self._start(self._viewfinder)

    def start_live(self, configuration: CameraConfiguration, descriptor: int) -> None:
        """Start the live view, whose JPEGs are written to `descriptor`."""
        self._start_frames(configuration, outputs.FramePipe(descriptor))

    def start_video_frames(self, configuration: CameraConfiguration, descriptor: int) -> None:
        """Start a video that the daemon records: its JPEGs are written to `descriptor`."""
        self._start_frames(configuration, outputs.FramePipe(descriptor, outputs.VIDEO_FRAMES))

    def _start_frames(self, configuration: CameraConfiguration, pipe: outputs.FramePipe) -> None:
        self.stop()
        self._wanted, self._pipe = configuration, pipe
        if self._conversion.is_usb:  # its frames are JPEGs
            self._viewfinder, self._recording = None, False
            self._reset_counters()
            self._start(self._conversion.configuration(self._wanted), scan=True)
            return
        self._record(configuration, *outputs.live_output(configuration.quality, pipe), jpeg=True)

    def start_video(
        self, configuration: CameraConfiguration, command: Message, on_error: Callable[[BaseException], None]
    ) -> None:
        """Start a video; stills are frames of it, in the command's `folder` and `quality`.

        Those that are `shown` have a size and quality of their own, if the camera gives a second, smaller stream.
        """
        self.stop()
        if self._conversion.is_usb:
            raise RuntimeError("no encoded videos of USB cameras")
        self._wanted, self._pipe = configuration, None
        self._folder, self._number = Path(command["folder"]), 0
        self._duration_s = command["seconds"] or math.inf
        self._camera.options["quality"] = command["quality"]
        encoder, output = outputs.video_output(command, configuration.quality, on_error)
        shown, jpeg = command["shown"], command["path"].endswith(".mjpeg")
        self._record(configuration, encoder, output, jpeg=jpeg, lores=tuple(shown["size"]))
        if self._camera.camera_configuration()["lores"] is not None:
            self._shown = outputs.ShownFrames(shown["quality"])

    def adjust(self, configuration: CameraConfiguration, controls: Values, on_applied: outputs.OnApplied) -> None:
        """Set other controls while the camera runs.

        Args:
            configuration: the new one.
            controls: see `configuration.control_changes`.
            on_applied: called when new pictures are sure to have them, with the number of live frames written before.
        """
        self._wanted = configuration
        self._controls_set |= configuration.controls.keys()
        self._set_controls(self._with_scan(controls))
        if configuration.use == "still":
            self._camera.options["quality"] = configuration.quality
        elif self._encoder is not None:
            self._encoder.q = configuration.quality
        buffers = self._camera.camera_configuration()["buffer_count"]
        self._applied_from = self._frames + buffers + DELAY_FRAMES  # queued frames come first, without them
        if self._pipe:
            self._pipe.call_before(self._applied_from, on_applied)
        elif configuration.use == "video":
            self._on_applied = lambda: on_applied(0)
        else:  # a still without ZSL restarts the camera, with these controls
            while (configuration.zsl or "AfMode" in controls) and self._frames < self._applied_from:
                self._camera.capture_metadata()
            self._await_focus()
            on_applied(0)

    def _record(
        self,
        configuration: CameraConfiguration,
        encoder: Any,
        output: Any,
        *,
        jpeg: bool,
        lores: tuple[int, int] | None = None,
    ) -> None:
        self._viewfinder = self._shown = None
        self._configure_video(jpeg, lores)
        self._apply_controls(self._with_scan(configuration.controls))
        self._reset_counters()
        self._recording, self._encoder = True, encoder
        self._camera.start_recording(encoder, output)

    def _configure_video(self, jpeg: bool, lores: tuple[int, int] | None) -> None:
        if lores:
            try:
                self._configure(self._conversion.configuration(self._wanted, jpeg=jpeg, lores=lores))
                return
            except (RuntimeError, OSError) as error:
                size = f"{lores[0]}x{lores[1]}"
                self._report({"warning": f"no second stream of {size} beside the video, frames of the video are shown,"
                              f" which takes more processor time: {error}"})  # fmt: skip
        self._configure(self._conversion.configuration(self._wanted, jpeg=jpeg))

    def _reset_counters(self) -> None:
        self._frames = self._applied_from = 0
        self._first_s, self._last_s = None, time.monotonic()

    def _mode(self) -> list[int] | None:
        """Width, height and bit depth of the current sensor mode; None for USB cameras."""
        sensor = self._camera.camera_configuration().get("sensor")
        return sensor and [*sensor["output_size"], sensor["bit_depth"]]

    def _configure(self, configuration: Any) -> None:
        """Configure the camera; RuntimeError if it does not support this.

        The library itself would take the nearest sensor mode (Picamera2._make_libcamera_config).
        """
        self._camera.configure(configuration)
        transform = self._camera.camera_configuration()["transform"]
        if (transform.hflip, transform.vflip) != self._wanted.flips:  # privacy masks would be in the wrong place
            raise RuntimeError("configuration failed: no flips")
        if self._conversion.is_usb and (form := self._camera.camera_configuration()["main"]["format"]) != USB_PIXELS:
            raise RuntimeError(f"configuration failed: the camera gives {form} and no {USB_PIXELS}")
        mode = self._mode()
        sensor = self._wanted.viewfinder if configuration is self._viewfinder else self._wanted.sensor
        if mode and sensor and tuple(mode) != sensor:
            raise RuntimeError(f"configuration failed: sensor mode {mode} and not {list(sensor)}")

    def _start(self, configuration: Any, *, scan: bool = False) -> None:
        """Start the camera; the first frame already has the controls. `scan`: start a scan in AfMode Auto."""
        self._configure(configuration)
        controls = dict(self._wanted.controls)
        if configuration is self._viewfinder:
            controls["FrameDurationLimits"] = VIEWFINDER_LIMITS
        self._apply_controls(self._with_scan(controls) if scan else controls)
        self._camera.start()

    def _apply_controls(self, controls: Values) -> None:
        """Set these controls before the camera starts, and reset all others that were set earlier."""
        unset = reset_controls(self._controls_set - controls.keys(), self._wanted)
        self._set_controls(unset | controls)
        self._controls_set |= self._wanted.controls.keys()

    def _set_controls(self, controls: Values) -> None:
        """Set them while the library takes none for a frame: it would lose them (CompletedRequest.release)."""
        native = self._conversion.controls(controls)
        with self._camera.request_lock:
            self._camera.set_controls(native)

    def _with_scan(self, controls: Values) -> Values:
        """`controls` plus the start of a scan in AfMode Auto, where the lens moves only when triggered."""
        return controls | ({"AfTrigger": "Start"} if controls.get("AfMode") == "Auto" and not self._wanted.scan else {})

    def _await_focus(self) -> None:
        """Wait for a frame, and for the end of an autofocus scan.

        A still restarts the camera, and with it a scan that is not over (libcamera's af.cpp, switchMode).
        """
        deadline = time.monotonic() + SCAN_TIMEOUT_S
        while self._camera.capture_metadata().get("AfState") == SCANNING and time.monotonic() < deadline:
            pass

    def _scan(self) -> None:
        """Run an autofocus scan; the still keeps the lens position."""
        if "AfMode" not in self._camera.camera_controls:
            return
        job = self._camera.autofocus_cycle(wait=False)
        try:
            found = self._camera.wait(job, timeout=SCAN_TIMEOUT_S)
            logging.debug("autofocus: %s", "focused" if found else "failed")
        except TimeoutError:
            self._camera.cancel_all_and_flush()
            logging.info("autofocus did not finish within %s s", SCAN_TIMEOUT_S)
        self._wanted.controls["AfMode"] = "Auto"  # another mode would move the lens again

    def _on_frame(self, request: Any) -> None:
        """Called for each frame in the library's event loop."""
        self._loop = self._loop or threading.current_thread()
        self._frames, self._last_s = self._frames + 1, time.monotonic()
        self._first_s = self._first_s or self._last_s
        if self._conversion.is_usb and self._pipe:  # the buffer is longer than its JPEG
            for frame in JpegSplitter().feed(bytes(request.make_buffer("main")))[:1]:
                self._pipe.write(frame)
        due = self._frames == self._applied_from or self._last_s - self._reported_s >= REPORT_S
        if (self._recording or self._pipe) and due:
            self._reported_s = self._last_s
            self._report({"metadata": without_long_arrays(request.get_metadata()), "mode": self._mode()})
        if self._on_applied and self._frames >= self._applied_from:
            on_applied, self._on_applied = self._on_applied, None
            on_applied()
