"""`stillcam user`, `token` and `code`, as typed on SSH beside the running server."""

import contextlib
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from people import sign_in
from serving import DEADLINE_S, ROOT

PASSWORD = "correct horse battery"


def command(data: Path, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(data), "STILLCAM_PORT": "8123"}
    return subprocess.run(
        [sys.executable, "-m", "stillcam", *arguments],
        input=said, text=True, capture_output=True, timeout=DEADLINE_S, env=environ, check=False,
    )  # fmt: skip


def done(data: Path, *arguments: str, said: str = "") -> str:
    ran = command(data, *arguments, said=said)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert PASSWORD not in ran.stdout
    return ran.stdout


def test_the_code_is_printed_until_there_is_an_owner(tmp_path):
    code = done(tmp_path, "code").strip()
    assert re.fullmatch("([0-9A-Z]{4}-){2}[0-9A-Z]{4}", code)
    assert code in done(tmp_path, "addresses")
    done(tmp_path, "user", "add", "Ann", "--role", "owner", said=PASSWORD)
    assert "setup code" not in done(tmp_path, "addresses")
    assert not (tmp_path / "setup-code").exists()
    refused = command(tmp_path, "code")
    assert refused.returncode == 1
    assert refused.stderr.startswith("stillcam: an owner has registered")


def test_users_are_added_changed_and_removed_beside_the_server(site):
    def user(*arguments, said=""):
        return done(site.data, "user", *arguments, said=said)

    assert user("list") == "there are no users\n"
    user("add", "Ann", "--role", "owner", said=f"{PASSWORD}\n")
    user("add", "Bob", said=PASSWORD)
    assert re.fullmatch(r"NAME .*\nAnn +owner +yes +\d{4}-\d\d-\d\d +never\nBob +viewer .*\n", user("list"))
    site.until(lambda: site.ask("/api/status")[0].status == 401)
    bob = sign_in(site, "Bob", PASSWORD)
    site.until(lambda: bob.ask("/api/status")[0].status == 200)
    assert bob.ask("/api/settings")[0].status == 403
    user("role", "bob", "owner")
    site.until(lambda: bob.ask("/api/settings")[0].status == 200)
    user("reset", "bob", said="another password")
    site.until(lambda: bob.ask("/api/status")[0].status == 401)
    assert sign_in(site, "Bob", "another password").ask("/api/settings")[0].status == 200
    user("add", "Eve", "--no-library", said=PASSWORD)
    assert re.search(r"^Eve +viewer +no ", user("list"), re.MULTILINE)
    assert user("library", "Eve", "yes") == "Eve may open the library\n"
    assert user("library", "Eve", "no") == "Eve may not open the library\n"
    assert user("library", "Ann", "no") == "Ann is an owner, and owners may always open the library\n"
    user("remove", "bob")
    assert "Bob" not in user("list")


def test_tokens_are_made_and_revoked_beside_the_server(site):
    done(site.data, "user", "add", "Ann", "--role", "owner", said=PASSWORD)
    site.until(lambda: site.ask("/api/status")[0].status == 401)
    token = done(site.data, "token", "add", "Front door", "--scope", "control").strip()
    site.until(lambda: site.ask("/api/settings", Authorization=f"Bearer {token}")[0].status == 200)
    listed = done(site.data, "token", "list").splitlines()[1:]
    assert [line.split("  ")[:3] for line in listed] == [[listed[0][:12], "Front door", "control"]]
    done(site.data, "token", "remove", "front door")
    site.until(lambda: site.ask("/api/settings", Authorization=f"Bearer {token}")[0].status == 401)


@pytest.mark.parametrize(
    ("arguments", "said", "status", "why"),
    [
        pytest.param(["user", "add", "Bob"], PASSWORD, 1, "the first user must be an owner", id="a viewer first"),
        pytest.param(["user", "add", "a/b"], PASSWORD, 1, "the name must not contain /", id="a name that is none"),
        pytest.param(["user", "add", "Bob"], "short", 1, "the password must have 8 to 1024", id="short password"),
        pytest.param(["user", "add", "Bob"], "", 1, "the password must have 8 to 1024", id="no password"),
        pytest.param(["user", "reset", "Eve"], PASSWORD, 1, "there is no user called Eve", id="nobody"),
        pytest.param(["user", "remove", "Eve"], "", 1, "there is no user called Eve", id="nobody to remove"),
        pytest.param(["token", "remove", "x"], "", 1, "there is no token x", id="no such token"),
        pytest.param(["user"], "", 2, "COMMAND", id="no sub-command"),
        pytest.param(["user", "add"], "", 2, "USER", id="no name"),
        pytest.param(["user", "role", "Ann", "king"], "", 2, "invalid choice", id="no such role"),
        pytest.param(["token", "add", "x", "--scope", "all"], "", 2, "invalid choice", id="no such scope"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(tmp_path, arguments, said, status, why):
    ran = command(tmp_path, *arguments, said=said)
    assert ran.returncode == status
    assert why in ran.stderr
    assert "Traceback" not in ran.stderr and ran.stdout == ""


def test_the_last_owner_stays(tmp_path):
    done(tmp_path, "user", "add", "Ann", "--role", "owner", said=PASSWORD)
    for arguments in (["remove", "Ann"], ["role", "Ann", "viewer"]):
        ran = command(tmp_path, "user", *arguments)
        assert ran.returncode == 1 and "only owner" in ran.stderr


def test_a_database_that_cannot_be_used_hides_no_address(tmp_path):
    (tmp_path / "accounts.db").write_bytes(b"no database at all " * 100)
    printed = done(tmp_path, "addresses")
    assert ":8123/" in printed and "damaged" in printed


@pytest.mark.parametrize(
    ("second", "status", "printed"),
    [(PASSWORD, 0, "Ann can sign in"), ("another password", 1, "not the same"), ("\x03", 1, "was not typed")],
    ids=["twice the same", "a slip", "Ctrl-C"],
)
def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(tmp_path, second, status, printed):
    ours, theirs = pty.openpty()
    program = subprocess.Popen(
        ["setsid", "--ctty", sys.executable, "-m", "stillcam", "user", "add", "Ann", "--role", "owner"],
        stdin=theirs, stdout=theirs, stderr=theirs,
        env=os.environ | {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(tmp_path)},
    )  # fmt: skip
    os.close(theirs)
    shown = b""

    def read_until(text: bytes) -> None:
        nonlocal shown
        while text not in shown:
            shown += os.read(ours, 1024)

    try:
        read_until(b"New password for Ann: ")
        os.write(ours, f"{PASSWORD}\n".encode())
        read_until(b"Repeat it: ")
        os.write(ours, second.encode() + (b"" if second == "\x03" else b"\n"))
        with contextlib.suppress(OSError):  # EIO: the program has ended
            read_until(b"never shown")
        assert program.wait(DEADLINE_S) == status, shown
    finally:
        os.close(ours)
        program.kill()
        program.wait()
    assert printed.encode() in shown
    assert PASSWORD.encode() not in shown
