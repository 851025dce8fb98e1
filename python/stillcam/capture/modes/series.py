"""The mode of series: it takes the camera in time for each shot, and keeps it where shots are close together.

`stillcam.series` schedules the shots, `series_shots` takes them. An error costs one shot, which is recorded as missed
with the reason; repeated errors give the camera back to the snapshots for a while.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable
from pathlib import Path

from stillcam.camera.driver import Interrupted
from stillcam.capture.command_queue import Command
from stillcam.capture.context import CaptureContext
from stillcam.capture.library_writer.series_retention import SeriesRetention
from stillcam.capture.library_writer.writer import LibraryWriter
from stillcam.capture.mode import Mode
from stillcam.capture.modes.series_folders import SeriesFolders, why_gone
from stillcam.capture.modes.series_shots import WORK, ShotTaker
from stillcam.capture.modes.snapshots import CLOCK_CHECK_S, MAX_TAKES_S
from stillcam.capture.settings_in_force.pending_settings import picture_settings
from stillcam.capture.timeouts import photo_cycle_s
from stillcam.common.clock import local_zone
from stillcam.common.deletion import delete_tree
from stillcam.common.disk_space import Disk
from stillcam.common.errors import CameraError
from stillcam.common.folders import device_and_inode
from stillcam.series.commands import CommandError, SeriesCommands
from stillcam.series.definition import Definition
from stillcam.series.folder import Series
from stillcam.series.running import RunningSeries, grace_ms
from stillcam.series.scheduler import Scheduler
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.schema import Settings

KEEP_CAMERA_S = 10.0  # the mode keeps the camera between shots where the interval is shorter
READY_LEAD_S = 0.3  # before a shot that the running camera program can take as it is
MAX_FAILURES = 2  # in a row: then the camera is at fault, and not the series
PAUSES_S = (0.0, 10.0, 20.0, 40.0, 60.0)  # then the snapshots get the camera for so long, each time longer
ZONE_S = 10.0  # from one look at the machine's time zone to the next
FULL_S = 10.0  # from one look at a full disk to the next


class SeriesMode(Mode):
    """Takes the shots of all series; see the rule of conflicts in `docs/use/timelapse.md`.

    Attributes:
        tasks: for the background, now and then.
    """

    use = "series"
    title = "series"
    picture = "the last one during a shot; the shots, if they are less than 10 s apart"

    def __init__(self, context: CaptureContext, library: LibraryWriter) -> None:
        root = context.paths.series
        self._context = context
        self._library = library
        self._shots = ShotTaker(context)
        self._scheduler = Scheduler(root)
        self._series_commands = SeriesCommands(self._scheduler, self.zone, self._remove, self._ready_ms)
        self._early: list[Command] = []  # for series that have not been opened yet
        submit, nudge = library.worker.submit, context.commands.nudge
        self._folders = SeriesFolders(root, self._scheduler.names, submit, self._remove, nudge)
        self._miss_reason = "off"  # why a shot that is missed now is missed
        self._camera_works = False  # it has given a picture since the daemon started
        self._failures = 0  # in a row
        self._pauses = 0  # in a row
        self._retry_s: float | None = None  # when it tries again, if a snapshot has been taken (monotonic)
        self._disk_retry_s: dict[str, float] = {}  # by series whose disk is full (monotonic)
        self._prepared_ms: int | None = None  # the due time that the camera program was started for
        self._settings = context.settings.wanted  # those that the mode has begun with
        self._refused = ""  # the series whose options the camera has refused
        self.to_json = self._scheduler.status
        self.handlers = {"series": self._on_series}
        if (root / WORK).exists():
            import shutil

            shutil.rmtree(root / WORK, ignore_errors=True)
        self._zone_s = -ZONE_S  # of the last look at the time zone (monotonic)
        self.update()
        retention = SeriesRetention(
            lambda: [running.series for running in self._scheduler],
            self._disk_of,
            library.clock,
            library.worker.checkpoint,
            library.undeletable.note,
        )
        submit(self._folders.scan)
        self.tasks = (self._folders.scan, retention.regular)

    def zone(self) -> str:
        return local_zone(os.environ)

    def wanted(self) -> bool:
        return self._starts_in_s() <= 0

    def next_start_s(self) -> float:
        """When this mode will want the camera (monotonic); infinity: unknown."""
        return time.monotonic() + self._starts_in_s()

    def run(self, settings: Settings, camera: CameraInfo) -> None:
        """See Mode. A single failure costs one shot; more in a row end the mode."""
        context = self._context
        self._settings = context.settings.running
        self._shots.enter(settings, camera)
        while self._continues():
            running = self._scheduler.first
            assert running is not None
            try:
                self._take_shots(running, settings)
            except Interrupted:
                return
            except CameraError as error:
                self._shot_failed(running, error)
                self._shots.enter(settings, camera)
            except OSError as error:
                self._write_failed(running, error)
                self._shots.enter(settings, camera)  # its folder may be another one now
            finally:
                self._prepared_ms = None
                self._scheduler.reorder()

    def fail(self, error: CameraError) -> None:
        """See Mode: shots that are missed from now on are missed for this reason."""
        self._miss_reason = _miss_reason(error)

    def close(self) -> None:
        self._scheduler.close()

    def update(self) -> None:
        self._sync_series()
        if self._scheduler.names() and time.monotonic() - self._zone_s >= ZONE_S:
            self._zone_s = time.monotonic()
            self._scheduler.set_zone(self.zone(), _now_ms())
        full = {running.name for running in self._scheduler if self._disk_wait_s(running) > 0}
        self._scheduler.update(_now_ms(), int(time.monotonic() * 1000), self._miss_reason, full)
        works = self._context.settings.confirmed and self._context.status.reason is None
        if self._retry_s is not None and works and time.monotonic() >= self._retry_s:
            self._retry_s = None
        self._camera_works = self._camera_works or works
        if self._camera_works and not self._failures:
            self._miss_reason = "busy"
        while (first := self._scheduler.first) and first.due_ms is not None and self._disk_wait_s(first) > 0:
            first.miss(_now_ms(), "disk")
            self._scheduler.reorder()

    def _sync_series(self) -> None:
        """Add series that have been opened, and remove those that are gone with their disk."""
        for name in self._folders.take_gone():
            if self._scheduler.find(name):
                self._drop(name)
        for series in self._folders.take_opened():
            if self._scheduler.find(series.name) is None:
                self._scheduler.add(RunningSeries(series, _now_ms()))
        early, self._early = self._early, []
        for command in early:
            self._on_series(command)

    def _starts_in_s(self) -> float:
        running = self._scheduler.first
        if running is None:
            return math.inf
        if self._retry_s is not None:  # there must be time for a snapshot
            return max(CLOCK_CHECK_S + MAX_TAKES_S, self._retry_s - time.monotonic())
        left_s = running.earliest_ms / 1000 - time.time()
        if (disk_wait_s := self._disk_wait_s(running)) > 0:
            return max(disk_wait_s, left_s)
        if running.earliest_ms == self._prepared_ms:
            return -1.0
        if _keeps_camera(running):
            return left_s - KEEP_CAMERA_S
        if left_s > self._shots.lead_s:
            return left_s - self._shots.lead_s
        return left_s - self._lead_s(running.series.definition, bool(running.series.state.fixed))

    def _lead_s(self, definition: Definition, fixed: bool) -> float:
        """How long before a shot of such a series its preparation begins."""
        camera, wanted = self._context.status.camera, self._context.settings.wanted
        fits = camera and self._shots.fits(definition, fixed, self._context.lens.apply(wanted, camera), camera)
        return READY_LEAD_S if fits else self._shots.lead_s

    def _ready_ms(self, definition: Definition) -> int:
        """How long after now the first shot of a new series can be due, so that it is not missed."""
        lead_ms = int(1000 * self._lead_s(definition, fixed=False))
        return lead_ms if lead_ms > grace_ms(definition.schedule) else 0

    def _take_shots(self, running: RunningSeries, settings: Settings) -> None:
        """Prepare for the next due time, wait for it, and take its shots."""
        series, due_ms = running.series, running.earliest_ms
        shots = series.definition.controls_of(series.state.tally.taken)
        stays = _keeps_camera(running)
        # Without a frame since the last shot, the camera starts too slowly for snapshots between the shots.
        publish = stays or self._context.published_s < self._shots.taken_s
        cycle_s = photo_cycle_s(settings, series.definition.kind, self._shots.course_controls(series))
        frameless_s = (self._shots.lead_s + cycle_s) * len(shots)
        interval_s = series.definition.schedule.interval_ms / 1000
        self._context.status.enter("series", interval_s if stays else frameless_s)
        if self._disk_is_full(running):
            return
        self._prepared_ms = due_ms
        self._shots.prepare(series, shots[0], stays)
        if not self._wait_until_due(running, due_ms) or self._disk_is_full(running):
            return
        for varied in shots:
            self._shots.prepare(series, varied, stays)
            running.flush_gap()
            self._shots.take(series, due_ms, varied, publish)
            if running.due_ms != due_ms:  # the series was paused or deleted
                return
        self._failures = self._pauses = 0
        self._refused, self._camera_works = "", True
        self._write(running, lambda: running.series.set_reason(None))
        running.complete(_now_ms())

    def _wait_until_due(self, running: RunningSeries, due_ms: int) -> bool:
        while self._continues():
            if self._scheduler.first is not running or running.earliest_ms != due_ms:
                return False
            if running.due_ms == due_ms:
                return True
            self._context.idle(max(0.001, due_ms / 1000 - time.time()))
        return False

    def _disk_is_full(self, running: RunningSeries) -> bool:
        """Whether the disk of the series is full: then the camera is left to others for a while."""
        try:
            self._disk_of(running.series).check()
        except CameraError as error:
            if running.name not in self._disk_retry_s:
                logging.error("series %s: %s", running.name, error)
            self._skip_full_disk(running)
            return True
        self._disk_retry_s.pop(running.name, None)
        return False

    def _skip_full_disk(self, running: RunningSeries) -> None:
        self._disk_retry_s[running.name] = time.monotonic() + FULL_S
        if running.due_ms is not None:
            running.miss(_now_ms(), "disk")

    def _disk_wait_s(self, running: RunningSeries) -> float:
        """How long until the full disk of the series is checked again, in seconds; 0 or less: now."""
        return self._disk_retry_s.get(running.name, 0.0) - time.monotonic()

    def _continues(self) -> bool:
        """Whether this mode keeps the camera: pictures with the wanted settings are the same as those of this run."""
        pending = self._context.settings
        same = _pictures(pending.wanted) == _pictures(self._settings)
        if pending.outdated and same:
            pending.adopt()
        return same and not self._context.stopping and self._context.next_mode() is self

    def _shot_failed(self, running: RunningSeries, error: CameraError) -> None:
        """The camera has failed: record the missed shot, and try the next one.

        Only options that the camera refuses again, after snapshots have been taken, make the series fail.

        Raises:
            CameraError: it has failed several times in a row.
        """
        self._context.camera_failed(error)
        if self._drop_if_gone(running):
            return
        self._failures += 1
        self._miss_reason = _miss_reason(error)
        if running.due_ms is not None:
            running.miss(_now_ms(), self._miss_reason)
        refused = error.cause == "options"
        if refused and self._refused == running.name:
            logging.error("series %s has failed: %s", running.name, error.reason)
            self._write(running, lambda: running.set_state("failed", _now_ms(), error.reason))
        elif self._failures >= MAX_FAILURES or refused:
            self._refused = running.name if refused else ""
            self._write(running, lambda: running.series.set_reason(error.reason))
            self._retry_s = time.monotonic() + PAUSES_S[min(self._pauses, len(PAUSES_S) - 1)]
            self._pauses += 1
            raise error
        else:
            logging.warning("series %s: a shot failed: %s", running.name, error)

    def _write_failed(self, running: RunningSeries, error: OSError) -> None:
        """The disk is full, or the folder is gone."""
        if self._scheduler.find(running.name) is not running:  # it was deleted meanwhile
            return
        if not self._drop_if_gone(running):
            logging.error("series %s: a shot could not be written: %s", running.name, error)
            self._skip_full_disk(running)

    def _drop_if_gone(self, running: RunningSeries) -> bool:
        """Whether the folder of the series is gone; then drop it, until the folder is there again."""
        if device_and_inode(running.series.folder) is not None:
            return False
        self._drop(running.name)
        return True

    def _drop(self, name: str) -> None:
        logging.error("cannot continue series %s: %s", name, why_gone(self._scheduler.root, name))
        self._scheduler.remove(name)

    def _write(self, running: RunningSeries, write: Callable[[], None]) -> None:
        """Write the state of a series; a failure costs no shot."""
        try:
            write()
        except OSError as error:
            logging.error("series %s: its state could not be written: %s", running.name, error)

    def _on_series(self, command: Command) -> None:
        name = command.message.get("name")
        if self._scheduler.find(str(name)) is None and self._folders.will_open(str(name)):
            self._early.append(command)
            return
        try:
            with self._folders.lock:
                result = self._series_commands.execute(command.message, _now_ms())
                if command.message.get("do") == "delete":
                    self._folders.forget(str(name))
        except CommandError as error:
            command.fail(error, field=error.field)
            return
        logging.info("series %s: %s", result or name, command.message.get("do"))
        command.finish({"series": result})

    def _remove(self, folder: Path) -> None:
        """Delete a folder of many files in the background."""
        worker, note = self._library.worker, self._library.undeletable.note
        worker.submit_long(lambda: delete_tree(folder, worker.checkpoint, note))

    def _disk_of(self, series: Series) -> Disk:
        """The disk of a series, which need not be the library's."""
        return Disk(series.folder, lambda: self._context.settings.wanted.files.floor_mb)


def _now_ms() -> int:
    return int(time.time() * 1000)


def _keeps_camera(running: RunningSeries) -> bool:
    return running.series.definition.schedule.interval_ms < KEEP_CAMERA_S * 1000


def _pictures(settings: Settings) -> tuple[object, ...]:
    return *picture_settings(settings), settings.photo, settings.raw


def _miss_reason(error: CameraError) -> str:
    return "disk" if error.cause == "disk" else "camera"
