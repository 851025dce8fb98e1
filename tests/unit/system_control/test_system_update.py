"""Search for a new version and update: real git clones, and an installer that prints what the real one prints."""

import json
import os
import pwd
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from stillcam.system_control import status, update
from stillcam.system_control.request import NOTE, no_update
from stillcam.system_control.source import Source, UpdateError

IDENTITY = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b"}
INSTALLER = """#!/bin/sh
echo "install.sh: installing version 9.9.9"
echo "install.sh: restarting Stillcam"
echo "$@" >{told}
echo "  enter the setup code ABC"
{end}
"""
ROLLS_BACK = """
echo "stillcam: no new picture within 60 s: the web server does not answer on port 8080 (refused)" >&2
echo "install.sh: rolling back to the previous version"
echo "stillcam: something of the previous one" >&2
echo "install.sh: the new version shows no picture; rolled back to the previous one. Log: journalctl" >&2
exit 1
"""


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", folder, *arguments], env=os.environ | IDENTITY, check=True, capture_output=True, text=True
    ).stdout.strip()


class Repository:
    """What is published, a clone of it, and the version that was installed from that."""

    def __init__(self, folder: Path) -> None:
        self.published, self.clone, self.root = folder / "published", folder / "clone", folder / "version"
        self.told = folder / "told"
        self.published.mkdir()
        self.root.mkdir()
        git(self.published, "init", "--quiet", "--initial-branch=main")
        self.publish("1.0.0")
        git(folder, "clone", "--quiet", str(self.published), str(self.clone))
        self.note("--without-ffmpeg", "--patience", "90")

    def publish(self, version: str, end: str = "") -> None:
        for name, text in (
            ("python/stillcam/__init__.py", f'"""It."""\n\n__version__ = "{version}"\n'),
            ("deploy/install.sh", INSTALLER.format(told=self.told, end=end)),
        ):
            file = self.published / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(0o755)
        git(self.published, "add", ".")
        git(self.published, "commit", "--quiet", "--message", version)

    def note(self, *options: str) -> None:
        lines = (str(self.clone), git(self.clone, "rev-parse", "HEAD"), *options)
        (self.root / NOTE).write_text("\n".join(lines) + "\n")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    made = Repository(tmp_path)
    monkeypatch.setattr(Source, "check_owner", lambda _: None)  # pytest's folder is below /tmp; has a test of its own
    of = Source.of
    monkeypatch.setattr(Source, "of", lambda: of(made.root))
    return made


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def run(folder: Path, verb: str) -> status.Status:
    succeeded = update.Update(folder, verb).run()
    newest = status.read(folder)
    assert newest is not None
    assert succeeded == (newest.state == status.DONE)
    return newest


def found_by(newest: status.Status) -> status.Found:
    assert newest.found is not None
    return newest.found


def test_a_search_finds_what_was_published_and_changes_nothing(repository, folder):
    assert found_by(run(folder, "check")).changes == 0
    repository.publish("2.0.0")
    repository.publish("2.0.1")
    before = git(repository.clone, "rev-parse", "HEAD")
    newest = run(folder, "check")
    assert newest.text == "Version 2.0.1 is available."
    assert (found_by(newest).version, found_by(newest).changes) == ("2.0.1", 2)
    assert git(repository.clone, "rev-parse", "HEAD") == before
    assert not repository.told.exists()


def test_an_update_runs_the_new_installer_with_the_options_of_before(repository, folder, monkeypatch):
    repository.publish("2.0.0")
    texts, write = [], status.write

    def note(folder: Path, now: status.Status) -> None:
        texts.append(now.text)
        write(folder, now)

    monkeypatch.setattr(status, "write", note)
    newest = run(folder, "update")
    assert newest.text == "Version 2.0.0 is installed, and shows a picture."
    assert repository.told.read_text() == "--without-ffmpeg --patience 90\n"
    assert texts[0] == "Checking for a new version."
    assert texts[2:5] == ["Getting the new version.", "Installing version 9.9.9.", "Restarting Stillcam."]
    assert not any("setup code" in text for text in texts)


def test_an_update_to_the_same_version_installs_nothing(repository, folder):
    assert "is the newest one" in run(folder, "update").text
    assert not repository.told.exists()


def test_a_version_without_a_picture_is_reported_with_the_reason(repository, folder):
    repository.publish("2.0.0", ROLLS_BACK)
    newest = run(folder, "update")
    assert newest.state == status.FAILED
    told, _, why = newest.text.partition(". Reason: ")
    assert told == "the new version shows no picture; rolled back to the previous one. Log: journalctl"
    assert why == "no new picture within 60 s: the web server does not answer on port 8080 (refused)"


def test_an_installer_that_says_nothing_is_reported_too(repository, folder):
    repository.publish("2.0.0", "exit 7")
    assert run(folder, "update").text == "install.sh ended with status 7"


def change(repository):
    (repository.clone / "deploy/install.sh").write_text("mine")


def diverge(repository):
    (repository.clone / "mine").write_text("")
    git(repository.clone, "add", ".")
    git(repository.clone, "commit", "--quiet", "--message", "mine")


@pytest.mark.parametrize(
    ("hinder", "text"),
    [
        pytest.param(change, r"has changes that are not committed \(deploy/install\.sh\)", id="changed files"),
        pytest.param(diverge, "git merge failed in .*", id="own commits"),
        pytest.param(lambda it: it.published.rename(it.published.with_name("moved")), "git fetch failed in", id="away"),
        pytest.param(
            lambda it: git(it.clone, "checkout", "--quiet", "--detach"),
            "on no branch that follows a published one",
            id="no branch",
        ),
        pytest.param(lambda it: it.clone.rename(it.clone.with_name("moved")), "is gone: clone it again", id="gone"),
    ],
)
def test_what_hinders_an_update_is_named_and_nothing_is_installed(repository, folder, hinder, text):
    repository.publish("2.0.0")
    hinder(repository)
    newest = run(folder, "update")
    assert newest.state == status.FAILED
    assert re.search(text, newest.text), newest.text
    assert not repository.told.exists()


def test_an_installation_that_cannot_update_itself_says_so(tmp_path):
    assert "was not installed from a git clone" in no_update(tmp_path)
    assert "update it with apt" in no_update(Path("/usr/lib/stillcam"))
    with pytest.raises(UpdateError, match="was not installed from a git clone"):
        Source.of(tmp_path)


def test_a_worktree_of_a_clone_is_updated_like_a_clone(repository, folder):
    other = repository.clone.with_name("worktree")
    git(repository.clone, "worktree", "add", "--quiet", "-b", "camera", "--track", str(other), "origin/main")
    repository.clone = other
    repository.note("--patience", "90")
    repository.publish("2.0.0")
    assert run(folder, "update").text == "Version 2.0.0 is installed, and shows a picture."
    assert repository.told.read_text() == "--patience 90\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs programs as other users")
def test_root_runs_nothing_from_a_clone_that_the_web_server_could_change():
    with TemporaryDirectory(dir="/var") as name:  # anybody can write to /tmp, where pytest's folders are
        folder = Path(name)
        folder.chmod(0o755)
        found = Source(Repository(folder).clone, "", ())
        found.check_owner("nobody")
        script = found.clone / "deploy/install.sh"
        nobody = pwd.getpwnam("nobody").pw_uid
        os.chown(script, nobody, -1)
        with pytest.raises(UpdateError, match=r"the user nobody can write to .*deploy/install\.sh"):
            found.check_owner("nobody")
        os.chown(script, 0, -1)
        script.chmod(0o777)
        found.clone.chmod(0o711)  # it cannot list the folder, and knows what is in there
        with pytest.raises(UpdateError, match=r"the user nobody can write to .*deploy/install\.sh"):
            found.check_owner("nobody")
        found.clone.chmod(0o700)
        found.check_owner("nobody")
        script.chmod(0o755)
        found.clone.chmod(0o755)
        (found.clone / "link").symlink_to("/dev/null")
        found.check_owner("nobody")
        worktree = Source(folder / "worktree", "", ())
        git(found.clone, "worktree", "add", "--quiet", "--detach", str(worktree.clone))
        worktree.check_owner("nobody")
        os.chown(found.clone / ".git/objects", nobody, -1)  # what git gets there becomes files of the worktree
        with pytest.raises(UpdateError, match=r"the user nobody can write to .*clone/\.git/objects, "):
            worktree.check_owner("nobody")
        os.chown(found.clone / ".git/objects", 0, -1)
        os.chown(folder, nobody, -1)  # it could put another folder in the place of the clone
        with pytest.raises(UpdateError, match=f"the user nobody can write to {folder}, "):
            found.check_owner("nobody")
        assert (os.geteuid(), os.getegid()) == (0, 0)


@pytest.mark.parametrize(("state", "interrupted"), [(status.RUNNING, True), (status.DONE, False)])
def test_a_killed_update_counts_as_failed(folder, state, interrupted):
    before = replace(status.started("update", "Restarting Stillcam."), state=state)
    status.write(folder, before)
    update.ended(folder, {"SERVICE_RESULT": "oom-kill"})
    newest = status.read(folder)
    assert newest is not None
    assert (newest.state == status.FAILED, "(oom-kill)" in newest.text) == (interrupted, interrupted)


def test_a_status_that_never_was_is_none_and_one_is_json(folder):
    assert status.read(folder) is None
    update.ended(folder, {})
    status.write(folder, replace(status.started("check", ""), found=status.Found("2", 1.0, 3)))
    assert json.loads((folder / "status.json").read_text())["found"] == {"version": "2", "changed_s": 1.0, "changes": 3}
    newest = status.read(folder)
    assert newest is not None
    assert found_by(newest) == status.Found("2", 1.0, 3)
