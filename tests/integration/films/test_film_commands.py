"""`stillcam film`: what is typed, what comes of it, and what is printed."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filming import FilmDaemon

from stillcam.films.order import Order
from stillcam.films.record import Film, new_id

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs/use/timelapse.md").read_text()
EXAMPLES = re.findall(r"^\./stillcam film (make .*)$", GUIDE, re.MULTILINE)
assert EXAMPLES


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilmDaemon]:
    daemon = FilmDaemon(tmp_path_factory.mktemp("daemon"))
    daemon.shots(3, lambda _: (90, 90, 90))
    daemon.open()
    yield daemon
    daemon.end()


@pytest.fixture
def shut(tmp_path: Path) -> FilmDaemon:
    """Without a daemon."""
    daemon = FilmDaemon(tmp_path)
    daemon.shots(3, lambda _: (90, 90, 90))
    return daemon


def typed(daemon: FilmDaemon, line: str) -> tuple[int, str, str]:
    """Exit status, and what was printed and complained."""
    environ = {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(daemon.data), "TZ": "UTC",
               "STILLCAM_IMAGES": str(daemon.images), "PATH": "/usr/bin:/bin"}  # fmt: skip
    argv = [sys.executable, "-m", "stillcam", "film", *shlex.split(line)]
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def test_a_film_is_made_listed_shown_and_deleted(daemon):
    status, path, said = typed(daemon, "make Garden --kind sheet --width 320")
    assert (status, said) == (0, "")
    assert Path(path.strip()).read_bytes()[:2] == b"\xff\xd8"
    id_ = Path(path).stem
    listed = typed(daemon, "list Garden")[1].splitlines()
    assert listed[0].split() == ["ID", "SERIES", "DAY", "STATE", "RESULT"]
    assert re.fullmatch(rf"{id_} +Garden +- +done +3 pictures, [\d.]+ \w+", listed[1])
    assert re.fullmatch(rf"file +{path.strip()}", typed(daemon, f"show {id_}")[1].splitlines()[-1])
    told = json.loads(typed(daemon, f"show {id_} --json")[1])
    assert (told["state"], told["kind"], told["pictures"]) == ("done", "sheet", 3)
    assert typed(daemon, f"delete {id_}") == (0, f"{id_}: deleted\n", "")
    assert typed(daemon, f"show {id_}")[0] == 1
    assert typed(daemon, "list") == (0, "there are no films\n", "")


def test_a_film_can_be_ordered_without_waiting(daemon):
    status, id_, _ = typed(daemon, "make Garden --kind keogram --no-wait")
    assert status == 0
    assert daemon.until_made(id_.strip())[0].pictures == 3


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        pytest.param("make Gone", 1, "series: there is no series Gone", id="no such series"),
        pytest.param("make Garden --fps 99", 1, "fps: must be a whole number from 1 to 60", id="a wrong value"),
        pytest.param("make Garden --from tomorrow", 1, "from: must be a time", id="a wrong time"),
        pytest.param("make Garden --to 2020-01-01", 1, "Garden has no pictures in that time", id="no picture"),
        pytest.param("make Garden --crop 0 0 2 1", 1, "crop: must be", id="a wrong part"),
        pytest.param("make Garden --kind gif", 2, "invalid choice", id="a wrong kind"),
        pytest.param("delete ../settings", 1, "there is no such film", id="what is no id"),
    ],
)
def test_an_invalid_order_is_an_error(daemon, line, status, words):
    answered, printed, said = typed(daemon, line)
    assert (answered, printed) == (status, "")
    assert words in said


def test_a_failed_film_is_an_exit_status(shut):
    shut.store.add(Film(new_id("film", 1), Order("film", "Garden"), "failed", error="the disk is full"))
    id_ = shut.store.all()[0].id
    status, printed, _ = typed(shut, f"show {id_}")
    assert status == 1
    assert re.search("^state +failed\nresult +the disk is full$", printed, re.MULTILINE)


def test_without_a_daemon_it_says_how_to_start_one(shut):
    status, _, said = typed(shut, "make Garden --kind sheet")
    assert status == 1
    assert "./start_camera_server.sh" in said
    assert typed(shut, "list Garden")[:2] == (0, "there are no films\n")


@pytest.mark.parametrize("line", EXAMPLES)
def test_the_examples_are_understood(shut, line):
    assert "capture daemon does not answer" in typed(shut, line)[2]
