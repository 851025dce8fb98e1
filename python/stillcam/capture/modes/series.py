"""The mode of series: it wants the camera in time before each moment, and keeps it where moments are close.

What a moment needs is in `shooting`, when there is one in `stillcam.series`; here is whose turn
it is, and what happens when something goes wrong: the moment is missed, and recorded with the reason.
"""

from __future__ import annotations

import logging
import math
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

from stillcam.camera.driver import Interrupted
from stillcam.capture.command_queue import Command
from stillcam.capture.context import CaptureContext
from stillcam.capture.library_writer.series_keeping import SeriesRetention
from stillcam.capture.library_writer.writer import LibraryWriter
from stillcam.capture.modes.lens import Lens
from stillcam.capture.modes.series_folders import SeriesFolders, why_gone
from stillcam.capture.modes.series_shots import WORK, ShotTaker
from stillcam.capture.modes.snapshots import LOOK_S, MAX_TAKES_S
from stillcam.capture.recovery import photo_cycle_s
from stillcam.common.deletion import delete_tree
from stillcam.common.disk_space import Disk
from stillcam.common.errors import CameraError
from stillcam.common.folders import identity
from stillcam.common.time_zone import local_zone
from stillcam.series.commands import CommandError, SeriesCommands
from stillcam.series.folder import Series
from stillcam.series.running import RunningSeries
from stillcam.series.scheduler import Scheduler
from stillcam.settings.capabilities import Camera
from stillcam.settings.schema import Settings

HOLD_S = 10.0  # with an interval below that the mode stays between shots
ALMOST_S = 0.3  # from the end of what ran before to the shot, where the program that runs takes it
TRIES = 2  # so many failures running are the camera's, and no concern of the series alone
REST_S = (0.0, 10.0, 20.0, 40.0, 60.0)  # the camera is then left to the snapshots for so long
ZONE_S = 10.0  # how often the time zone of the machine is looked at
FULL_S = 10.0  # how often a full disk is looked at


class SeriesMode:
    """Takes the shots of all series; see the rule of conflicts in `docs/series.md`.

    Attributes:
        tasks: for the background, now and then.
    """

    name = "series"
    urgent = False

    def __init__(self, context: CaptureContext, library: LibraryWriter, lens: Lens) -> None:
        self._context = context
        self._library = library
        self._lens = lens
        self._shots = ShotTaker(context, library)
        self._scheduler = Scheduler(context.paths.series)
        self._series_commands = SeriesCommands(self._scheduler, self.zone, self._remove)
        self._early: list[Command] = []  # they are about series that are not taken in yet
        self._folders = SeriesFolders(
            context.paths.series, self._scheduler.names, library.soon, self._remove, context.commands.nudge
        )
        self._why = "off"  # why what is missed now is missed
        self._begun = False  # the camera has given a picture since the daemon started
        self._failures = 0  # running
        self._rests = 0  # running
        self._rest_until_s: float | None = None  # when it tries again, if a snapshot has been taken (monotonic)
        self._full: dict[str, float] = {}  # series whose disk is full, and when it is looked at again (monotonic)
        self._aimed_ms: int | None = None  # the moment that the camera program runs for
        self._settings = context.settings.wanted  # the mode has begun with these
        self._refused = ""  # the series whose options the camera has refused
        self.message = self._scheduler.status
        self.handlers = {"series": self._asked}
        shutil.rmtree(context.paths.series / WORK, ignore_errors=True)
        self._zone_s = -ZONE_S  # when the time zone was looked at (monotonic)
        self._look()
        keeping = SeriesRetention(
            self._on_disk,
            lambda series: self._disk_of(series.folder),
            library.ages,
            library.over,
            library.undeletable.note,
        )
        library.soon(self._folders.look)
        self.tasks = (self._folders.look, keeping.regular)

    def zone(self) -> str:
        """The name of the local clock's zone."""
        return local_zone(os.environ)

    def wanted(self) -> bool:
        """See Mode. Asked before and after everything that the camera does: this is the tick of the scheduler."""
        self._look()
        return self._begins_in_s() <= 0

    def booked(self) -> float:
        """When this mode will want the camera (monotonic); infinity: nobody knows."""
        return time.monotonic() + self._begins_in_s()

    def run(self, settings: Settings, camera: Camera) -> None:
        """See Mode. A single failure costs one moment; more of them are the camera's."""
        context = self._context
        self._settings = context.settings.running
        self._shots.begin(settings, camera)
        while not context.stopping and self._holds_good() and context.next_mode() is self:
            running = self._scheduler.first
            assert running is not None
            try:
                self._moment(running, settings)
            except Interrupted:
                return
            except CameraError as error:
                self._failed(running, error)
                self._shots.begin(settings, camera)
            except OSError as error:
                self._unwritable(running, error)
                self._shots.begin(settings, camera)  # its folder may be another one now
            finally:
                self._aimed_ms = None
                self._scheduler.reorder()

    def fail(self, error: CameraError) -> None:
        """See Mode: what is missed from now on is so because of this."""
        self._why = _why(error)

    def close(self) -> None:
        """The daemon ends."""
        self._scheduler.close()

    def _look(self) -> None:
        self._take_in()
        if time.monotonic() - self._zone_s >= ZONE_S:
            self._zone_s = time.monotonic()
            self._scheduler.set_zone(self.zone(), _now_ms())
        self._scheduler.update(_now_ms(), int(time.monotonic() * 1000), self._why)
        works = self._context.settings.proven and self._context.backoff.reason is None
        if self._rest_until_s is not None and works and time.monotonic() >= self._rest_until_s:
            self._rest_until_s = None
        self._begun = self._begun or works
        if self._begun and not self._failures:
            self._why = "busy"
        while (first := self._scheduler.first) and first.due_ms is not None and self._full_s(first) > 0:
            first.miss(_now_ms(), "disk")
            self._scheduler.reorder()

    def _take_in(self) -> None:
        """Series have come, or are gone with their disk."""
        for name in self._folders.gone():
            if self._scheduler.find(name):
                logging.error("cannot continue series %s: %s", name, why_gone(self._scheduler.root, name))
                self._scheduler.remove(name)
        for series in self._folders.taken():
            if self._scheduler.find(series.name) is None:
                self._scheduler.add(RunningSeries(series, _now_ms()))
        early, self._early = self._early, []
        for command in early:
            self._asked(command)

    def _begins_in_s(self) -> float:
        running = self._scheduler.first
        if running is None:
            return math.inf
        if self._rest_until_s is not None:  # there must be time for a snapshot
            return max(LOOK_S + MAX_TAKES_S, self._rest_until_s - time.monotonic())
        left_s = running.earliest_ms / 1000 - time.time()
        if (full_s := self._full_s(running)) > 0:
            return max(full_s, left_s)
        if running.earliest_ms == self._aimed_ms:
            return -1.0
        if _holds(running):
            return left_s - HOLD_S
        if left_s > self._shots.lead_s:
            return left_s - self._shots.lead_s
        camera = self._context.status.camera
        wanted = self._context.settings.wanted
        fits = camera and self._shots.fits(running.series, self._lens.held(wanted, camera), camera)
        return left_s - (ALMOST_S if fits else self._shots.lead_s)

    def _moment(self, running: RunningSeries, settings: Settings) -> None:
        """Get ready for the moment that comes first, wait for it, and take its shots."""
        series, due_ms = running.series, running.earliest_ms
        shots = series.definition.controls_of(series.state.tally.taken)
        publish = _holds(running)
        frameless_s = (self._shots.lead_s + photo_cycle_s(settings, series.definition.kind)) * len(shots)
        interval_s = series.definition.schedule.interval_ms / 1000
        self._context.status.enter("series", interval_s if publish else frameless_s, self._context.backoff.reason)
        if self._is_full(running):
            return
        self._aimed_ms = due_ms
        self._shots.aim(series, shots[0], publish)
        if not self._comes(running, due_ms):
            return
        if self._is_full(running):
            return
        for varied in shots:
            self._shots.aim(series, varied, publish)
            running.flush_gap()
            self._shots.take(series, due_ms, varied, publish)
            if running.due_ms != due_ms:  # it has been paused, or deleted
                return
        self._failures, self._rests, self._refused, self._begun = 0, 0, "", True
        self._tell(running, None)
        running.complete(_now_ms())

    def _comes(self, running: RunningSeries, due_ms: int) -> bool:
        """Wait for the moment; False: something else comes before."""
        context = self._context
        while not context.stopping and self._holds_good() and context.next_mode() is self:
            if self._scheduler.first is not running or running.earliest_ms != due_ms:
                return False
            if running.due_ms == due_ms:
                return True
            left_s = max(0.001, due_ms / 1000 - time.time())
            try:
                context.driver.idle(left_s, (*context.stops, context.commands.wake))
            except Interrupted:
                context.obey()
            finally:
                context.status.described(context.driver.metadata)
        return False

    def _is_full(self, running: RunningSeries) -> bool:
        """Whether its disk is: then the camera is left to others for a while."""
        try:
            self._disk_of(running.series.folder).check()
        except CameraError as error:
            if running.name not in self._full:
                logging.error("series %s: %s", running.name, error)
            self._missed_for_the_disk(running)
            return True
        self._full.pop(running.name, None)
        return False

    def _missed_for_the_disk(self, running: RunningSeries) -> None:
        self._full[running.name] = time.monotonic() + FULL_S
        if running.due_ms is not None:
            running.miss(_now_ms(), "disk")

    def _full_s(self, running: RunningSeries) -> float:
        """How long its disk is taken for full, in seconds; 0 or less: it is looked at."""
        return self._full.get(running.name, 0.0) - time.monotonic()

    def _holds_good(self) -> bool:
        """Whether the settings in force make the same pictures."""
        pending = self._context.settings
        same = _pictures(pending.wanted) == _pictures(self._settings)
        if pending.outdated and same:
            pending.adopt()
        return same

    def _failed(self, running: RunningSeries, error: CameraError) -> None:
        """The camera has failed: this moment is missed, and the next one is tried, whatever has failed.

        Only options that are refused, again after snapshots have been taken, are none that time helps.

        Raises:
            CameraError: again and again.
        """
        self._context.end_program()
        self._context.status.failed(error.cause, restarts=True)
        if self._let_go(running):
            return
        self._failures += 1
        self._why = _why(error)
        if running.due_ms is not None:
            running.miss(_now_ms(), self._why)
        refused = error.cause == "options"
        if refused and self._refused == running.name:
            self._fail(running, error.reason)
        elif self._failures >= TRIES or refused:
            self._refused = running.name if refused else ""
            self._tell(running, error.reason)
            self._rest_until_s = time.monotonic() + REST_S[min(self._rests, len(REST_S) - 1)]
            self._rests += 1
            raise error
        else:
            logging.warning("series %s: a shot failed: %s", running.name, error)

    def _unwritable(self, running: RunningSeries, error: OSError) -> None:
        """The disk is full, or the folder is gone."""
        if self._scheduler.find(running.name) is not running:  # it was deleted meanwhile
            return
        if not self._let_go(running):
            logging.error("series %s: a shot could not be written: %s", running.name, error)
            self._missed_for_the_disk(running)

    def _let_go(self, running: RunningSeries) -> bool:
        """Whether its folder is gone: it is taken in again when it is there."""
        if identity(running.series.folder) is not None:
            return False
        logging.error("cannot continue series %s: %s", running.name, why_gone(self._scheduler.root, running.name))
        self._scheduler.remove(running.name)
        return True

    def _fail(self, running: RunningSeries, reason: str) -> None:
        logging.error("series %s has failed: %s", running.name, reason)
        try:
            running.set_state("failed", _now_ms(), reason)
        except OSError as error:
            logging.error("series %s: its state could not be written: %s", running.name, error)

    def _tell(self, running: RunningSeries, why: str | None) -> None:
        """Why no shots come, for whoever looks at the series; None: they come."""
        try:
            running.series.set_reason(why)
        except OSError as error:
            logging.error("series %s: its state could not be written: %s", running.name, error)

    def _asked(self, command: Command) -> None:
        asked = str(command.message.get("name"))
        if self._scheduler.find(asked) is None and self._folders.opens(asked):
            self._early.append(command)
            return
        try:
            with self._folders.lock:
                name = self._series_commands.execute(command.message, _now_ms())
        except CommandError as error:
            command.fail(error, field=error.field)
            return
        logging.info("series %s: %s", name or command.message.get("name"), command.message.get("do"))
        command.finish({"series": name})

    def _on_disk(self) -> list[Series]:
        return [running.series for running in self._scheduler]

    def _remove(self, folder: Path) -> None:
        """Delete a folder of many files, in the background."""
        self._library.later(lambda: delete_tree(folder, self._library.over, self._library.undeletable.note))

    def _disk_of(self, folder: Path) -> Disk:
        """The disk that a series is on: it need not be the library's."""
        return Disk(folder, lambda: self._context.settings.wanted.files.floor_mb)


def _now_ms() -> int:
    return int(time.time() * 1000)


def _holds(running: RunningSeries) -> bool:
    return running.series.definition.schedule.interval_ms < HOLD_S * 1000


def _pictures(settings: Settings) -> tuple[object, ...]:
    """What shots depend on."""
    snapshot = replace(settings.snapshot, interval_s=1.0)
    return settings.camera, snapshot, settings.live, settings.photo, settings.raw, settings.controls


def _why(error: CameraError) -> str:
    return "disk" if error.cause == "disk" else "camera"
