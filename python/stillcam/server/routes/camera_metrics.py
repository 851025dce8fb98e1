"""What `/metrics` tells of each camera: the label `camera` is its number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stillcam import __version__
from stillcam.server.camera_context import Station

if TYPE_CHECKING:
    from prometheus_client import Metric

MODES = ("starting", "snapshot", "live", "photo", "video", "series", "no camera")

_Told = Sequence[tuple[Station, Mapping[str, Any]]]  # each with what its daemon says


def of_cameras(stations: Sequence[Station]) -> Iterator[Metric]:
    """All of it, as it is now."""
    from prometheus_client.core import GaugeMetricFamily as Gauge
    from prometheus_client.core import InfoMetricFamily as Info

    Station.refresh(stations)
    told = [(station, station.link.status()) for station in stations]
    about = Info("stillcam", "What runs.", labels=["camera"])
    for station, capture in told:
        model = (capture.get("camera") or {}).get("model", "")
        about.add_metric(
            [station.number],
            {"version": __version__, "driver": str(capture.get("driver", "")), "model": str(model)},
        )
    yield about
    yield from _of_frames(told)
    if answering := [(station, capture) for station, capture in told if capture.get("running")]:
        yield from _of_captures(answering)
    viewers = Gauge("stillcam_viewers", "Who watches live: streams, and requests that wait for the next frame.",
                    labels=["camera"])  # fmt: skip
    for station in stations:
        viewers.add_metric([station.number], len(station.viewers))
    yield viewers


def _of_frames(told: _Told) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily as Count
    from prometheus_client.core import GaugeMetricFamily as Gauge

    label = ["camera"]
    seen = Count("stillcam_frames", "Frames that this server has seen.", labels=label)
    stale = Gauge("stillcam_frame_stale", "1: the newest frame is older than 3 intervals + 5 s, or there is none.",
                  labels=label)  # fmt: skip
    age = Gauge("stillcam_frame_age_seconds", "Age of the newest frame.", labels=label)
    size = Gauge("stillcam_frame_bytes", "Size of the newest frame.", labels=label)
    for station, capture in told:
        newest, number = station.cache.newest, [station.number]
        seen.add_metric(number, newest.sequence if newest else 0)
        stale.add_metric(number, station.freshness.stale(newest, capture))
        if newest is not None:
            age.add_metric(number, newest.age_s())
            size.add_metric(number, len(newest.picture))
    yield from (seen, stale, age, size)


def _of_captures(told: _Told) -> Iterator[Metric]:
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
    for station, capture in told:
        number = station.number
        for name in MODES:
            mode.add_metric([number, name], capture["mode"] == name)
        interval.add_metric([number], capture["interval_s"])
        captures.add_metric([number, "ok"], capture["captures"]["ok"])
        for cause, count in sorted(capture["failures"].items()):
            captures.add_metric([number, cause], count)
        for cause, count in sorted(capture["restarts"].items()):
            restarts.add_metric([number, cause], count)
        if publish := capture.get("publish"):  # a daemon that is older than this server does not tell
            buckets = [(f"{bound:g}", count) for bound, count in publish["buckets"]]
            took.add_metric([number], [*buckets, ("+Inf", publish["count"])], publish["sum_s"])
    yield from (mode, interval, captures, restarts)
    if took.samples:
        yield took
