"""What takes longer than two seconds shows its progress at a terminal; Ctrl-C ends it and says what remains."""

import json
import re
import socket
import threading
from pathlib import Path

import pytest
from filming import FilmDaemon
from standin import STATUS
from terminal import CTRL_C, Terminal

from stillcam.films.order import Order
from stillcam.films.record import Film
from stillcam.ipc.protocol import CommandServer

INTERRUPTED = 130
FILM = "20261120T084500.000Z_film"


@pytest.fixture
def daemon(idle_daemon):
    idle_daemon.open()
    return idle_daemon


@pytest.fixture
def answering(tmp_path):
    """Serves commands in place of the capture daemon."""
    servers = []

    def serve(handle):
        socket = tmp_path / "data/run/capture.sock"
        socket.parent.mkdir(parents=True)
        servers.append(CommandServer(socket, handle))

    yield serve
    for server in servers:
        server.close()


def test_a_self_timer_shows_the_time_left_and_is_cancelled(daemon, tmp_path):
    with Terminal(tmp_path, "photo", "--delay", "600") as terminal:
        assert re.search(r"\rself-timer \(\d+ s, \d+ min \d+ s left\)", terminal.until(" left)"))
        terminal.press(CTRL_C)
        assert terminal.status() == INTERRUPTED
    assert terminal.lines == ["stillcam: cancelled: the library has 0 of 1 photos"]
    assert (daemon.visible(), daemon.drafts()) == ([], [])
    assert daemon.ask("status")["taking"] is None


def test_a_cancelled_burst_keeps_the_photos_that_were_taken(daemon, tmp_path):
    daemon.fault(speed=1)  # a minute for all
    with Terminal(tmp_path, "photo", "-n", "100") as terminal:
        assert re.search(r"\rphoto \d+ of 100 \(\d+ s, .* left\)", terminal.until(" left)"))
        daemon.until(lambda status: status["taking"]["done"])
        terminal.press(CTRL_C)
        assert terminal.status() == INTERRUPTED
    *paths, said = terminal.lines
    assert paths and all(Path(path).stat().st_size for path in paths)
    assert said == f"stillcam: cancelled: the library has {len(paths)} of 100 photos"
    assert len([name for name in daemon.visible() if name.endswith(".jpg")]) == len(paths)
    daemon.until(lambda _: daemon.drafts() == [])  # the camera program may be ending still


def test_a_video_that_is_stopped_is_in_the_library(daemon, tmp_path):
    with Terminal(tmp_path, "video", "600") as terminal:
        said = terminal.until("room for")  # once there is a rate; the line is written at once
        assert re.search(r"\rrecording, [\d.]+ \w+, [\d.]+ \w+/s, room for [\w ]+ \(\d+ s, \d+ min \d+ s left\)", said)
        terminal.press(CTRL_C)
        assert terminal.status() == INTERRUPTED
    path, said = terminal.lines
    assert Path(path).stat().st_size
    assert said == "stillcam: stopped: the library has the video up to here"
    assert daemon.drafts() == []


def test_what_is_done_leaves_no_progress_behind(daemon, tmp_path):
    with Terminal(tmp_path, "photo", "--delay", "4") as terminal:
        terminal.until("self-timer")
        assert terminal.status() == 0
    (path,) = terminal.lines
    assert Path(path).is_file()


def test_output_into_a_file_still_shows_progress_on_the_terminal(daemon, tmp_path):
    with (tmp_path / "out").open("wb") as out, Terminal(tmp_path, "photo", "--delay", "4", stdout=out) as terminal:
        terminal.until("self-timer")
        assert terminal.status() == 0
    assert terminal.lines == []
    assert Path((tmp_path / "out").read_text().strip()).is_file()


def test_a_film_is_finished_by_the_daemon(tmp_path, answering):
    films = FilmDaemon(tmp_path)
    film = Film(FILM, Order("film", "Garden"), "running", progress=0.41, left_s=80.0)
    films.shots(3, lambda _: (90, 90, 90))
    films.store.add(film)
    answering(lambda message: dict(STATUS) if message["command"] == "status" else {"film": film.to_api()})
    with Terminal(tmp_path, "film", "make", "Garden") as terminal:
        assert re.search(r"\rfilm, 41% \(\d+ s, 1 min 20 s left\)", terminal.until(" left)"))
        terminal.press(CTRL_C)
        assert terminal.status() == INTERRUPTED
    (said,) = terminal.lines
    assert "the daemon finishes the film" in said
    assert f"stillcam film show {FILM}" in said and f"stillcam film delete {FILM}" in said


def test_a_setting_that_is_not_applied_yet_is_put_back(tmp_path, answering):
    reloads, asked = threading.Semaphore(0), []

    def handle(message):
        asked.append(message["command"])
        if asked.count("reload") == 1 and message["command"] == "reload":
            reloads.acquire(timeout=90)
        return dict(STATUS) | {"in_force": True}

    answering(handle)
    with Terminal(tmp_path, "settings", "set", "snapshot.width", "640") as terminal:
        terminal.until("applying the settings (")
        assert json.loads((tmp_path / "data/settings.json").read_text())["snapshot"] == {"width": 640}
        terminal.press(CTRL_C)
        assert terminal.status() == INTERRUPTED
        reloads.release()
    assert terminal.lines == ["stillcam: snapshot.width is as it was before"]
    assert "snapshot" not in json.loads((tmp_path / "data/settings.json").read_text())
    assert asked.count("reload") == 2


def test_a_series_is_deleted_all_the_same(tmp_path, answering):
    films, ended = FilmDaemon(tmp_path), threading.Semaphore(0)
    films.shots(3, lambda _: (90, 90, 90))

    def handle(message):
        if message["command"] == "series":
            ended.acquire(timeout=90)
        return dict(STATUS)

    answering(handle)
    with Terminal(tmp_path, "series", "delete", "Garden", "--yes") as terminal:
        terminal.until("series delete (")
        terminal.press(CTRL_C)
        assert terminal.status() == INTERRUPTED
        ended.release()
    assert terminal.lines == ["stillcam: not waiting any longer: the capture daemon still carries out `series delete`"]


def test_doctor_names_the_check_that_takes_long(tmp_path):
    (tmp_path / "data").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        environ = {"STILLCAM_BIND": "127.0.0.1", "STILLCAM_PORT": port, "STILLCAM_CAMERA": "simulated", "NO_COLOR": "1"}
        with Terminal(tmp_path, "doctor", environ=environ) as terminal:
            assert re.search(r"\rcheck \d+ of \d+: \w+ \(\d+ s\)", terminal.until(" s)"))
            assert terminal.status() == 1
    assert terminal.lines[0].split() == ["STATE", "CHECK", "FOUND"]


def test_wait_shows_what_is_missing(tmp_path):
    (tmp_path / "data").mkdir()
    with Terminal(tmp_path, "wait", "--seconds", "600", environ={"STILLCAM_PORT": "1"}) as terminal:
        assert re.search(r"\rthere is no .*\(\d+ s, \d+ min \d+ s left\)", terminal.until(" left)"))
        terminal.press(CTRL_C)
        assert terminal.status() == INTERRUPTED
    assert terminal.lines == []
