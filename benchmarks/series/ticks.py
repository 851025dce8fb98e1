"""What the scheduler and those who look cost in processor time, with 50 series of a million shots."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from report import Row, compared, measured, percentile

from stillcam.common.deletion import delete_tree
from stillcam.common.paths import Paths
from stillcam.films.order import Order
from stillcam.films.sources import sources_of
from stillcam.series import reader
from stillcam.series.definition import from_document
from stillcam.series.folder import Series
from stillcam.series.manifest import Line, encode, gap_line, ms_to_text, shot_name
from stillcam.series.recovery import open_series
from stillcam.series.retention import prune
from stillcam.series.running import RunningSeries
from stillcam.series.scheduler import Scheduler

SERIES, SHOTS, QUICK_SHOTS, INTERVAL_MS = 50, 1_000_000, 10_000, 60_000
EACH_HUNDRED = 100  # so many shots, and then a gap
LEFT = 1000  # shots of each series that retention has left
BEGIN_MS = 1_795_176_000_000  # 2026-11-20T12:00:00Z
PRUNED = "Pruned"  # the series with many pictures, which are deleted
PICTURES = 50_000  # of that series: hard links to one file, of which ext4 has 65,000


def run(folder: Path, quick: bool) -> Iterator[Row]:
    """Measure it; `quick`: fewer shots."""
    shots = QUICK_SHOTS if quick else SHOTS
    now_ms = int(time.time() * 1000) // INTERVAL_MS * INTERVAL_MS
    begin_ms = now_ms - shots * INTERVAL_MS
    root = folder / "series"
    _write(root, begin_ms, shots)
    scheduler = Scheduler(root)
    opened = []
    for folder_of_one in sorted(root.iterdir()):
        began = time.thread_time()
        scheduler.add(RunningSeries(open_series(folder_of_one), now_ms - INTERVAL_MS + 1))
        opened.append(1000 * (time.thread_time() - began))
    for percent in (50, 99):
        work = f"the daemon opens one of {SERIES} series of {shots:,} shots, p{percent}"
        yield measured(work, percentile(opened, percent), "{:.1f} ms", at_most=100)
    steady_ms = 0

    def tick(step_ms: int) -> Callable[[], None]:
        def look() -> None:
            nonlocal now_ms, steady_ms
            now_ms, steady_ms = now_ms + step_ms, steady_ms + step_ms
            scheduler.update(now_ms, steady_ms, "busy")

        return look

    def take() -> None:
        """Some series has a moment, and it is done with."""
        assert scheduler.first is not None
        tick(max(1, scheduler.first.earliest_ms - now_ms))()
        assert scheduler.first is not None
        scheduler.first.complete(now_ms)
        scheduler.reorder()

    paths = Paths(folder, folder)
    yield from _timed("tick, nothing is due", tick(1), 2000, at_most=1)
    yield from _timed("tick, a moment comes and is done with", take, 2000, at_most=1)
    yield from _timed("summary of one", lambda: reader.summary(root, "Series 7", now_ms), 20, at_most=100)
    yield from _timed("summaries of all", lambda: reader.summaries(root, now_ms), 20, at_most=100)
    yield from _timed("its last 100 shots", lambda: reader.shots(root, "Series 7", shots - 100, 100), 50, at_most=100)
    yield from _timed("the first 100 that retention has left", lambda: reader.shots(root, "Series 7", 0, 100), 20, 100)
    yield from _timed("one picture's file", lambda: reader.picture(root, "Series 7", shots - 500), 50, at_most=100)
    order = Order("film", "Series 7")
    yield from _timed("the first picture of a film", lambda: next(sources_of(order, paths)), 20, at_most=100)
    yield from _timed("timeline of one, first", lambda: reader.timeline(root, "Series 7", 200, now_ms), 1, at_most=100)
    yield from _timed("timeline of one, again", lambda: reader.timeline(root, "Series 7", 200, now_ms), 20, at_most=100)
    yield from _beside(root, tick(1), PICTURES if not quick else QUICK_SHOTS // 4)


def _timed(what: str, work: Callable[[], object], rounds: int, at_most: float) -> Iterator[Row]:
    taken = []
    for _ in range(rounds):
        began = time.thread_time()  # others use the processor, too
        work()
        taken.append((time.thread_time() - began) * 1000)
    for percent in (50, 99) if rounds > 1 else (50,):
        yield measured(f"{what}, p{percent}", percentile(taken, percent), "{:.3f} ms", at_most=at_most)


def _beside(root: Path, tick: Callable[[], None], pictures: int) -> Iterator[Row]:
    """How late the camera's thread is, beside retention and deletion of many shots in the background."""
    series = _with_pictures(root, pictures)
    alone = _lateness(tick, threading.Event(), 2.0)
    works: dict[str, Callable[[], object]] = {
        f"pruning {pictures // 2:,} shots": lambda: prune(series, _due_ms(pictures // 2), lambda: False, _note),
        f"deleting a series of {pictures // 2:,}": lambda: delete_tree(series.folder, lambda: False, _note),
    }
    for name, work in works.items():
        ended = threading.Event()

        def run(work: Callable[[], object] = work, ended: threading.Event = ended) -> None:
            work()
            ended.set()

        thread = threading.Thread(target=run)
        thread.start()
        late = _lateness(tick, ended, 600.0)
        thread.join()
        p99 = [percentile(late, 99)], [percentile(alone, 99)]
        yield compared(f"lateness of the camera's thread beside {name}, p99; alone", *p99, "{:.2f} ms")


def _lateness(tick: Callable[[], None], ended: threading.Event, seconds: float) -> list[float]:
    """By how much each tick was late, a hundred times a second, in ms."""
    late, until_s = list[float](), time.monotonic() + seconds
    while not ended.is_set() and time.monotonic() < until_s:
        due_s = time.perf_counter() + 0.01
        time.sleep(0.01)
        tick()
        late.append(1000 * (time.perf_counter() - due_s))
    return late


def _with_pictures(root: Path, pictures: int) -> Series:
    """A series that keeps its shots for a day, and has all pictures."""
    definition = from_document({"name": PRUNED, "interval_s": 1, "keep": {"rule": "days", "days": 1}}, BEGIN_MS, "UTC")
    series = Series.create(root, definition, "UTC", BEGIN_MS)
    picture = root.parent / "picture.jpg"
    picture.write_bytes(b"x" * 1000)
    lines = []
    for number in range(1, pictures + 1):
        line = _line(number, BEGIN_MS + number * 1000, series.boot)
        lines.append(encode(line))
        file = series.folder / "frames" / line["files"][0]
        file.parent.mkdir(exist_ok=True)
        os.link(picture, file)
    (series.folder / "manifest.jsonl").write_bytes(b"".join(lines))
    return Series.open(series.folder)


def _due_ms(shots: int) -> int:
    """When so many shots of that series are older than a day."""
    return BEGIN_MS + shots * 1000 + 86_400_000


def _note(path: Path, error: OSError) -> None:
    raise error


def _write(root: Path, begin_ms: int, shots: int) -> None:
    """The series; they share one manifest, as nothing is written to it here."""
    first: Path | None = None
    state = ""
    for number in range(SERIES):
        window = {"window": {"from": "sunrise", "to": "sunset"}, "place": {"latitude": 48.1, "longitude": 11.6}}
        document = {
            "name": f"Series {number}",
            "interval_s": INTERVAL_MS / 1000,
            "start": ms_to_text(begin_ms + 1000 * number),
            **(window if number % 2 else {}),
        }
        series = Series.create(root, from_document(document, begin_ms, "Europe/Berlin"), "Europe/Berlin", begin_ms)
        manifest = series.folder / "manifest.jsonl"
        if first is None:
            first = manifest
            manifest.write_bytes(b"".join(_lines(begin_ms, series.boot, shots)))
        else:
            os.link(first, manifest)
        frames = series.folder / "frames" / f"{(shots - 1) // 1000:03}"
        frames.mkdir()
        for shot in range(shots - LEFT, shots):
            (series.folder / "frames" / f"{shot_name(shot, begin_ms + shot * INTERVAL_MS)}.jpg").touch()
        state = state or json.dumps(Series.open(series.folder).state.to_document())
        (series.folder / "state.json").write_text(state)


def _lines(begin_ms: int, boot: str, shots: int) -> list[bytes]:
    lines = []
    for number in range(1, shots):
        due_ms = begin_ms + number * INTERVAL_MS
        if number % EACH_HUNDRED == 0:
            lines.append(encode(gap_line(due_ms - 30_000, due_ms - 30_000, 1, "busy")))
        lines.append(encode({**_line(number, due_ms, boot), "missed": number // EACH_HUNDRED}))
    return lines


def _line(number: int, due_ms: int, boot: str) -> Line:
    due, metadata = ms_to_text(due_ms), {"ExposureTime": 8000, "AnalogueGain": 1.0}
    line = {"n": number, "due": due, "time": due, "files": [f"{shot_name(number, due_ms)}.jpg"]}
    return {**line, "bytes": 1_000_000, "boot": boot, "metadata": metadata}
