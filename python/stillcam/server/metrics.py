"""`/metrics` in Prometheus' text format, by its own client library.

Nothing is measured for it but what is there anyway: our counters are plain numbers, and the
library, loaded at the first scrape, only writes down what they are at that moment.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillcam import __version__
from stillcam.paths import Paths
from stillcam.server import board
from stillcam.server.cache import FrameCache
from stillcam.server.camera import CameraLink
from stillcam.server.freshness import Freshness
from stillcam.server.messages import Access, Answer, Request, Route
from stillcam.server.viewers import Viewers

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MODES = ("starting", "snapshot", "live", "photo", "video", "no camera")


class Counters:
    """Requests by route and status, and bytes sent.

    One lock is held for two additions: 0.2 µs a request, and no count is lost, whichever
    threads answer.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._bytes = 0

    def answered(self, route: str, status: int, sent_bytes: int) -> None:
        """An answer has ended.

        Args:
            route: its path in the table, so that strangers cannot invent names: without the leading slash,
                so empty for the page's own, and where there was none (404, or no request at all).
            status: of HTTP.
            sent_bytes: of the body.
        """
        with self._lock:
            self._requests[route, status] += 1
            self._bytes += sent_bytes

    def read(self) -> tuple[dict[tuple[str, int], int], int]:
        """Requests by route and status, and the bytes."""
        with self._lock:
            return dict(self._requests), self._bytes


class Metrics:
    """The route, and what it tells."""

    def __init__(
        self,
        paths: Paths,
        cache: FrameCache,
        camera: CameraLink,
        freshness: Freshness,
        viewers: Viewers,
        counters: Counters,
    ) -> None:
        self._folders = {"images": paths.images, "data": paths.data}
        self._cache = cache
        self._camera = camera
        self._freshness = freshness
        self._viewers = viewers
        self._counters = counters
        self._lock = threading.Lock()
        self._registry: CollectorRegistry | None = None

    def routes(self) -> list[Route]:
        """Prometheus signs in with a token when watching needs it."""
        return [Route("GET", "metrics", Access.WATCH, self._metrics)]

    def _metrics(self, _request: Request) -> Answer:
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        with self._lock:
            if self._registry is None:
                self._registry = CollectorRegistry()
                self._registry.register(self)
                ProcessCollector(namespace="stillcam_server", registry=self._registry)
        return Answer(200, generate_latest(self._registry), {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})

    def describe(self) -> list[Metric]:
        """Nothing beforehand: the registry then does not scrape us when we register."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All of it, as it is now."""
        from prometheus_client.core import CounterMetricFamily as Count
        from prometheus_client.core import GaugeMetricFamily as Gauge
        from prometheus_client.core import InfoMetricFamily as Info

        capture = self._camera.status()
        camera = capture.get("camera") or {}
        yield Info(
            "stillcam",
            "What runs.",
            {"version": __version__, "driver": str(capture.get("driver", "")), "camera": str(camera.get("model", ""))},
        )
        yield from self._of_frames(capture)
        if capture.get("running"):
            yield from _of_capture(capture)
        yield Gauge("stillcam_viewers", "Who watches live: streams, and requests that wait for the next frame.",
                    len(self._viewers))  # fmt: skip
        requests, sent = self._counters.read()
        answered = Count("stillcam_http_requests", "Answers by route and status.", labels=["route", "status"])
        for (route, status), number in sorted(requests.items()):
            answered.add_metric([route, str(status)], number)
        yield answered
        yield Count("stillcam_http_sent_bytes", "Bytes of bodies, counted when an answer ends.", sent)
        free = Gauge("stillcam_disk_free_bytes", "Free for us on the folder's file system.", labels=["folder"])
        for name, folder in self._folders.items():
            if (size := _free_bytes(folder)) is not None:
                free.add_metric([name], size)
        yield free
        yield from _of_board()

    def _of_frames(self, capture: Mapping[str, Any]) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily as Count
        from prometheus_client.core import GaugeMetricFamily as Gauge

        seen = self._cache.newest
        yield Count("stillcam_frames", "Frames that this server has seen.", seen.sequence if seen else 0)
        yield Gauge("stillcam_frame_stale", "1: the newest frame is older than 3 intervals + 5 s, or there is none.",
                    self._freshness.stale(seen, capture))  # fmt: skip
        if seen is not None:
            yield Gauge("stillcam_frame_age_seconds", "Age of the newest frame.", seen.age_s())
            yield Gauge("stillcam_frame_bytes", "Size of the newest frame.", len(seen.picture))


def _of_capture(capture: Mapping[str, Any]) -> Iterator[Metric]:
    """What the daemon counts since its start."""
    from prometheus_client.core import CounterMetricFamily as Count
    from prometheus_client.core import GaugeMetricFamily as Gauge
    from prometheus_client.core import HistogramMetricFamily as Histogram

    mode = Gauge("stillcam_capture_mode", "1: the daemon is in this mode.", labels=["mode"])
    for name in MODES:
        mode.add_metric([name], capture["mode"] == name)
    yield mode
    yield Gauge("stillcam_capture_interval_seconds", "From one frame to the next.", capture["interval_s"])
    captures = Count("stillcam_captures", "Captures by result: ok, or why it failed.", labels=["result"])
    captures.add_metric(["ok"], capture["captures"]["ok"])
    for cause, number in sorted(capture["failures"].items()):
        captures.add_metric([cause], number)
    yield captures
    restarts = Count("stillcam_camera_restarts", "Starts of the camera program after a fault.", labels=["cause"])
    for cause, number in sorted(capture["restarts"].items()):
        restarts.add_metric([cause], number)
    yield restarts
    if not (publish := capture.get("publish")):
        return  # a daemon that is older than this server
    buckets = [(f"{bound:g}", number) for bound, number in publish["buckets"]]
    yield Histogram(
        "stillcam_publish_seconds",
        "From the file that the camera has closed to the link that leads to it.",
        buckets=[*buckets, ("+Inf", publish["count"])],
        sum_value=publish["sum_s"],
    )


def _of_board() -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily as Gauge

    if (celsius := board.temperature_c()) is not None:
        yield Gauge("stillcam_temperature_celsius", "The processor's.", celsius)
    if (bits := board.throttled()) is not None:
        now = Gauge("stillcam_throttled", "1: the board holds itself back now.", labels=["condition"])
        before = Gauge("stillcam_throttled_since_start", "1: it has done so since its start.", labels=["condition"])
        for condition, bit in board.CONDITIONS.items():
            now.add_metric([condition], bool(bits & bit))
            before.add_metric([condition], bool(bits & bit << board.SINCE_START))
        yield now
        yield before


def _free_bytes(folder: Path) -> int | None:
    try:
        status = os.statvfs(folder)
    except OSError:
        return None
    return status.f_bavail * status.f_frsize
