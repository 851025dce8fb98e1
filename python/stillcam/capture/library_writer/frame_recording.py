"""JPEGs of the camera on their way to the disk: a thread writes them, so that a slow card delays nobody.

Videos and events of motion are recorded in this way. The file grows in the library's folder of pending items, with its
notes beside it: what there is of it becomes an item at the next start if the daemon is killed. Otherwise the library
finishes it in the background.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from stillcam.capture.library_writer.finish_video import Conversion, RecordedVideo
from stillcam.capture.library_writer.pace import Pace
from stillcam.capture.library_writer.writer import LibraryWriter
from stillcam.common.disk_space import Disk
from stillcam.common.errors import CameraError
from stillcam.common.threads import start
from stillcam.library.pending import PendingItem
from stillcam.motion.ring import Jpeg, TimedFrame

CHECK_S = 1.0  # from one look at the disk to the next
SYNC_S, SYNC_BYTES = 5.0, 8 << 20  # a power cut costs so much at most, and what the queue holds
FULL = "the disk is nearly full: delete something"


def room(disk: Disk, written_bytes: int, mp4_share: float) -> int:
    """How many more bytes may be recorded, so that the MP4 that is made of it all still has room.

    Args:
        mp4_share: see `Conversion.mp4_share`.
    """
    free_bytes = disk.free_bytes() - disk.reserve_bytes() - written_bytes * mp4_share
    return int(free_bytes / (1 + mp4_share))


Edit = Callable[[TimedFrame], Jpeg]


def unchanged(frame: TimedFrame) -> Jpeg:
    """The `edit` of a recording whose frames are written as they came."""
    return frame[1]


@dataclass(frozen=True, slots=True)
class RecordingPlan:
    """What is known when a recording begins.

    Attributes:
        kind: of the item: `video` or `motion`.
        time_s: of its first frame, in seconds since the epoch.
        camera: the sensor's model.
        rate: frames a second, as the stream should have them.
        rotation: clockwise degrees by which players are to rotate it: 90, 270, else 0.
        sidecar: the item's, should the daemon not live until the end.
        limit_bytes: of the frames that wait for the disk; more are dropped.
        conversion: what becomes of the JPEGs.
        bitrate: of the H.264 that is encoded from them, in bit/s; 0: a good quality.
        sound_from_s: see `RecordedVideo`.
        edit: every frame passes through it in the writing thread; what it returns is written.
    """

    kind: str
    time_s: float
    camera: str
    rate: float
    rotation: int
    sidecar: dict[str, Any]
    limit_bytes: int
    conversion: Conversion = Conversion.ENCODE
    bitrate: int = 0
    sound_from_s: float = 0.0
    edit: Edit = unchanged


class FrameRecording:
    """Writes the frames of one recording; for the camera's thread.

    Args:
        done: called with the item's address, or with the error, by another thread.

    Attributes:
        dropped: how many frames the disk was too slow for.
        stopped: why no more frames are written, such as a full disk; None: they are.
        first_s, last_s: when the first and the newest frame were read.
        written_bytes: the size of the file.
        pending: the item that it becomes; None: it has not been begun yet.
        spare_bytes: how much more may be written, with what is made of it; None: not known yet.
    """

    def __init__(
        self, library: LibraryWriter, plan: RecordingPlan, done: Callable[[str | None, CameraError | None], None]
    ) -> None:
        self.dropped = 0
        self.stopped: str | None = None  # no exception: its traceback refers to this recording
        self.first_s = self.last_s = 0.0
        self.written_bytes = 0
        self.spare_bytes: int | None = None
        self.pending: PendingItem | None = None
        self._library = library
        self._plan = plan
        self._done = done
        self._added = 0
        self._covered_s = 0.0  # by frames, without the gaps
        self._waiting: deque[tuple[float, TimedFrame]] = deque()  # with the time that is covered up to the frame
        self._waiting_bytes = 0
        self._sidecar: dict[str, Any] | None = None  # the final one, once the recording is to end
        self._preview_s = 0.0
        self._condition = threading.Condition()
        self._written = 0
        self._written_s = 0.0  # the time that the frames in the file cover
        self._pace = Pace(plan.rate)  # of these
        self._first_covered_s = 0.0  # before the first of them
        self._ends = 0, 0  # of the last two frames in the file
        self._ended = start(self._run, f"recording of {plan.kind}")

    def add(self, frame: TimedFrame, *, after_gap: bool = False) -> None:
        """Add the next frame; `after_gap`: the time since the one before does not count."""
        time_s, jpeg = frame
        if not self._added:
            self.first_s = time_s
        elif not after_gap:
            self._covered_s += time_s - self.last_s
        self.last_s = time_s
        self._added += 1
        with self._condition:
            if self.stopped or self._waiting_bytes + len(jpeg) > self._plan.limit_bytes:
                self.dropped += not self.stopped
                return
            self._waiting.append((self._covered_s, frame))
            self._waiting_bytes += len(jpeg)
            self._condition.notify()

    def end(self, sidecar: dict[str, Any], preview_s: float) -> None:
        """No more frames come; the item gets this sidecar.

        Args:
            preview_s: when the frame was read that is to be the preview.
        """
        with self._condition:
            self._sidecar, self._preview_s = sidecar, max(0.0, preview_s - self.first_s)
            self._condition.notify()

    def join(self, timeout_s: float) -> bool:
        """Whether all has been written in this time, after `end`."""
        return self._ended.wait(timeout_s)

    @property
    def is_busy(self) -> bool:
        """Whether its files are still being written."""
        return not self._ended.is_set()

    @property
    def waiting_bytes(self) -> int:
        """Size of the frames that wait for the disk."""
        return self._waiting_bytes

    @property
    def covered_s(self) -> float:
        """How long the video is."""
        return self._covered_s

    @property
    def camera_rate(self) -> float:
        """Frames a second that the camera has given, whatever became of them; 0: not known."""
        return (self._added - 1) / self._covered_s if self._covered_s else 0.0

    def _run(self) -> None:
        try:
            video = self._begin()
        except CameraError as error:
            self._stop(error)
            self._done(None, error)
            return
        try:
            with video.path.open("wb") as file:
                self._write(file, video)
        except OSError as error:
            self._stop(self._library.unwritable(error))
        if self.stopped:
            self._cut_end(video)
        while self._next() is not None:  # what comes after a full disk
            pass
        self._finish(video)

    def _begin(self) -> RecordedVideo:
        plan = self._plan
        pending = self._library.begin_item(plan.kind, plan.time_s, plan.camera)
        path = pending.path("mjpeg")
        video = RecordedVideo(
            pending, path, plan.conversion, plan.rate, plan.rotation, plan.sidecar, 0.0, plan.bitrate, plan.sound_from_s
        )
        try:
            video.save_notes()
        except OSError as error:
            pending.discard()
            raise self._library.unwritable(error) from error
        self.pending = pending
        return video

    def _write(self, file: BinaryIO, video: RecordedVideo) -> None:
        """Write the frames until the end, or until the disk has room for the MP4 only."""
        share, synced_bytes = video.conversion.mp4_share, 0
        checked_s, synced_s = -math.inf, time.monotonic()
        while (frame := self._next()) is not None:
            covered_s, timed = frame
            file.write(self._plan.edit(timed))
            file.flush()  # what is written outlives the daemon
            self.written_bytes = file.tell()
            self._ends = self._ends[1], self.written_bytes
            self._first_covered_s = self._first_covered_s if self._written else covered_s
            self._pace.add(self._written, covered_s - self._first_covered_s)
            self._written += 1
            self._written_s = covered_s
            now = time.monotonic()
            if now - checked_s > CHECK_S:
                checked_s = now
                self.spare_bytes = room(self._library.disk, self.written_bytes, share)
                if self.spare_bytes <= 0:
                    self._stop(CameraError("disk", FULL))
                    return
            if now - synced_s > SYNC_S or self.written_bytes - synced_bytes > SYNC_BYTES:
                os.fdatasync(file.fileno())
                synced_s, synced_bytes = time.monotonic(), self.written_bytes
                with suppress(OSError):  # those from the beginning stay
                    replace(video, rate=self._rate, pace=self._pace.points()).save_notes()

    def _cut_end(self, video: RecordedVideo) -> None:
        """Cut off the last whole frame, and what there is of one that could not be written: the notes need space."""
        if self._ends[0]:
            with suppress(OSError):
                os.truncate(video.path, self._ends[0])

    def _next(self) -> tuple[float, TimedFrame] | None:
        """The next frame; None: there are no more."""
        with self._condition:
            self._condition.wait_for(lambda: self._waiting or self._sidecar is not None)
            if not self._waiting:
                return None
            frame = self._waiting.popleft()
            self._waiting_bytes -= len(frame[1][1])
            return frame

    def _stop(self, error: CameraError) -> None:
        with self._condition:
            self.stopped = str(error)
            self._waiting.clear()
            self._waiting_bytes = 0
        logging.warning("the recording of %s was stopped: %s", self._plan.kind, self.stopped)

    @property
    def _rate(self) -> float:
        """Frames a second of the file: the camera may be slower than its frame rate, and frames may be missing."""
        measured = (self._written - 1) / self._written_s if self._written > 1 and self._written_s else self._plan.rate
        return round(measured, 3)

    def _finish(self, begun: RecordedVideo) -> None:
        sidecar = dict(self._sidecar or begun.sidecar)
        sidecar["duration_s"] = round(self._written / self._rate, 3)
        pace = self._pace.points()
        video = replace(begun, rate=self._rate, sidecar=sidecar, preview_s=self._preview_s, pace=pace)
        if self.dropped:
            video.add_notice(f"{self.dropped} frames are missing: the disk was too slow for them")
        if self.stopped:
            video.mark_interrupted(self.stopped)
        self._library.finish_video(video, None, self._done)
