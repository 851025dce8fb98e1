"""rpicam-still: the event loop of apps/rpicam_still.cpp, frame by frame."""

import contextlib
import os
import signal
import time
from pathlib import Path

from stillcam.camera.simulated import encode, sensors
from stillcam.camera.simulated.camera import STARTUP_FRAMES, Camera
from stillcam.camera.simulated.faults import FaultSource
from stillcam.camera.simulated.options import StillOptions, seconds
from stillcam.camera.simulated.picture import Metadata, Picture, local_now
from stillcam.camera.simulated.program import Failure, Signals, format_name, print_stderr

RECONFIGURE_S = 0.2  # of the about 300 ms from signal to file; the rest are frames
VIEWFINDER_BUFFERS = 4  # libcamera's choice
DNG_BITS = 10, 12, 16  # of a sample (image/dng.cpp, bayer_formats)
CHUNK_BYTES = 1 << 16
CHUNK_S = 0.0002  # about a slow card's pace: the half-written file is there to be seen
LEAST_FRAME_S = 0.002  # of real time, whatever the speed: a viewfinder need not burn the processor
SHORT_FRAME_S, REST_S = 0.01, 0.05  # of real time: frames that are so short pass together while nothing changes


class Stills:
    """One run of rpicam-still."""

    def __init__(self, options: StillOptions, source: FaultSource) -> None:
        self._options = options
        self._captures = 0
        self._held = ""
        self._is_still = False  # stills come out of what is configured now
        self._camera = Camera(options, source)
        self._faults = self._camera.faults()
        self._signals = Signals(signal.SIGUSR1, signal.SIGUSR2, verbose=options.verbose > 0)
        sensor = self._camera.sensor
        size, self._mode = sensors.still(options, sensor)
        self._viewfinder_size, self._viewfinder_mode = sensors.viewfinder(options, sensor)
        frame_us = 1e6 / self._mode.fps
        self._picture = Picture(sensor, self._mode, options, size, frame_us=frame_us, settled=not options.immediate)
        self._picture.lens.power_on()

    def run(self) -> None:
        """Capture until the options or a signal end it."""
        try:
            self._loop()
        finally:
            print(self._held, end="")

    def _loop(self) -> None:
        options = self._options
        if options.immediate:
            self._configure(still=True)
            self._frame()
            self._capture()
            return
        self._configure(still=options.zsl)
        self._picture.prepare()
        started = time.monotonic()
        for _ in range(STARTUP_FRAMES):
            self._frame()
        timeout_s = seconds(options.timeout, 1e-3)
        wanted = False  # a still
        while True:
            if options.signal and not (timeout_s or wanted) and self._picture.resting:
                self._rest()
            self._frame()
            received = self._signals.take() if options.signal else 0
            wanted = wanted or received == signal.SIGUSR1
            timed_out = 0 < timeout_s < time.monotonic() - started
            if received == signal.SIGUSR2 or (timed_out and options.signal and not wanted):
                return
            if not (timed_out or wanted):
                continue
            if not options.output:
                return
            if options.autofocus_on_capture:
                self._scan()
            if not options.zsl:
                self._configure(still=True)
            self._frame()
            received = self._signals.take() if options.signal else 0
            if received == signal.SIGUSR2:
                return
            wanted = received == signal.SIGUSR1
            self._capture()
            if not options.signal:
                return
            self._picture.lens.resume()
            if not options.zsl:
                self._configure(still=False)

    def _scan(self) -> None:
        """What --autofocus-on-capture waits for."""
        lens = self._picture.lens
        lens.trigger()
        while lens.scanning:
            self._frame()
        lens.cancel()

    def _capture(self) -> None:
        """The picture is here: save it, then its metadata."""
        options, faults = self._options, self._faults
        if options.verbose:
            print_stderr("Still capture image received")
        time.sleep(faults.delay_s(self._captures))
        frame = self._picture.take(
            local_now(), frozen=faults.frozen, boat=not faults.no_boat, walked=faults.walked, marker=faults.marker
        )
        name = format_name(options.output, self._captures)
        self._captures += 1
        data = faults.corrupt(self._captures, encode.still(frame, options, self._camera.sensor))
        _write(name, data, full=faults.disk_full, speed=faults.speed)
        if options.raw:
            if self._mode.bits not in DNG_BITS:
                raise Failure("unsupported Bayer format")
            raw = encode.dng(frame, self._mode.size, self._camera.sensor)
            _write(f"{name.rpartition('.')[0] or name}.dng", raw, full=faults.disk_full, speed=faults.speed, tiff=True)
        self._write_metadata(frame.metadata | encode.tensor(faults.tensor))
        faults.die(self._captures)

    def _write_metadata(self, content: Metadata) -> None:
        """Rewrite the file, or continue stdout (`-`).

        There the last brace of `json` is held until the next capture or the end, as the real program's buffer does.
        """
        target, form = self._options.metadata, self._options.metadata_format
        text = encode.as_json(content) if form == "json" else encode.as_txt(content)
        if target == "-":
            text, brace = (text[:-1], text[-1:]) if form == "json" else (text, "")
            print(self._held + text, end="", flush=True)
            self._held = brace
        elif target:
            with contextlib.suppress(OSError):  # a std::ofstream that cannot be opened says nothing
                Path(target).write_text(text)

    def _frame(self) -> None:
        """Wait for a frame of the sensor; a stalled one never comes.

        The viewfinder's take no longer than its rate allows, whatever the exposure is to be (core/rpicam_app.cpp,
        StartCamera: FrameDurationLimits; ipa_base.cpp, applyAGC); a still's, and those of --zsl, do.
        """
        self._faults = self._camera.wait_while_stalled(self._captures)
        exposure_s = seconds(self._options.shutter) if self._is_still else 0.0
        fastest = (self._mode if self._is_still else self._viewfinder_mode).fps
        period = max(1 / min(sensors.VIEWFINDER_FPS, fastest), exposure_s) / self._faults.speed
        self._frame_s = max(period, LEAST_FRAME_S)
        time.sleep(self._frame_s)
        self._picture.frame(self._faults.light, self._faults.nearer)

    def _rest(self) -> None:
        """Wait for a signal, while each frame alone would cost the processor more than it changes."""
        if self._frame_s < SHORT_FRAME_S:
            self._signals.wait(REST_S)

    def _configure(self, *, still: bool) -> None:
        self._is_still = still
        size, zsl = self._picture.size, self._options.zsl
        if still:
            self._camera.fail_to_start(size[0])
            buffers = self._options.buffer_count or (VIEWFINDER_BUFFERS if zsl else 1)
            self._camera.configure(self._mode, buffers, size, *([self._viewfinder_size] if zsl else []))
        else:
            self._camera.configure(self._viewfinder_mode, VIEWFINDER_BUFFERS, self._viewfinder_size)
        self._camera.wait(RECONFIGURE_S)
        self._picture.lens.start(viewfinder=not still)


def _write(name: str, data: bytes, *, full: bool, speed: float, tiff: bool = False) -> None:
    """Write `data` to the file `name`, truncated and filled in place, for every reader to see half-done.

    Args:
        full: the disk is full when half of it has been written.
        speed: of simulated time.
        tiff: a full disk goes unnoticed (image/dng.cpp), and leaves no directory: libtiff writes its place last.
    """
    try:
        file = open(name, "wb", buffering=0)  # noqa: SIM115 - closed below
    except OSError:
        raise Failure(f"failed to open file {name}") from None
    with file:
        try:
            view = memoryview(data)[: len(data) // 2 if full else len(data)]
            while view:
                view = view[file.write(view[:CHUNK_BYTES]) :]
                time.sleep(CHUNK_S / speed)
        except OSError:
            full = True
        if full and tiff:
            os.pwrite(file.fileno(), bytes(4), 4)
    if full and not tiff:
        raise Failure("failed to write file - output probably corrupt")
