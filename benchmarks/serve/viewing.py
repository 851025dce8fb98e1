"""Many live viewers: whether each frame arrives, how old it is then, and what it costs."""

import time
from collections.abc import Iterator
from statistics import median

import live
from bench import Bench
from contestants import stillcam
from live import Watched
from processes import memory_mb
from report import Row, measured, percentile, ratio

VIEWERS = 300
UNREAD = 50
CROWD, CROWD_FPS = 1000, 5
DROPPED_BY_S = 35  # a write may stall for 20 s, and the socket's buffer fills up before
AGE_MS = 25
SETTLE_S = 2.0  # for the connection that has asked whether the server answers to be closed


class ViewingBench(Bench):
    """100 kB frames at 15 a second, or at 5 for a thousand viewers."""

    ROUNDS = 3

    def live(self) -> Iterator[Row]:
        """Against a bare `sendall`."""
        seconds = 3 if self._quick else 10
        self._publish()
        with stillcam(self._folder) as server:
            ours, bare = self._in_turn(
                [
                    lambda: live.watch(server, self._images, VIEWERS, seconds),
                    lambda: live.watch_bare(VIEWERS, seconds),
                ],
                lambda watch: watch(),
            )
        work = f"{VIEWERS} live viewers"
        yield _missing(f"{work}: frames that did not arrive", ours, bare)
        yield _ages(f"{work}: median age", 50, ours, bare)
        yield _ages(f"{work}: p99 of the age", 99, ours, bare, AGE_MS)
        our_us, bare_us = ([seen.cpu_us for seen in side] for side in (ours, bare))
        result = ratio(our_us, bare_us)
        figures = f"{median(our_us):.0f} µs", f"{median(bare_us):.0f} µs", f"{result:.2f} ×"
        yield Row(f"{work}: CPU for each delivered frame, bare sendall", *figures, "≤ 1.2 ×", result <= 1.2)

    def stuck(self) -> Iterator[Row]:
        """Some of them never read. One round: it takes long, and has many frames."""
        readers = VIEWERS - UNREAD
        self._publish()
        with stillcam(self._folder) as server:
            time.sleep(SETTLE_S)
            idle = live.sockets(server.pid)
            with live.watching(server.port, readers, UNREAD) as crowd:
                taken = live.publish(self._images, DROPPED_BY_S)
                left = live.sockets(server.pid) - idle - readers
                seen = [live.count(crowd, taken, readers)]
        work = f"{UNREAD} of {VIEWERS} never read"
        yield _missing(f"{work}: frames that did not reach the others", seen)
        yield _ages(f"{work}: p99 of the others' age", 99, seen, target_ms=AGE_MS)
        yield Row(f"{work}: still connected after {DROPPED_BY_S} s", f"{left}", "", "", "none", not left)

    def memory(self) -> Iterator[Row]:
        """What each viewer takes."""
        self._publish()
        taken_kb = []
        for _ in range(self._rounds):
            with stillcam(self._folder) as server:
                with live.watching(server.port, 1):  # what the first one loads is nobody's share
                    live.publish(self._images, 0.5)
                idle_mb = memory_mb(server.pid)
                with live.watching(server.port, VIEWERS):
                    live.publish(self._images, 3)
                    taken_kb.append(1000 * (memory_mb(server.pid) - idle_mb) / VIEWERS)
        each_kb = median(taken_kb)
        yield Row(f"memory for each of {VIEWERS} live viewers", f"{each_kb:.0f} kB", "", "", "≤ 30 kB", each_kb <= 30)

    def crowd(self) -> Iterator[Row]:
        """A thousand viewers of fewer frames."""
        self._publish()
        with stillcam(self._folder) as server:
            with live.watching(server.port, 1):
                live.publish(self._images, 0.5)
            idle_mb = memory_mb(server.pid)
            with live.watching(server.port, CROWD) as crowd:
                taken = live.publish(self._images, 2 if self._quick else 10, fps=CROWD_FPS)
                time.sleep(live.LAST_FRAME_S)
                each_kb = 1000 * (memory_mb(server.pid) - idle_mb) / CROWD
                seen = live.count(crowd, taken, CROWD)
        work = f"{CROWD:,} live viewers, {CROWD_FPS} frames a second"
        yield _missing(f"{work}: frames that did not arrive", [seen])
        yield _ages(f"{work}: p99 of the age", 99, [seen])
        yield measured(f"memory for each of {CROWD:,} live viewers", each_kb, "{:.0f} kB", at_most=30)

    def _publish(self) -> None:
        live.publish(self._images, 0)


def _missing(work: str, ours: list[Watched], bare: list[Watched] | None = None) -> Row:
    our_text, bare_text = (
        f"{sum(seen.missing for seen in side)} of {sum(seen.missing + seen.delivered for seen in side):,}"
        if side
        else ""
        for side in (ours, bare)
    )
    return Row(work, our_text, bare_text, "", "none", not any(seen.missing for seen in ours))


def _ages(
    work: str, percent: int, ours: list[Watched], bare: list[Watched] | None = None, target_ms: float | None = None
) -> Row:
    our_ms = median(percentile(seen.ages_ms, percent) for seen in ours)
    bare_text = result = ""
    if bare:
        bare_ms = median(percentile(seen.ages_ms, percent) for seen in bare)
        bare_text, result = f"{bare_ms:.1f} ms", f"{our_ms / bare_ms:.2f} ×"
    if target_ms is None:
        return Row(work, f"{our_ms:.1f} ms", bare_text, result)
    return Row(work, f"{our_ms:.1f} ms", bare_text, result, f"≤ {target_ms:g} ms", our_ms <= target_ms)
