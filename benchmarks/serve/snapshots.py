"""Rates and tails of a 200 kB snapshot."""

import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from statistics import median
from urllib.request import urlopen

import live
from bench import Bench
from contestants import Contestant, flask, http_server, nginx, stillcam
from load import Load, wrk
from report import Row, ratio

FRAME_BYTES = 200_000


class SnapshotBench(Bench):
    """Requests on connections that stay open."""

    def nginx(self) -> Iterator[Row]:
        """Against nginx."""
        self._publish()
        with self._running(stillcam, nginx) as both:
            for connections, target in ((1, 1.0), (16, 1.0), (128, 0.9)):
                ours, theirs = self._load(both, connections)
                yield _rates(f"200 kB snapshot, {_connections(connections)}, nginx", ours, theirs, target)
            yield _tails("p99 at 128 connections, nginx", ours, theirs, 2)

    def python(self) -> Iterator[Row]:
        """Against what one would take in Python."""
        self._publish()
        others = {"python3 -m http.server": http_server, "Flask": flask}
        if find_spec("flask") is None:
            print(f"without Flask, which is not here: {sys.executable} -m pip install flask", file=sys.stderr)
            del others["Flask"]
        for name, other in others.items():
            with self._running(stillcam, other) as both:
                for connections in (1, 16, 128):
                    ours, theirs = self._load(both, connections)
                    yield _rates(f"200 kB snapshot, {_connections(connections)}, {name}", ours, theirs, 8)

    def unchanged(self) -> Iterator[Row]:
        """304 against 200."""
        self._publish()
        with stillcam(self._folder) as server:
            with urlopen(server.url) as answer:
                known = {"If-None-Match": answer.headers["ETag"]}
            ours, theirs = self._in_turn([known, {}], lambda headers: wrk(server.url, 16, self._seconds, headers))
            yield _rates("304, 16 connections, our own 200", ours, theirs, 1.3)

    def thousand(self) -> Iterator[Row]:
        """A thousand connections, against nginx."""
        self._publish()
        with self._running(stillcam, nginx) as both:
            ours, theirs = self._load(both, 1000)
        yield _rates("200 kB snapshot, 1,000 connections, nginx", ours, theirs, None)
        yield _tails("p99 at 1,000 connections, nginx", ours, theirs, 3)
        errors, theirs_too = (sum(load.errors for load in side) for side in (ours, theirs))
        yield Row("errors at 1,000 connections, nginx", f"{errors}", f"{theirs_too}", "", "none", not errors)

    @property
    def _seconds(self) -> int:
        return 1 if self._quick else 3

    def _publish(self) -> None:
        live.publish(self._images, 0, FRAME_BYTES)

    def _load(self, servers: Sequence[Contestant], connections: int) -> list[list[Load]]:
        seconds = self._seconds if connections < 1000 else 2 * self._seconds
        return self._in_turn(servers, lambda server: wrk(server.url, connections, seconds))


def _rates(work: str, ours: list[Load], theirs: list[Load], target: float | None) -> Row:
    result = ratio([load.rate for load in ours], [load.rate for load in theirs])
    our_rate, their_rate = (f"{median(load.rate for load in side):,.0f}/s" for side in (ours, theirs))
    if target is None:
        return Row(work, our_rate, their_rate, f"{result:.2f} ×")
    return Row(work, our_rate, their_rate, f"{result:.2f} ×", f"≥ {target:g} ×", result >= target)


def _tails(work: str, ours: list[Load], theirs: list[Load], target: float) -> Row:
    result = ratio([load.p99_ms for load in ours], [load.p99_ms for load in theirs])
    our_ms, their_ms = (f"{median(load.p99_ms for load in side):.1f} ms" for side in (ours, theirs))
    return Row(work, our_ms, their_ms, f"{result:.2f} ×", f"≤ {target:g} ×", result <= target)


def _connections(count: int) -> str:
    return "1 connection" if count == 1 else f"{count} connections"
