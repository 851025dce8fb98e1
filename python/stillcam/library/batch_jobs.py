"""Work on many items, in a thread of its own, that tells how far it is."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from stillcam.common import log
from stillcam.common.threads import start

KEPT = 32  # jobs that can still be asked about


class Job:
    """One piece of work: `work` is called with each of `things`.

    Attributes:
        id: its name.
        done: how many things have been worked on.
        failed: thing and reason of each that could not be.
        ended: whether nothing is left to do.
    """

    def __init__(self, things: list[str], work: Callable[[str], None]) -> None:
        self.id = secrets.token_urlsafe(9)
        self.total = len(things)
        self.done = 0
        self.failed: list[tuple[str, str]] = []
        self.ended = False
        self._things: Iterable[str] = things
        self._work = work

    def run(self) -> None:
        """Do it."""
        try:
            for thing in self._things:
                try:
                    self._work(thing)
                except (LookupError, OSError) as error:
                    self.failed.append((thing, _reason(error)))
                self.done += 1
        except Exception as error:  # noqa: BLE001 - it is logged
            log.fault("working on the library", error)
        finally:
            self.ended = True

    def message(self) -> dict[str, Any]:
        """How far it is."""
        failed = [{"id": thing, "error": reason} for thing, reason in self.failed]
        return {"job": self.id, "done": self.done, "total": self.total, "failed": failed, "ended": self.ended}


class Jobs:
    """Runs one job at a time, and remembers the last ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def start(self, things: list[str], work: Callable[[str], None]) -> Job:
        """Begin a job; one that is small has ended when this returns.

        Raises:
            RuntimeError: there is no memory for it.
        """
        job = Job(things, work)
        with self._lock:
            self._jobs[job.id] = job
            while len(self._jobs) > KEPT:
                self._jobs.popitem(last=False)
        start(partial(self._run, job), "library").wait(0.5)
        return job

    def get(self, id_: str) -> Job:
        """The job called so.

        Raises:
            LookupError: there is none, or it was long ago.
        """
        with self._lock:
            if job := self._jobs.get(id_):
                return job
        raise LookupError("this job is not known any more")

    def _run(self, job: Job) -> None:
        with self._turn:
            job.run()


def _reason(error: LookupError | OSError) -> str:
    """The reason for a person; it does not name the library's folder."""
    if isinstance(error, OSError) and error.strerror:
        return f"the library cannot be changed ({error.strerror}): check the disk with df"
    return str(error.args[0])
