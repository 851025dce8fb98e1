"""What daemon and server take while nobody looks: memory, processor time, wake-ups."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from processes import memory_mb
from report import Row, compared, measured
from simulated_site import Site, running

RATIO = 1.15
CPU_PERCENT = 0.05
SETTLED_S = 8.0  # after the start, until the list of cameras has been checked
MEMORY = "/dev/shm"  # tmpfs, as the folder of an installed daemon's pictures
BARE = ("-c", "import http.server, sys; sys.stdin.read()")


def at_rest(idle_s: float) -> Iterator[Row]:
    """A snapshot every 2 s, and no client."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield from _at_rest(Site(Path(folder) / "rest", "imx219"), idle_s)


def _at_rest(site: Site, idle_s: float) -> Iterator[Row]:
    site.compile()
    with site.daemon() as daemon:
        site.status(mode="snapshot")
        with (
            running("-m", "stillcam.server", environ=site.environ) as server,
            running(*BARE, environ=site.environ) as one,
            running(*BARE, environ=site.environ) as two,
        ):
            pids = daemon.pid, server.pid
            time.sleep(SETTLED_S)
            before = [(_cpu_s(pid), _wake_ups(pid)) for pid in pids]
            time.sleep(idle_s)
            after = [(_cpu_s(pid), _wake_ups(pid)) for pid in pids]
            ours_mb, bare_mb = (memory_mb(*pair) for pair in (pids, (one.pid, two.pid)))
            failed = site.ask("status")["captures"]["failed"]
    if failed:
        raise RuntimeError(f"{failed} captures of the simulated camera failed")
    yield compared("memory at rest, two Python with http.server", [ours_mb], [bare_mb], "{:.1f} MB", at_most=RATIO)
    for name, then, now, most in zip(("daemon", "server"), before, after, (CPU_PERCENT, None), strict=True):
        percent = 100 * (now[0] - then[0]) / idle_s
        yield measured(f"processor time of the {name} at rest, a still every 2 s", percent, "{:.3f} %", at_most=most)
        yield measured(f"wake-ups of the {name} at rest", (now[1] - then[1]) / idle_s, "{:.1f}/s")


def _cpu_s(pid: int) -> float:
    """Processor time of all its threads (sched-stats.rst), without children."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def _wake_ups(pid: int) -> int:
    """How often its threads have waited so far (proc(5))."""
    statuses = (path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status"))
    return sum(int(text.split("\nvoluntary_ctxt_switches:")[1].split()[0]) for text in statuses)
