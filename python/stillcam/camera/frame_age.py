"""The earliest time at which the exposure of a frame may have begun: the camera programs do not report it per frame."""

from __future__ import annotations

import math
import time

from stillcam.camera.metadata import Metadata
from stillcam.common.validate import is_number

QUEUE_FRAMES, QUEUE_S = 7, 1.5  # frames waiting to be processed and encoded, at most, and how long they wait
VIDEO_BUFFERS = 6  # of rpicam-vid (core/rpicam_app.cpp, ConfigureVideo) and picamera2, unless set
RAW_FRAMES = 4  # that libcamera keeps while no buffer is free (pipeline/rpi/vc4/vc4.cpp, minTotalUnicamBuffers)


def lag_s(frame_s: float, metadata: Metadata) -> float:
    """How long before a running camera delivers a frame its exposure may have begun, at most (seconds).

    This covers the exposure, the read-out, and the queue for processing and encoding; slow frames do not queue. A frame
    takes `frame_s` by the settings; by its metadata, the newest one may have taken longer.
    """
    durations_us = (metadata.get(name, 0) for name in ("FrameDuration", "ExposureTime"))
    frame_s = max(frame_s, *(value / 1e6 for value in durations_us if is_number(value)))
    return 2 * frame_s + min(QUEUE_FRAMES * frame_s, QUEUE_S)


class LiveFrameAge:
    """The earliest begin of exposure of live frames, which are read from a pipe.

    While the daemon does not read, the pipe fills up and the program keeps old frames in its `buffers` (0: its default
    number). It writes them after the next read.
    """

    def __init__(self, buffers: int) -> None:
        self._buffered = (buffers or VIDEO_BUFFERS) + 1 + RAW_FRAMES  # 1: a buffer is free when its writing begins
        self._since_s = self._next_s = time.monotonic()  # the next frames were delivered after this time
        self._old_frames = 0  # after this many more frames, the following were delivered after `_next_s`
        self._read_s = math.inf  # when frames were last read
        self._late = False  # a read was late after `_next_s`

    def frames_read(self, frames: int, lag_s: float, *, emptied: bool) -> float:
        """Record that `frames` have been read; return the earliest begin of exposure of the oldest (monotonic).

        Args:
            lag_s: see `lag_s`. The program keeps no old frames while the daemon reads more often than this.
            emptied: whether the pipe was empty afterwards.
        """
        began_s, now = self._since_s - lag_s, time.monotonic()
        self._late = self._late or now - self._read_s > lag_s
        self._read_s = now
        self._old_frames -= frames
        if self._old_frames <= 0:
            self._since_s = self._next_s
            if self._late:
                self._next_s, self._old_frames, self._late = now, self._buffered, False
            elif emptied:
                self._since_s = self._next_s = now
        return began_s
