"""`/metrics` in Prometheus' text format, by its own client library.

Nothing is measured for it but what is there anyway: our counters are plain numbers, and the
library, loaded at the first scrape, only writes down what they are at that moment.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stillcam.http.messages import Access, Answer, Challenge, Request, Route
from stillcam.server.camera_context import Station
from stillcam.server.routes.camera_metrics import of_cameras
from stillcam.server.routes.film_metrics import of_films
from stillcam.server.routes.series_metrics import of_series
from stillcam.system_info import board

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


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
    """The route, and what it tells.

    Args:
        stations: of all cameras, that of the first one first.
        counters: of answers.
    """

    def __init__(self, stations: Sequence[Station], counters: Counters) -> None:
        paths = stations[0].paths
        self._folders = {"images": paths.images, "data": paths.data}
        self._stations = stations
        self._counters = counters
        self._lock = threading.Lock()
        self._registry: CollectorRegistry | None = None

    def routes(self) -> list[Route]:
        """Prometheus signs in with a token when watching needs it."""
        return [Route("GET", "metrics", Access.WATCH, self._metrics, challenge=Challenge.ALL)]

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

        yield from of_cameras(self._stations)
        yield from of_series((station.number, station.paths.series) for station in self._stations)
        yield from of_films(station.paths for station in self._stations)
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
