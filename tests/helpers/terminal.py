"""Programs at a terminal: a pty, whose keys a test presses and whose screen it reads."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from serving import DEADLINE_S, ROOT

CTRL_C = "\x03"


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Of the commands of an installation in a folder."""
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    return plain | {
        "PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(folder / "data"),
        "STILLCAM_IMAGES": str(folder / "images"), "TERM": "xterm", **more,
    }  # fmt: skip


class Terminal:
    """A `stillcam` command at a terminal; ended with the `with` block.

    Args:
        folder: of the installation, with `images/` and `data/`.
        arguments: of the command.
        environ: more of its environment.
        stdout: elsewhere than at the terminal, for a command whose output is piped.

    Attributes:
        shown: all that the terminal was sent so far.
    """

    def __init__(
        self, folder: Path, *arguments: str, environ: Mapping[str, str] | None = None, stdout: Any = None
    ) -> None:
        self.shown = ""
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            ["setsid", "--ctty", "env", "--default-signal=INT", sys.executable, "-m", "stillcam", *arguments],
            stdin=theirs, stdout=theirs if stdout is None else stdout, stderr=theirs,
            env=environment(folder, **environ or {}),
        )  # fmt: skip
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._ours)
        self._process.kill()
        self._process.wait()

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def until(self, text: str) -> str:
        """Wait until the terminal has been sent `text`; all that was sent."""
        deadline = time.monotonic() + DEADLINE_S
        while text not in self.shown:
            assert self._read(deadline), f"ended without {text!r}: {self.shown!r}"
        return self.shown

    def status(self) -> int:
        """Wait for the end of the command; its exit status."""
        while self._read(time.monotonic() + DEADLINE_S):
            pass
        return self._process.wait(DEADLINE_S)

    @property
    def lines(self) -> list[str]:
        """What remains to be seen: without what was overwritten or erased, and without Ctrl-C's echo."""
        rows = [row.rpartition("\r")[2].rstrip() for row in self.shown.replace("\r\n", "\n").split("\n")]
        return [row for row in rows if row and row != "^C"]

    def _read(self, deadline: float) -> bool:
        """Read more of what was sent; False: the command has ended."""
        readable, _, _ = select.select([self._ours], [], [], max(0.0, deadline - time.monotonic()))
        assert readable, f"not in time: {self.shown!r}"
        try:
            more = os.read(self._ours, 4096)
        except OSError:  # EIO: nobody has the other side open
            return False
        self.shown += more.decode("utf-8", "replace")
        return True
