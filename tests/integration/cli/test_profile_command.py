"""`stillcam profile`: the profiles from a terminal, on a real daemon."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from capture_daemon import ROOT, CaptureDaemon

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(daemon: CaptureDaemon) -> Run:
    """Runs `stillcam profile` on the data folder of a daemon, which has not been started yet."""
    environ = os.environ | {
        "PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(daemon.data), "TZ": "Europe/Berlin",
    }  # fmt: skip

    def run(*words: str, given: str = "", group: str = "profile") -> "subprocess.CompletedProcess[str]":
        argv = [sys.executable, "-m", "stillcam", group, *words]
        return subprocess.run(argv, env=environ, input=given, capture_output=True, text=True, check=False)

    return run


def kept(daemon: CaptureDaemon) -> list[dict[str, Any]]:
    document = json.loads((daemon.data / "profiles.json").read_text())
    rows: list[dict[str, Any]] = document["profiles"]
    return rows


def test_profiles_are_added_chosen_and_removed(daemon, run):
    assert run("list").stdout == "there are no profiles: the plain settings are in force\n"
    added = run(
        "add", "Night", "--from", "22:00", "--to", "06:00", "--days", "sat,sun", "--set", "motion.sensitivity=3"
    )
    assert added.stdout.startswith("Night was added, but is not applied yet: ")
    daemon.start()
    daemon.frames()
    away = ("--set", "snapshot.interval_s=0.4", "--set", "controls.Brightness=0.1")
    assert run("add", "Away", *away).stdout == "Away was added\n"
    assert run("add", "Dusk", "--lux-below", "10", "--end", "20").returncode == 0
    assert kept(daemon) == [
        {"name": "Night", "when": {"type": "times", "from": "22:00", "to": "06:00", "weekdays": ["sat", "sun"]},
         "changes": {"motion": {"sensitivity": 3}}},
        {"name": "Away", "when": {"type": "manual"},
         "changes": {"snapshot": {"interval_s": 0.4}, "controls": {"Brightness": 0.1}}},
        {"name": "Dusk", "when": {"type": "lux", "below": 10.0, "until": 20.0, "for_s": 120.0}, "changes": {}},
    ]  # fmt: skip
    used = run("use", "Away", "--until", "2036-12-01T06:30")
    assert used.returncode == 0, used.stderr
    assert used.stdout == "active: Away (chosen by hand)\nuntil: 2036-12-01 06:30:00 CET\n"
    assert daemon.until(lambda _: True)["interval_s"] == 0.4
    assert "profile  Away (chosen by hand)" in run(group="status").stdout
    listed = [line.split() for line in run("list").stdout.splitlines()]
    assert ["Night", "from", "22:00", "to", "06:00", "on", "sat,", "sun", "motion.sensitivity"] in listed
    assert ["Away", "active", "by", "hand", "only", "snapshot.interval_s,", "controls.Brightness"] in listed
    said = run("set", "snapshot.interval_s", "0.3", group="settings").stdout
    assert said == "saved, but profile Away sets snapshot.interval_s while it is active\n"
    assert json.loads(run("show", "Away").stdout)["name"] == "Away"
    assert json.loads(run("auto", "--json").stdout)["state"]["by"] == "conditions"
    assert daemon.until(lambda status: status["profile"]["active"] is None)["interval_s"] == 0.3
    assert run("remove", "Away").stdout == "Away was deleted\n"
    document = run("list", "--json").stdout
    assert run("edit", "-", given=document.replace("Dusk", "Dawn")).stdout == "2 profiles were saved\n"
    assert [one["name"] for one in kept(daemon)] == ["Night", "Dawn"]


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        pytest.param(("add", "Night", "--from", "22:00"), 2, "--from and --to belong together", id="half a window"),
        pytest.param(("add", "Night", "--lux-below", "3"), 2, "--lux-below: needs --end", id="no second threshold"),
        pytest.param(
            ("add", "Night", "--set", "sensitivity=3"), 2, "must be like motion.sensitivity=3", id="no section"
        ),
        pytest.param(
            ("add", "N", "--set", "motion.sensitivity=11"), 1, "changes.motion.sensitivity: must be from", id="range"
        ),
        pytest.param(("add", "N", "--from", "sunset", "--to", "7:00"), 1, "when.to: must be a time like", id="time"),
        pytest.param(("add", "N", "--from", "sunset", "--to", "07:00"), 1, "need the place of the camera", id="place"),
        pytest.param(
            ("add", "N", "--set", "access.watch=anyone"), 1, "a profile cannot change these settings", id="access"
        ),
        pytest.param(("show", "Night"), 1, "there is no profile 'Night'", id="unknown"),
        pytest.param(("use", "Night", "--until", "soon"), 2, "--until: must be tomorrow, change", id="no end"),
        pytest.param(("edit", "/nowhere"), 1, "cannot read /nowhere: No such file", id="no file"),
        pytest.param(("edit", "-"), 1, "- is not JSON", id="no JSON"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_written(daemon, run, words, status, text):
    ended = run(*words)
    assert (ended.returncode, text in ended.stderr) == (status, True), ended.stderr
    assert not (daemon.data / "profiles.json").exists()
