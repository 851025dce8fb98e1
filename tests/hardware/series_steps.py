"""Steps with the daemon: a series, a film that is made of it, and a series with a smooth exposure."""

import math
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import Bench, expect_size, opened, text_of
from hardware_report import Skipped, Wrong
from recordings import NO_FFMPEG, read_recording

from stillcam.common.errors import StillcamError
from stillcam.films.ffmpeg import ENCODERS, Encoder, Size, crop_box, film_command, film_size
from stillcam.films.order import Order
from stillcam.films.render.movie import choose_encoder
from stillcam.films.store import FilmStore
from stillcam.series import reader
from stillcam.series.exposure import DEFAULT_GAIN, default_longest_s
from stillcam.series.luminance import measure
from stillcam.series.manifest_search import gaps

SERIES = "Hardware check"
SHOTS, QUICK_SHOTS = 5, 3
INTERVAL_S, QUICK_INTERVAL_S = 3.0, 2.0
SMOOTH, SMOOTH_SHOTS, SMOOTH_INTERVAL_S = "Smooth exposure", 3, 4.0
EVEN_EV = 0.4  # the brightness of a shot may be so far from that of the first one: the light may change
START_S = 60.0  # for the first shot
FILM_S = 180.0
FILM_FPS = 5
FILM_WIDTH = 1280  # what every encoder takes, also of pictures in 4:3
ENCODE_S, QUICK_ENCODE_S = 5.0, 1.0  # pictures are given to an encoder for so long
MOST_ENCODED = 200


def series(bench: Bench) -> str:
    """A short series has all of its shots, each in the manifest with what the camera says of it."""
    count, interval_s = (QUICK_SHOTS, QUICK_INTERVAL_S) if bench.quick else (SHOTS, INTERVAL_S)
    root, began_s = bench.daemon.paths.series, time.monotonic()
    _create(bench, {"name": SERIES, "interval_s": interval_s, "shots": count})
    bench.changed("picture to first shot of a series", began_s)
    lines = _finished(bench, SERIES, count, interval_s)
    back = bench.back_from("series")
    for line in lines:
        expect_size(f"shot {line['n']}", opened(reader.picture(root, SERIES, line["n"])).size, bench.size("photo"))
        if not line["metadata"]:
            raise Wrong(f"shot {line['n']} has no metadata of the camera")
    if missed := lines[-1]["missed"] - lines[0]["missed"]:  # those before the first one had no camera program yet
        why = [gap.why for gap in gaps(root / SERIES)]
        raise Wrong(f"{missed} shots were missed between the others, one is due every {interval_s:g} s: {why}")
    late_s = max(_seconds(line["due"], line["time"]) for line in lines)
    told = ", ".join(lines[-1]["metadata"])
    late = f"none missed, at most {late_s:.2f} s late"
    return f"{count} shots, one every {interval_s:g} s, {late}; metadata: {told}; {back}"


def smooth(bench: Bench) -> str:
    """A series with a smooth exposure ends, says how its shots were exposed, and they are as bright as the first."""
    root = bench.daemon.paths.series
    definition = {"name": SMOOTH, "interval_s": SMOOTH_INTERVAL_S, "shots": SMOOTH_SHOTS, "smooth": {}}
    _create(bench, definition)
    lines = _finished(bench, SMOOTH, SMOOTH_SHOTS, SMOOTH_INTERVAL_S)
    most_us = default_longest_s(SMOOTH_INTERVAL_S) * 1e6 * DEFAULT_GAIN
    said, first = [], 0.0
    for line in lines:
        time_us, gain = (line["metadata"].get(name) for name in ("ExposureTime", "AnalogueGain"))
        if not time_us or not gain:
            raise Wrong(f"the metadata of shot {line['n']} have no exposure: {', '.join(line['metadata']) or 'none'}")
        with reader.picture(root, SMOOTH, line["n"]).open("rb") as file:
            seen = max(1e-4, measure(file)[0])
        first = first or seen
        said.append(f"{seen:.1%} by {time_us / 1000:.1f} ms x {gain:.1f}")
        if abs(off_ev := math.log2(seen / first)) <= EVEN_EV:
            continue
        if off_ev < 0 and time_us * gain > 0.9 * most_us:
            raise Skipped(f"it is too dark for an interval of {SMOOTH_INTERVAL_S:g} s: {', '.join(said)}")
        raise Wrong(f"shot {line['n']} is {abs(off_ev):.1f} EV {'darker' if off_ev < 0 else 'brighter'}: {said}")
    return f"brightness {', '.join(said)}; the camera exposed the first one; {bench.back_from('smooth series')}"


def _create(bench: Bench, definition: dict[str, Any]) -> None:
    """Begin a series, and wait for its first shot."""
    bench.daemon.ask("series", do="create", definition=definition)
    root, name = bench.daemon.paths.series, definition["name"]
    bench.daemon.until(lambda _: _taken(root, name) > 0, START_S, "shot of the series")


def _finished(bench: Bench, name: str, count: int, interval_s: float) -> list[dict[str, Any]]:
    """Wait for the end of a series; its shots in the manifest."""
    root = bench.daemon.paths.series
    bench.daemon.until(
        lambda _: reader.summary(root, name, 1)["state"] == "finished",
        START_S + 3 * count * interval_s,
        f"end of the series, which has {_taken(root, name)} of {count} shots",
    )
    lines = reader.shots(root, name, 0, 2 * count)
    if len(lines) != count:
        raise Wrong(f"the manifest has {len(lines)} of {count} shots")
    return lines


def film(bench: Bench) -> str:
    """A film of the series has all of its shots; how fast each encoder of this board is."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise Skipped(NO_FFMPEG)
    pictures = [
        reader.picture(bench.daemon.paths.series, SERIES, line["n"])
        for line in reader.shots(bench.daemon.paths.series, SERIES, 0, SHOTS)
    ]
    began_s, store = time.monotonic(), FilmStore(bench.daemon.paths)
    order = Order("film", SERIES, FILM_FPS, FILM_WIDTH)
    document = {"kind": "film", "series": SERIES, "fps": FILM_FPS, "width": FILM_WIDTH}
    id_ = bench.daemon.ask("film", do="make", order=document)["film"]["id"]
    bench.daemon.until(lambda _: store.find(id_).state in ("done", "failed"), FILM_S, "film")
    made, took_s = store.find(id_), time.monotonic() - began_s
    if made.state == "failed":
        raise Wrong(f"the film failed: {made.error}")
    found = read_recording(store.file_path(made))
    if found.frames != len(pictures):
        raise Wrong(f"a film of {len(pictures)} shots has {found.frames} frames: {found}")
    box = crop_box(opened(pictures[0]).size, None)
    expect_size("the film", found.size, film_size(box, FILM_WIDTH))
    seconds = QUICK_ENCODE_S if bench.quick else ENCODE_S
    speeds = ", ".join(_speed(ffmpeg, encoder, order, pictures, found.size, seconds) for encoder in ENCODERS)
    return f"{found}, made in {took_s:.1f} s; {speeds}"


def _speed(ffmpeg: str, encoder: Encoder, order: Order, pictures: Sequence[Path], size: Size, seconds: float) -> str:
    """How many pictures a second an encoder makes a film of; it gets them for so many seconds."""
    threads = max(1, (os.cpu_count() or 1) - 1)
    box = crop_box(opened(pictures[0]).size, None)
    with tempfile.TemporaryDirectory(dir=pictures[0].parent) as work:
        try:
            choose_encoder(ffmpeg, size, order.fps, threads, Path(work), (encoder,))
        except StillcamError:
            why = "" if not encoder.device or Path(encoder.device).exists() else f" (there is no {encoder.device})"
            return f"{encoder.name}: not usable at {text_of(size)}{why}"
        argv = film_command(ffmpeg, order, encoder, box, size, threads, "speed.mp4")
        began_s, given = time.monotonic(), 0
        with subprocess.Popen(argv, cwd=work, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as program:
            assert program.stdin is not None
            while given < MOST_ENCODED and time.monotonic() - began_s < seconds:
                program.stdin.write(pictures[given % len(pictures)].read_bytes())
                given += 1
            program.stdin.close()
            program.wait(FILM_S)
        took_s = time.monotonic() - began_s
        if program.returncode:
            raise Wrong(f"{encoder.name} ended with status {program.returncode} after {given} pictures")
    return f"{encoder.name}: {given / took_s:.1f} pictures/s of {text_of((box[2], box[3]))}"


def _taken(root: Path, name: str) -> int:
    return int(reader.summary(root, name, 1)["taken"])


def _seconds(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
