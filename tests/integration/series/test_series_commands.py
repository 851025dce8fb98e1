"""`stillcam series`: what is typed, what the daemon is asked, and what is printed."""

import io
import json
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from series_folders import make_series
from standin import STATUS

from stillcam.__main__ import main
from stillcam.common.paths import Paths
from stillcam.ipc.protocol import CommandServer, Message

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs/use/timelapse.md").read_text()
EXAMPLES = re.findall(r"^\./stillcam series (.*)$", GUIDE, re.MULTILINE)
assert EXAMPLES
SERIES: Message = {"name": "Roof", "state": "running", "why": None, "taken": 0, "missed": 0, "bytes": 0, "next": None}


class Terminal:
    """Types commands of an installation in a folder.

    Attributes:
        asked: what the stand-in for the capture daemon was sent.
        answer: what it answers.
    """

    def __init__(self, folder, monkeypatch, capsys) -> None:
        self.paths = Paths(folder / "images", folder / "data")
        self.asked: list[Message] = []
        self.answer: Message = {"series": SERIES}
        self._monkeypatch, self._capsys = monkeypatch, capsys
        monkeypatch.setenv("STILLCAM_DATA", str(self.paths.data))
        monkeypatch.setenv("STILLCAM_IMAGES", str(self.paths.images))
        monkeypatch.setenv("TZ", "UTC")
        monkeypatch.chdir(folder)

    def __call__(self, *typed: str) -> tuple[int, str, str]:
        """Exit status, and what was printed and complained."""
        self._monkeypatch.setattr(sys, "argv", ["stillcam", "series", *typed])
        try:
            status = main()
        except SystemExit as ended:
            status = int(ended.code or 0)
        said = self._capsys.readouterr()
        return status, said.out, said.err

    def daemon(self, message: Message) -> Message:
        """Answers for it."""
        if message["command"] == "status":
            return dict(STATUS)
        self.asked.append(message)
        return self.answer


@pytest.fixture
def type_(tmp_path, monkeypatch, capsys):
    return Terminal(tmp_path, monkeypatch, capsys)


@pytest.fixture
def daemon(type_):
    type_.paths.run.mkdir(parents=True)
    server = CommandServer(type_.paths.socket, type_.daemon)
    yield type_
    server.close()


@pytest.mark.parametrize(
    ("typed", "definition"),
    [
        pytest.param([], {"interval_s": 60}, id="the defaults"),
        pytest.param(["--every", "90"], {"interval_s": 90}, id="seconds"),
        pytest.param(["--every", "1.5h"], {"interval_s": 5400}, id="hours"),
        pytest.param(["--every", "1d"], {"interval_s": 86400}, id="a day"),
        pytest.param(["--from", "08:00"], {"interval_s": 60, "window": {"from": "08:00", "to": "24:00"}}, id="late"),
        pytest.param(
            ["--to", "sunset+00:30", "--place", "48.1,-11.6"],
            {"interval_s": 60, "window": {"from": "00:00", "to": "sunset+00:30"},
             "place": {"latitude": 48.1, "longitude": -11.6}}, id="by the sun"),
        pytest.param(["--from", "06:00", "--to", "08:00", "--and-from", "18:00"],
                     {"interval_s": 60, "window": {"from": "06:00", "to": "08:00"},
                      "second_window": {"from": "18:00", "to": "24:00"}}, id="twice a day"),
        pytest.param(["--place=-36.85,174.76"], {"interval_s": 60, "place": {"latitude": -36.85, "longitude": 174.76}},
                     id="in the south"),
        pytest.param(["--weekdays", "mon-fri"], {"interval_s": 60, "weekdays": [0, 1, 2, 3, 4]}, id="working days"),
        pytest.param(["--weekdays", "sat-mon,Wed"], {"interval_s": 60, "weekdays": [0, 2, 5, 6]}, id="over Sunday"),
        pytest.param(
            ["--vary", "LensPosition=0,0.5,8", "--bracket"],
            {"interval_s": 60, "vary": {"control": "LensPosition", "values": [0, 0.5, 8], "bracket": True}},
            id="focus"),
        pytest.param(["--smooth", "--longest", "5s", "--max-gain", "4", "--brightness", "0.4"],
                     {"interval_s": 60, "smooth": {"longest_s": 5, "gain": 4, "brightness": 0.4}}, id="smooth"),
        pytest.param(["--keep", "30d"], {"interval_s": 60, "keep": {"rule": "days", "days": 30}}, id="a month"),
        pytest.param(["--daily-film"], {"interval_s": 60, "daily_film": True}, id="a film of each day"),
        pytest.param(["--keep", "thin"], {"interval_s": 60, "keep": {"rule": "thin"}}, id="thinned"),
        pytest.param(["--raw", "--fixed", "--marks", "--shots", "9", "--start", "2030-01-01",
                      "--end", "2031-01-01T12:00"],
                     {"interval_s": 60, "kind": "raw", "fixed": True, "marks": True, "shots": 9, "start": "2030-01-01",
                      "end": "2031-01-01T12:00"}, id="all the rest"),
    ],
)  # fmt: skip
def test_what_is_typed_becomes_a_definition(daemon, typed, definition):
    status, said, _ = daemon("create", "Roof", *typed)
    assert (status, said) == (0, "Roof: running; 0 taken, 0 missed, 0 bytes\n")
    assert daemon.asked == [{"command": "series", "do": "create", "definition": {"name": "Roof", **definition}}]


@pytest.mark.parametrize(
    ("typed", "changes"),
    [
        pytest.param(["--every", "2m", "--weekdays", "sat"], {"interval_s": 120, "weekdays": [5]}, id="two options"),
        pytest.param(["--to", "18:00"], {"window": {"from": "07:00", "to": "18:00"}}, id="one side of a window"),
        pytest.param(["--and-to", "20:00"], {"second_window": {"from": "00:00", "to": "20:00"}}, id="a new window"),
        pytest.param(["--max-gain", "4"], {"smooth": {"gain": 4}}, id="a part of smooth"),
        pytest.param(["--default", "window", "--default", "smooth", "--marks"],
                     {"window": None, "smooth": None, "marks": True}, id="defaults"),
    ],
)  # fmt: skip
def test_what_is_left_out_of_a_change_stays(daemon, typed, changes):
    made: dict[str, Any] = {"window": {"from": "07:00", "to": "17:00"}, "smooth": {}, "shots": 9}
    make_series(daemon.paths.series, 1, **made)
    before = json.loads(daemon("show", "Garden", "--json")[1])["definition"]
    assert daemon("set", "Garden", *typed)[::2] == (0, "")
    [asked] = daemon.asked
    assert (asked["do"], asked["name"]) == ("change", "Garden")
    expected = {field: value for field, value in (before | changes).items() if value is not None}
    if "smooth" in expected:
        expected["smooth"] = before["smooth"] | expected["smooth"]
    assert asked["definition"] == expected


def test_a_change_without_options_or_with_a_wrong_one_is_refused(daemon):
    make_series(daemon.paths.series, 1)
    for typed, words in (([], "nothing to change"), (["--every", "0.1"], "interval_s: must be"),
                         (["--max-gain", "2"], "need --smooth")):  # fmt: skip
        status, _, complaint = daemon("set", "Garden", *typed)
        assert (status, words in complaint) == (1, True), complaint
    assert daemon("set", "Roof", "--marks")[0] == 1
    assert daemon.asked == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        pytest.param(["--every", "often"], "like 10s, 5m, 1h or 1d", id="no span"),
        pytest.param(["--place", "Munich"], "like 48.14,11.58", id="no place"),
        pytest.param(["--weekdays", "Montag"], "like mon-fri", id="no day"),
        pytest.param(["--vary", "LensPosition"], "like LensPosition=0,1,2", id="no values"),
        pytest.param(["--keep", "much"], "all, thin, or a number of days", id="no rule"),
        pytest.param(["--shots", "many"], "invalid int", id="no number"),
    ],
)
def test_a_mistyped_option_is_wrong_usage(type_, typed, words):
    status, _, complaint = type_("create", "Roof", *typed)
    assert (status, words in complaint) == (2, True), complaint


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        pytest.param(["Roof", "--every", "0.1"], "interval_s: must be a number from 1 to 86400", id="too often"),
        pytest.param(["../Roof"], "name: must have 1 to 60 characters", id="no name"),
        pytest.param(["Roof", "--from", "sunrise"], "sunrise and sunset need the place", id="the sun without a place"),
        pytest.param(
            ["Roof", "--longest", "5s"], "--longest, --max-gain and --brightness need --smooth", id="no smooth"
        ),
        pytest.param(["Roof", "--start", "soon"], "start: must be a time like", id="no time"),
    ],
)
def test_a_wrong_series_is_refused_before_the_daemon_is_asked(daemon, typed, words):
    status, _, complaint = daemon("create", *typed)
    assert (status, words in complaint) == (1, True), complaint
    assert daemon.asked == []


@pytest.mark.parametrize("line", EXAMPLES)
def test_the_examples_of_the_guide_are_understood(daemon, line):
    make_series(daemon.paths.series, 1)
    assert daemon(*shlex.split(line, comments=True))[::2] == (0, ""), line


@pytest.mark.parametrize("verb", ["start", "pause", "resume", "finish"])
def test_states_are_the_daemon_s(daemon, verb):
    assert json.loads(daemon(verb, "Garden", "--json")[1]) == SERIES
    assert daemon.asked == [{"command": "series", "do": verb, "name": "Garden"}]
    daemon.answer = {"error": "it is finished", "cause": "state"}
    assert daemon(verb, "Garden")[::2] == (1, "stillcam: it is finished\n")


def test_series_are_read_without_the_daemon(type_):
    assert type_("list")[:2] == (0, "there are no series\n")
    make_series(type_.paths.series, 3, missed=2, state="failed", why="the disk is full")
    status, said, _ = type_("list")
    assert status == 0
    assert re.fullmatch(r"Garden +failed +3 +2 +[\d.]+ \w+ +- +the disk is full", said.splitlines()[1])
    assert json.loads(type_("list", "--json")[1])["series"][0]["taken"] == 3
    rows = shown(type_)
    assert (rows["name"], rows["shots"], rows["interval"]) == ("Garden", "3 taken, 2 missed", "1 min")
    assert rows["time zone"] == "UTC"
    assert json.loads(type_("show", "Garden", "--json")[1])["last"]["n"] == 3


@pytest.mark.parametrize(
    ("plan", "row", "text"),
    [
        pytest.param({}, "weekdays", "all", id="all days"),
        pytest.param({"weekdays": [0, 5]}, "weekdays", "Mon, Sat", id="some days"),
        pytest.param({"interval_s": 90}, "interval", "90 s", id="an odd interval"),
        pytest.param({"interval_s": 86400}, "interval", "24 h", id="a long interval"),
        pytest.param({"window": {"from": "sunrise", "to": "17:00"}, "place": {"latitude": 48.14, "longitude": -2}},
                     "time of day", "sunrise to 17:00", id="time of day"),
        pytest.param({"place": {"latitude": 48.14, "longitude": -2}}, "place", "48.14,-2.0", id="place"),
        pytest.param({"keep": {"rule": "days", "days": 30}}, "retention", "30 days", id="retention"),
        pytest.param({"vary": {"control": "LensPosition", "values": [0, 1.5], "bracket": True}},
                     "varied", "LensPosition 0, 1.5 (all values each time)", id="bracket"),
    ],
)  # fmt: skip
def test_show_has_the_plan_in_words(type_, plan, row, text):
    make_series(type_.paths.series, 1, **plan)
    assert shown(type_)[row] == text


def test_show_has_times_as_the_clock_of_the_series_shows_them(type_):
    make_series(type_.paths.series, 1, zone="Europe/Berlin")
    rows = shown(type_)
    assert (rows["created"], rows["last shot"]) == ("2026-11-20 09:00:00 CET", "2026-11-20 09:00:00 CET (number 1)")
    assert json.loads(type_("show", "Garden", "--json")[1])["created"] == "2026-11-20T08:00:00.000Z"


def shown(type_) -> dict[str, str]:
    """What `show` prints of Garden, by its label."""
    return dict(re.split(r" {2,}", line, maxsplit=1) for line in type_("show", "Garden")[1].splitlines())


@pytest.mark.parametrize("verb", ["show", "pause", "delete"])
@pytest.mark.parametrize("name", ["Gone", "../Garden", ""])
def test_a_series_that_does_not_exist_is_an_error(type_, verb, name):
    make_series(type_.paths.series, 1)
    status, _, complaint = type_(verb, name)
    assert (status, complaint.count("\n")) == (1, 1), complaint


def test_a_script_has_to_say_yes_to_delete(daemon):
    make_series(daemon.paths.series, 3)
    status, _, complaint = daemon("delete", "Garden")
    assert (status, "pass --yes to delete the 3 shots of Garden" in complaint) == (1, True)
    assert daemon.asked == []
    daemon.answer = {"series": None}
    assert daemon("delete", "Garden", "--yes")[:2] == (0, "Garden: deleted\n")
    assert daemon.asked == [{"command": "series", "do": "delete", "name": "Garden"}]


@pytest.mark.parametrize(("typed", "deleted"), [("Garden", True), ("y", False), ("", False)])
def test_a_person_types_the_name_to_delete(daemon, monkeypatch, typed, deleted):
    make_series(daemon.paths.series, 3)
    monkeypatch.setattr(sys, "stdin", Keyboard(typed))
    daemon.answer = {"series": None}
    status, _, asked = daemon("delete", "Garden", "--json")
    assert "Delete Garden with its 3 shots" in asked
    assert (status == 0, len(daemon.asked)) == (deleted, deleted)


class Keyboard:
    """A person at a terminal, who types one line."""

    def __init__(self, line: str) -> None:
        self._line = line

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return f"{self._line}\n"


def test_without_a_daemon_nothing_is_made(type_):
    status, _, complaint = type_("create", "Roof")
    assert (status, "start it with ./start_camera_server.sh" in complaint) == (1, True)


def test_a_zip_is_written_to_a_file_that_was_not_there(type_):
    make_series(type_.paths.series, 5)
    status, said, complaint = type_("zip", "Garden", "--first", "2", "--to", "2026-11-20T08:03")
    assert (status, complaint) == (0, "")
    assert said.startswith("Garden.zip: 3 shots, ")
    with zipfile.ZipFile("Garden.zip") as read:
        assert read.testzip() is None
        assert len(read.namelist()) == 5
    assert json.loads(type_("zip", "Garden", "-o", "all.zip", "--json")[1])["last"] == 5
    assert sorted(str(path) for path in Path().glob("*.zip*")) == ["Garden.zip", "all.zip"]
    for typed, words in (
        (["Garden"], "Garden.zip exists: delete it"),
        (["Garden", "-o", "none/all.zip"], "No such file or directory): choose another --output"),
        (["Garden", "--first", "6"], "no shots in this range"),
        (["Garden", "--from", "soon"], "from: must be a time like"),
        (["Gone"], "there is no series Gone"),
        (["Garden", "-o", "-", "--json"], "--json prints to standard output"),
    ):
        status, _, complaint = type_("zip", *typed)
        assert (status, words in complaint) == (1, True), complaint


def test_a_zip_goes_into_a_pipe(type_):
    make_series(type_.paths.series, 5)
    argv = [sys.executable, "-m", "stillcam", "series", "zip", "Garden", "-o", "-"]
    environ = {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(type_.paths.data), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(argv, env=environ, capture_output=True, check=True)
    with zipfile.ZipFile(io.BytesIO(done.stdout)) as read:
        assert read.testzip() is None
        assert len(read.namelist()) == 7
    with subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout
        assert program.stderr
        program.stdout.close()
        assert b"the ZIP is incomplete: cannot write the output (Broken pipe)" in program.stderr.read()
    assert program.returncode == 1
