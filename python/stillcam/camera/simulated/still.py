"""rpicam-still: the event loop of apps/rpicam_still.cpp, frame by frame."""

import os
import signal
import time
from collections.abc import Mapping

from stillcam.camera.simulated import encode, files, metadata, sizes
from stillcam.camera.simulated.camera import STARTUP_FRAMES, Camera
from stillcam.camera.simulated.failures import say
from stillcam.camera.simulated.faults import die
from stillcam.camera.simulated.options import StillOptions
from stillcam.camera.simulated.picture import Picture, local_now
from stillcam.camera.simulated.requests import Requests

RECONFIGURE_S = 0.2  # of the about 300 ms from signal to file; the rest are frames
VIEWFINDER_BUFFERS = 4  # libcamera's choice
TIMELAPSE_MIN_FRAMES = 6
LEAST_FRAME_S = 0.002  # of real time, whatever the speed: a viewfinder need not burn the processor


class Stills:
    """One run of rpicam-still."""

    def __init__(self, options: StillOptions, environ: Mapping[str, str]) -> None:
        self._options = options
        self._number = options.framestart
        self._captures = 0
        self._is_still = False  # stills come out of what is configured now
        self._describes = metadata.Saver(options.metadata, options.metadata_format.lower())
        self._camera = Camera(options, environ)
        self._faults = self._camera.faults()
        self._requests = Requests(keys=options.keypress, signals=options.signal, verbose=options.verbose > 0)
        self._requests.catch(signal.SIGUSR1, signal.SIGUSR2)
        sensor = self._camera.sensor
        self._camera.warn_of_controls(options)
        self._mode = sizes.still_mode(options, sensor)
        size = sizes.still_size(options, sensor)
        self._viewfinder = sizes.viewfinder_mode(options, sensor)
        self._picture = Picture(
            sensor, self._mode, options, size, frame_us=1e6 / self._mode.fps, settled=not options.immediate
        )
        self._picture.lens.power_on()

    def run(self) -> None:
        """Capture until the options, a key or a signal say that it is enough."""
        try:
            self._loop()
        finally:
            self._describes.close()

    def _loop(self) -> None:
        options = self._options
        has_output = bool(options.output or options.datetime or options.timestamp)
        waits = options.keypress or options.signal
        if options.immediate:
            self._configure(still=True)
            while waits:
                key = self._requests.key()
                if key == "x":
                    return
                if key == "\n":
                    break
                time.sleep(0.01)
            self._frame()
            self._capture()
            return
        self._configure(still=options.zsl)
        self._picture.prepare()
        started = lapse = time.monotonic()
        for _ in range(STARTUP_FRAMES):
            self._frame()
        frames = 0
        pressed = False
        while True:
            self._frame()
            key = self._requests.key()
            if key == "x":
                return
            pressed = pressed or key == "\n"
            frames += 1
            now = time.monotonic()
            timed_out = 0 < options.timeout_s < now - started
            due = 0 < options.timelapse_s < now - lapse and frames >= TIMELAPSE_MIN_FRAMES
            if not (timed_out or pressed or due):
                continue
            if (timed_out and options.timelapse_s) or (waits and not pressed) or not has_output:
                return
            pressed = False
            lapse = now
            if options.focus_on_capture:
                self._scan()
            if not options.zsl:
                self._configure(still=True)
            self._frame()
            key = self._requests.key()
            if key == "x":
                return
            pressed = key == "\n"
            self._capture()
            if not (options.timelapse_s or waits):
                return
            self._picture.lens.resume()
            if not options.zsl:
                self._configure(still=False)
            frames = 0

    def _scan(self) -> None:
        """What --autofocus-on-capture waits for."""
        lens = self._picture.lens
        lens.trigger()
        while lens.scanning:
            self._frame()
        lens.cancel()

    def _capture(self) -> None:
        """The picture is here: save it, then its metadata."""
        if self._options.verbose:
            say("Still capture image received")
        faults = self._faults
        time.sleep(faults.late_s(self._captures))
        self._captures += 1
        frame = self._picture.take(local_now(), frozen=faults.frozen)
        name = self._name()
        data = encode.still(frame, self._options, self._camera.sensor)
        files.write(name, faults.spoiled(self._captures, data), faults)
        if self._options.latest:
            files.link_latest(self._options.latest, name)
        if self._options.raw:
            files.write(_dng_name(name), encode.dng(frame, self._mode.size, self._camera.sensor), faults)
        self._number += 1
        if self._options.wrap:
            self._number %= self._options.wrap
        self._describes.save(frame.metadata | metadata.tensor(faults.tensor))
        if faults.die_after is not None and self._captures >= faults.die_after:
            die(faults)

    def _frame(self) -> None:
        """Wait for a frame of the sensor; a stalled one never comes.

        The viewfinder's take no longer than its rate allows, whatever the exposure is to be (core/rpicam_app.cpp,
        StartCamera: FrameDurationLimits; ipa_base.cpp, applyAGC); a still's, and those of --zsl, do.
        """
        self._faults = self._camera.faults()
        while self._faults.stall_after is not None and self._captures >= self._faults.stall_after:
            self._camera.stall(self._faults)
            self._faults = self._camera.faults()
        exposure_s = self._options.shutter_us / 1e6 if self._is_still else 0.0
        fastest = (self._mode if self._is_still else self._viewfinder).fps
        period = max(1 / min(sizes.VIEWFINDER_FPS, fastest), exposure_s) / self._faults.speed
        self._picture.expose()
        time.sleep(max(period, LEAST_FRAME_S))
        self._picture.frame(self._faults.light)

    def _configure(self, *, still: bool) -> None:
        self._is_still = still
        self._picture.restart()
        viewfinder = sizes.viewfinder_size(self._options, self._camera.sensor)
        if still:
            self._camera.fail_to_start(self._picture.size[0])
            self._camera.configure(self._picture.size, "YUV420", self._mode, self._picture.size)
            if self._options.zsl:
                count = self._options.buffer_count or VIEWFINDER_BUFFERS
                self._camera.allocate(count, self._mode, self._picture.size, viewfinder)
            else:
                self._camera.allocate(self._options.buffer_count or 1, self._mode, self._picture.size)
        else:
            self._camera.configure(viewfinder, "YUV420", self._viewfinder, viewfinder)
            count = self._options.viewfinder_buffer_count or VIEWFINDER_BUFFERS
            self._camera.allocate(count, self._viewfinder, viewfinder)
        self._camera.wait(RECONFIGURE_S, self._faults)
        self._picture.lens.start(viewfinder=not still)

    def _name(self) -> str:
        options = self._options
        stem = f"{options.output}/" if options.output and not options.output.endswith("/") else options.output
        if options.datetime:
            return os.fsdecode(os.fsencode(f"{stem}{time.strftime('%m%d%H%M%S')}.{options.encoding.lower()}")[:127])
        if options.timestamp:
            return os.fsdecode(os.fsencode(f"{stem}{int(time.time())}.{options.encoding.lower()}")[:127])
        return files.numbered(options.output, self._number)


def _dng_name(name: str) -> str:
    """The picture's name up to its last dot, and `.dng`."""
    return (name[: name.rindex(".")] if "." in name else name) + ".dng"
