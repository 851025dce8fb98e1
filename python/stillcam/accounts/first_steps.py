"""The steps after set-up that the page still has to show to the owner who has registered first.

They are kept in a file, which exists from registration until the last step has been done or skipped. An owner whom
`stillcam user add` has created has none. While the file cannot be written, a warning is logged, and the steps are kept
in memory until the next restart.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock

from stillcam.common.atomic_write import replace_file

STEPS = ("watch", "boot", "storage")


class FirstSteps:
    """The steps that are left, and for whom; safe to use from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()

    def begin(self, user: str) -> None:
        """All steps are to be shown to a user."""
        with self._lock:
            self._keep(user, STEPS)

    def left(self, user: str) -> list[str]:
        """The steps that are left for a user."""
        with self._lock:
            return self._left(user)

    def finish(self, user: str, step: str) -> None:
        """A user has done or skipped a step."""
        with self._lock:
            left = self._left(user)
            if step in left:
                self._keep(user, [one for one in left if one != step])

    def _left(self, user: str) -> list[str]:
        name, steps = self._state
        return list(steps) if name == user else []

    @cached_property
    def _state(self) -> tuple[str, Sequence[str]]:
        try:
            kept = json.loads(self._path.read_bytes())
            return str(kept["user"]), [step for step in STEPS if step in kept["steps"]]
        except FileNotFoundError:
            return "", ()
        except (OSError, ValueError, TypeError, KeyError) as error:
            logging.warning("%s cannot be read (%s): the page shows no steps after set-up", self._path, error)
            return "", ()

    def _keep(self, user: str, steps: Sequence[str]) -> None:
        self._state = user, steps
        try:
            if steps:
                replace_file(self._path, json.dumps({"user": user, "steps": list(steps)}).encode(), private=True)
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            logging.warning("cannot write %s (%s): check its owner and the free space (df -h); until then, a restart"
                            " undoes changes of the steps after set-up", self._path, error.strerror)  # fmt: skip
