"""What commands print: an overview, tables for people, JSON for scripts, and colours on a terminal only."""

import json
import re
import subprocess
import sys

import pytest
from series_folders import make_series
from serving import DEADLINE_S
from terminal import Terminal, environment

ESCAPE = "\x1b["
TASKS = ("Look", "Take", "Timelapse", "Motion", "Settings", "Accounts", "Installation")


def printed(folder, *arguments, status=0):
    done = subprocess.run(
        [sys.executable, "-m", "stillcam", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env=environment(folder), timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (status, "")
    return done.stdout


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """With a series and two users, without a daemon."""
    tmp_path = tmp_path_factory.mktemp("installation")
    (tmp_path / "data/series").mkdir(parents=True)
    make_series(tmp_path / "data/series", 3, state="failed", why="the disk is full")
    for arguments, said in (
        (["user", "add", "Ann", "--role", "owner"], "correct horse battery"),
        (["user", "add", "Bob of the house", "--no-library"], "correct horse battery"),
    ):
        subprocess.run(
            [sys.executable, "-m", "stillcam", *arguments], input=said, text=True, check=True, capture_output=True,
            env=environment(tmp_path), timeout=DEADLINE_S,
        )  # fmt: skip
    return tmp_path


def test_alone_it_prints_an_overview_by_task(tmp_path):
    overview = printed(tmp_path)
    assert re.findall(r"^(\w+)$", overview, re.MULTILINE) == [*TASKS]
    assert overview == printed(tmp_path, "--help")
    assert max(map(len, overview.splitlines())) <= 80


def test_lists_are_tables_with_headings(installation):
    """The columns begin below their headings."""
    users = printed(installation, "user", "list").splitlines()
    assert users[0].split() == ["NAME", "ROLE", "LIBRARY", "CREATED", "SEEN"]
    assert [line[users[0].index("ROLE") :].split()[:2] for line in users[1:]] == [["owner", "yes"], ["viewer", "no"]]
    series = printed(installation, "series", "list").splitlines()
    assert series[0].split() == ["NAME", "STATE", "TAKEN", "MISSED", "SIZE", "NEXT", "REASON"]
    assert series[1].startswith("Garden") and series[1].endswith("the disk is full")
    assert series[1].index("failed") == series[0].index("STATE")


@pytest.mark.parametrize(
    "typed",
    ["series list", "film list", "user list", "token list", "settings get", "settings check", "webhooks", "addresses",
     "log", "completion bash"],
)  # fmt: skip
def test_each_command_prints_json_for_scripts(installation, typed):
    (installation / "data/logs").mkdir(exist_ok=True)
    (installation / "data/logs/server.log").write_text("2026-11-20T10:00:00Z INFO one\n")
    assert json.loads(printed(installation, *typed.split(), "--json"))
    assert ESCAPE not in printed(installation, *typed.split())


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colours_are_for_terminals(installation, environ, coloured):
    """As https://no-color.org says."""
    with Terminal(installation, "series", "list", environ=environ) as terminal:
        assert terminal.status() == 0
    assert (f"{ESCAPE}31mfailed{ESCAPE}0m" in terminal.shown, ESCAPE in terminal.shown) == (coloured, coloured)
    plain = re.sub(r"\x1b\[\d+m", "", terminal.shown).replace("\r\n", "\n")
    assert plain == printed(installation, "series", "list"), "the same text as in a pipe"
