"""Live frames to many viewers: publisher, server and viewers are processes of their own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from contestants import ROOT, Contestant
from processes import cpu_s

FPS = 15
FRAME_BYTES = 100_000
LAST_FRAME_S = 2.0  # for it to arrive
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Watched:
    """What all viewers of one round saw.

    Args:
        frames: how many were published.
        delivered: of them, to all viewers together.
        missing: of them, viewers that did not get one.
        ages_ms: from the moment a frame was taken to its last byte at a viewer.
        cpu_us: of the server for each delivered frame.
    """

    frames: int
    delivered: int
    missing: int
    ages_ms: list[float]
    cpu_us: float


def watch(server: Contestant, images: Path, viewers: int, seconds: float) -> Watched:
    """So many viewers of our server."""
    with watching(server.port, viewers) as crowd:
        before_s = cpu_s(server.pid)
        taken = publish(images, seconds)
        time.sleep(LAST_FRAME_S)
        used_s = cpu_s(server.pid) - before_s
        return count(crowd, taken, viewers, used_s)


def watch_bare(viewers: int, seconds: float) -> Watched:
    """The same number of viewers of a bare `sendall`."""
    argv = [str(HERE / "bare.py"), str(viewers), str(FPS), str(round(FPS * seconds)), str(FRAME_BYTES)]
    with _python(argv) as bare:
        assert bare.stdout and bare.stdin
        with watching(int(bare.stdout.readline()), viewers) as crowd:
            before_s = cpu_s(bare.pid)
            print(file=bare.stdin, flush=True)
            taken = json.loads(bare.stdout.readline())
            time.sleep(LAST_FRAME_S)
            return count(crowd, taken, viewers, cpu_s(bare.pid) - before_s)


@contextmanager
def watching(port: int, viewers: int, unread: int = 0) -> Iterator[subprocess.Popen[str]]:
    """Viewers who all have a first frame, and `unread` more who never read."""
    with _python([str(HERE / "viewers.py"), str(port), str(viewers), str(unread)]) as crowd:
        assert crowd.stdout
        if crowd.stdout.readline() != "ready\n":
            raise RuntimeError("the viewers failed: see above")
        yield crowd


def publish(images: Path, seconds: float, size: int = FRAME_BYTES, fps: int = FPS) -> list[float]:
    """Publish for so long, one frame at least; when each was taken."""
    argv = [str(HERE / "publisher.py"), str(images), str(fps), str(max(1, round(fps * seconds))), str(size)]
    with _python(argv) as publisher:
        return list(json.loads(publisher.communicate()[0]))


def count(crowd: subprocess.Popen[str], taken: list[float], viewers: int, used_s: float = 0.0) -> Watched:
    """End the watching, and hold what `viewers` saw against when frames were `taken` and the CPU time for them."""
    seen = json.loads(crowd.communicate("\n")[0])
    of_each = [seen.get(str(round(taken_s * 1000)), []) for taken_s in taken]
    delivered = sum(map(len, of_each))
    return Watched(
        frames=len(taken),
        delivered=delivered,
        missing=len(taken) * viewers - delivered,
        ages_ms=[age for one in of_each for age in one] or [float("inf")],
        cpu_us=1e6 * used_s / max(1, delivered),
    )


@contextmanager
def _python(argv: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A program of ours with pipes, until the end of `with`."""
    env = os.environ | {"PYTHONPATH": str(ROOT / "python")}
    child = subprocess.Popen([sys.executable, *argv], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def sockets(pid: int) -> int:
    """How many sockets a process has open."""
    count = 0
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            count += os.readlink(entry.path).startswith("socket:")
        except FileNotFoundError:
            continue
    return count
