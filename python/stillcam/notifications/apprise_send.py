"""Sends one message by Apprise: a process of its own, which imports nothing of Stillcam.

Apprise and the services that it knows take 16 to 27 MB, which the server does not keep, and a service that hangs is
ended with the process. What Apprise logs may contain passwords: it goes nowhere, except for the status of an answer.

Input: a line of JSON with `address`, `title`, `text` and `picture` (the name of its file, or null), then the picture.
Output: a line of JSON, `error`: why the message was not accepted, or null; and `note`: whether the picture is missing.
"""

import json
import logging
import os
import re
import sys
from urllib.parse import quote

MISSING = "Apprise is not installed: sudo apt install -y apprise"
_UNREACHED = "the service cannot be reached"
_PICTURELESS = "the service has not accepted the picture, and got the message without it"
_STATUS = re.compile(r"\berror=(\d{3})\b")
_UNREACHABLE = re.compile(r"[Cc]onnection error|[Tt]imed? ?out|Socket Exception|SMTP error")


class _Warnings(logging.Handler):
    """Keeps what Apprise warns of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def send(address: str, title: str, text: str, picture: str | None, content: bytes) -> dict[str, str | None]:
    """Send a message; returns the output. A message whose picture is not accepted is sent without it."""
    try:
        import apprise
    except ImportError:
        return {"error": MISSING, "note": None}
    warnings, log = _Warnings(), logging.getLogger("apprise")
    log.handlers, log.propagate = [warnings], False
    service = apprise.Apprise()
    if not service.add(address):
        text = "Apprise knows no address of this form: its documentation has the form for each service"
        return {"error": text, "note": None}
    attached = apprise.AppriseAttachment(_file_of(picture, content)) if picture else None
    if service.notify(body=text, title=title, attach=attached):
        return {"error": None, "note": None}
    error = _error(" ".join(warnings.texts))
    if attached and error != _UNREACHED and service.notify(body=text, title=title):
        return {"error": None, "note": _PICTURELESS}
    return {"error": error, "note": None}


def _file_of(picture: str, content: bytes) -> str:
    """The address of a file in memory: Apprise takes no bytes."""
    descriptor = os.memfd_create("picture")
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(content)
    kind = "png" if picture.lower().endswith(".png") else "jpeg"
    return f"file:///proc/self/fd/{descriptor}?name={quote(picture)}&mime=image/{kind}"


def _error(warnings: str) -> str:
    """The cause, without what may be secret in what Apprise says."""
    if status := _STATUS.search(warnings):
        return f"the service answered {status[1]}"
    if _UNREACHABLE.search(warnings):
        return _UNREACHED
    return "the service has not accepted it: check the address"


def main() -> None:
    request = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    output = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever a service prints
    os.dup2(1, 2)
    try:
        result = send(content=content, **request)
    except Exception as failure:  # noqa: BLE001 - the text may contain a password
        result = {"error": f"Apprise has failed ({type(failure).__name__})", "note": None}
    os.write(output, json.dumps(result).encode() + b"\n")


if __name__ == "__main__":
    main()
