"""Batch jobs: work on many items in a background thread, with its progress."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from stillcam.common import log
from stillcam.common.threads import start

REMEMBERED = 32  # jobs whose progress can be asked for
SMALL_JOB_S = 0.5  # a job that takes no longer has ended when `Jobs.start` returns


class Job:
    """One job: `work` is called with the id of each item, and the rest goes on if that raises LookupError or OSError.

    Attributes:
        done: how many items have been worked on.
        failed: id and reason of each item that failed.
        ended: whether the job is over.
    """

    def __init__(self, items: list[str], work: Callable[[str], None]) -> None:
        self.id = os.urandom(9).hex()
        self.done = 0
        self.failed: list[tuple[str, str]] = []
        self.ended = False
        self._items = items
        self._work = work

    def run(self) -> None:
        """Work on all items."""
        try:
            for item in self._items:
                try:
                    self._work(item)
                except (LookupError, OSError) as error:
                    self.failed.append((item, _reason(error)))
                self.done += 1
        except Exception as error:  # noqa: BLE001 - it is logged
            log.fault("working on the library", error)
        finally:
            self.ended = True

    def to_json(self) -> dict[str, Any]:
        """Its progress, as the API returns it."""
        failed = [{"id": item, "error": reason} for item, reason in self.failed]
        return {"job": self.id, "done": self.done, "total": len(self._items), "failed": failed, "ended": self.ended}


class Jobs:
    """Runs one job at a time, and remembers the most recent ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def start(self, items: list[str], work: Callable[[str], None]) -> Job:
        """Start a job. Raises RuntimeError if there is no memory for its thread."""
        job = Job(items, work)
        with self._lock:
            self._jobs[job.id] = job
            while len(self._jobs) > REMEMBERED:
                self._jobs.popitem(last=False)
        start(partial(self._run, job), "library").wait(SMALL_JOB_S)
        return job

    def get(self, id_: str) -> Job:
        """The job with this id. Raises LookupError if there is none, or it is no longer remembered."""
        with self._lock:
            if job := self._jobs.get(id_):
                return job
        raise LookupError("this job is no longer known")

    def _run(self, job: Job) -> None:
        with self._one_at_a_time:
            job.run()


def _reason(error: LookupError | OSError) -> str:
    """The reason for a person, without the path of the library."""
    if isinstance(error, OSError) and error.strerror:
        return f"the library cannot be changed ({error.strerror}): check the disk with df"
    return str(error.args[0])
