"""A film comes to its end, whatever ends meanwhile; one that is not made leaves nothing."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from capture_daemon import FIXED_LENS, ROOT
from filming import FilmDaemon, probe
from notified import ServiceManager
from people import register
from serving import Site
from small_disk import SmallDisk, small_disk
from test_clock_jumps import HOUR_S, YEAR_S, Clock

from stillcam.common.errors import StillcamError
from stillcam.films import process
from stillcam.films.order import Order
from stillcam.films.record import Film, new_id
from stillcam.ipc.protocol import Refusal

pytestmark = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
SHOTS = 250  # ten seconds of a slow film
MB = 1 << 20


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[FilmDaemon]:
    with FilmDaemon(tmp_path) as daemon:
        yield daemon


@pytest.fixture
def with_camera(daemon: FilmDaemon) -> None:
    daemon.attach(FIXED_LENS)


def midway(daemon: FilmDaemon) -> Film:
    """A film that is being made, slowly."""
    daemon.shots(SHOTS, lambda _: (90, 90, 90))
    daemon.open(**daemon.slow())
    return daemon.until_midway(daemon.order().id)


def until_idle(daemon: FilmDaemon) -> None:
    daemon.until(lambda _: not daemon.workers())


def test_a_film_is_rendered_again_after_the_daemon_was_killed(daemon):
    film = midway(daemon)
    assert film.left_s is not None
    other = daemon.order(kind="sheet")
    daemon.kill()
    deadline = time.monotonic() + 60
    while daemon.workers():  # they end with the daemon
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert daemon.film_called(film.id).state == "running"
    daemon.start()
    whole, path = daemon.until_made(film.id)
    assert (whole.pictures, whole.crashes) == (SHOTS, 0)
    assert probe(path)["nb_read_frames"] == str(SHOTS)
    daemon.until_made(other.id)
    daemon.until(lambda _: len(daemon.left()) == 4)  # two films and their records


def test_a_film_without_a_camera_is_made_under_a_watchdog(daemon, tmp_path):
    """The film has as many moments at which systemd would end an unfed daemon as it takes seconds."""
    daemon.shots(SHOTS, lambda _: (90, 90, 90))
    daemon.fault(no_camera=True)
    manager = ServiceManager(tmp_path)
    try:
        daemon.start(**daemon.slow(), **manager.environ)
        daemon.until(lambda status: status["mode"] == "no camera")
        film = daemon.until_midway(daemon.order().id)
        for _ in range(20):
            manager.until(lambda text: text.startswith("WATCHDOG=1\nSTATUS=no camera"))
        assert daemon.until_made(film.id)[0].pictures == SHOTS
    finally:
        manager.close()


def test_the_next_daemon_renders_a_film_that_the_last_one_left(daemon):
    film = midway(daemon)
    assert daemon.end() == 0
    daemon.until_gone_all(daemon.workers())
    daemon.start()
    assert daemon.until_made(film.id)[0].pictures == SHOTS


def test_restarts_of_the_daemon_do_not_count_as_crashes_of_the_renderer(daemon):
    film = midway(daemon)
    daemon.kill()
    for _ in range(6):
        daemon.start(**daemon.slow())
        daemon.until(lambda _: daemon.workers())
        daemon.kill()
        daemon.until_gone_all(daemon.workers())
    daemon.start()
    assert daemon.until_made(film.id)[0].pictures == SHOTS


def test_a_cancelled_film_leaves_nothing(daemon):
    film = midway(daemon)
    daemon.ask_films("delete", id=film.id)
    assert daemon.left() == []
    until_idle(daemon)
    assert daemon.made(kind="sheet")[0].pictures == 48
    assert "Traceback" not in daemon.log.read_text()


def test_a_series_that_is_deleted_takes_its_film_along(daemon, with_camera):
    midway(daemon)
    daemon.ask("series", do="delete", name="Garden")
    until_idle(daemon)
    daemon.until(lambda _: not list(daemon.paths.series.glob("*Garden*")))
    assert daemon.next_snapshot()["frame"]
    assert "Traceback" not in daemon.log.read_text()


def test_a_film_whose_renderer_is_killed_each_time_fails_alone(daemon, with_camera):
    """It is tried three times."""
    film = midway(daemon)

    def killed_to_the_end(_status: object) -> object:
        for pid in daemon.workers():
            with contextlib.suppress(ProcessLookupError):  # it was the other's child
                os.kill(pid, signal.SIGKILL)
        return daemon.film_called(film.id).state == "failed"

    daemon.until(killed_to_the_end)
    assert daemon.film_called(film.id).crashes == 3
    assert "memory" in str(daemon.film_called(film.id).error)
    assert daemon.left() == [f"{film.id}.json"]
    assert daemon.made(kind="sheet")[0].pictures == 48
    assert daemon.next_snapshot()["frame"]


def test_a_film_whose_renderer_is_killed_once_is_made(daemon):
    film = midway(daemon)
    os.kill(daemon.child(), signal.SIGKILL)
    whole, _ = daemon.until_made(film.id)
    assert (whole.pictures, whole.crashes) == (SHOTS, 1)


def test_a_stalled_renderer_is_stopped(daemon, tmp_path, monkeypatch):
    daemon.shots(3, lambda _: (90, 90, 90))
    fake = tmp_path / "ffmpeg"
    fake.write_text('#!/bin/sh\ncase "$*" in *image2pipe*) exec sleep 600;; esac\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("STILLCAM_DATA", str(daemon.data))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "python"))
    monkeypatch.setattr(process, "NO_PROGRESS_S", 2.0)
    film = Film(new_id("film", 1), Order("film", "Garden"))
    daemon.store.add(film)
    with pytest.raises(StillcamError, match="rendering made no progress"):
        process.render_film(
            film, daemon.paths, os.eventfd(0, os.EFD_NONBLOCK), lambda: True, lambda _done, _total: None
        )
    deadline = time.monotonic() + 60
    while daemon.workers():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_film_does_not_depend_on_the_client_that_ordered_it(daemon, tmp_path):
    daemon.shots(SHOTS, lambda _: (90, 90, 90))
    daemon.open(**daemon.slow())
    with Site(tmp_path) as site:
        daemon.settings()  # Site has written its own
        status, told = register(site).call("/api/films", "POST", {"series": "Garden"})
        assert status == 202
    assert daemon.until_made(told["id"])[0].pictures == SHOTS  # the server has ended


def test_shots_continue_while_a_film_is_rendered(daemon, with_camera):
    midway(daemon)
    daemon.ask("series", do="create", definition={"name": "Roof", "interval_s": 1, "start": "2001-01-01"})
    roof = daemon.paths.series / "Roof/frames"
    daemon.until(lambda _: len(list(roof.glob("*/*.jpg"))) >= 3)
    assert len(daemon.workers()) == 2
    for pid in daemon.workers():
        assert os.getpriority(os.PRIO_PROCESS, pid) == 19


def test_a_film_is_paused_while_a_video_is_recorded(daemon, with_camera):
    film = midway(daemon)
    child = daemon.child()
    daemon.ask("video", seconds=60)
    daemon.until(lambda _: state_of(child) == "T")
    daemon.ask("stop", wait_s=60)
    daemon.until(lambda _: state_of(child) != "T")
    assert daemon.until_made(film.id)[0].pictures == SHOTS


def test_a_paused_film_can_be_cancelled(daemon, with_camera):
    film = midway(daemon)
    child = daemon.child()
    daemon.ask("video", seconds=60)
    daemon.until(lambda _: state_of(child) == "T")
    daemon.ask_films("delete", id=film.id)
    assert daemon.left() == []
    until_idle(daemon)


def state_of(pid: int) -> str:
    """R, S, D, T …, as proc(5) has it."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_clock_that_is_wrong_for_a_while_neither_adds_nor_loses_a_daily_film(daemon, tmp_path):
    """Today's film is not made before today is over, in no other year, and then once."""
    today = time.strftime("%Y-%m-%d", time.gmtime())
    clock = Clock(tmp_path)
    daemon.shots(3, lambda _: (90, 90, 90), daily_film=True, start=f"{today}T12:00:00Z")
    daemon.move_shots(today)
    daemon.open(TZ="UTC", **clock.environ)

    def kinds() -> list[str]:
        """Of what there is, after the daemon has looked for days once more."""
        daemon.until_made(daemon.order(kind="sheet").id)
        daemon.until_made(daemon.order(kind="sheet").id)
        return [film.kind for film in daemon.store.films_of("Garden") if film.kind != "sheet"]

    assert kinds() == []
    for years in (-10, 10):
        clock.jump(years * YEAR_S)
        assert kinds() == []
    clock.jump(36 * HOUR_S)
    assert kinds() == ["film"]
    (film,) = (film for film in daemon.store.films_of("Garden") if film.kind == "film")
    assert (daemon.until_made(film.id)[0].order.day, kinds()) == (today, ["film"])


@pytest.fixture
def disk(daemon: FilmDaemon) -> Iterator[SmallDisk]:
    with small_disk(daemon.paths.series, 16 * MB) as disk:
        yield disk


def test_a_full_disk_fails_a_film_with_the_reason(daemon, with_camera, disk):
    film = midway(daemon)
    disk.fill(left_bytes=MB // 4)  # below the disk reserve
    daemon.until(lambda _: daemon.film_called(film.id).state == "failed")
    assert "nearly full" in str(daemon.film_called(film.id).error)
    assert daemon.left() == [f"{film.id}.json"]
    with pytest.raises(Refusal, match="nearly full") as caught:
        daemon.order(kind="sheet")
    assert caught.value.cause == "disk"
    assert daemon.next_snapshot()["frame"]
    disk.clear()
    assert daemon.made(kind="sheet")[0].pictures == 48
