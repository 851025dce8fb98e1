"""rpicam-vid: the event loop of apps/rpicam_vid.cpp, frame by frame."""

import signal
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from stillcam.camera.simulated import metadata, outputs, sensors
from stillcam.camera.simulated.camera import STARTUP_FRAMES, Camera
from stillcam.camera.simulated.faults import die
from stillcam.camera.simulated.options import VideoOptions
from stillcam.camera.simulated.picture import Frame, Picture, local_now
from stillcam.camera.simulated.program import Signals, say

FRAMERATE = 30.0
BUFFERS = 6


class Video:
    """One run of rpicam-vid."""

    def __init__(self, options: VideoOptions, environ: Mapping[str, str]) -> None:
        self._options = options
        self._frames = 0
        self._camera = Camera(options, environ)
        self._faults = self._camera.faults()
        sensor = self._camera.sensor
        self._camera.warn_of_controls(options)
        size = sensors.video_size(options, sensor)
        self._camera.fail_to_start(size[0])
        wanted = options.framerate if options.framerate > 0 else FRAMERATE
        mode = sensors.video_mode(options, sensor, size, wanted)
        self._period_s = max(1 / min(wanted, mode.fps), options.shutter_us / 1e6)
        self._camera.configure(size, mode)
        self._camera.allocate(options.buffer_count or BUFFERS, mode, size)
        self._picture = Picture(sensor, mode, options, size, frame_us=self._period_s * 1e6, settled=True)
        self._picture.lens.power_on()
        self._picture.lens.start(viewfinder=True)
        self._output = outputs.create(options, size, 1 / self._period_s, self._faults)
        caught = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT, signal.SIGPIPE)
        self._signals = Signals(*caught, verbose=options.verbose > 0)

    def run(self) -> None:
        """Record until the options or SIGINT end it."""
        written = metadata.Stream(self._options.metadata, self._options.metadata_format)
        try:
            self._picture.prepare()
            self._loop(written)
        finally:
            self._output.close()
            written.close()

    def _loop(self, written: metadata.Stream) -> None:
        options = self._options
        started = due = time.monotonic()
        for _ in range(STARTUP_FRAMES):
            due = self._pace(due)
        while True:
            self._faults = self._camera.wait_while_stalled(self._frames)
            due = self._pace(due)
            timed_out = not options.frames and 0 < options.timeout_s < time.monotonic() - started
            if timed_out and options.verbose:
                say(f"Halting: reached timeout of {round(options.timeout_s * 1000)} milliseconds.")
            if timed_out or self._signals.take() == signal.SIGINT or 0 < options.frames <= self._frames:
                return
            time.sleep(self._faults.delay_s(self._frames))
            frame = self._picture.take(local_now(), frozen=self._faults.frozen)
            self._frames += 1
            self._write(frame)
            if options.codec != "libav":  # which writes no metadata of its frames (libav_encoder.cpp, encode)
                written.write(frame.metadata | metadata.tensor(self._faults.tensor))
            if self._faults.die_after is not None and self._frames >= self._faults.die_after:
                die(self._faults)

    def _write(self, frame: Frame) -> None:
        faults = replace(self._faults, half_file_every=1) if self._faults.disk_full else self._faults
        self._output.write(frame.image, partial(faults.corrupted, self._frames))
        if self._faults.disk_full:
            self._output.fill_disk()

    def _pace(self, due: float) -> float:
        """Wait for the next frame; when late, skip what the sensor would have dropped."""
        self._picture.frame(self._faults.light)
        self._picture.expose()
        period = self._period_s / self._faults.speed
        due += period
        now = time.monotonic()
        if now < due:
            time.sleep(due - now)
            return due
        return now if now - due > period else due
