"""What a person checks when a camera does not do what it should: each check finds something, and says what to do.

A check is a function of a `Patient` that returns findings. It changes nothing, never
raises, and takes a few seconds at most. The facts are those of `stillcam.system_info`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillcam.common.paths import Paths

OK, WARNING, FAULT = "ok", "warning", "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has found.

    Args:
        check: its name, the same in every version: scripts look for it.
        state: `ok`; `warning`: it works, but something should be done; `fault`: it does not work.
        found: a line.
        advice: what to do; empty when there is nothing to be done.
    """

    check: str
    state: str
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """An installation.

    Args:
        paths: where its things are.
        environ: of its programs.
        status: what its capture daemon says; empty when it does not answer.
        root: stands for `/`, in tests another folder.
    """

    paths: Paths
    environ: Mapping[str, str]
    status: Mapping[str, Any]
    root: Path = Path("/")

    @property
    def is_pi(self) -> bool:
        """Whether this is a Raspberry Pi."""
        try:
            return b"Raspberry Pi" in (self.root / "proc/device-tree/model").read_bytes()
        except OSError:
            return False


Check = Callable[[Patient], list[Finding]]
