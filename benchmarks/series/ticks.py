"""What the scheduler and those who look cost in processor time, with 50 series of 100,000 shots."""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from report import Row, measured, percentile

from stillcam.series import reader
from stillcam.series.definition import from_document
from stillcam.series.folder import Series
from stillcam.series.manifest import encode, gap_line, ms_to_text, shot_name
from stillcam.series.recovery import open_series
from stillcam.series.running import RunningSeries
from stillcam.series.scheduler import Scheduler

SERIES, SHOTS, QUICK_SHOTS, INTERVAL_MS = 50, 100_000, 10_000, 60_000
EACH_HUNDRED = 100  # so many shots, and then a gap


def run(folder: Path, quick: bool) -> Iterator[Row]:
    """Measure it; `quick`: fewer shots."""
    shots = QUICK_SHOTS if quick else SHOTS
    now_ms = int(time.time() * 1000) // INTERVAL_MS * INTERVAL_MS
    begin_ms = now_ms - shots * INTERVAL_MS
    root = folder / "series"
    _write(root, begin_ms, shots)
    began = time.perf_counter()
    scheduler = Scheduler(root)
    for folder_of_one in sorted(root.iterdir()):
        scheduler.add(RunningSeries(open_series(folder_of_one), now_ms - INTERVAL_MS + 1))
    opened_ms = 1000 * (time.perf_counter() - began)
    yield measured(f"opening {SERIES} series of {shots:,} shots", opened_ms, "{:.0f} ms")
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

    yield from _timed("tick, nothing is due", tick(1), 2000)
    yield from _timed("tick, a moment comes and is done with", take, 2000)
    yield from _timed("summaries of all", lambda: reader.summaries(root, now_ms), 20)
    yield from _timed("the last 100 shots of one", lambda: reader.shots(root, "Series 7", shots - 100, 100), 50)
    yield from _timed("one picture's file", lambda: reader.picture(root, "Series 7", shots - 500), 50)
    yield from _timed("timeline of one, first", lambda: reader.timeline(root, "Series 7", 200, now_ms), 1)
    yield from _timed("timeline of one, again", lambda: reader.timeline(root, "Series 7", 200, now_ms), 20)


def _timed(what: str, work: Callable[[], object], rounds: int) -> Iterator[Row]:
    taken = []
    for _ in range(rounds):
        began = time.thread_time()  # others use the processor, too
        work()
        taken.append((time.thread_time() - began) * 1000)
    for percent in (50, 99) if rounds > 1 else (50,):
        yield measured(f"{what}, p{percent}", percentile(taken, percent), "{:.3f} ms")


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
        for shot in range(shots - 1000, shots):
            (series.folder / "frames" / f"{shot_name(shot, begin_ms + shot * INTERVAL_MS)}.jpg").touch()
        state = state or json.dumps(Series.open(series.folder).state.to_document())
        (series.folder / "state.json").write_text(state)


def _lines(begin_ms: int, boot: str, shots: int) -> list[bytes]:
    lines = []
    for number in range(1, shots):
        due_ms = begin_ms + number * INTERVAL_MS
        if number % EACH_HUNDRED == 0:
            lines.append(encode(gap_line(due_ms - 30_000, due_ms - 30_000, 1, "busy")))
        due, metadata = ms_to_text(due_ms), {"ExposureTime": 8000, "AnalogueGain": 1.0}
        line = {"n": number, "due": due, "time": due, "files": [f"{shot_name(number, due_ms)}.jpg"]}
        lines.append(encode({**line, "bytes": 1_000_000, "boot": boot, "metadata": metadata}))
    return lines
