"""Programs of others that ask a server, and the frames that they shall see."""

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pictures import picture
from serving import DEADLINE_S, ROOT, Site

FRAME_SIZE = (320, 240)
COLOURS = ("red", "green", "blue", "white")


def output(*argv: str | Path) -> bytes:
    """What a program that ends by itself gives on its standard output; it must succeed."""
    done = subprocess.run(list(map(str, argv)), capture_output=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, f"{argv}: {done.returncode}\n{done.stderr.decode()}"
    return done.stdout


def run(*argv: str | Path) -> str:
    """The same as text."""
    return output(*argv).decode()


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for `name` with its key, and the one of the authority that signed it.

    Both are made below `folder` by `stillcam certificate`.
    """
    environ = os.environ | {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(folder)}
    argv = [sys.executable, "-m", "stillcam", "certificate", "--json", name]
    done = subprocess.run(argv, env=environ, capture_output=True, timeout=DEADLINE_S, check=True)
    told = json.loads(done.stdout)
    return Path(told["certificate"]), Path(told["authority"])


@contextmanager
def running(argv: Sequence[str | Path], log: Path, environ: Mapping[str, str] | None = None) -> Iterator["Running"]:
    """A program in the foreground until the end of `with`, all that it says in `log`."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            list(map(str, argv)), env=environ, stdout=said, stderr=said, stdin=subprocess.DEVNULL
        )
    try:
        yield Running(process, log)
    finally:
        process.terminate()
        try:
            process.wait(DEADLINE_S)
        finally:
            process.kill()
            process.wait()


class Running:
    """A program that runs."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until `holds` gives something that counts as true, and return that."""
        deadline = time.monotonic() + DEADLINE_S
        pause_s = 0.02
        while not (result := holds()):
            assert self.process.poll() is None, f"{self.process.args!r} ended\n{self.said()}"
            assert time.monotonic() < deadline, f"{self.process.args!r}: not in time\n{self.said()}"
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.2, 0.1)  # what takes long is asked less often
        return result

    def said(self) -> str:
        """All that it has said."""
        return self._log.read_text(errors="replace")


@contextmanager
def filming(site: Site, fps: float = 15) -> Iterator[None]:
    """Frames in changing colours at a steady pace, until the end of `with`."""
    frames = [picture(FRAME_SIZE, colour) for colour in COLOURS]
    site.publish(frames[-1])
    ended = threading.Event()

    def publish() -> None:
        for frame in itertools.cycle(frames):
            if ended.wait(1 / fps):
                return
            still = site.images / ".still_1.jpg"
            still.write_bytes(frame)
            site.publisher.publish(still, time.time())

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
