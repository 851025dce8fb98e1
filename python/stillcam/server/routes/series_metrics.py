"""What `/metrics` tells of series: read from their folders, so that it is there without the capture daemon too."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stillcam.series import reader

if TYPE_CHECKING:
    from prometheus_client import Metric

STATES = ("planned", "running", "paused", "finished", "failed")


def of_series(folders: Iterable[tuple[str, Path]]) -> Iterator[Metric]:
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
            for name in STATES:
                state.add_metric([*which, name], one["state"] == name)
            shots.add_metric([*which, "taken"], one["taken"])
            shots.add_metric([*which, "missed"], one["missed"])
            size.add_metric(which, one["bytes"])
    yield from (family for family in (state, shots, size) if family.samples)
