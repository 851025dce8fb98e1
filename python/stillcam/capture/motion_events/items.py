"""The items that an event becomes: its video, in parts if it is long, or the picture of its peak."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from stillcam.camera.driver import Still
from stillcam.camera.metadata import Metadata
from stillcam.camera.use_cases import Geometry, expected_crop, framerate, geometry_of
from stillcam.capture.image_files import store_still
from stillcam.capture.library_writer.frame_recording import FrameRecording, RecordingPlan, unchanged
from stillcam.capture.library_writer.writer import LibraryWriter, make_sidecar
from stillcam.capture.picture_edits import PictureEdits
from stillcam.common.errors import CameraError
from stillcam.common.formats import utc_text
from stillcam.library.names import MOTION
from stillcam.motion.blocks import rotated
from stillcam.motion.events import MotionEvent
from stillcam.motion.ring import TimedFrame
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.geometry import Rectangle
from stillcam.settings.schema import MotionSettings, Settings

DEFAULT_RATE = 15.0  # frames a second where the stream has shown no other


@dataclass(frozen=True, slots=True)
class Stream:
    """The live stream whose frames an event consists of."""

    settings: Settings
    camera: CameraInfo
    geometry: Geometry

    @classmethod
    def of(cls, settings: Settings, camera: CameraInfo) -> Stream:
        return cls(settings, camera, geometry_of(settings, camera, "live"))

    @property
    def rotation(self) -> int:
        """Clockwise degrees by which its frames are to be rotated: 90, 270, else 0."""
        degrees = self.settings.camera.rotation
        return degrees if degrees in (90, 270) else 0

    @property
    def crop(self) -> Rectangle:
        """The part of the sensor that its frames show by the settings, before any flip."""
        return expected_crop(self.settings, self.geometry, "live")

    def shows_the_same(self, other: Stream) -> bool:
        """Whether frames of both show the same part of the sensor."""
        return self.geometry == other.geometry and self.crop == other.crop

    def gives_same_pictures(self, other: Stream) -> bool:
        """Whether frames of both fit into one video."""
        privacy, other_privacy = self.settings.privacy, other.settings.privacy
        return (self.geometry, self.rotation, privacy) == (other.geometry, other.rotation, other_privacy)


@dataclass(frozen=True, slots=True)
class Clock:
    """The machine's clock as it was when the event began: it may be set meanwhile."""

    ahead_s: float

    @classmethod
    def read(cls) -> Clock:
        return cls(time.time() - time.monotonic())

    def epoch_s(self, time_s: float) -> float:
        """A monotonic time in seconds since the epoch."""
        return time_s + self.ahead_s

    def utc(self, time_s: float) -> str:
        return utc_text(self.epoch_s(time_s))


class EventItems:
    """Makes the items of one event; for the camera's thread.

    Args:
        made: called with the address of an item, by another thread.
        limit_bytes: of the frames that wait for the disk, in all parts; more are dropped.
        edits: draws stamps; None: there are none.

    Attributes:
        size: columns and rows of the detector.
    """

    def __init__(
        self,
        library: LibraryWriter,
        stream: Stream,
        settings: MotionSettings,
        event: MotionEvent,
        clock: Clock,
        made: Callable[[str], None],
        limit_bytes: int,
        edits: PictureEdits | None = None,
    ) -> None:
        self._library = library
        self._stream = stream
        self._settings = settings
        self._event = event
        self._clock = clock
        self._made = made
        self._limit_bytes = limit_bytes
        self._edits = edits
        self._rate = framerate(stream.settings, "live") or DEFAULT_RATE
        self._parts: list[FrameRecording] = []
        self._dropped = 0  # frames that no part has got
        self._open = False  # the last part still gets frames
        self._peak: tuple[bytes, Metadata] | None = None
        self._metadata: Metadata = {}
        self.size = (0, 0)

    @property
    def records(self) -> bool:
        """Whether it becomes a video."""
        return self._settings.record in ("video", "both") or self._event.trigger == "keep"

    @property
    def wants_photos(self) -> bool:
        """Whether it becomes photos with their own configuration."""
        return self._settings.record in ("photos", "both") and self._event.trigger != "keep"

    @property
    def stopped(self) -> bool:
        """Whether the disk takes no more of it."""
        return self._open and self._parts[-1].stopped is not None

    @property
    def is_busy(self) -> bool:
        """Whether its files are still being written."""
        return any(part.is_busy for part in self._parts)

    @property
    def dropped(self) -> int:
        """How many frames the disk was too slow for."""
        return self._dropped + sum(part.dropped for part in self._parts)

    @property
    def waiting_bytes(self) -> int:
        """Size of the frames that wait for the disk."""
        return sum(part.waiting_bytes for part in self._parts)

    def add(self, frames: Sequence[TimedFrame], metadata: Metadata, *, after_gap: bool = False) -> None:
        """Add the next frames, oldest first; `after_gap`: the camera was used for something else before."""
        self._metadata = metadata or self._metadata
        if not self.records:
            if frames and self._peak is None:  # of a request, nothing may move
                self._peak = bytes(frames[-1][1]), metadata
            return
        if not self._parts and len(frames) > 1 and frames[-1][0] > frames[0][0]:
            self._rate = (len(frames) - 1) / (frames[-1][0] - frames[0][0])
        for frame in frames:
            if self._open and self._parts[-1].covered_s > self._settings.max_s:
                self._end_part(frame[0])
            if not self._open and self.waiting_bytes + len(frame[1]) > self._limit_bytes:
                self._dropped += 1  # the disk hangs: each part would be another thread that waits for it
                continue
            if not self._open:
                self._begin_part(frame[0])
            self._parts[-1].add(frame, after_gap=after_gap)
            after_gap = False

    def add_peak(self, jpeg: bytes, metadata: Metadata) -> None:
        """The frame in which more moves than in those before."""
        self._peak = jpeg, metadata

    def change_stream(self, stream: Stream) -> None:
        """The camera has been started with other settings."""
        if not stream.gives_same_pictures(self._stream):
            self._peak = None
            if self._open:
                self._end_part(time.monotonic())
        self._stream = stream

    def end(self) -> None:
        """The event is over."""
        if self._open:
            self._end_part(self._event.last_s)
        elif self._peak and self._settings.record == "picture":
            jpeg, metadata = self._peak
            self._library.worker.submit(lambda: self._save_picture(jpeg, metadata))

    def join(self, until_s: float) -> None:
        """Wait until all is written, at most until this time (monotonic)."""
        if not all(part.join(max(0.0, until_s - time.monotonic())) for part in self._parts):
            logging.warning("the disk is too slow for the end of the event; the next start finishes it")

    def _begin_part(self, time_s: float) -> None:
        stream = self._stream
        plan = RecordingPlan(
            kind=MOTION,
            time_s=self._clock.epoch_s(time_s),
            camera=stream.camera.model,
            rate=round(self._rate, 3),
            rotation=stream.rotation,
            sidecar=self._sidecar(time_s, time_s, self._metadata),
            limit_bytes=self._limit_bytes - self.waiting_bytes,
            edit=self._edits.recorded("motion", stream.rotation) if self._edits else unchanged,
        )
        self._parts.append(FrameRecording(self._library, plan, partial(_done, self._made)))
        self._open = True

    def _end_part(self, end_s: float) -> None:
        part, self._open = self._parts[-1], False
        sidecar = self._sidecar(part.first_s, end_s, self._metadata)
        if len(self._parts) > 1:
            sidecar["motion"]["part"] = len(self._parts)
        part.end(sidecar, self._event.peak_s)

    def _save_picture(self, jpeg: bytes, metadata: Metadata) -> None:
        """Make the item of the peak's picture; done by the background worker."""
        event, stream = self._event, self._stream
        time_s = self._clock.epoch_s(event.peak_s)
        try:
            pending = self._library.begin_item(MOTION, time_s, stream.camera.model)
        except CameraError as error:
            logging.warning("no picture of the motion: %s", error)
            return
        still = Still(pending.path("frame.jpg"), time_s)
        try:
            still.path.write_bytes(jpeg)
            store_still(still, None, pending.path("jpg"), stream.rotation, ())
            if self._edits:
                self._edits.stamp_file(pending.path("jpg"), "motion", time_s)
            self._made(pending.finish(self._sidecar(event.peak_s, event.last_s, metadata)))
        except OSError as error:
            pending.discard()
            logging.warning("no picture of the motion: %s", self._library.unwritable(error))
        except CameraError as error:
            pending.discard()
            logging.warning("no picture of the motion: %s", error)

    def _sidecar(self, time_s: float, end_s: float, metadata: Metadata) -> dict[str, Any]:
        """The sidecar of an item that begins at that time."""
        stream = self._stream
        width, height = stream.geometry.size
        size = (height, width) if stream.rotation else (width, height)
        sidecar = make_sidecar(
            stream.settings, stream.camera, "live", self._clock.epoch_s(time_s), size, metadata,
            stream.geometry.mode_name,
        )  # fmt: skip
        return {**sidecar, "kind": MOTION, "motion": self.about(end_s)}

    def about(self, end_s: float) -> dict[str, Any]:
        """What a sidecar says of the event, up to that time."""
        event, utc, rotation = self._event, self._clock.utc, self._stream.rotation
        columns, rows = reversed(self.size) if rotation else self.size
        motion: dict[str, Any] = {
            "start": utc(event.start_s),
            "end": utc(max(event.start_s, end_s)),
            "peak": utc(event.peak_s),
            "peak_blocks": len(event.peak),
            "columns": columns,
            "rows": rows,
            "blocks": [list(block) for block in rotated(event.peak, self.size, rotation)],
            "trigger": event.trigger,
        }
        if event.gaps:
            motion["gaps"] = [{"start": utc(begin), "seconds": round(end - begin, 1)} for begin, end in event.gaps]
        return motion


def _done(made: Callable[[str], None], id_: str | None, _error: CameraError | None) -> None:
    """A video is in the library, or an error has been logged.

    No method of `EventItems`: its part would refer to it, and only the garbage collector would free both, and with them
    the session with its last frames. At rest it comes after hours.
    """
    if id_:
        made(id_)
