"""What may be asked of series: to be made, changed, started, paused, resumed, finished, deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.folders import unwritable
from stillcam.series.definition import Definition, from_document, to_document
from stillcam.series.folder import NameTaken, Series, state_at
from stillcam.series.manifest import text
from stillcam.series.running import Active
from stillcam.series.scheduler import Agenda

_FROM = {  # what is asked for: the states in which that makes sense
    "start": ("planned",),
    "pause": ("planned", "running"),
    "resume": ("paused", "failed"),
    "finish": ("planned", "running", "paused", "failed"),
    "change": ("planned", "running", "paused", "failed"),
}


class OrderError(StillcamError):
    """It cannot be done.

    Args:
        cause: `unknown`: there is no such series; `taken`: the name; `state`: not as it is now;
            `wrong`: the definition; `disk`: it could not be written.
        field: of the definition, None: none.
    """

    def __init__(self, cause: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.cause = cause
        self.field = field


class Orders:
    """Carries out what is asked, on the camera's thread.

    Args:
        agenda: of the series.
        zone: gives the name of the local clock's zone.
        remove: deletes a folder, sooner or later.
    """

    def __init__(self, agenda: Agenda, zone: Callable[[], str], remove: Callable[[Path], None]) -> None:
        self._agenda = agenda
        self._zone = zone
        self._remove = remove

    def carry_out(self, message: Mapping[str, Any], now_ms: int) -> str | None:
        """Do what a message says; the name of the series, None: it is gone.

        Raises:
            OrderError: it cannot be done; all is as it was.
        """
        do = message.get("do")
        try:
            if do == "create":
                return self._create(message.get("definition"), now_ms)
            active = self._agenda.find(str(message.get("name")))
            if active is None:
                raise OrderError("unknown", f"there is no series {message.get('name')}")
            if do == "delete":
                self._delete(active)
                return None
            if do not in _FROM:
                raise OrderError("wrong", f"do must be one of create, delete, {', '.join(_FROM)}", "do")
            state = active.series.state.state
            if state not in _FROM[do]:
                raise OrderError("state", f"{active.name} is {state}: it cannot {do}")
            if do == "change":
                self._change(active, message.get("definition"), now_ms)
            elif do == "start":
                self._start(active, now_ms)
            elif do == "resume":
                active.enter(state_at(active.series.definition.schedule.starts_ms, now_ms), now_ms)
            else:
                active.enter({"pause": "paused", "finish": "finished"}[do], now_ms)
            return active.name
        except SettingsError as error:
            cause = "taken" if isinstance(error, NameTaken) else "wrong"
            raise OrderError(cause, str(error), error.field or None) from error
        except OSError as error:
            raise OrderError("disk", unwritable(self._agenda.root, error)) from error
        finally:
            self._agenda.changed()

    def _create(self, document: Any, now_ms: int) -> str:
        zone = self._zone()
        series = Series.create(self._agenda.root, from_document(document, now_ms, zone), zone, now_ms)
        self._agenda.add(Active(series, now_ms))
        return series.name

    def _delete(self, active: Active) -> None:
        gone = active.series.folder.with_name(f".deleted_{active.name}_{active.series.state.since_ms}")
        active.series.folder.rename(gone)
        self._agenda.remove(active.name)
        self._remove(gone)

    def _change(self, active: Active, document: Any, now_ms: int) -> None:
        zone = self._zone()
        before, after = active.series.definition, from_document(document, now_ms, zone)
        if after.name != before.name:
            raise OrderError("wrong", "a series keeps its name", "name")
        if not active.untouched:
            for field, one, other in _lasting(before, after):
                if one != other:
                    raise OrderError("state", f"{field} stays as it is once there is a shot", field)
        active.series.change(after, zone)
        active.changed(now_ms)

    def _start(self, active: Active, now_ms: int) -> None:
        """Now, instead of later."""
        document = to_document(active.series.definition) | {"start": text(now_ms)}
        self._change(active, document, now_ms)


def _lasting(before: Definition, after: Definition) -> list[tuple[str, object, object]]:
    """What cannot be changed once there is a shot."""
    return [
        ("kind", before.kind, after.kind),
        ("vary", before.variation, after.variation),
        ("start", before.schedule.starts_ms, after.schedule.starts_ms),
    ]
