"""`python -m stillcam.system_control.update check|update`: checks for a new version, or installs it, as root.

`update` is `git pull && sudo deploy/install.sh`; the installer rolls back if the new version shows no picture. systemd
calls `ended` once the process has ended: what still counts as running then was killed.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from stillcam import __version__
from stillcam.system_control import status
from stillcam.system_control.source import ENVIRONMENT, Source, UpdateError

LAST_LINES = 20  # of the installer's errors
INSTALLER = "install.sh: "  # what its own messages begin with
WAITER = "stillcam: "  # what the reason for which there is no picture begins with


class Update:
    """One search, or one update.

    Args:
        folder: of the status.
        verb: `check` or `update`.
    """

    def __init__(self, folder: Path, verb: str) -> None:
        self._folder = folder
        self._status = status.started(verb, "Checking for a new version.")

    def run(self) -> bool:
        """Do it, and report progress; returns whether it succeeded."""
        self._report()
        try:
            text = self._do()
        except UpdateError as error:
            logging.error("%s failed: %s", self._status.verb, error)
            self._report(state=status.FAILED, text=str(error))
            return False
        logging.info("%s: %s", self._status.verb, text)
        self._report(state=status.DONE, text=text)
        return True

    def _do(self) -> str:
        source = Source.of()
        found = source.look()
        self._report(found=found)
        if not found.changes:
            return f"This version ({__version__}) is the newest one."
        if self._status.verb == "check":
            return f"Version {found.version} is available."
        self._report(text="Getting the new version.")
        source.merge()
        self._install(source)
        return f"Version {found.version} is installed, and shows a picture."

    def _install(self, source: Source) -> None:
        """Run the installer, and report its steps.

        Raises:
            UpdateError: it failed; the text has its reason.
        """
        errors: deque[str] = deque(maxlen=LAST_LINES)
        with subprocess.Popen(
            [source.clone / "deploy/install.sh", *source.options], env=ENVIRONMENT | {"HOME": "/root"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
        ) as process:  # fmt: skip
            assert process.stdout is not None
            assert process.stderr is not None
            reader = threading.Thread(target=_collect, args=(process.stderr, errors))
            reader.start()
            for line in process.stdout:
                if line.startswith(INSTALLER):  # a step; other lines are for a terminal
                    step = line.removeprefix(INSTALLER).strip()
                    logging.info("%s", step)
                    self._report(text=f"{step[:1].upper()}{step[1:]}.")
            reader.join()
        if process.returncode:
            raise UpdateError(reason(list(errors)) or f"install.sh ended with status {process.returncode}")

    def _report(self, **changed: object) -> None:
        self._status = replace(self._status, **changed)  # type: ignore[arg-type]
        status.write(self._folder, self._status)


def reason(errors: list[str]) -> str:
    """What the installer says about its failure, with why there was no picture."""
    own = [line.removeprefix(INSTALLER) for line in errors if line.startswith(INSTALLER)]
    why = [line.removeprefix(WAITER) for line in errors if line.startswith(WAITER)]
    return ". Reason: ".join(own[-1:] + why[:1])


def ended(folder: Path, environ: Mapping[str, str]) -> None:
    """Note that an action was killed, if it still counts as running."""
    last = status.read(folder)
    if last and last.state == status.RUNNING and last.verb in ("check", "update"):
        how = environ.get("SERVICE_RESULT", "unknown")
        text = f"It was interrupted ({how}): see journalctl -u 'stillcam-update@*' on the Pi"
        status.write(folder, replace(last, state=status.FAILED, text=text))


def _collect(lines: object, errors: deque[str]) -> None:
    for line in lines:  # type: ignore[attr-defined]
        logging.warning("%s", line.rstrip())
        errors.append(line.rstrip())


def main() -> int:
    """Run the action that the unit names."""
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    folder, verb = Path(os.environ["STILLCAM_SYSTEM"]), sys.argv[1]
    if verb == "ended":
        ended(folder, os.environ)
        return 0
    with status.exclusive(folder, wait=True):  # the helper that has started this ends soon
        return 0 if Update(folder, verb).run() else 1


if __name__ == "__main__":
    sys.exit(main())
