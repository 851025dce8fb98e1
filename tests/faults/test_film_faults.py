"""A film comes to its end, whatever ends meanwhile; one that is not made leaves nothing."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from capture_daemon import ROOT
from filming import Cinema, probe
from notified import ServiceManager
from people import register
from serving import Site
from small_disk import SmallDisk, small_disk
from test_clock import HOUR_S, YEAR_S, Clock

from stillcam.common.errors import StillcamError
from stillcam.films import process
from stillcam.films.order import Order
from stillcam.films.record import Film, new_id
from stillcam.ipc.protocol import Refusal

pytestmark = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
SHOTS = 250  # ten seconds of a slow film
MB = 1 << 20


@pytest.fixture
def cinema(tmp_path: Path) -> Iterator[Cinema]:
    cinema = Cinema(tmp_path)
    yield cinema
    if cinema.process and cinema.process.poll() is None:
        cinema.kill()


def midway(cinema: Cinema) -> Film:
    """A film that is being made, slowly."""
    cinema.shots(SHOTS, lambda _: (90, 90, 90))
    cinema.open(**cinema.slow())
    return cinema.until_midway(cinema.order().id)


def until_idle(cinema: Cinema) -> None:
    cinema.until(lambda _: not cinema.workers())


def test_a_film_is_begun_again_when_the_daemon_was_killed(cinema):
    film = midway(cinema)
    assert film.left_s is not None
    other = cinema.order(kind="sheet")
    cinema.kill()
    deadline = time.monotonic() + 60
    while cinema.workers():  # they end with the daemon
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert cinema.film_called(film.id).state == "running"
    cinema.start()
    whole, path = cinema.until_made(film.id)
    assert (whole.pictures, whole.crashes) == (SHOTS, 0)
    assert probe(path)["nb_read_frames"] == str(SHOTS)
    cinema.until_made(other.id)
    cinema.until(lambda _: len(cinema.left()) == 4)  # two films and their records


def test_a_film_without_a_camera_is_made_under_a_watchdog(cinema, tmp_path):
    """The film has as many moments at which systemd would end an unfed daemon as it takes seconds."""
    cinema.shots(SHOTS, lambda _: (90, 90, 90))
    cinema.fault(no_camera=True)
    manager = ServiceManager(tmp_path)
    try:
        cinema.start(**cinema.slow(), **manager.environ)
        cinema.until(lambda status: status["mode"] == "no camera")
        film = cinema.until_midway(cinema.order().id)
        for _ in range(20):
            manager.until(lambda text: text.startswith("WATCHDOG=1\nSTATUS=no camera"))
        assert cinema.until_made(film.id)[0].pictures == SHOTS
    finally:
        manager.close()


def test_a_daemon_that_ends_ends_its_film_and_the_next_one_makes_it(cinema):
    film = midway(cinema)
    assert cinema.end() == 0
    assert cinema.workers() == []
    cinema.start()
    assert cinema.until_made(film.id)[0].pictures == SHOTS


def test_a_daemon_that_ends_again_and_again_costs_a_film_no_try(cinema):
    film = midway(cinema)
    cinema.kill()
    for _ in range(6):
        cinema.start(**cinema.slow())
        cinema.until(lambda _: cinema.workers())
        cinema.kill()
        cinema.until_gone_all(cinema.workers())
    cinema.start()
    assert cinema.until_made(film.id)[0].pictures == SHOTS


def test_one_that_is_cancelled_leaves_nothing(cinema):
    film = midway(cinema)
    cinema.ask_films("delete", id=film.id)
    assert cinema.left() == []
    until_idle(cinema)
    assert cinema.made(kind="sheet")[0].pictures == 48
    assert "Traceback" not in cinema.log.read_text()


def test_a_series_that_is_deleted_takes_its_film_along(cinema):
    midway(cinema)
    cinema.ask("series", do="delete", name="Garden")
    until_idle(cinema)
    cinema.until(lambda _: not list(cinema.paths.series.glob("*Garden*")))
    assert cinema.next_snapshot()["frame"]
    assert "Traceback" not in cinema.log.read_text()


def test_a_child_that_is_killed_fails_alone(cinema):
    """It is tried three times."""
    film = midway(cinema)

    def killed_to_the_end(_status: object) -> object:
        for pid in cinema.workers():
            with contextlib.suppress(ProcessLookupError):  # it was the other's child
                os.kill(pid, signal.SIGKILL)
        return cinema.film_called(film.id).state == "failed"

    cinema.until(killed_to_the_end)
    assert cinema.film_called(film.id).crashes == 3
    assert "memory" in str(cinema.film_called(film.id).error)
    assert cinema.left() == [f"{film.id}.json"]
    assert cinema.made(kind="sheet")[0].pictures == 48
    assert cinema.next_snapshot()["frame"]


def test_one_whose_child_is_killed_once_is_made(cinema):
    film = midway(cinema)
    os.kill(cinema.child(), signal.SIGKILL)
    whole, _ = cinema.until_made(film.id)
    assert (whole.pictures, whole.crashes) == (SHOTS, 1)


def test_one_that_stands_still_is_ended(cinema, tmp_path, monkeypatch):
    cinema.shots(3, lambda _: (90, 90, 90))
    fake = tmp_path / "ffmpeg"
    fake.write_text('#!/bin/sh\ncase "$*" in *image2pipe*) exec sleep 600;; esac\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("STILLCAM_DATA", str(cinema.data))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "python"))
    monkeypatch.setattr(process, "STALL_S", 2.0)
    film = Film(new_id("film", 1), Order("film", "Garden"))
    cinema.store.add(film)
    with pytest.raises(StillcamError, match="rendering made no progress"):
        process.render_film(
            film, cinema.paths, os.eventfd(0, os.EFD_NONBLOCK), lambda: True, lambda _done, _total: None
        )
    deadline = time.monotonic() + 60
    while cinema.workers():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_whoever_has_ordered_it_may_leave(cinema, tmp_path):
    cinema.shots(SHOTS, lambda _: (90, 90, 90))
    cinema.open(**cinema.slow())
    with Site(tmp_path) as site:
        cinema.settings()  # Site has written its own
        status, told = register(site).call("/api/films", "POST", {"series": "Garden"})
        assert status == 202
    assert cinema.until_made(told["id"])[0].pictures == SHOTS  # the server has ended


def test_shots_go_on_while_a_film_is_made(cinema):
    midway(cinema)
    cinema.ask("series", do="create", definition={"name": "Roof", "interval_s": 1, "start": "2001-01-01"})
    roof = cinema.paths.series / "Roof/frames"
    cinema.until(lambda _: len(list(roof.glob("*/*.jpg"))) >= 3)
    assert len(cinema.workers()) == 2
    for pid in cinema.workers():
        assert os.getpriority(os.PRIO_PROCESS, pid) == 19


def test_a_film_rests_while_a_video_is_recorded(cinema):
    film = midway(cinema)
    child = cinema.child()
    cinema.ask("video", seconds=60)
    cinema.until(lambda _: state_of(child) == "T")
    cinema.ask("stop", wait_s=60)
    cinema.until(lambda _: state_of(child) != "T")
    assert cinema.until_made(film.id)[0].pictures == SHOTS


def test_a_film_that_rests_can_be_cancelled(cinema):
    film = midway(cinema)
    child = cinema.child()
    cinema.ask("video", seconds=60)
    cinema.until(lambda _: state_of(child) == "T")
    cinema.ask_films("delete", id=film.id)
    assert cinema.left() == []
    until_idle(cinema)


def state_of(pid: int) -> str:
    """R, S, D, T …, as proc(5) has it."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_clock_that_is_wrong_for_a_while_makes_no_film_and_loses_none(cinema, tmp_path):
    """Today's film is not made before today is over, in no other year, and then once."""
    today = time.strftime("%Y-%m-%d", time.gmtime())
    clock = Clock(tmp_path)
    cinema.shots(3, lambda _: (90, 90, 90), daily_film=True, start=f"{today}T12:00:00Z")
    cinema.move_shots(today)
    cinema.open(TZ="UTC", **clock.environ)

    def kinds() -> list[str]:
        """Of what there is, after the daemon has looked for days once more."""
        cinema.until_made(cinema.order(kind="sheet").id)
        cinema.until_made(cinema.order(kind="sheet").id)
        return [film.kind for film in cinema.store.films_of("Garden") if film.kind != "sheet"]

    assert kinds() == []
    for years in (-10, 10):
        clock.jump(years * YEAR_S)
        assert kinds() == []
    clock.jump(36 * HOUR_S)
    assert kinds() == ["film"]
    (film,) = (film for film in cinema.store.films_of("Garden") if film.kind == "film")
    assert (cinema.until_made(film.id)[0].order.day, kinds()) == (today, ["film"])


@pytest.fixture
def disk(cinema: Cinema) -> Iterator[SmallDisk]:
    with small_disk(cinema.paths.series, 16 * MB) as disk:
        yield disk


def test_a_full_disk_ends_a_film_and_says_so(cinema, disk):
    film = midway(cinema)
    disk.fill(left_bytes=MB // 4)  # below the disk reserve
    cinema.until(lambda _: cinema.film_called(film.id).state == "failed")
    assert "nearly full" in str(cinema.film_called(film.id).error)
    assert cinema.left() == [f"{film.id}.json"]
    with pytest.raises(Refusal, match="nearly full") as caught:
        cinema.order(kind="sheet")
    assert caught.value.cause == "disk"
    assert cinema.next_snapshot()["frame"]
    disk.clear()
    assert cinema.made(kind="sheet")[0].pictures == 48
