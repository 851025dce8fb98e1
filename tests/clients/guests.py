"""Programs of others in Python, each in an environment of its own: they pin what they need."""

import json
import os
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from serving import DEADLINE_S, ROOT


def python_of(guest: str) -> Path:
    """The interpreter of the environment that `guest` is in."""
    path = ROOT / ".venv/guests" / guest / "bin/python"
    assert path.exists(), f"{path} is missing: run tests/run, which gets it"
    return path


def environ(home: Path) -> dict[str, str]:
    """What such a program needs to know of this machine; what it keeps of its own comes into `home`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "STILLCAM_"))}
    return kept | {"HOME": str(home)}


class Api:
    """The JSON that a program answers with at `url`, each request with these headers."""

    def __init__(self, url: str, **headers: str) -> None:
        self.url = url
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def get(self, path: str) -> bytes:
        """The body of the answer at `path`; raises HTTPError."""
        with self.open(path) as answer:
            return bytes(answer.read())

    def open(self, path: str) -> Any:
        """The answer at `path`, to be read and closed; raises HTTPError."""
        return urlopen(Request(self.url + path, headers=self.headers), timeout=DEADLINE_S)

    def call(self, path: str, document: Any = None) -> Any:
        """What is said at `path`, asked by POST where there is a `document`; None where there is nothing (404)."""
        body = None if document is None else json.dumps(document).encode()
        headers = self.headers | {"Content-Type": "application/json"}
        try:
            with urlopen(Request(self.url + path, body, headers), timeout=DEADLINE_S) as answer:
                said = answer.read()
        except HTTPError as error:
            with error:
                if error.code == 404:
                    return None
                raise AssertionError(f"{path}: {error.code} {error.read().decode()}") from error
        return json.loads(said) if said else None

    def answers(self, path: str) -> bool:
        """Whether all is well there yet."""
        try:
            self.get(path)
        except (OSError, HTTPException):
            return False
        return True
