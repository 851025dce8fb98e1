"""A library of a million items over ten years, and a day of 60,000, asked by a browser's requests; and a ZIP.

Run it as `PYTHONPATH=python .venv/bin/python benchmarks/library [--items N] [--quick]`. The server is a process of its
own with a library on disk. Its files are hard links to a few: a list asks for names and sizes only. While somebody
looks at the large day, the camera takes a photo a second.
"""

import argparse
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.append(str(Path(__file__).resolve().parents[1]))

from report import TITLE, Row, compared, measured, percentile

from stillcam.accounts import Accounts
from stillcam.accounts.passwords import hashed
from stillcam.library.names import day_of, stem_of

ROOT = Path(__file__).resolve().parents[2]
ITEMS, QUICK_ITEMS, DAYS = 1_000_000, 10_000, 3650
DAY_ITEMS, QUICK_DAY_ITEMS = 60_000, 3_000
MAX_LINKS = 60_000  # to one file: ext4 has 65,000
MOST_DELETED = 10_000
PAGES = 400  # of those between the first and the last, as many as are asked for
ZIPPED, ZIPPED_BYTES = 256, 4 << 20  # 1 GiB
ROUNDS = 5  # of archives
FIRST_S = datetime(2016, 11, 20, tzinfo=UTC).timestamp()
LARGE_DAY_S = FIRST_S + (DAYS + 2) * 86400  # after all others
KINDS = {"photo": ("jpg", "json"), "raw": ("dng", "jpg", "json"), "video": ("mp4", "jpg", "json")}
KINDS["motion"] = KINDS["video"]


class Links:
    """Makes files that are hard links to a few in `folder`: a million items need no two million inodes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._made = 0

    def make(self, path: Path) -> None:
        source = self._folder / str(self._made // MAX_LINKS)
        if self._made % MAX_LINKS == 0:
            source.write_bytes(b"{}")
        os.link(source, path)
        self._made += 1


def make_items(root: Path, links: Links, items: int, first_s: float, days: float) -> None:
    """Items with the names and the sidecars of real ones, evenly over some days; what they hold does not matter."""
    made = set[Path]()
    for number in range(items):
        time_s = first_s + number * days * 86400 / items
        rare = {0: "video", 100: "motion"}.get(number % 200)
        kind = rare or ("raw" if number % 50 == 0 else "photo")
        folder = root / day_of(time_s)
        if folder not in made:
            folder.mkdir(parents=True, exist_ok=True)
            made.add(folder)
        stem = stem_of(kind, time_s, "imx708" if number % 3 else "imx477")
        for extension in KINDS[kind]:
            links.make(folder / f"{stem}.{extension}")


class Server:
    """A server of ours on `data`; `ask` is a connection that stays open."""

    def __init__(self, folder: Path) -> None:
        self._data = folder
        accounts = Accounts(folder)
        accounts.users.add("owner", hashed("a long password"), "owner")
        _, self._token = accounts.tokens.add("benchmark", "control")
        images = folder / "images"
        images.mkdir()
        (images / "camera_20261120T234501.123Z.jpg").write_bytes(b"\xff\xd8" + bytes(200_000) + b"\xff\xd9")
        (images / "current.jpg").symlink_to("camera_20261120T234501.123Z.jpg")
        environ = os.environ | {
            "PYTHONPATH": str(ROOT / "python"), "STILLCAM_BIND": "127.0.0.1", "STILLCAM_PORT": "0",
            "STILLCAM_DATA": str(folder), "STILLCAM_IMAGES": str(images),
        }  # fmt: skip
        self._log = folder / "log"
        began = time.monotonic()
        with self._log.open("wb") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "stillcam.server"], env=environ, stderr=log)
        while " port " not in (said := self._log.read_text()):
            time.sleep(0.005)
        self.started_s = time.monotonic() - began
        self._port = int(said.rpartition(" port ")[2].split()[0])
        self.link = http.client.HTTPConnection("127.0.0.1", self._port)

    def ask(self, path: str, body: Any = None, link: http.client.HTTPConnection | None = None) -> Any:
        """The JSON document, or the bytes."""
        link = link or self.link
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        link.request(
            "POST" if body is not None else "GET", path, json.dumps(body) if body is not None else None, headers
        )
        response = link.getresponse()
        data = response.read()
        assert response.status < 300, (path, response.status, data[:200])
        return json.loads(data) if response.headers["Content-Type"] == "application/json" else data

    def another_link(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port)

    def memory_mb(self) -> float:
        """What of its memory is in use."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    try:
        yield server
    finally:
        server.end()


def show(row: Row) -> None:
    print(row, flush=True)


def show_times(work: str, taken: list[float], at_most: float | None = None) -> None:
    """Two rows, milliseconds."""
    for percent in (50, 99):
        show(measured(f"{work}, p{percent}", percentile(taken, percent), "{:.1f} ms", at_most=at_most))


def timed(work: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return (time.perf_counter() - began) * 1000, result


def walk(server: Server, query: str = "", pages: int | None = None) -> tuple[list[float], int]:
    """Every page from the newest item to the oldest, or so many: how long each took, and the number of items."""
    taken: list[float] = []
    items, rest = 0, ""
    while pages is None or len(taken) < pages:
        took, page = timed(partial(server.ask, f"/api/library?limit=60{query}{rest}"))
        taken.append(took)
        items += len(page["items"])
        if not page["rest"]:
            break
        rest = f"&start={quote(page['rest'])}"
    return taken, items


def pages_anywhere(server: Server) -> list[float]:
    """How long pages took that begin at days spread over the whole library."""
    starts = [day_of(FIRST_S + DAYS * 86400 * number / PAGES) for number in range(PAGES)]
    cursors = [quote(json.dumps([day, "Infinity", ""])) for day in starts]
    return [timed(partial(server.ask, f"/api/library?limit=60&start={cursor}"))[0] for cursor in cursors]


def pictures(server: Server, stop: threading.Event, taken: list[float]) -> None:
    """Ask for the picture again and again."""
    link = server.another_link()
    while not stop.is_set():
        taken.append(timed(lambda: server.ask("/images/current.jpg", link=link))[0])
        time.sleep(0.01)


def watched(server: Server, work: Any) -> tuple[float, list[float]]:
    """How long `work` takes, and each picture asked for meanwhile."""
    stop = threading.Event()
    taken: list[float] = []
    viewer = threading.Thread(target=pictures, args=(server, stop, taken))
    viewer.start()
    took, _ = timed(work)
    stop.set()
    viewer.join()
    return took, taken


def delete(server: Server, ids: list[str]) -> None:
    job = server.ask("/api/library/delete", {"items": ids})
    while not job["ended"]:
        time.sleep(0.05)
        job = server.ask(f"/api/library/jobs/{job['job']}")
    assert job["done"] == len(ids), job
    assert not job["failed"], job["failed"][:3]


def browsing(folder: Path, library_items: int, day_items: int) -> None:
    """Pages, filters, the calendar, memory, deleting, and a large day."""
    for name in ("empty", "full", "large"):
        (folder / name).mkdir()
    links, library = Links(folder / "links"), folder / "full" / "library"
    make_items(library, links, library_items, FIRST_S, DAYS)
    with served(folder / "empty") as server:
        server.ask("/api/library")
        empty_mb, empty_s = server.memory_mb(), server.started_s
    with served(folder / "full") as server:
        show(compared("start, with an empty library", [server.started_s], [empty_s], "{:.2f} s"))
        first_ms = timed(lambda: server.ask("/api/library?limit=60"))[0]
        show(measured(f"first page of {library_items:,} items after the start", first_ms, "{:.1f} ms", at_most=50))
        show_times("each page, from the newest on", walk(server, pages=PAGES)[0], at_most=50)
        for when in "first", "again":
            year_ms = timed(lambda: server.ask("/api/library/calendar?year=2020"))[0]
            show(measured(f"a year's calendar, {when}", year_ms, "{:.0f} ms"))
        show_times("each page of a camera that has no pictures", walk(server, "&camera=imx999")[0], at_most=200)
        again_ms = timed(lambda: server.ask("/api/library?camera=imx999"))[0]
        show(measured("the same once all days have been counted", again_ms, "{:.1f} ms", at_most=200))
        show_times("each page of the videos", walk(server, "&kind=video", PAGES)[0], at_most=200)
        show_times("a page anywhere", pages_anywhere(server), at_most=50)
        more_mb = server.memory_mb() - empty_mb
        show(measured("memory beyond that with an empty library", more_mb, "{:.1f} MB", at_most=15))
        deleting(server, min(MOST_DELETED, library_items // 10))
    library = library.rename(folder / "large" / "library")
    make_items(library, links, day_items, LARGE_DAY_S, 1)
    with served(folder / "large") as server:
        large_day(server, library, links, day_items)
        more_mb = server.memory_mb() - empty_mb
        show(measured("memory with that day", more_mb, "{:.1f} MB"))


def large_day(server: Server, library: Path, links: Links, day_items: int) -> None:
    """Pages of a day of many items, also while the camera adds to it: then its folder is read for each page."""
    day = day_of(LARGE_DAY_S)
    first_ms = timed(lambda: server.ask("/api/library?limit=60"))[0]
    show(measured(f"first page of a day of {day_items:,} items", first_ms, "{:.1f} ms", at_most=150))
    show_times("its other pages", walk(server, f"&day={day}", PAGES)[0], at_most=150)
    show_times("its pages of videos", walk(server, f"&day={day}&kind=video")[0], at_most=150)
    item = server.ask(f"/api/library?limit=1&day={day}")["items"][0]["id"]
    grown: dict[str, list[float]] = {"page": [], "item": [], "calendar": []}
    asked = {
        "page": "/api/library?limit=60",
        "item": f"/api/library/items/{quote(item)}",
        "calendar": f"/api/library/calendar?year={day[:4]}",
    }
    server.ask(asked["calendar"])
    taken_s = LARGE_DAY_S + 86000.001  # no other item has an odd millisecond
    for _ in range(20):
        for name, address in asked.items():
            taken_s += 1
            links.make(library / day / f"{stem_of('photo', taken_s, 'imx708')}.jpg")
            grown[name].append(timed(partial(server.ask, address))[0])
    show_times("its first page, just after a photo", grown["page"], at_most=150)
    show_times("one item of it, just after a photo", grown["item"], at_most=150)
    show_times("the year's calendar, just after a photo", grown["calendar"], at_most=150)


def deleting(server: Server, items: int) -> None:
    """The picture while many items are deleted, beside before."""
    stop = threading.Event()
    before: list[float] = []
    threading.Timer(5, stop.set).start()
    pictures(server, stop, before)
    ids: list[str] = []
    rest = ""
    while len(ids) < items:
        page = server.ask(f"/api/library?limit=200{rest}")
        ids += [item["id"] for item in page["items"]]
        rest = f"&start={quote(page['rest'])}"
    took, during = watched(server, lambda: delete(server, ids))
    show(measured(f"deleting {len(ids):,}", took / 1000, "{:.1f} s"))
    during_ms, before_ms = ([percentile(times, 99)] for times in (during, before))
    show(compared("the picture meanwhile, p99, before", during_ms, before_ms, "{:.1f} ms"))


def zipping(folder: Path, rounds: int) -> None:
    """A ZIP of 1 GiB against `zip -0`, in turns."""
    data = folder / "zipped"
    day = data / "library" / "2026-11-20"
    day.mkdir(parents=True)
    for number in range(ZIPPED):
        (day / f"{stem_of('photo', FIRST_S + number, 'imx708')}.jpg").write_bytes(os.urandom(ZIPPED_BYTES))
    ours, theirs = [], []
    with served(data) as server:
        ids = [f"2026-11-20/{path.name}" for path in day.iterdir()]
        before_mb = server.memory_mb()
        for _ in range(rounds):
            chosen = server.ask("/api/library/zip", {"items": ids})
            took, archive = timed(partial(server.ask, f"/{chosen['zip']}", link=server.another_link()))
            assert len(archive) == chosen["bytes"]
            ours.append(took)
            zipped = folder / "archive.zip"
            theirs.append(timed(partial(subprocess.run, ["zip", "-0qr", zipped, day], check=True))[0])
            zipped.unlink()
        our_rate, their_rate = ([ZIPPED * ZIPPED_BYTES / 1000 / took for took in side] for side in (ours, theirs))
        show(compared("ZIP of 1 GiB, zip -0", our_rate, their_rate, "{:,.0f} MB/s", at_least=0.8))
        show(measured("memory for it", server.memory_mb() - before_mb, "{:.1f} MB"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/library", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--items", type=int, help=f"in the library over ten years; {ITEMS:,}")
    parser.add_argument("--quick", action="store_true", help="a small library and one archive: to see that it works")
    options = parser.parse_args()
    quick = options.quick
    folder = Path(tempfile.mkdtemp(prefix="stillcam-library-"))
    print(TITLE, flush=True)
    try:
        items = options.items or (QUICK_ITEMS if quick else ITEMS)
        browsing(folder, items, QUICK_DAY_ITEMS if quick else DAY_ITEMS)
        zipping(folder, 1 if quick else ROUNDS)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
