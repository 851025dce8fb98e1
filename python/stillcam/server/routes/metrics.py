"""`/metrics` in Prometheus' text format, by its own client library.

Counting costs nothing while nobody scrapes: the counters are plain numbers, and prometheus_client, imported at the
first scrape, only formats their values.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillcam import __version__
from stillcam.common.paths import Paths
from stillcam.films.record import STATES as FILM_STATES
from stillcam.films.store import FilmStore
from stillcam.http.messages import Answer
from stillcam.series import reader
from stillcam.series.state import STATES as SERIES_STATES
from stillcam.server.camera_context import CameraContext
from stillcam.server.openapi.route import api
from stillcam.server.route import Access, Challenge, Request, Route
from stillcam.system_info import board

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

MODES = ("starting", "snapshot", "live", "photo", "video", "series", "no camera")
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


_Statuses = Sequence[tuple[CameraContext, Mapping[str, Any]]]  # each camera with its daemon's status


class Counters:
    """Requests by route and status, and bytes sent.

    A lock around two additions costs 0.2 µs a request, and no count is lost.
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


class MetricsRoutes:
    """The route, and what it tells.

    Args:
        contexts: of all cameras, that of the first one first.
        counters: of answers.
    """

    def __init__(self, contexts: Sequence[CameraContext], counters: Counters) -> None:
        paths = contexts[0].paths
        self._folders = {"images": paths.images, "data": paths.data}
        self._contexts = contexts
        self._counters = counters
        self._lock = threading.Lock()
        self._registry: CollectorRegistry | None = None

    def routes(self) -> list[Route]:
        """Prometheus signs in with a token if watching needs it."""
        return [
            api("State", "GET", "metrics", Access.WATCH, self._metrics,
                "Figures for Prometheus.", {200: "text/plain"}, challenge=Challenge.ALL),
        ]  # fmt: skip

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

        yield from _of_cameras(self._contexts)
        yield from _of_series((context.number, context.paths.series) for context in self._contexts)
        yield from _of_films(context.paths for context in self._contexts)
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
        for condition in board.CONDITIONS:
            now.add_metric([condition.name], condition.is_now(bits))
            before.add_metric([condition.name], condition.was_since_boot(bits))
        yield now
        yield before


def _free_bytes(folder: Path) -> int | None:
    try:
        status = os.statvfs(folder)
    except OSError:
        return None
    return status.f_bavail * status.f_frsize


def _of_cameras(contexts: Sequence[CameraContext]) -> Iterator[Metric]:
    """All of it, as it is now."""
    from prometheus_client.core import GaugeMetricFamily as Gauge
    from prometheus_client.core import InfoMetricFamily as Info

    CameraContext.refresh(contexts)
    statuses = [(context, context.daemon.status()) for context in contexts]
    info = Info("stillcam", "What runs.", labels=["camera"])
    for context, capture in statuses:
        model = (capture.get("camera") or {}).get("model", "")
        info.add_metric(
            [context.number],
            {"version": __version__, "driver": str(capture.get("driver", "")), "model": str(model)},
        )
    yield info
    yield from _of_frames(statuses)
    if answering := [(context, capture) for context, capture in statuses if capture.get("running")]:
        yield from _of_captures(answering)
    viewers = Gauge("stillcam_viewers", "Who watches live: streams, and requests that wait for the next frame.",
                    labels=["camera"])  # fmt: skip
    for context in contexts:
        viewers.add_metric([context.number], len(context.viewers))
    yield viewers


def _of_frames(statuses: _Statuses) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily as Count
    from prometheus_client.core import GaugeMetricFamily as Gauge

    label = ["camera"]
    seen = Count("stillcam_frames", "Frames that this server has seen.", labels=label)
    stale = Gauge("stillcam_frame_stale", "1: the newest frame is older than 3 intervals + 5 s, or there is none.",
                  labels=label)  # fmt: skip
    age = Gauge("stillcam_frame_age_seconds", "Age of the newest frame.", labels=label)
    size = Gauge("stillcam_frame_bytes", "Size of the newest frame.", labels=label)
    for context, capture in statuses:
        newest, number = context.cache.newest, [context.number]
        seen.add_metric(number, newest.sequence if newest else 0)
        stale.add_metric(number, context.staleness.is_stale(newest, capture))
        if newest is not None:
            age.add_metric(number, newest.age_s())
            size.add_metric(number, len(newest.picture))
    yield from (seen, stale, age, size)


def _of_captures(statuses: _Statuses) -> Iterator[Metric]:
    """What daemons that answer count since their start."""
    from prometheus_client.core import CounterMetricFamily as Count
    from prometheus_client.core import GaugeMetricFamily as Gauge
    from prometheus_client.core import HistogramMetricFamily as Histogram

    mode = Gauge("stillcam_capture_mode", "1: the daemon is in this mode.", labels=["camera", "mode"])
    interval = Gauge("stillcam_capture_interval_seconds", "From one frame to the next.", labels=["camera"])
    captures = Count("stillcam_captures", "Captures by result: ok, or why it failed.", labels=["camera", "result"])
    restarts = Count("stillcam_camera_restarts", "Starts of the camera program after a fault.",
                     labels=["camera", "cause"])  # fmt: skip
    took = Histogram("stillcam_publish_seconds", "From the file closed by the camera to the link that leads to it.",
                     labels=["camera"])  # fmt: skip
    for context, capture in statuses:
        number = context.number
        for name in MODES:
            mode.add_metric([number, name], capture["mode"] == name)
        interval.add_metric([number], capture["interval_s"])
        captures.add_metric([number, "ok"], capture["captures"]["ok"])
        for cause, count in sorted(capture["failures"].items()):
            captures.add_metric([number, cause], count)
        for cause, count in sorted(capture["restarts"].items()):
            restarts.add_metric([number, cause], count)
        if publish := capture.get("publish"):  # an older daemon does not send it
            buckets = [(f"{bound:g}", count) for bound, count in publish["buckets"]]
            took.add_metric([number], [*buckets, ("+Inf", publish["count"])], publish["sum_s"])
    yield from (mode, interval, captures, restarts)
    if took.samples:
        yield took


def _of_series(folders: Iterable[tuple[str, Path]]) -> Iterator[Metric]:
    """Of all series, as they are now.

    Args:
        folders: each camera's number, and where its series are.
    """
    from prometheus_client.core import CounterMetricFamily as Count
    from prometheus_client.core import GaugeMetricFamily as Gauge

    label = ["camera", "series"]
    state = Gauge("stillcam_series_state", "1: the series is in this state.", labels=[*label, "state"])
    shots = Count("stillcam_series_shots", "Shots taken, and moments missed.", labels=[*label, "result"])
    size = Gauge("stillcam_series_bytes", "What its shots take on the disk.", labels=label)
    for number, folder in folders:
        try:
            found = reader.states(folder)
        except OSError as error:
            logging.warning("cannot read the series in %s: %s", folder, error.strerror)
            continue
        for one in found:
            which = [number, one["name"]]
            for name in SERIES_STATES:
                state.add_metric([*which, name], one["state"] == name)
            shots.add_metric([*which, "taken"], one["taken"])
            shots.add_metric([*which, "missed"], one["missed"])
            size.add_metric(which, one["bytes"])
    yield from (family for family in (state, shots, size) if family.samples)


def _of_films(cameras: Iterable[Paths]) -> Iterator[Metric]:
    """How many films there are in each state.

    Args:
        cameras: the folders of each.
    """
    from prometheus_client.core import GaugeMetricFamily as Gauge

    films = Gauge("stillcam_films", "Films, contact sheets and keograms by state.", labels=["camera", "state"])
    for paths in cameras:
        try:
            counted = Counter(film.state for film in FilmStore(paths).all())
        except OSError as error:
            logging.warning("cannot read the films in %s: %s", paths.films, error.strerror)
            continue
        for state in FILM_STATES:
            films.add_metric([str(paths.number), state], counted[state])
    yield films
