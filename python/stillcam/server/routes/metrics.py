"""`/metrics` in Prometheus' text format, by its own client library.

Counting costs nothing while nobody scrapes: the counters are plain numbers, and prometheus_client, imported at the
first scrape, only formats their values.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillcam import __version__
from stillcam.common.disk_space import reserve_bytes
from stillcam.films.record import STATES as FILM_STATES
from stillcam.films.store import FilmStore
from stillcam.http.messages import Answer
from stillcam.series import reader
from stillcam.series.state import STATES as SERIES_STATES
from stillcam.server.camera_context import CameraContext, refresh_status
from stillcam.server.event_stream import without_motion
from stillcam.server.live.deliveries import CLIENT, PAGE, SERVER, STREAM
from stillcam.server.openapi.route import api
from stillcam.server.route import Access, Challenge, Request, Route
from stillcam.server.routes.status import MODES
from stillcam.system_info import board

if TYPE_CHECKING:
    from prometheus_client import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Name: type, help, labels. Counters get the suffix _total.
FAMILIES = {
    "stillcam": ("info", "Versions of the software, and the driver.", "camera"),
    "stillcam_frames": ("counter", "Frames that this server has read.", "camera"),
    "stillcam_frame_stale": (
        "gauge", "1 if the newest frame is older than 3 intervals + 5 s, or there is none.", "camera",
    ),
    "stillcam_frame_age_seconds": ("gauge", "Age of the newest frame.", "camera"),
    "stillcam_frame_bytes": ("gauge", "Size of the newest frame.", "camera"),
    "stillcam_capture_mode": ("gauge", "1 for the mode that the capture daemon is in.", "camera mode"),
    "stillcam_capture_interval_seconds": ("gauge", "Time from one frame to the next.", "camera"),
    "stillcam_captures": ("counter", "Captures by result: ok, or the cause of the failure.", "camera result"),
    "stillcam_camera_restarts": ("counter", "Restarts of the camera program after a fault.", "camera cause"),
    "stillcam_publish_seconds": (
        "histogram", "Time from the camera closing its file to the frame being published.", "camera",
    ),
    "stillcam_viewers": ("gauge", "Live viewers: streams, and clients that wait for the next frame.", "camera"),
    "stillcam_slow_viewers": ("gauge", "Live viewers that receive fewer frames than the camera makes.", "camera"),
    "stillcam_viewer_frames": (
        "counter", "Frames sent to live viewers; viewer: stream, or page (a request for each frame).", "camera viewer",
    ),
    "stillcam_viewer_frames_skipped": (
        "counter",
        "Frames that live viewers missed; reason: client (its connection was busy) or server (this server was late).",
        "camera viewer reason",
    ),
    "stillcam_scaled_streams": ("gauge", "Streams at a smaller width (?width=).", "camera width"),
    "stillcam_scaled_frames": ("counter", "Frames that were scaled to a smaller width.", "camera width"),
    "stillcam_scaling_failures": ("counter", "Failures of the process that scales frames, for all cameras.", ""),
    "stillcam_motion_armed": ("gauge", "1 if the camera is armed, whatever its schedule.", "camera"),
    "stillcam_motion_events": ("counter", "Events since the camera was armed, also on request.", "camera"),
    "stillcam_motion_frames": (
        "counter",
        "Frames of an armed camera; result: looked, skipped (no time to look), dropped (the disk was too slow).",
        "camera result",
    ),
    "stillcam_profile_active": ("gauge", "1 for the profile that is active.", "camera profile"),
    "stillcam_series_state": ("gauge", "1 for the state that the series is in.", "camera series state"),
    "stillcam_series_shots": ("counter", "Shots by result: taken or missed.", "camera series result"),
    "stillcam_series_bytes": ("gauge", "Disk space used by the shots of a series.", "camera series"),
    "stillcam_films": ("gauge", "Films, contact sheets, keograms and star trails by state.", "camera state"),
    "stillcam_http_requests": ("counter", "Responses by route and status.", "route status"),
    "stillcam_http_sent_bytes": ("counter", "Bytes of response bodies, counted when a response ends.", ""),
    "stillcam_disk_free_bytes": ("gauge", "Free space on the folder's file system for Stillcam's user.", "folder"),
    "stillcam_disk_size_bytes": ("gauge", "Size of the folder's file system.", "folder"),
    "stillcam_disk_reserve_bytes": ("gauge", "Free space below which nothing is taken (files.floor_mb).", "folder"),
    "stillcam_temperature_celsius": ("gauge", "Temperature of the processor.", ""),
    "stillcam_throttled": ("gauge", "1 while the firmware reports this condition.", "condition"),
    "stillcam_throttled_since_start": ("gauge", "1 if the condition has occurred since boot.", "condition"),
}  # fmt: skip
# Left out without a daemon, a series or a sensor that has any.
_ONLY_WITH_SAMPLES = (
    "stillcam_capture", "stillcam_publish", "stillcam_motion", "stillcam_profile", "stillcam_series",
    "stillcam_temperature", "stillcam_throttled",
)  # fmt: skip

_Sample = tuple[Any, ...]  # name, values of its labels, value (of a histogram: buckets and sum)


class AnswerCount:
    """Counts answers of one kind. The lock costs 0.1 µs, and no count is lost."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers = self._bytes = 0

    def add(self, sent_bytes: int) -> None:
        """Count an answer that has ended."""
        with self._lock:
            self._answers += 1
            self._bytes += sent_bytes

    def read(self) -> tuple[int, int]:
        """The answers, and the bytes that were sent."""
        with self._lock:
            return self._answers, self._bytes


class Counters:
    """Requests by route and status, and bytes sent."""

    def __init__(self) -> None:
        self._counters: dict[tuple[str, int], AnswerCount] = {}

    def of(self, route: str, status: int) -> Callable[[int], None]:
        """What counts an answer's bytes; `route` is a path of the table, as strangers could invent names."""
        key = route, status
        return (self._counters.get(key) or self._counters.setdefault(key, AnswerCount())).add

    def read(self) -> tuple[dict[tuple[str, int], int], int]:
        """Requests by route and status, and the bytes."""
        counted = {key: counter.read() for key, counter in self._counters.copy().items()}
        return {key: answers for key, (answers, _) in counted.items()}, sum(size for _, size in counted.values())


def metrics_route(contexts: Sequence[CameraContext], counters: Counters, is_known: Callable[[Request], bool]) -> Route:
    """The route of the metrics of all cameras. Prometheus signs in with a token if watching needs it.

    Args:
        is_known: whether the sender of a request has an account or a token: only then there is anything about motion.
    """

    def metrics(request: Request) -> Answer:
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        registry = CollectorRegistry()
        registry.register(_Collector(contexts, counters, is_known(request)))
        ProcessCollector(namespace="stillcam_server", registry=registry)
        return Answer(200, generate_latest(registry), {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})

    return api("State", "GET", "metrics", Access.WATCH, metrics,
               "Figures for Prometheus.", {200: "text/plain"}, challenge=Challenge.ALL)  # fmt: skip


class _Collector:
    def __init__(self, contexts: Sequence[CameraContext], counters: Counters, with_motion: bool) -> None:
        self._contexts = contexts
        self._counters = counters
        self._with_motion = with_motion

    def collect(self) -> Iterator[Metric]:
        """All of it, as it is now; called by prometheus_client."""
        from prometheus_client import core

        classes = {
            "counter": core.CounterMetricFamily,
            "gauge": core.GaugeMetricFamily,
            "histogram": core.HistogramMetricFamily,
            "info": core.InfoMetricFamily,
        }
        families = {name: classes[kind](name, text, labels=labels.split()) for name, (kind, text, labels) in
                    FAMILIES.items()}  # fmt: skip
        refresh_status(self._contexts)
        per_camera = (_of_camera(context, self._status(context)) for context in self._contexts)
        scaling = [("stillcam_scaling_failures", (), self._contexts[0].scaler.failures)]
        for name, labels, *values in chain(*per_camera, scaling, self._of_answers(), self._of_disks(), _of_board()):
            families[name].add_metric([str(label) for label in labels], *values)
        for name, family in families.items():
            if family.samples or not name.startswith(_ONLY_WITH_SAMPLES):
                yield family

    def _status(self, context: CameraContext) -> Mapping[str, Any]:
        status = context.daemon.status()
        return status if self._with_motion else without_motion(status)

    def _of_answers(self) -> Iterator[_Sample]:
        requests, sent_bytes = self._counters.read()
        for route_and_status, count in sorted(requests.items()):
            yield "stillcam_http_requests", route_and_status, count
        yield "stillcam_http_sent_bytes", (), sent_bytes

    def _of_disks(self) -> Iterator[_Sample]:
        paths = self._contexts[0].paths
        for name, folder in (("images", paths.images), ("data", paths.data)):
            try:
                status = os.statvfs(folder)
            except OSError:
                continue
            size = status.f_blocks * status.f_frsize
            yield "stillcam_disk_free_bytes", [name], status.f_bavail * status.f_frsize
            yield "stillcam_disk_size_bytes", [name], size
            if name == "data":
                reserve_mb = self._contexts[0].settings().files.floor_mb
                yield "stillcam_disk_reserve_bytes", [name], reserve_bytes(reserve_mb, size)


def _of_camera(context: CameraContext, capture: Mapping[str, Any]) -> Iterator[_Sample]:
    camera, newest = context.number, context.cache.newest
    model = str((capture.get("camera") or {}).get("model", ""))
    driver = str(capture.get("driver", ""))
    yield "stillcam", [camera], {"version": __version__, "driver": driver, "model": model}
    yield "stillcam_frames", [camera], newest.sequence if newest else 0
    yield "stillcam_frame_stale", [camera], context.staleness.is_stale(newest, capture)
    if newest:
        yield "stillcam_frame_age_seconds", [camera], newest.age_s()
        yield "stillcam_frame_bytes", [camera], len(newest.picture)
    yield "stillcam_viewers", [camera], len(context.viewers)
    yield "stillcam_slow_viewers", [camera], context.deliveries.viewers()[1]
    frames = context.deliveries.totals()
    for viewer in (STREAM, PAGE):
        yield "stillcam_viewer_frames", [camera, viewer], frames.get((viewer, "sent"), 0)
        for reason in (CLIENT, SERVER):
            yield "stillcam_viewer_frames_skipped", [camera, viewer, reason], frames.get((viewer, reason), 0)
    for width, feed in context.feeds.items():
        yield "stillcam_scaled_streams", [camera, width], feed.viewers
        yield "stillcam_scaled_frames", [camera, width], context.scaled.counts[width]
    if capture.get("running"):
        yield from _of_captures(camera, capture)
    yield from _of_series(camera, context.paths.series)
    try:
        films = Counter(film.state for film in FilmStore(context.paths).all())
    except OSError as error:
        logging.warning("cannot read the films in %s: %s", context.paths.films, error.strerror)
    else:
        for state in FILM_STATES:
            yield "stillcam_films", [camera, state], films[state]


def _of_captures(camera: str, capture: Mapping[str, Any]) -> Iterator[_Sample]:
    """What a daemon that answers has counted since its start."""
    for mode in MODES:
        yield "stillcam_capture_mode", [camera, mode], capture["mode"] == mode
    yield "stillcam_capture_interval_seconds", [camera], capture["interval_s"]
    yield "stillcam_captures", [camera, "ok"], capture["captures"]["ok"]
    for cause, count in sorted(capture["failures"].items()):
        yield "stillcam_captures", [camera, cause], count
    for cause, count in sorted(capture["restarts"].items()):
        yield "stillcam_camera_restarts", [camera, cause], count
    if profile := capture.get("profile"):
        for name in profile["names"]:
            yield "stillcam_profile_active", [camera, name], name == profile["active"]
    if motion := capture.get("motion"):
        yield "stillcam_motion_events", [camera], motion["counts"]["events"]
        for result in ("looked", "skipped", "dropped"):
            yield "stillcam_motion_frames", [camera, result], motion["counts"][result]
    if "motion" in capture:
        yield "stillcam_motion_armed", [camera], bool(motion and motion["armed"])
    if publish := capture.get("publish"):  # an older daemon does not send it
        buckets = [(f"{bound:g}", count) for bound, count in publish["buckets"]]
        yield "stillcam_publish_seconds", [camera], [*buckets, ("+Inf", publish["count"])], publish["sum_s"]


def _of_series(camera: str, folder: Path) -> Iterator[_Sample]:
    try:
        found = reader.states(folder)
    except OSError as error:
        logging.warning("cannot read the series in %s: %s", folder, error.strerror)
        return
    for series in found:
        name = series["name"]
        for state in SERIES_STATES:
            yield "stillcam_series_state", [camera, name, state], series["state"] == state
        yield "stillcam_series_shots", [camera, name, "taken"], series["taken"]
        yield "stillcam_series_shots", [camera, name, "missed"], series["missed"]
        yield "stillcam_series_bytes", [camera, name], series["bytes"]


def _of_board() -> Iterator[_Sample]:
    if (celsius := board.temperature_c()) is not None:
        yield "stillcam_temperature_celsius", (), celsius
    if (bits := board.throttled()) is not None:
        for condition in board.CONDITIONS:
            yield "stillcam_throttled", [condition.name], condition.is_now(bits)
            yield "stillcam_throttled_since_start", [condition.name], condition.was_since_boot(bits)
