"""A web server with root's helper, started for each request as systemd does it, and a stand-in for systemctl."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from people import PASSWORD, Client
from serving import ROOT, Site

SYSTEMCTL = """#!/bin/sh
echo "$@" >>{told}
{then}
"""


class SystemSite(Site):
    """With system control turned on.

    Args:
        folder: of the server.
        then: what the stand-in for systemctl does after it has noted its arguments, as lines of sh.
        root: where the program is.
    """

    def __init__(self, folder: Path, then: str = "", root: Path = ROOT) -> None:
        super().__init__(folder, root=root)
        self.run, self.told, self._bin = folder / "run", folder / "told", folder / "bin"
        self.run.mkdir()
        self._bin.mkdir()
        systemctl = self._bin / "systemctl"
        systemctl.write_text(SYSTEMCTL.format(told=self.told, then=then))
        systemctl.chmod(0o755)

    def __enter__(self) -> Self:
        self.turn_on()
        self.start(STILLCAM_SYSTEM=str(self.run))
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self.turn_off()

    def turn_on(self) -> None:
        """Listen as stillcam-system.socket does."""
        environ = {
            "PATH": f"{self._bin}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "python"),
            "RUNTIME_DIRECTORY": str(self.run),
        }
        passed = [f"--setenv={name}" for name in environ]
        argv = ["systemd-socket-activate", f"--listen={self.run}/control.sock", "--accept", "--inetd", *passed]
        argv += [sys.executable, "-m", "stillcam.system_control.helper"]
        with (self.run.parent / "helper.log").open("ab") as log:
            self._listener = subprocess.Popen(argv, env=os.environ | environ, stdin=subprocess.DEVNULL, stderr=log)
        while not (self.run / "control.sock").is_socket():
            assert self._listener.poll() is None

    def turn_off(self) -> None:
        """As `systemctl disable --now` does."""
        self._listener.terminate()
        self._listener.wait()
        (self.run / "control.sock").unlink(missing_ok=True)

    def restart(self) -> None:
        """What systemd does at `systemctl restart`."""
        self.end()
        self.start(STILLCAM_SYSTEM=str(self.run))

    def asked(self) -> list[str]:
        """What systemctl was asked, so far."""
        return self.told.read_text().splitlines() if self.told.exists() else []


def act(person: Client, verb: str, password: str = PASSWORD) -> tuple[int, dict[str, Any]]:
    """Ask for an action."""
    status, document = person.call("/api/system", "POST", {"verb": verb, "password": password})
    return status, document


def state(person: Client) -> dict[str, Any]:
    """The document of the system."""
    status, document = person.call("/api/system")
    assert status == 200, document
    return dict(document)
