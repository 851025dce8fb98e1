"""A capture daemon on the real camera, with folders and settings of its own."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import processes
from hardware_report import Wrong

from stillcam.common.child_process import ChildProcess
from stillcam.common.errors import StillcamError
from stillcam.common.paths import ROOT, Paths
from stillcam.ipc.protocol import Message, NoAnswer, ask
from stillcam.settings.file import save
from stillcam.settings.schema import Settings

START_S = 60.0  # from the start of the daemon to the first picture, at most
ANSWER_S = 60.0
END_S = 15.0
POLL_S = 0.03
OF_OTHERS = ("STILLCAM_NUMBER", "STILLCAM_CAMERAS", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class CheckedDaemon:
    """Runs from `with` to its end.

    Args:
        folder: an empty one.
        environ: with the driver in STILLCAM_CAMERA.
        settings: to begin with.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], settings: Settings) -> None:
        self.paths = Paths(images=folder / "images", data=folder / "data")
        self.paths.make(self.paths.data)
        save(self.paths.settings, settings)
        env = {name: value for name, value in environ.items() if name not in OF_OTHERS}
        env |= {"STILLCAM_IMAGES": str(self.paths.images), "STILLCAM_DATA": str(self.paths.data)}
        python = [str(ROOT / "python"), *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
        env["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, python))
        self._process = ChildProcess("capture daemon", [sys.executable, "-m", "stillcam.capture"], folder, env)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> int:
        """End the daemon, and so its programs; its exit status."""
        return self._process.stop(grace_s=END_S)

    def stderr(self) -> list[str]:
        """What the daemon has logged last: warnings and errors while it runs, else all."""
        if self._process.status is not None:
            return self._process.stderr
        try:
            return [str(line) for line in self.ask("warnings", 5.0)["lines"]]
        except StillcamError as error:
            return [str(error)]

    def ask(self, command: str, timeout_s: float = ANSWER_S, **more: Any) -> Message:
        """Send a command; its answer.

        Raises:
            StillcamError: it is refused, fails, or is not answered in time.
        """
        return ask(self.paths.socket, {"command": command, **more}, timeout_s)

    def try_to_ask(self, command: str, **more: Any) -> None:
        """Send a command that may be refused."""
        with contextlib.suppress(StillcamError):
            self.ask(command, **more)

    def change(self, settings: Settings) -> None:
        """Use other settings, and wait for a picture that was made with them."""
        save(self.paths.settings, settings)
        if not self.ask("reload").get("in_force"):  # a slow board, or autofocus, takes longer than the answer waits
            self.ask("snapshot")

    def until(self, holds: Callable[[Message], object], timeout_s: float, what: str) -> Message:
        """The status once `holds` is true of it.

        Raises:
            Wrong: not in time; `what` is missing.
        """
        deadline_s = time.monotonic() + timeout_s
        status: Message = {}
        while time.monotonic() < deadline_s:
            try:
                status = self.ask("status", 5.0)
                if holds(status):
                    return status
            except NoAnswer:
                if self._process.status is not None:
                    raise Wrong(f"the capture daemon ended with status {self._process.status}") from None
            time.sleep(POLL_S)
        state = {name: status.get(name) for name in ("mode", "reason", "notice") if status.get(name)}
        raise Wrong(f"no {what} within {timeout_s:g} s; {state or 'the daemon does not answer'}")

    def family(self) -> list[int]:
        """The process ids of the daemon, and of the programs that it runs now."""
        return processes.family(self._process.pid)
