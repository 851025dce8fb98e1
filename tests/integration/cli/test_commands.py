"""`stillcam status`, `snapshot`, `settings`, `log` ...: as a person or a script asks beside the daemon."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pytest
from capture_daemon import STILL, CaptureDaemon
from serving import DEADLINE_S, ROOT


def command(
    folder: Path, *arguments: str, before: Sequence[str] = (), stdout: int | IO[bytes] = subprocess.PIPE
) -> subprocess.CompletedProcess[bytes]:
    environ = os.environ | {
        "PYTHONPATH": str(ROOT / "python"),
        "STILLCAM_DATA": str(folder / "data"),
        "STILLCAM_IMAGES": str(folder / "images"),
    }
    return subprocess.run(
        [*before, sys.executable, "-m", "stillcam", *arguments],
        stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, timeout=DEADLINE_S, env=environ, check=False,
    )  # fmt: skip


def done(folder: Path, *arguments: str) -> str:
    ran = command(folder, *arguments)
    assert (ran.returncode, ran.stderr) == (0, b"")
    return ran.stdout.decode()


def document(folder: Path, *arguments: str):
    return json.loads(done(folder, *arguments, "--json"))


def refused(folder: Path, *arguments: str) -> str:
    ran = command(folder, *arguments)
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr.startswith(b"stillcam: ") and ran.stderr.count(b"\n") == 1, ran.stderr
    return ran.stderr.decode()


@pytest.fixture
def running(daemon):
    daemon.start()
    daemon.frames()
    return daemon


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """A daemon for commands that change nothing; it takes a snapshot an hour."""
    daemon = CaptureDaemon(tmp_path_factory.mktemp("lasting"))
    daemon.fault()
    daemon.set(snapshot=STILL)
    with daemon.start() as process:
        daemon.until(lambda status: status["captures"]["ok"])
        yield daemon
        process.terminate()


@pytest.fixture
def lasting_folder(lasting):
    return lasting.data.parent


def test_the_status_is_told_in_lines_and_as_json(lasting, lasting_folder):
    assert re.search(
        rf"^daemon +running since .* \(pid {lasting.process.pid}\)$", done(lasting_folder, "status"), re.MULTILINE
    )
    status = document(lasting_folder, "status")
    assert (status["mode"], status["driver"]) == ("snapshot", "simulated")


def test_the_cameras_are_listed_and_looked_for_again(running, tmp_path):
    first, second = "0       imx519  4656x3496  yes", "1       imx219  3280x2464  no"
    assert done(tmp_path, "cameras").splitlines() == ["NUMBER  MODEL   SIZE       IN USE", first, second]
    running.fault(cameras="imx519")
    assert len(document(tmp_path, "cameras")["cameras"]) == 2
    assert done(tmp_path, "cameras", "--again").splitlines()[1:] == [first]
    running.frames()  # the camera program runs again: were it only to start, its failure would be the answer
    running.fault(no_camera=True)
    assert done(tmp_path, "cameras", "--again").splitlines() == ["no camera was found"]


def test_a_snapshot_in_a_pipe_is_the_picture(lasting_folder):
    picture = command(lasting_folder, "snapshot").stdout
    assert picture[:2] == b"\xff\xd8" and picture[-2:] == b"\xff\xd9"
    path = done(lasting_folder, "snapshot", "--path").strip()
    assert Path(path).parent == lasting_folder / "images"
    assert document(lasting_folder, "snapshot")["frame"].startswith("camera_")


def test_a_setting_is_in_force_once_it_is_set(running, tmp_path):
    assert done(tmp_path, "settings", "set", "snapshot.width", "160") == "saved and applied\n"
    assert done(tmp_path, "settings", "get", "snapshot.width") == "160\n"
    assert document(tmp_path, "settings", "get", "snapshot")["width"] == 160
    assert "snapshot.width = 160\n" in done(tmp_path, "settings", "get")
    assert document(tmp_path, "settings", "set", "snapshot.width", "160") == {"changed": False, "in_force": True}
    done(tmp_path, "settings", "set", "snapshot.width", "null")
    assert done(tmp_path, "settings", "get", "snapshot.width") == "1280\n"


def test_a_text_needs_no_quotes_and_a_list_is_json(tmp_path):
    done(tmp_path, "settings", "set", "access.watch", "anyone")
    done(tmp_path, "settings", "set", "access.hosts", '["camera.example.org"]')
    done(tmp_path, "settings", "set", "controls.AwbMode", "Daylight")
    assert document(tmp_path, "settings", "get", "access")["hosts"] == ["camera.example.org"]
    assert done(tmp_path, "settings", "get", "controls.AwbMode") == "Daylight\n"
    assert document(tmp_path, "settings", "set", "page.histogram", "true") == {"changed": True, "in_force": False}
    assert re.match(
        r"saved, but not applied yet: the capture daemon does not answer: start it with \./start_camera_server",
        done(tmp_path, "settings", "set", "page.histogram", "false"),
    )


def test_what_the_camera_refuses_is_put_back(lasting_folder):
    before = (lasting_folder / "data/settings.json").read_text()
    text = refused(lasting_folder, "settings", "set", "camera.index", "7")
    assert "stay as they were" in text
    assert json.loads((lasting_folder / "data/settings.json").read_text()) == json.loads(before)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        pytest.param("snapshot.interval_s", "two", "snapshot.interval_s: must be a number", id="not a number"),
        pytest.param("snapshot.intervall_s", "2", "did you mean 'interval_s'?", id="a name that there is not"),
        pytest.param("snapshot.interval_s", "1e9", "must be from 0.1 to 86400 s", id="out of range"),
        pytest.param("controls.Brightness", "9", "controls.Brightness", id="a control out of range"),
    ],
)
def test_a_wrong_setting_is_refused(tmp_path, name, value, words):
    assert words in refused(tmp_path, "settings", "set", name, value)
    assert not (tmp_path / "data/settings.json").exists()


def test_the_check_names_line_and_field(tmp_path):
    assert "the defaults apply" in done(tmp_path, "settings", "check")
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data/settings.json").write_text('{"version": 1,\n "snapshot": {"interval_s": "two"}}\n')
    ran = command(tmp_path, "settings", "check", "--json")
    assert ran.returncode == 1
    found = json.loads(ran.stdout)
    assert (found["right"], found["field"], found["line"]) == (False, "snapshot.interval_s", 2)
    assert b"line 2: snapshot.interval_s" in command(tmp_path, "settings", "check").stdout
    (tmp_path / "other.json").write_text("{}")
    assert "is valid" in done(tmp_path, "settings", "check", str(tmp_path / "other.json"))
    assert "there is no" in refused(tmp_path, "settings", "check", str(tmp_path / "none.json"))


def test_both_logs_are_told_in_the_order_of_time(tmp_path):
    logs = tmp_path / "data/logs"
    logs.mkdir(parents=True)
    (logs / "capture.log").write_text("2026-11-20T10:00:00Z INFO one\n2026-11-20T10:00:02Z CRITICAL three\nTraceback\n")
    (logs / "server.log").write_text("2026-11-20T10:00:01Z INFO two\n2026-11-20T10:00:03Z INFO four\n")
    assert [line.split()[-1] for line in done(tmp_path, "log").splitlines()] == [
        "one", "two", "three", "Traceback", "four",
    ]  # fmt: skip
    assert document(tmp_path, "log", "-n", "1") == {"lines": ["2026-11-20T10:00:03Z INFO four"]}


def test_a_command_is_about_one_of_several_cameras(tmp_path, monkeypatch):
    """What all have in common is the first one's, whichever is meant."""
    monkeypatch.setenv("STILLCAM_CAMERAS", "0 1")
    done(tmp_path, "--camera", "1", "settings", "set", "snapshot.width", "640")
    assert done(tmp_path, "--camera", "1", "settings", "get", "snapshot.width") == "640\n"
    assert done(tmp_path, "settings", "get", "snapshot.width") == "1280\n"
    assert json.loads((tmp_path / "data/cameras/1/settings.json").read_text())["snapshot"] == {"width": 640}
    assert "applies to all cameras" in refused(tmp_path, "--camera", "1", "settings", "set", "access.watch", "anyone")
    assert done(tmp_path, "--camera", "1", "code") == done(tmp_path, "code")
    assert not (tmp_path / "data/cameras/1/accounts.db").exists()
    assert "not in STILLCAM_CAMERAS" in refused(tmp_path, "--camera", "2", "status")
    logs = tmp_path / "data/logs"
    logs.mkdir(parents=True)
    for number, name in enumerate(("capture.log", "capture-1.log", "server.log")):
        (logs / name).write_text(f"2026-11-20T10:00:0{number}Z INFO {name}\n")
    assert [line.split()[-1] for line in done(tmp_path, "log").splitlines()] == [
        "capture.log", "capture-1.log", "server.log",
    ]  # fmt: skip


def test_without_a_daemon_the_reason_is_told(tmp_path):
    (tmp_path / "data").mkdir(exist_ok=True)
    for asked in ("status", "cameras", "snapshot", "reload"):
        assert "start it with" in refused(tmp_path, asked)


@pytest.mark.parametrize(
    "asked",
    ["status", "doctor", "log", "addresses", "webhooks", "settings check", "settings get", "series list", "code"],
)
def test_who_forgets_sudo_is_told_so(tmp_path, asked):
    """As a user to whom another one's data are closed."""
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    data.chmod(0)
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    ran = command(tmp_path, *asked.split(), before=drop)
    data.chmod(0o700)
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr.startswith(b"stillcam: ") and ran.stderr.count(b"\n") == 1, ran.stderr
    assert b"sudo" in ran.stderr or b"Permission denied" in ran.stderr


def test_a_file_that_is_full_is_told(lasting_folder):
    for asked in ("snapshot", "status"):
        with open("/dev/full", "wb") as full:
            ran = command(lasting_folder, asked, stdout=full)
        assert (ran.returncode, ran.stderr) == (
            1, b"stillcam: cannot write the output: No space left on device\n",
        )  # fmt: skip


def test_ctrl_c_ends_a_command_without_a_word(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    environ = os.environ | {"PYTHONPATH": str(ROOT / "python")}
    process = subprocess.Popen(
        ["env", "--default-signal=INT", sys.executable, "-m", "stillcam", "settings", "check", str(fifo)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ,
    )  # fmt: skip
    with process, fifo.open("wb"):  # it reads there
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=DEADLINE_S) == (b"", b"")
    assert process.returncode == 130


def test_lines_as_they_come_are_no_json(tmp_path):
    assert "leave out one of the two" in refused(tmp_path, "log", "--follow", "--json")


def test_wrong_usage_is_status_2(tmp_path):
    assert command(tmp_path, "settings", "set", "snapshot.width").returncode == 2
    assert command(tmp_path, "stauts").returncode == 2
