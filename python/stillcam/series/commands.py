"""The commands for series: create, change, start, pause, resume, finish, delete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stillcam.common.errors import CameraError, SettingsError, StillcamError
from stillcam.common.folders import unwritable
from stillcam.series.definition import Definition, from_document, to_document
from stillcam.series.folder import NameTaken, Series, state_at
from stillcam.series.manifest import ms_to_text
from stillcam.series.running import RunningSeries
from stillcam.series.scheduler import Scheduler

_STATES = {  # the states in which a command makes sense
    "start": ("planned",),
    "pause": ("planned", "running"),
    "resume": ("paused", "failed"),
    "finish": ("planned", "running", "paused", "failed"),
    "change": ("planned", "running", "paused", "failed"),
}


class CommandError(StillcamError):
    """A command for series or films is refused.

    Args:
        cause: `unknown`: there is no such series or film; `taken`: the name; `state`: not in its present state;
            `wrong`: the definition; `missing`: a program; `disk`: it could not be written.
        field: of the definition.
    """

    def __init__(self, cause: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.cause = cause
        self.field = field


@contextmanager
def refusing(folder: Path) -> Iterator[None]:
    """Raise CommandError if a document is wrong, or `folder` cannot be written."""
    try:
        yield
    except SettingsError as error:
        cause = "taken" if isinstance(error, NameTaken) else "wrong"
        raise CommandError(cause, str(error), error.field or None) from error
    except CameraError as error:
        raise CommandError("disk", error.reason) from error
    except OSError as error:
        raise CommandError("disk", unwritable(folder, error)) from error


class SeriesCommands:
    """Executes commands on the camera's thread.

    Args:
        zone: of the local clock.
        remove: deletes a folder in the background.
        ready_ms: how long it takes until the first shot of such a series can be taken: one without a start begins then.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        zone: Callable[[], str],
        remove: Callable[[Path], None],
        ready_ms: Callable[[Definition], int],
    ) -> None:
        self._scheduler = scheduler
        self._zone = zone
        self._remove = remove
        self._ready_ms = ready_ms

    def execute(self, message: Mapping[str, Any], now_ms: int) -> str | None:
        """Execute the command in a message, and return the name of the series; None: it has been deleted."""
        with refusing(self._scheduler.root):
            try:
                return self._execute(message, now_ms)
            finally:
                self._scheduler.reorder()

    def _execute(self, message: Mapping[str, Any], now_ms: int) -> str | None:
        do = message.get("do")
        if do == "create":
            return self._create(message.get("definition"), now_ms)
        running = self._scheduler.find(str(message.get("name")))
        if running is None:
            raise CommandError("unknown", f"there is no series {message.get('name')}")
        if do == "delete":
            self._delete(running)
            return None
        if do not in _STATES:
            raise CommandError("wrong", f"do must be one of create, delete, {', '.join(_STATES)}", "do")
        state = running.series.state.state
        if state not in _STATES[do]:
            raise CommandError("state", f"{running.name} is {state}: cannot {do} it")
        if do == "change":
            self._change(running, message.get("definition"), now_ms)
        elif do == "start":
            definition = running.series.definition
            start = ms_to_text(now_ms + self._ready_ms(definition))
            self._change(running, to_document(definition) | {"start": start}, now_ms)
        elif do == "resume":
            running.set_state(state_at(running.series.definition.schedule.starts_ms, now_ms), now_ms)
        else:
            running.set_state({"pause": "paused", "finish": "finished"}[do], now_ms)
        return running.name

    def _create(self, document: Any, now_ms: int) -> str:
        zone = self._zone()
        definition = from_document(document, now_ms, zone)
        if document.get("start") is None:
            definition = from_document(document, now_ms + self._ready_ms(definition), zone)
        series = Series.create(self._scheduler.root, definition, zone, now_ms)
        self._scheduler.add(RunningSeries(series, now_ms))
        return series.name

    def _delete(self, running: RunningSeries) -> None:
        renamed = running.series.folder.with_name(f".deleted_{running.name}_{running.series.state.since_ms}")
        running.series.folder.rename(renamed)
        self._scheduler.remove(running.name)
        self._remove(renamed)

    def _change(self, running: RunningSeries, document: Any, now_ms: int) -> None:
        zone = self._zone()
        before, after = running.series.definition, from_document(document, now_ms, zone)
        if after.name != before.name:
            raise CommandError("wrong", "the name of a series cannot be changed", "name")
        old, new = to_document(before), to_document(after)
        for field in () if running.has_no_shots else ("kind", "vary", "start"):
            if old[field] != new[field]:
                raise CommandError("state", f"{field} cannot be changed after the first shot", field)
        running.series.redefine(after, zone)
        running.redefined(now_ms)
