"""Findings of checks, and what checks examine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillcam.common.paths import Paths

OK, WARNING, FAULT = "ok", "warning", "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check."""

    check: str  # its name, which never changes: scripts look for it
    state: str  # `ok`; `warning`: it works, but something should be done; `fault`: it does not work
    found: str  # one line of text
    advice: str = ""  # what to do


@dataclass(frozen=True, slots=True)
class Installation:
    """The installation that is checked."""

    paths: Paths
    environ: Mapping[str, str]  # of its programs
    status: Mapping[str, Any]  # of its capture daemon; empty when it does not answer
    root: Path = Path("/")  # tests pass another folder

    @property
    def is_pi(self) -> bool:
        """Whether this is a Raspberry Pi."""
        try:
            return b"Raspberry Pi" in (self.root / "proc/device-tree/model").read_bytes()
        except OSError:
            return False


Check = Callable[[Installation], list[Finding]]


def ok(check: str, found: str) -> list[Finding]:
    """A check whose only finding is that all is well."""
    return [Finding(check, OK, found)]


def warning(check: str, found: str, advice: str) -> list[Finding]:
    """A check whose only finding is a warning."""
    return [Finding(check, WARNING, found, advice)]


def fault(check: str, found: str, advice: str = "") -> list[Finding]:
    """A check whose only finding is a fault."""
    return [Finding(check, FAULT, found, advice)]


def dead_threads(check: str, threads: Iterable[Mapping[str, Any]] | None) -> list[Finding]:
    """Threads of a process that died, as in its status. Each was restarted, but the cause may persist."""
    texts = [
        ": ".join(filter(None, (f"restarts of {one['name']}: {one['count']}, last at {one['time']}", one.get("error"))))
        for one in threads or ()
    ]
    if not texts:
        return ok(check, "no thread has failed")
    return warning(check, "; ".join(texts), "`stillcam log` has the traceback: please report this bug")
