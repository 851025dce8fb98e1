"""What `/metrics` tells of films: read from their records, so that it is there without the capture daemon too."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from stillcam.common.paths import Paths
from stillcam.films.record import STATES
from stillcam.films.store import Shelf

if TYPE_CHECKING:
    from prometheus_client import Metric


def of_films(cameras: Iterable[Paths]) -> Iterator[Metric]:
    """How many films there are in each state.

    Args:
        cameras: the folders of each.
    """
    from prometheus_client.core import GaugeMetricFamily as Gauge

    films = Gauge("stillcam_films", "Films, contact sheets and keograms by state.", labels=["camera", "state"])
    for paths in cameras:
        try:
            counted = Counter(film.state for film in Shelf(paths).all())
        except OSError as error:
            logging.warning("cannot read the films in %s: %s", paths.films, error.strerror)
            continue
        for state in STATES:
            films.add_metric([str(paths.number), state], counted[state])
    yield films
