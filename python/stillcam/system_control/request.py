"""The web server's side: whether root's helper listens, and the request to it."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.common.paths import ROOT
from stillcam.common.safe_read import parse_json

NOTE = "source"  # the installer's file: the clone, the commit, then the options to repeat
ANSWER_S = 20.0  # the helper is started by systemd for each request
MAX_ANSWER_BYTES = 4096
OFF = "System control is off. To turn it on, run on the Pi: sudo stillcam settings set system.control true"
NO_SERVICE = (
    "Stillcam does not run as a systemd service here: to restart and update it from the page, install it as"
    " docs/install.md describes"
)


class RefusedError(StillcamError):
    """Root's helper has refused a verb.

    Args:
        wait_s: after this many seconds it may accept it; 0: something else has to change.
    """

    def __init__(self, text: str, wait_s: float) -> None:
        super().__init__(text)
        self.wait_s = wait_s


def folder_of(environ: Mapping[str, str]) -> Path | None:
    """The folder with the helper's socket and status; None: the server is not the unit of systemd."""
    name = environ.get("STILLCAM_SYSTEM", "")
    return Path(name) if name else None


def unavailable(folder: Path | None) -> str:
    """Why no verb can be sent, and what to do; empty: the helper listens."""
    if folder is None:
        return NO_SERVICE
    return "" if (folder / "control.sock").is_socket() else OFF


def no_update(root: Path = ROOT) -> str:
    """Why this installation cannot update itself, and what to do; empty: it can.

    Args:
        root: the folder of the version.
    """
    if (root / NOTE).is_file():
        return ""
    if root == Path("/usr/lib/stillcam"):
        return "Stillcam was installed as a Debian package: update it with apt"
    return (
        "Stillcam was not installed from a git clone: copy a newer version to the Pi, and run deploy/install.sh in it"
    )


def send(folder: Path, verb: str) -> None:
    """Ask root's helper to carry out `verb`; `status.json` then reports progress.

    Raises:
        RefusedError: the helper refuses; the text says why.
        StillcamError: the helper does not answer.
    """
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_S)
            connection.connect(str(folder / "control.sock"))
            connection.sendall(verb.encode() + b"\n")
            answer = parse_json(connection.makefile("rb").readline(MAX_ANSWER_BYTES))
    except (OSError, ValueError) as error:
        raise StillcamError(
            f"the system helper does not answer ({error}): see journalctl -u 'stillcam-system*' on the Pi"
        ) from error
    if answer["error"]:
        raise RefusedError(answer["error"], answer["wait_s"])


def encode_answer(error: str = "", wait_s: float = 0.0) -> bytes:
    """The helper's answer to a request; no `error`: it has accepted the verb."""
    return json.dumps({"error": error, "wait_s": round(wait_s, 1)}).encode() + b"\n"
