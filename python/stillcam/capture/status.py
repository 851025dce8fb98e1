"""The status of the daemon: written by the camera's thread, read by those of the command socket."""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from stillcam.camera.description import describe
from stillcam.common.formats import utc_text
from stillcam.common.threads import deaths
from stillcam.settings.capabilities import CameraInfo

RESUMING = ("snapshot", "live", "motion", "video")  # modes that publish frames at their interval
FRAMELESS = ("photo", "video", "series")  # modes that may publish nothing for as long as their interval
PUBLISH_BOUNDS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Status:
    """The daemon's mode, counters and newest frame.

    Attributes:
        publishing: the times from the camera's closed file to the link that leads to it.
        mode: as `enter` names them.
        notice: a problem for the owner to fix while frames continue; None: nothing.
        reason: why there are no pictures, see `timeouts.Backoff`; None: there are.
        camera: the one in use, or the last that was.
        cameras: those of the last listing.
        capabilities: what the driver can do, see `Capabilities.to_json`.
        revision: the number of the settings in force.
        frames: how many were published.
        metadata: the newest frame's.
        taking: the photos under way: `kind`, `done`, `of` and `due`, the moment of the self-timer; None: none.
        recording: the video under way: `since`, `seconds` (None: until a stop), `bytes`, `left_s`, `bytes_per_s`,
            `room_s` (how much longer the disk lasts), `dropped` frames, and whether it gives new pictures
            (`picture`); None: none.
        waiting: by mode, the orders that wait for another one: `kind`, and the number of items (`of`).
    """

    def __init__(self, driver: str) -> None:
        self.publishing = Histogram()
        self.mode = "starting"
        self.notice: str | None = None
        self.reason: str | None = None
        self.camera: CameraInfo | None = None
        self.cameras: list[CameraInfo] = []
        self.capabilities: dict[str, Any] = {}
        self.revision = self.frames = 0
        self.metadata: dict[str, Any] = {}
        self.taking: dict[str, Any] | None = None
        self.recording: dict[str, Any] | None = None
        self.waiting: dict[str, list[dict[str, Any]]] = {"photos": [], "video": []}
        self._changed = threading.Condition()
        self._driver = driver
        self._since_s = self._started_s = time.time()
        self._interval_s = 0.0
        self._first_within_s = 0.0  # instead of the interval, until the mode's first frame
        self._frame: str | None = None
        self._failed: Counter[str] = Counter()
        self._restarts: Counter[str] = Counter()
        self._began_s = 0.0  # the exposure of the newest frame began then or later (monotonic)

    def enter(self, mode: str, interval_s: float) -> None:
        """A mode begins: `snapshot`, `focus`, `live`, `motion`, `no camera` ...

        The newest frame is as old as the mode before allowed, such as a photo or a long interval between snapshots: its
        interval counts until the first frame is there, so that live view and videos do not begin with a picture that is
        too old.
        """
        with self._changed:
            changes = mode != self.mode
            if changes:
                self._since_s = time.time()
            resumes = mode in RESUMING and self.mode not in ("starting", "no camera")
            if changes or not resumes:
                self._first_within_s = self.interval_s if resumes else 0.0
            self.mode, self._interval_s = mode, interval_s

    @property
    def interval_s(self) -> float:
        """From one frame to the next in this mode, at most."""
        return max(self._interval_s, self._first_within_s)

    def set_snapshot_interval(self, interval_s: float) -> None:
        """Another interval between snapshots is in force; other modes keep their own."""
        with self._changed:
            if self.mode in ("snapshot", "focus", "motion", "no camera"):
                self._interval_s = interval_s

    def add_frame(self, name: str, metadata: dict[str, Any], began_s: float) -> None:
        """A frame is published, whose exposure began at `began_s` (monotonic) or later."""
        with self._changed:
            self._frame, self.metadata, self._began_s = name, metadata, began_s
            self.frames += 1
            self._first_within_s = 0.0
            self._changed.notify_all()

    def frame_masked(self, name: str) -> None:
        """The newest frame has another name, as it got further masks; it is no new picture."""
        with self._changed:
            self._frame = name

    def count_failure(self, cause: str, restarts: bool) -> None:
        """A capture failed, or the camera did; `restarts`: the camera program is restarted for it."""
        with self._changed:
            self._failed[cause] += 1
            if restarts:
                self._restarts[cause] += 1
            self._changed.notify_all()

    def wait_for_frame(self, request: Callable[[], object], timeout_s: float) -> str | None:
        """Call `request`, and wait for a frame whose exposure begins after it; its name, None: a capture failed.

        Raises:
            TimeoutError: neither happened in time.
        """
        with self._changed:
            requested_s, failures = time.monotonic(), self._failed.total()
            request()
            if not self._changed.wait_for(
                lambda: self._began_s > requested_s or self._failed.total() > failures, timeout_s
            ):
                raise TimeoutError
            return self._frame if self._began_s > requested_s else None

    def cameras_to_json(self) -> dict[str, Any]:
        """The cameras, as the command socket answers them."""
        return {
            "active": self.camera and self.camera.index,
            "cameras": [describe(camera) for camera in self.cameras],
        }

    def to_json(self) -> dict[str, Any]:
        """All of it, as the command socket answers it; library, series and motion are added by the daemon."""
        with self._changed:
            camera = self.camera
            return {
                "running": True,
                "pid": os.getpid(),
                "started": utc_text(self._started_s),
                "driver": self._driver,
                "abilities": self.capabilities,
                "mode": self.mode,
                "since": utc_text(self._since_s),
                "reason": self.reason,
                "notice": self.notice or None,
                "interval_s": self.interval_s,
                "camera": camera
                and {
                    "index": camera.index,
                    "model": camera.model,
                    "size": camera.size,
                    "limits": camera.limits and dict(camera.limits),
                },
                "revision": self.revision,
                "frame": self._frame,
                "captures": {"ok": self.frames, "failed": self._failed.total()},
                "failures": dict(self._failed),
                "restarts": dict(self._restarts),
                "publish": self.publishing.to_json(),
                "metadata": self.metadata,
                "taking": self.taking,
                "recording": self.recording,
                "waiting": [*self.waiting["photos"], *self.waiting["video"]],
                "threads": deaths(),
            }


class Histogram:
    """Durations counted in buckets, as Prometheus wants them; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = [0] * (len(PUBLISH_BOUNDS_S) + 1)  # the last one: longer than all bounds
        self._sum_s = 0.0

    def add(self, seconds: float) -> None:
        with self._lock:
            self._counts[bisect_left(PUBLISH_BOUNDS_S, seconds)] += 1
            self._sum_s += seconds

    def to_json(self) -> dict[str, Any]:
        """`buckets`: pairs of a bound (s) and how many took at most that long; `count` and `sum_s` of all."""
        with self._lock:
            upto = list(accumulate(self._counts))
            return {"buckets": list(zip(PUBLISH_BOUNDS_S, upto, strict=False)), "count": upto[-1], "sum_s": self._sum_s}
