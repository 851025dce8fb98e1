"""Where updates come from: the git clone from which `deploy/install.sh` installed this version.

The installer notes it in the version's folder. git runs as the owner of the clone, with that user's keys and proxies,
as `git pull` in a terminal does; only the installer itself runs as root.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stillcam.common.errors import StillcamError
from stillcam.common.paths import ROOT
from stillcam.system_control.request import NOTE, no_update
from stillcam.system_control.status import Found

SERVICE_USER = "stillcam"
GIT_S = 120.0  # the network of a Pi may be slow
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "GIT_TERMINAL_PROMPT": "0",  # nobody can answer
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
}


class UpdateError(StillcamError):
    """There is no update; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """The clone, and how Stillcam was installed from it."""

    clone: Path
    commit: str  # the one that is installed
    options: tuple[str, ...]  # of the installer, to repeat

    @classmethod
    def of(cls, root: Path = ROOT) -> Source:
        """That of the version in `root`.

        Raises:
            UpdateError: it was not installed from a clone, or that is gone or not safe to run as root.
        """
        if why := no_update(root):
            raise UpdateError(why)
        clone, commit, *options = (root / NOTE).read_text().splitlines()
        found = cls(Path(clone), commit, tuple(options))
        if not (found.clone / ".git").exists():
            raise UpdateError(f"the git clone in {clone} is gone: clone it again, and run its deploy/install.sh")
        found.check_owner()
        return found

    def check_owner(self, user: str = SERVICE_USER) -> None:
        """Refuse a clone that the web server's user could change: root runs a program in it.

        Raises:
            UpdateError: it could.
        """
        if os.geteuid() != 0:
            return  # in a test: nothing runs as root
        folders = {self.clone, *self._git_folders()}
        above = {parent for folder in folders for parent in folder.parents}
        below = (
            Path(folder, name)
            for top in folders
            for folder, *names in os.walk(top)
            for name in ("", *names[0], *names[1])
        )
        paths = [*sorted(above), *below]
        with _acting_as(pwd.getpwnam(user)):
            found = next(filter(_can_write, paths), None)
        if found:
            raise UpdateError(
                f"the user {user} can write to {found}, and root would run a program from it: "
                f"move the clone to a folder that only you can write to, and run its deploy/install.sh there"
            )

    def _git_folders(self) -> list[Path]:
        """Where git keeps what belongs to the clone: in it, or, of a worktree, in the clone that it was made from."""
        output = self.git("rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir")
        return list(map(Path, output.splitlines()))

    def look(self) -> Found:
        """Fetch, and describe the newest version.

        Raises:
            UpdateError: git failed, or the clone has no branch that follows another one.
        """
        self.git("fetch", "--quiet")
        try:
            self.git("rev-parse", "@{upstream}")
        except UpdateError as error:
            raise UpdateError(
                f"{self.clone} is on no branch that follows a published one, so that there is nothing to update to: "
                f"git -C {self.clone} switch main"
            ) from error
        changes = int(self.git("rev-list", "--count", f"{self.commit}..@{{upstream}}"))
        text = self.git("show", "@{upstream}:python/stillcam/__init__.py")
        version = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
        if not version:
            raise UpdateError(f"the newest commit in {self.clone} is not a version of Stillcam")
        date = self.git("log", "--max-count=1", "--format=%cI", "@{upstream}").strip()
        return Found(version[1], datetime.fromisoformat(date).timestamp(), changes)

    def merge(self) -> None:
        """Bring the files of the clone to the newest version.

        Raises:
            UpdateError: they have been changed, or git failed.
        """
        changed = self.git("status", "--porcelain", "--untracked-files=no").splitlines()
        if changed:
            raise UpdateError(
                f"{self.clone} has changes that are not committed ({changed[0][3:]}): undo or commit them first"
            )
        self.git("merge", "--ff-only", "--quiet", "@{upstream}")

    def git(self, *arguments: str) -> str:
        """The output of a git command in the clone, run as its owner.

        Raises:
            UpdateError: it failed.
        """
        owner = pwd.getpwuid(self.clone.stat().st_uid)
        argv = ["git", "-C", str(self.clone), *arguments]
        try:
            done = subprocess.run(
                argv, env=ENVIRONMENT | {"HOME": owner.pw_dir}, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, errors="replace", timeout=GIT_S, check=False, **_identity(owner),
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise UpdateError(f"git {arguments[0]} took longer than {GIT_S:.0f} s: check the network") from error
        except OSError as error:
            raise UpdateError(f"git cannot be started ({error.strerror}): sudo apt install git") from error
        if done.returncode:
            lines = [line for line in done.stderr.strip().splitlines() if not line.startswith("hint:")]
            reason = lines[-1] if lines else f"status {done.returncode}"
            raise UpdateError(f"git {arguments[0]} failed in {self.clone}: {reason}")
        return str(done.stdout)


def _identity(user: pwd.struct_passwd) -> dict[str, Any]:
    """The arguments of subprocess.run that make root's child run as a user."""
    if os.geteuid() != 0:
        return {}
    groups = os.getgrouplist(user.pw_name, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": groups}


@contextlib.contextmanager
def _acting_as(user: pwd.struct_passwd) -> Iterator[None]:
    """The files that this process can reach are those of a user; only for a process with one thread.

    A child process of that user's would be at the mercy of the web server, which has the same user.
    """
    groups, group = os.getgroups(), os.getegid()
    os.setgroups(os.getgrouplist(user.pw_name, user.pw_gid))
    os.setegid(user.pw_gid)
    os.seteuid(user.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


def _can_write(path: Path) -> bool:
    """Whether it is a file or a folder, or leads to one, that the user in force can change."""
    if not os.access(path, os.W_OK, effective_ids=True):
        return False
    return path.is_file() or path.is_dir()
