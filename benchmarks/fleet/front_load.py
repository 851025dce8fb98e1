"""Viewers of one camera behind nginx, with deploy/nginx/stillcam.conf: which of their requests reach the camera."""

import json
import re
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from front import NAME, SETTINGS, Front, in_front_of
from pictures import picture
from processes import cpu_s, family, memory_mb
from programs import certificate, filming
from report import Row, measured
from serving import Site

SIZE = (1280, 720)
FPS = 0.5
PICTURE = "images/current.jpg"
GROUP = 500  # viewers that arrive at once
CONNECTED_S = 600  # on a busy machine
NOT_LOGGED = {**SETTINGS, "server": {}}


@dataclass(frozen=True, slots=True)
class Load:
    """What so many viewers saw, and what reached the camera."""

    rate: float  # requests that nginx answers, per second
    refused: int
    errors: int
    p99_ms: float
    reached: float  # requests that reach the camera, per second
    nginx: float  # seconds of processor time per second
    nginx_mb: float


@contextmanager
def site_and_front(folder: Path) -> Iterator[tuple[Site, Front]]:
    """A camera server without a picture, and nginx before it."""
    pem, authority = certificate(folder, NAME)
    with Site(folder, NOT_LOGGED) as site, in_front_of(site, folder / "nginx", pem, authority) as front:
        yield site, front


def viewers(folder: Path, quick: bool) -> Iterator[Row]:
    """Viewers poll the picture every 2 s over TLS; then there is no picture at all."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 100
    numbers = [min(number, most) for number in ((100, 1000) if quick else (100, 1000, 10_000))]
    seconds = 10 if quick else 60
    with site_and_front(folder) as (site, front):
        nothing = load(site, front, folder, numbers[1], seconds)
        site.publish(picture(SIZE))
        with filming(site, FPS):
            site.until(lambda: front.get(PICTURE)[0] == 200)  # nginx keeps for a second that there is no picture
            loads = [load(site, front, folder, number, seconds) for number in numbers]
    for number, seen in zip(numbers, loads, strict=True):
        words = f"{number:,} viewers behind nginx, a picture every 2 s"
        yield reached(words, seen, 1)
        yield measured(f"{words}: p99", seen.p99_ms, "{:.0f} ms", at_most=1000)
        yield measured(f"{words}: errors", seen.errors + seen.refused, "{:.0f}", at_most=0)
    yield measured(f"{words}: nginx's processor time for a request", 1e6 * seen.nginx / seen.rate, "{:.0f} µs")
    yield measured(f"{words}: nginx's memory", seen.nginx_mb, "{:.0f} MB")
    yield reached(f"{numbers[1]:,} viewers behind nginx, while there is no picture", nothing, 3)


def pages(folder: Path, quick: bool) -> Iterator[Row]:
    """Open pages and streams of viewers without credentials: how many connections of the camera server they hold."""
    number = 200 if quick else 1000
    with site_and_front(folder) as (site, front):
        site.publish(picture())
        for path, words, limit in (("api/events", "open pages", 100), ("stream", "viewers of the stream", 200)):
            argv = ["wrk", "--threads", "1", "--connections", str(number), "--duration", "5s", "--timeout", "30s",
                    "--header", f"Host: {NAME}", address(front) + path]  # fmt: skip
            with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as wrk:
                most = 0
                while wrk.poll() is None:
                    most = max(most, connections(site.port))
                    time.sleep(0.1)
            target = limit + 20  # those that nginx keeps open
            yield Row(f"{number:,} {words}: connections to the camera", str(most), str(number),
                      f"{most / number:.2f} ×", f"≤ {target}", most <= target)  # fmt: skip


def reached(words: str, seen: Load, at_most: float) -> Row:
    """The row of requests at the camera, beside those at nginx."""
    return Row(f"{words}: requests that reach the camera", f"{seen.reached:.2f}/s", f"{seen.rate:,.0f}/s",
               f"{seen.reached / seen.rate:.5f} ×", f"≤ {at_most:g}/s", seen.reached <= at_most)  # fmt: skip


def load(site: Site, front: Front, folder: Path, number: int, seconds: int) -> Load:
    """So many viewers, for so long from when all of them are connected; they arrive in groups.

    Raises:
        RuntimeError: they could not connect.
    """
    master = int((folder / "nginx/nginx.pid").read_text())
    port = int(address(front).split(":")[2].partition("/")[0])
    groups: list[subprocess.Popen[str]] = []
    try:
        while (there := GROUP * len(groups)) < number:
            groups.append(group(front, min(GROUP, number - there)))
            wait_for(port, min(there + GROUP, number))
        nginx = family(master)
        before, cpu_before_s, began_s = answered(site), cpu_s(*nginx), time.monotonic()
        time.sleep(seconds)  # what happens in this time is measured
        reached, elapsed_s = answered(site) - before, time.monotonic() - began_s
        nginx_s, mb = cpu_s(*nginx) - cpu_before_s, memory_mb(*nginx)
    finally:
        for wrk in groups:
            wrk.send_signal(signal.SIGINT)
        said = [wrk.communicate()[0] for wrk in groups]
    figures = [json.loads(text.splitlines()[-1]) for text in said]
    p99_ms = max(each["p99_us"] for each in figures) / 1000
    refused, errors = (sum(each[name] for each in figures) for name in ("refused", "errors"))
    rate = sum(each["requests"] / each["duration_us"] for each in figures) * 1e6
    return Load(rate, refused, errors, p99_ms, reached / elapsed_s, nginx_s / elapsed_s, mb)


def group(front: Front, number: int) -> "subprocess.Popen[str]":
    """wrk with so many viewers, until SIGINT."""
    argv = ["wrk", "--threads", "1", "--connections", str(number), "--duration", "1h", "--timeout", "10s",
            "--header", f"Host: {NAME}", "--script", str(Path(__file__).with_name("poll.lua")),
            address(front) + PICTURE]  # fmt: skip
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)


def wait_for(port: int, number: int) -> None:
    """Until the program at `port` has so many connections."""
    deadline_s = time.monotonic() + CONNECTED_S
    while (there_are := connections(port)) < number:
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"{there_are} of {number} viewers are connected after {CONNECTED_S} s")
        time.sleep(0.5)


def address(front: Front) -> str:
    """That of nginx, for a program that cannot be told where a name is."""
    return front.url.replace(NAME, "127.0.0.1")


def answered(site: Site) -> int:
    """How many requests for the picture the camera server has answered."""
    text = site.ask("/metrics")[1].decode()
    found = re.findall(r'^stillcam_http_requests_total\{route="images/current.jpg",.*\} (\S+)$', text, re.MULTILINE)
    return int(sum(map(float, found)))


def connections(port: int) -> int:
    """How many connections the program that listens at `port` has."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "01" for line in lines)
