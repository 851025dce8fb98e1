"""What the daemon adds to the camera: time from the closed file to the swapped link, start, memory, CPU.

Run it as `PYTHONPATH=python .venv/bin/python benchmarks/capture [--quick]`. Everything is measured in one run, ours and
the bare thing in turn.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path

from PIL import Image

sys.path.append(str(Path(__file__).resolve().parents[1]))

from report import Row, compared, measured, percentile, print_table, ratio

from stillcam.camera.driver import Still
from stillcam.capture.publish_frame import FramePublisher
from stillcam.capture.status import Histogram
from stillcam.ipc.protocol import ask

ROOT = Path(__file__).resolve().parents[2]
ROUNDS, QUICK_ROUNDS = 100, 10
IDLE_S, QUICK_IDLE_S = 30.0, 4.0
SIZES = ((1280, 720), (4608, 2592))
PACE_S = 0.006  # a camera's: the daemon lets a replaced frame live for 5 ms

Work = Callable[[], object]


def photograph(size: tuple[int, int]) -> list[bytes]:
    """Two different JPEGs of a photograph's entropy."""
    pictures = []
    for sigma in (20, 21):
        noise = Image.effect_noise((size[0] // 4, size[1] // 4), sigma).resize(size).convert("RGB")
        buffer = io.BytesIO()
        noise.save(buffer, "JPEG", quality=90)
        pictures.append(buffer.getvalue())
    return pictures


def in_turn(rounds: int, prepare: Callable[[int], None], *works: Work) -> list[list[float]]:
    """Milliseconds of each round of each work, without its preparation; the works take turns, so that load hits all."""
    taken: list[list[float]] = [[] for _ in works]
    for n in range(-5, rounds):  # the first ones warm up
        for times, work in zip(taken, works, strict=True):
            prepare(n)
            began = time.perf_counter()
            work()
            if n >= 0:
                times.append((time.perf_counter() - began) * 1000)
    return taken


def swap_row(work: str, bare: list[float], ours: list[float]) -> Row:
    """Of p50 and p99."""
    texts = [f"{percentile(side, 50):.2f} ms, p99 {percentile(side, 99):.2f} ms" for side in (ours, bare)]
    return Row(work, texts[0], texts[1], f"{ratio(ours, bare):.2f} ×")


def swap(folder: Path, rounds: int) -> Iterator[Row]:
    """From the camera's closed file to `current.jpg`."""
    still, other = folder / ".still_1.jpg", folder / "other.jpg"
    jpegtran = shutil.which("jpegtran")
    for size in SIZES:
        work = f"closed file to current.jpg, {size[0]}x{size[1]}"
        pictures = photograph(size)

        def prepare(n: int, pictures: list[bytes] = pictures) -> None:
            time.sleep(PACE_S)
            other.unlink(missing_ok=True)  # a file system may flush what replaces a file
            still.write_bytes(pictures[n % 2])

        def publish(publisher: FramePublisher) -> Work:
            return lambda: publisher.publish(Still(still, time.time()))

        straight = FramePublisher(folder, 0, jpegtran, Histogram())
        yield swap_row(f"{work}, rename", *in_turn(rounds, prepare, lambda: still.rename(other), publish(straight)))
        if jpegtran:
            argv = [jpegtran, "-rotate", "90", "-trim", "-copy", "all", "-outfile", str(other), str(still)]
            turning, bare = FramePublisher(folder, 90, jpegtran, Histogram()), partial(subprocess.run, argv, check=True)
            yield swap_row(f"{work}, turned by 90°, jpegtran", *in_turn(rounds, prepare, bare, publish(turning)))


def resident_kb(pid: int) -> int:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def cpu_s(pid: int) -> float:
    """CPU time that a process has used itself, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(*argv: str, environ: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process, ended with the block."""
    child = subprocess.Popen([sys.executable, *argv], env=environ, stdin=subprocess.PIPE)
    try:
        yield child
    finally:
        child.terminate()
        child.wait()


def wait_for(path: Path, child: subprocess.Popen[bytes]) -> None:
    """Wait until the file is there; raises RuntimeError when the process that is to make it has ended."""
    while not path.exists():
        if child.poll() is not None:
            raise RuntimeError(f"{child.args!r} has ended with status {child.returncode}")
        time.sleep(0.005)


def processes(folder: Path, idle_s: float) -> Iterator[Row]:
    """Start, memory and CPU of daemon and server."""
    images = folder / "frames"
    environ = os.environ | {
        "PYTHONPATH": str(ROOT / "python"),
        "STILLCAM_CAMERA": "simulated",
        "STILLCAM_IMAGES": str(images),
        "STILLCAM_DATA": str(folder / "data"),
        "STILLCAM_SIMULATED_DIR": str(folder / "simulated"),
        "STILLCAM_BIND": "127.0.0.1",
        "STILLCAM_PORT": "0",
    }
    (folder / "simulated").mkdir()
    still = ["-m", "stillcam.camera.simulated", "rpicam-still", "--nopreview", "--width", "1280", "--height", "720"]
    began = time.perf_counter()
    call = [sys.executable, *still, "--immediate", "--output", str(folder / "bare.jpg")]
    subprocess.run(call, env=environ, check=True, stderr=subprocess.DEVNULL)
    bare_s = time.perf_counter() - began
    idle = ("-c", "import http.server, sys; sys.stdin.read()")
    began = time.perf_counter()
    with running("-m", "stillcam.capture", environ=environ) as daemon:
        wait_for(images / "current.jpg", daemon)
        ours_s = time.perf_counter() - began
        yield compared("start to first frame, the camera program alone", [ours_s], [bare_s], "{:.2f} s")
        with running("-m", "stillcam.server", environ=environ) as server, running(*idle) as one, running(*idle) as two:
            time.sleep(5)
            before_s = cpu_s(daemon.pid)
            time.sleep(idle_s)
            share = (cpu_s(daemon.pid) - before_s) / idle_s
            ours_kb, bare_kb = (sum(resident_kb(p.pid) for p in pair) for pair in ((daemon, server), (one, two)))
            failed = ask(folder / "data/run/capture.sock", {"command": "status"})["captures"]["failed"]
    if failed:
        raise RuntimeError(f"{failed} captures of the simulated camera failed")
    yield compared(
        "memory at rest, two bare interpreters with http.server", [ours_kb / 1000], [bare_kb / 1000], "{:.1f} MB"
    )
    yield measured("the daemon's own processor time, a still every 2 s", 100 * share, "{:.2f} %")


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(prog="benchmarks/capture", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="short: to see that it works")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print_table(
            chain(swap(folder, QUICK_ROUNDS if quick else ROUNDS), processes(folder, QUICK_IDLE_S if quick else IDLE_S))
        )


if __name__ == "__main__":
    main()
