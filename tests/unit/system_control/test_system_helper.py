"""Root's helper: words of one table, within limits, one at a time; whatever else comes is refused."""

import json
import socket
import threading
from contextlib import closing

import pytest

from stillcam.system_control import helper, status
from stillcam.system_control.verbs import PAUSE_S, SINCE_BOOT_S, VERBS, Verb


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """For the status; what would be run is noted in `ran`, and succeeds."""
    monkeypatch.setattr(helper, "ANSWERED_S", 0.0)
    return tmp_path


@pytest.fixture
def ran(monkeypatch):
    argvs: list[tuple[str, ...]] = []

    def run(argv: tuple[str, ...]) -> str:
        argvs.append(argv)
        return ""

    monkeypatch.setattr(helper, "run", run)
    return argvs


def ask(folder, data: bytes, uptime_s=10_000.0):
    """The helper's answer to these bytes."""
    ours, its = socket.socketpair()
    with closing(ours), closing(its):
        ours.sendall(data)
        ours.shutdown(socket.SHUT_WR)
        helper.Helper(folder, uptime_s).serve(its)
        return json.loads(ours.makefile("rb").readline())


def newest_of(folder):
    newest = status.read(folder)
    assert newest is not None
    return newest


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_runs_its_program_and_is_reported(folder, ran, verb):
    assert ask(folder, f"{verb}\n".encode())["error"] == ""
    assert ran == [VERBS[verb].argv]
    newest = newest_of(folder)
    assert (newest.verb, newest.state) == (verb, status.RUNNING if VERBS[verb].reports else status.DONE)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\n", id="nothing"),
        pytest.param(b"", id="no line"),
        pytest.param(b"halt\n", id="another word"),
        pytest.param(b"reboot now\n", id="an argument"),
        pytest.param(b"Reboot\n", id="another spelling"),
        pytest.param(b"reboot\0\n", id="a zero byte"),
        pytest.param(b"reboot;id\n", id="a shell's"),
        pytest.param(b"../../bin/sh\n", id="a path"),
        pytest.param(b"reboot" + b" " * 100 + b"\n", id="too long"),
        pytest.param(b"\xff\xfe\n", id="no text"),
        pytest.param(b'{"verb": "reboot"}\n', id="a document"),
    ],
)
def test_fail__what_is_no_verb(folder, ran, data):
    assert "does not know this action" in ask(folder, data)["error"]
    assert ran == []
    assert not list(folder.glob("last-*")), "no name of a file comes from the client"
    assert status.read(folder) is None


def test_two_actions_need_a_pause_and_two_of_a_kind_a_longer_one(folder, ran):
    assert not ask(folder, b"restart\n", 10_000.0)["error"]
    soon = ask(folder, b"check\n", 10_000.0 + PAUSE_S - 1)
    assert (soon["wait_s"], "wait 1 s" in soon["error"]) == (1.0, True)
    assert not ask(folder, b"check\n", 10_000.0 + PAUSE_S)["error"]
    again = ask(folder, b"restart\n", 10_000.0 + VERBS["restart"].pause_s - 1)
    assert again["wait_s"] == 1.0
    assert len(ran) == 2


@pytest.mark.parametrize("verb", ["reboot", "poweroff"])
def test_a_machine_that_has_just_started_is_not_rebooted(folder, ran, verb):
    """A web server that an attacker controls could otherwise keep the machine from ever running."""
    assert ask(folder, f"{verb}\n".encode(), SINCE_BOOT_S - 30)["wait_s"] == 30.0
    assert ran == []
    assert not ask(folder, f"{verb}\n".encode(), SINCE_BOOT_S)["error"]


def test_one_action_at_a_time(folder, ran):
    with status.exclusive(folder):
        assert "another action is running" in ask(folder, b"reboot\n")["error"]
    assert ran == []
    assert (folder / "lock").stat().st_mode & 0o777 == 0o600, "the web server cannot hold it"


def test_a_program_that_fails_is_reported_with_its_last_words(folder, monkeypatch):
    argv = ("sh", "-c", "echo first >&2; echo 'Unit stillcam.target not found.' >&2; exit 5")
    monkeypatch.setitem(VERBS, "restart", Verb(argv, 0.0))
    assert not ask(folder, b"restart\n")["error"]
    newest = newest_of(folder)
    assert (newest.state, newest.text) == (status.FAILED, "Unit stillcam.target not found.")


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (("false",), "false ended with status 1"),
        (("/nowhere/systemctl",), "/nowhere/systemctl cannot be started: No such file or directory"),
    ],
)
def test_why_a_program_failed(argv, text):
    assert helper.run(argv) == text


def test_nothing_is_done_for_a_client_that_has_left(folder, ran):
    ours, its = socket.socketpair()
    ours.sendall(b"reboot\n")
    ours.shutdown(socket.SHUT_RDWR)
    ours.close()
    with closing(its), pytest.raises(OSError, match=r"Broken pipe|reset"):
        helper.Helper(folder, 10_000.0).serve(its)
    assert ran == []
    assert newest_of(folder).state == status.FAILED


def test_a_client_that_sends_a_byte_now_and_then_is_left(folder, ran, monkeypatch):
    """The time is that of the whole verb, not of each byte."""
    monkeypatch.setattr(helper, "LINE_S", 0.1)
    ours, its = socket.socketpair()
    ended = threading.Event()

    def trickle() -> None:
        for byte in b"reboot with a pause":
            ours.sendall(bytes([byte]))
            if ended.wait(0.05):
                return

    with closing(ours), closing(its):
        thread = threading.Thread(target=trickle)
        thread.start()
        with pytest.raises(TimeoutError):
            helper.Helper(folder, 10_000.0).serve(its)
        ended.set()
        thread.join()
    assert ran == []


def test_a_client_that_says_nothing_is_left(folder, ran, monkeypatch):
    monkeypatch.setattr(helper, "LINE_S", 0.05)
    ours, its = socket.socketpair()
    with closing(ours), closing(its), pytest.raises(TimeoutError):
        helper.Helper(folder, 10_000.0).serve(its)
    assert ran == []
