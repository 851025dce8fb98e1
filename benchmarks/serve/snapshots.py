"""Rates, tails and processor time of a snapshot, with the default frame and with a larger one."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from urllib.request import urlopen

import live
from bench import Bench
from contestants import Contestant, bare_loop, flask, http_server, nginx, stillcam, ustreamer
from load import Load, wrk
from report import Row, compared

FRAMES = (104_000, 204_000)  # bytes: 1280x720, the default; and what goes out by sendfile
CONNECTIONS = (1, 16, 128)
LEAST = {  # what our rate must be, as a multiple of theirs
    "bare loop": {16: 0.9, 128: 0.9},
    "nginx": {1: 1.0, 16: 0.9, 128: 0.9},
    "ustreamer": {},
    "http.server": dict.fromkeys(CONNECTIONS, 5.0),
    "Flask": dict.fromkeys(CONNECTIONS, 20.0),
}
SERVERS = {"bare loop": bare_loop, "nginx": nginx, "ustreamer": ustreamer, "http.server": http_server, "Flask": flask}
ANSWERS = 40_000  # at least, for processor time


class SnapshotBench(Bench):
    """Requests on connections that stay open."""

    def rates(self) -> Iterator[Row]:
        """Against all others."""
        others = _installed()
        for size in FRAMES:
            self._publish(size)
            with self._running(stillcam, *(SERVERS[name] for name in others)) as servers:
                for connections in CONNECTIONS:
                    ours, *theirs = self._load(servers, connections)
                    for name, loads in zip(others, theirs, strict=True):
                        yield _rates(_work(size, connections, name), ours, loads, LEAST[name].get(connections))
            nginx_loads = theirs[others.index("nginx")]
            yield _tails(_work(size, connections, "nginx"), ours, nginx_loads, 1.3)

    def processor(self) -> Iterator[Row]:
        """Time of the server's process for one answer."""
        for size in FRAMES:
            self._publish(size)
            with self._running(stillcam, bare_loop) as both:
                sides = self._load(both, 16)
                while not self._quick and min(sum(load.answers for load in side) for side in sides) < ANSWERS:
                    sides = [side + more for side, more in zip(sides, self._load(both, 16), strict=True)]
            for what, target in ("user", 3), ("system", None):
                ours, theirs = (
                    [1e6 * sum(getattr(load, f"{what}_s") for load in side) / sum(load.answers for load in side)]
                    for side in sides
                )
                work = f"{what} time for an answer: {_work(size, 16, 'bare loop')}"
                yield compared(work, ours, theirs, "{:.1f} µs", at_most=target)

    def unchanged(self) -> Iterator[Row]:
        """304 against 200."""
        self._publish(FRAMES[0])
        with stillcam(self._folder) as server:
            with urlopen(server.url) as answer:
                known = {"If-None-Match": answer.headers["ETag"]}
            ours, theirs = self._in_turn([known, {}], lambda headers: wrk(server, 16, 1, headers))
        yield _rates("304, 16 connections, our own 200", ours, theirs, 2)

    def thousand(self) -> Iterator[Row]:
        """A thousand connections, against nginx."""
        for size in FRAMES:
            self._publish(size)
            with self._running(stillcam, nginx) as both:
                ours, theirs = self._load(both, 1000)
            work = _work(size, 1000, "nginx")
            yield _rates(work, ours, theirs, 0.9)
            yield _tails(work, ours, theirs, 3)
            errors, theirs_too = (sum(load.errors for load in side) for side in (ours, theirs))
            yield Row(f"errors: {work}", f"{errors}", f"{theirs_too}", "", "none", not errors)

    def https(self) -> Iterator[Row]:
        """Over TLS, on connections that stay open, against nginx."""
        self._publish(FRAMES[0])
        with self._running(partial(stillcam, tls=True), partial(nginx, tls=True)) as both:
            for connections in (1, 16):
                ours, theirs = self._load(both, connections)
                yield _rates(f"HTTPS: {_work(FRAMES[0], connections, 'nginx')}", ours, theirs, None)

    def _publish(self, size: int) -> None:
        live.publish(self._images, 0, size)

    def _load(self, servers: Sequence[Contestant], connections: int) -> list[list[Load]]:
        seconds = 1 if connections < 1000 else 2
        return self._in_turn(servers, lambda server: wrk(server, connections, seconds))


def _installed() -> list[str]:
    """The names of the servers that are here."""
    absent = []
    if find_spec("flask") is None:
        absent.append(("Flask", f"{sys.executable} -m pip install flask"))
    if shutil.which("ustreamer") is None:
        absent.append(("ustreamer", "apt install ustreamer"))
    for name, command in absent:
        print(f"benchmarks/serve: without {name}, which is not installed: {command}", file=sys.stderr)
    return [name for name in SERVERS if name not in dict(absent)]


def _work(size: int, connections: int, other: str) -> str:
    return f"{size // 1000} kB, {connections:,} connection{'s' if connections > 1 else ''}, {other}"


def _rates(work: str, ours: list[Load], theirs: list[Load], target: float | None) -> Row:
    return compared(work, [load.rate for load in ours], [load.rate for load in theirs], "{:,.0f}/s", at_least=target)


def _tails(work: str, ours: list[Load], theirs: list[Load], target: float) -> Row:
    p99s = [[load.p99_ms for load in side] for side in (ours, theirs)]
    return compared(f"p99: {work}", p99s[0], p99s[1], "{:.1f} ms", at_most=target)
