"""What happens with the frames while the camera is armed: detection, and the event that they belong to.

For the camera's thread; `to_json` may be called by any.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from stillcam.camera.metadata import Metadata
from stillcam.camera.use_cases import frame_duration_s
from stillcam.capture.library_writer.writer import LibraryWriter
from stillcam.capture.motion_events.detection import DetectionThread, SeenFrame
from stillcam.capture.motion_events.items import Clock, EventItems, Stream
from stillcam.capture.motion_events.levels import Levels
from stillcam.capture.picture_edits import PictureEdits
from stillcam.common.errors import CameraError
from stillcam.motion.events import MotionEvent
from stillcam.motion.ring import Ring, TimedFrame, most_bytes
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.schema import MotionSettings, Settings

if TYPE_CHECKING:
    from stillcam.motion.detector import Observation

Photograph = Callable[[Callable[[], dict[str, Any]], Callable[[str], None]], None]
"""Has a photo taken, see `PhotoMode.take_of_motion`."""

GAP_S = 2.0  # so long without a frame, or three frames of a slow stream: another use has the camera, or it has failed
LOST_S = 60.0  # an event ends when there has been no frame for so long
KEEP_S = 10.0  # the ring holds so much at least, for those who see something and want to keep it
SHOWN_S = 10.0  # after the end of an event, a disarmed camera shows it in the status for so long, then with its item
SHOWN = 4  # events in the status, with those before the newest one: a program that requested one waits for its item
QUEUE_BYTES = 4 << 20  # frames of all events on their way to the disk, beyond as many as the ring holds


class MotionSession:
    """From arming to disarming.

    Args:
        photograph: has a photo of the event taken.
        number: of the last event since the daemon's start.
        edits: draws stamps; None: there are none.
    """

    def __init__(
        self,
        library: LibraryWriter,
        photograph: Photograph,
        settings: MotionSettings,
        number: int,
        edits: PictureEdits | None = None,
    ) -> None:
        self.number = number
        self._edits = edits
        self._photograph = photograph
        self._photo_s = math.inf  # when the next photo of the event is due (monotonic)
        self._library = library
        self._settings = settings
        self._detection = DetectionThread(settings)
        self._limit_bytes = most_bytes(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        self._ring = Ring(max(settings.before_s, KEEP_S), self._limit_bytes)
        self._stream: Stream | None = None
        self._gap_s = GAP_S
        self._starts = True  # the stream has been started, and has given no frame yet
        self._due_s = 0.0  # when the detector gets the next frame (monotonic)
        self._seen_s = 0.0  # when the newest frame came (monotonic)
        self._event: MotionEvent | None = None
        self._items: EventItems | None = None  # of the event
        self._ending: list[EventItems] = []  # of those before, whose files are still being written
        self._records = True  # the event that lasts may have items
        self._clock = Clock.read()  # when the event began
        self._pause_s = 0.0  # until then no other event begins (monotonic)
        self._dropped = 0  # of events before
        self._newest: Observation | None = None
        self._levels = Levels()
        self._shown: tuple[dict[str, Any], ...] = ()  # the newest events, as the status shows them, newest first
        self._busy_s = -math.inf  # when an event lasted, or was written, last (monotonic)

    def set(self, settings: MotionSettings) -> None:
        """Use these settings from now on; an event that lasts keeps those that its files began with."""
        self._settings = settings
        self._ring.seconds = max(settings.before_s, KEEP_S)
        self._detection.set(settings)

    def begin_stream(self, settings: Settings, camera: CameraInfo) -> None:
        """The live stream has been started."""
        self._starts = True
        self.change_stream(settings, camera)

    def change_stream(self, settings: Settings, camera: CameraInfo) -> None:
        """The live stream that runs has these settings from now on."""
        stream = Stream.of(settings, camera)
        if self._stream and not stream.gives_same_pictures(self._stream):
            self._ring.clear()
        if self._items:
            self._items.change_stream(stream)
        self._stream, self._gap_s = stream, max(GAP_S, 3 * frame_duration_s(settings, "live"))
        self._detection.begin_stream(stream)

    def add(self, frames: Sequence[bytes], metadata: Metadata, *, look: bool, tune: bool = False) -> None:
        """Take the frames that the camera has just given.

        Args:
            look: whether the detector looks at them; otherwise only a request makes an event.
            tune: whether it looks at them in any case, for the levels.
        """
        now = time.monotonic()
        gap_s, self._seen_s = now - self._seen_s, now
        after_gap, self._starts = self._starts or gap_s > self._gap_s, False
        if after_gap:
            self._ring.clear()
            if self._event:
                self._event.add_gap(max(self._event.start_s, now - gap_s), now)
                self._photo_s += gap_s  # the detector has to see something between two photos
        step_s = 0.0 if after_gap else gap_s / len(frames)
        timed = [(now - step_s * (len(frames) - 1 - number), jpeg) for number, jpeg in enumerate(frames)]
        if look or self._event or not tune:
            self._keep(timed, metadata, after_gap)
        else:
            self._ring.clear()
        if (look or tune) and now >= self._due_s:
            self._due_s = max(self._due_s + 1 / self._settings.fps, now)
            self._detection.offer(SeenFrame(now, frames[-1], metadata))
        for frame, observation in self._detection.take():
            self._newest = observation
            self._levels.add(observation)
            if observation.motion and look:
                self._add_motion(frame, observation)
        self.update()
        if self._items and now >= self._photo_s:
            self._take_photo(now, self._items)

    def update(self) -> None:
        """End the event once it is over, or there are no frames; on a full disk it goes on without its items."""
        now, event, items = time.monotonic(), self._event, self._items
        self._ending = [ending for ending in self._ending if ending.is_busy]
        if self.is_busy:
            self._busy_s = now
        if event is None:
            return
        without_s = now - max(self._seen_s, event.start_s)
        quiet = without_s <= self._gap_s and event.is_over(now, self._settings.after_s)
        if items and items.stopped:
            self._end_items(items)
        if quiet or without_s > LOST_S:
            self._end_event()

    def trigger(self, seconds: float) -> dict[str, Any]:
        """Begin an event of so many seconds, or have the one that lasts go on for so long; the event."""
        now = time.monotonic()
        if self._event is None:
            self._begin_event(now, "request")
        assert self._event is not None
        self._event.extend(now + seconds - self._settings.after_s)
        return dict(self._shown[0])

    def keep(self, seconds: float) -> dict[str, Any]:
        """Make an event of the last seconds; the event.

        Raises:
            CameraError: one lasts, which has them, or there are none.
        """
        if self._event:
            raise CameraError("busy", "an event is being recorded: these seconds are in it")
        now = time.monotonic()
        frames = self._ring.take(now - seconds)
        if not frames or self._stream is None:
            raise CameraError("idle", "there are no frames yet: try again in a few seconds")
        self._begin_event(frames[0][0], "keep")
        assert self._event is not None
        self._event.last_s = frames[-1][0]
        self._keep(frames, {}, after_gap=False)
        self._end_event()
        return dict(self._shown[0])

    def close(self) -> None:
        """Disarmed, or the daemon ends."""
        self._detection.close()
        if self._event:
            self._end_event()

    def join(self, until_s: float) -> None:
        """Wait until events are written, at most until this time (monotonic)."""
        for items in self._ending:
            items.join(until_s)

    @property
    def sees(self) -> bool:
        """Whether it has frames to look at."""
        return time.monotonic() - self._seen_s <= self._gap_s

    @property
    def has_event(self) -> bool:
        """Whether an event lasts."""
        return self._event is not None

    @property
    def is_busy(self) -> bool:
        """Whether files of an event are being written."""
        return self.has_event or any(items.is_busy for items in self._ending)

    @property
    def is_over(self) -> bool:
        """Whether no event lasts, and the item of the last one has been in the status for a while."""
        return not self.is_busy and time.monotonic() - self._busy_s > SHOWN_S

    def to_json(self) -> dict[str, Any]:
        """What it sees, for the status."""
        newest, detection, items = self._newest, self._detection, self._items
        event, *earlier = map(dict, self._shown) if self._shown else (None,)
        return {
            "level": newest.level if newest else 0,
            "threshold": detection.threshold,
            "ignored": newest.ignored if newest else "",
            "held_s": round(self._ring.held_s, 1),
            "event": event,
            "earlier": earlier,
            "counts": {
                "events": self.number,
                "looked": detection.looked,
                "skipped": detection.skipped,
                "dropped": self._dropped + (items.dropped if items else 0),
            },
        }

    def levels_to_json(self, after: int) -> dict[str, Any]:
        """What the detector has seen lately, see `Levels.to_json`."""
        detection, stream = self._detection, self._stream
        levels = self._levels.to_json(after, detection.mask, stream.rotation if stream else 0)
        return {"threshold": detection.threshold, **levels}

    def _keep(self, frames: Sequence[TimedFrame], metadata: Metadata, after_gap: bool) -> None:
        """Keep frames for the event that lasts, or for one that may begin."""
        if self._event is None:
            for frame in frames:
                self._ring.add(*frame)
            return
        if not self._records:
            return
        if self._items is None:
            self._begin_items()
            frames = [*self._ring.take(self._event.start_s - self._settings.before_s), *frames]
        assert self._items is not None
        self._items.add(frames, metadata, after_gap=after_gap)

    def _add_motion(self, frame: SeenFrame, observation: Observation) -> None:
        if self._event is None and frame.time_s < self._pause_s:
            return
        if self._event is None:
            self._begin_event(frame.time_s, "motion")
        if self._items is None:
            self._keep([], frame.metadata, after_gap=False)
        assert self._event is not None
        if self._event.add_motion(frame.time_s, observation.blocks) and self._items:
            self._items.add_peak(frame.jpeg, frame.metadata)

    def _begin_event(self, start_s: float, trigger: str) -> None:
        self._event = MotionEvent(start_s, trigger)
        self._clock = Clock.read()
        self.number += 1
        start = self._clock.utc(start_s)
        event = {"number": self.number, "start": start, "end": None, "trigger": trigger, "item": None}
        self._shown = (event, *self._shown[: SHOWN - 1])
        logging.info("motion: event %s began (%s)", self.number, trigger)

    def _begin_items(self) -> None:
        assert self._event is not None
        assert self._stream is not None
        waiting_bytes = sum(items.waiting_bytes for items in self._ending)
        self._items = EventItems(
            self._library, self._stream, self._settings, self._event, self._clock,
            partial(self._item_made, self.number), self._limit_bytes + QUEUE_BYTES - waiting_bytes, self._edits,
        )  # fmt: skip
        self._photo_s = 0.0 if self._items.wants_photos else math.inf
        if self._newest:
            self._items.size = self._newest.columns, self._newest.rows

    def _take_photo(self, now: float, items: EventItems) -> None:
        interval_s = self._settings.photo_interval_s
        self._photo_s = now + interval_s if interval_s else math.inf
        made = partial(self._item_made, self.number)
        try:
            self._photograph(lambda: items.about(time.monotonic()), made)
        except CameraError as error:
            logging.warning("event %s has no more photos: %s", self.number, error)
            self._end_items(items)

    def _end_event(self) -> None:
        event, items = self._event, self._items
        assert event is not None
        self._pause_s = time.monotonic() + self._settings.pause_s
        if event.trigger == "request":
            event.last_s = max(event.last_s, self._seen_s)
        if items:
            self._end_items(items)
        self._event, self._records = None, True
        self._shown[0]["end"] = self._clock.utc(event.last_s)
        logging.info("motion: event %s ended after %.1f s", self.number, event.last_s - event.start_s)

    def _end_items(self, items: EventItems) -> None:
        items.end()
        self._dropped += items.dropped
        self._ending.append(items)
        self._items, self._records = None, False

    def _item_made(self, number: int, id_: str) -> None:
        """An item is in the library; called by another thread."""
        for event in self._shown:
            if event["number"] == number:
                event["item"] = id_
