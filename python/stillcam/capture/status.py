"""The status of the daemon: written by the camera's thread, read by those of the command socket."""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

from stillcam.camera.description import describe
from stillcam.common.formats import utc_text
from stillcam.common.threads import deaths
from stillcam.settings.capabilities import CameraInfo

FRAMELESS = ("photo", "video", "series")  # modes that may publish nothing for as long as their interval
PUBLISH_BOUNDS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Status:
    """The daemon's mode, counters and newest frame; safe to use from any thread.

    Attributes:
        publishing: how long it took from the camera's closed file to the link that leads to it.
    """

    def __init__(self, driver: str) -> None:
        self.publishing = Histogram()
        self._capabilities: dict[str, Any] = {}
        self._changed = threading.Condition()
        self._driver = driver
        self._mode = "starting"
        self._since_s = self._started_s = time.time()
        self._reason: str | None = None
        self._notice: str | None = None
        self._camera: CameraInfo | None = None
        self._interval_s = 0.0
        self._first_within_s = 0.0  # instead of the interval, until the mode's first frame
        self._frame: str | None = None
        self._frames = 0
        self._failed: Counter[str] = Counter()
        self._restarts: Counter[str] = Counter()
        self._metadata: dict[str, Any] = {}
        self._began_s = 0.0  # the exposure of the newest frame began then or later (monotonic)
        self._revision = 0
        self._cameras: list[CameraInfo] = []
        self._taking: dict[str, Any] | None = None
        self._recording: dict[str, Any] | None = None
        self._waiting: dict[str, list[dict[str, Any]]] = {}

    def enter(self, mode: str, interval_s: float, reason: str | None = None) -> None:
        """A mode begins: `snapshot`, `live`, or `no camera` with its reason.

        After a mode without frames, the newest frame is as old as that mode was long: its interval counts until the
        first snapshot is there.
        """
        with self._changed:
            if mode != self._mode:
                self._since_s = time.time()
            resumes = mode == "snapshot" and self._mode in FRAMELESS
            self._first_within_s = self._interval_s if resumes else 0.0
            self._mode, self._interval_s, self._reason = mode, interval_s, reason

    def set_photo_progress(self, progress: dict[str, Any] | None) -> None:
        """How far photos are: `kind`, `done`, `of` and `due`, the moment of the self-timer; None: there are none."""
        with self._changed:
            self._taking = progress

    def set_waiting(self, mode: str, orders: list[dict[str, Any]]) -> None:
        """Orders of the mode `whose` that wait for another one: `kind`, and the number of items (`of`)."""
        with self._changed:
            self._waiting[mode] = orders

    def set_video_progress(self, progress: dict[str, Any] | None) -> None:
        """How far a video is: `since`, `seconds` (None: until a stop), `bytes`, `left_s`; None: there is none."""
        with self._changed:
            self._recording = progress

    def clear_reason(self) -> None:
        """The mode's reason holds no longer."""
        with self._changed:
            self._reason = None

    def set_interval(self, interval_s: float) -> None:
        """Another interval between snapshots is in force; other modes keep their own."""
        with self._changed:
            if self._mode in ("snapshot", "no camera"):
                self._interval_s = interval_s

    @property
    def camera(self) -> CameraInfo | None:
        """The one in use, or the last that was."""
        with self._changed:
            return self._camera

    def set_cameras(self, cameras: list[CameraInfo]) -> None:
        """The cameras have been listed."""
        with self._changed:
            self._cameras = cameras

    def set_abilities(self, capabilities: dict[str, Any]) -> None:
        """What the driver can do, see `Capabilities.to_json`."""
        with self._changed:
            self._capabilities = capabilities

    def set_camera(self, camera: CameraInfo) -> bool:
        """This camera is in use; whether it is another one than before."""
        with self._changed:
            before, self._camera = self._camera, camera
        return camera != before

    def set_revision(self, revision: int) -> None:
        """The settings of this number are in force."""
        with self._changed:
            self._revision = revision

    def set_notice(self, text: str | None) -> None:
        """Something that a person should put right while frames go on (wrong settings file ...); None: nothing."""
        with self._changed:
            self._notice = text

    def add_frame(self, name: str, metadata: dict[str, Any], began_s: float) -> None:
        """A frame is out.

        Args:
            began_s: its exposure began then or later (monotonic).
        """
        with self._changed:
            self._frame = name
            self._frames += 1
            self._metadata = metadata
            self._began_s = began_s
            self._first_within_s = 0.0
            self._changed.notify_all()

    def set_metadata(self, metadata: dict[str, Any]) -> None:
        """The newest frame's metadata came after it."""
        with self._changed:
            self._metadata = metadata

    def count_failure(self, cause: str, restarts: bool) -> None:
        """A capture failed, or the camera did; `restarts`: the camera program is started again for it."""
        with self._changed:
            self._failed[cause] += 1
            if restarts:
                self._restarts[cause] += 1
            self._changed.notify_all()

    @contextmanager
    def next_frame(self) -> Iterator[Callable[[float], str | None]]:
        """Watch for a frame whose exposure has not begun yet.

        Yields:
            a function that waits (seconds) and gives the frame's name, or None if a capture failed
            meanwhile; raises TimeoutError if neither happens in time.
        """
        with self._changed:
            asked_s, failures = time.monotonic(), self._failed.total()

        def wait(timeout_s: float) -> str | None:
            with self._changed:
                if not self._changed.wait_for(
                    lambda: self._began_s > asked_s or self._failed.total() > failures, timeout_s
                ):
                    raise TimeoutError
                return self._frame if self._began_s > asked_s else None

        yield wait

    def cameras(self) -> dict[str, Any]:
        """The cameras, as the command socket answers them."""
        with self._changed:
            active, cameras = self._camera and self._camera.index, self._cameras
        return {"active": active, "cameras": [describe(camera) for camera in cameras]}

    def to_json(self) -> dict[str, Any]:
        """All of it, as the command socket answers it; library and series are added by the daemon."""
        with self._changed:
            camera = self._camera
            return {
                "running": True,
                "pid": os.getpid(),
                "started": utc_text(self._started_s),
                "driver": self._driver,
                "abilities": self._capabilities,
                "mode": self._mode,
                "since": utc_text(self._since_s),
                "reason": self._reason,
                "notice": self._notice or None,
                "interval_s": max(self._interval_s, self._first_within_s),
                "camera": camera
                and {
                    "index": camera.index,
                    "model": camera.model,
                    "size": camera.size,
                    "limits": camera.limits and dict(camera.limits),
                },
                "revision": self._revision,
                "frame": self._frame,
                "captures": {"ok": self._frames, "failed": self._failed.total()},
                "failures": dict(self._failed),
                "restarts": dict(self._restarts),
                "publish": self.publishing.to_json(),
                "metadata": self._metadata,
                "taking": self._taking,
                "recording": self._recording,
                "waiting": [order for orders in self._waiting.values() for order in orders],
                "threads": deaths(),
            }


class Histogram:
    """Durations counted in buckets, as Prometheus wants them; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = [0] * (len(PUBLISH_BOUNDS_S) + 1)  # the last one: longer than all bounds
        self._sum_s = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        with self._lock:
            self._counts[bisect_left(PUBLISH_BOUNDS_S, seconds)] += 1
            self._sum_s += seconds

    def to_json(self) -> dict[str, Any]:
        """`buckets`: pairs of a bound (s) and how many took at most so long; `count` and `sum_s` of all."""
        with self._lock:
            upto = list(accumulate(self._counts))
            return {"buckets": list(zip(PUBLISH_BOUNDS_S, upto, strict=False)), "count": upto[-1], "sum_s": self._sum_s}
