"""Photos and raw photos that a person asks for: at once, after a while, or many in a row."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from stillcam.camera.convergence import FRESH_S, converged_controls, is_fully_manual, scans_at_start
from stillcam.camera.driver import Interrupted, PhotoRequest, Still
from stillcam.camera.metadata import Metadata
from stillcam.camera.use_cases import effective_controls, photo_extension, photo_settings
from stillcam.capture.command_queue import Command
from stillcam.capture.context import CONVERGE_S, START_TIMEOUT_S, CaptureContext
from stillcam.capture.image_files import image_size, link_or_copy, rotate
from stillcam.capture.library_writer.sidecar import about
from stillcam.capture.library_writer.writer import LibraryWriter, unwritable
from stillcam.capture.modes.lens import SCAN_WAITS_S, rests
from stillcam.capture.recovery import photo_cycle_s, stall_timeout_s
from stillcam.common.errors import CameraError, StillcamError
from stillcam.common.formats import utc_text
from stillcam.library.pending import PendingItem
from stillcam.settings.capabilities import Camera
from stillcam.settings.controls import Values
from stillcam.settings.schema import Settings

AGAIN_S = 1.0  # before the second try
MAX_WAITING = 8  # orders at once


@dataclass
class Order:
    """Some photos that were asked for together.

    Args:
        asking: who waits for them.
        due: when to begin (monotonic); `due_s`: the same since the epoch, None: at once.
        cancelled: no more are to be taken.
        spared: it waited when another mode failed.
    """

    asking: list[Command]
    kind: str
    count: int
    due: float
    due_s: float | None
    timer: threading.Timer | None = None
    items: list[str] = field(default_factory=list)
    cancelled: bool = False
    spared: bool = False


class PhotoMode:
    """Takes photos, one order after the other; a self-timer waits while the other modes go on."""

    name = "photo"
    urgent = False

    def __init__(self, context: CaptureContext, library: LibraryWriter) -> None:
        self._context = context
        self._library = library
        self._orders: list[Order] = []
        self._running: Order | None = None
        self._waits: Sequence[float] = ()  # for a scan that the next still interrupts
        self._last: tuple[object, float, Metadata] = None, 0.0, {}  # of what, when (monotonic), and what was said of it
        self.handlers = {"photo": self._asked, "cancel": self._cancel}

    @property
    def timed(self) -> bool:
        """Whether a self-timer runs."""
        now = time.monotonic()
        return any(order.due > now for order in self._orders)

    @property
    def due(self) -> bool:
        """Whether photos are being taken, or are to be taken next."""
        return self._due() is not None

    @property
    def running(self) -> bool:
        """Whether some are being taken."""
        return self._running is not None

    def wanted(self) -> bool:
        return self._due() is not None

    def run(self, settings: Settings, camera: Camera) -> None:
        """See Mode. What goes wrong is told to who asked, and no concern of the modes that follow."""
        self._running = order = self._due()
        assert order is not None
        context = self._context
        try:
            runs = context.driver.matches(settings, camera, order.kind)
            if runs:
                self._expect(order, settings, camera, {})
            while not self._over(order):
                order.items.append(self._one(order, settings, camera, runs))
                runs = True
                self._library.added()
                self._tell()
        except Interrupted:
            self._end(order, None if order.cancelled else _ending(order))
        except CameraError as error:
            self._failed(error)
            self._end(order, error)
        else:
            whole = order.cancelled or len(order.items) >= order.count
            self._end(order, None if whole else _ending(order))
        finally:
            self._running = None

    def fail(self, error: CameraError) -> None:
        """See Mode. What has failed for another mode is tried for an order that waited, where there is a camera."""
        for order in [order for order in self._orders if time.monotonic() >= order.due]:
            if order.spared or error.cause in error.NO_CAMERA:
                self._end(order, error)
            order.spared = True

    def close(self) -> None:
        """The daemon ends."""
        for order in list(self._orders):
            self._end(order, _ending(order))

    def _asked(self, command: Command) -> None:
        told = command.message
        delay_s = float(told.get("delay_s", 0))
        try:
            if self._context.recording:
                raise CameraError("busy", "a video is being recorded or waiting: stop it first, or wait until it ends")
            if len(self._orders) >= MAX_WAITING:
                raise CameraError("busy", f"{MAX_WAITING} orders wait already: cancel them, or wait")
            self._library.disk.check()
        except CameraError as error:
            command.fail(error)
            return
        due_s = time.time() + delay_s if delay_s else None
        order = Order([command], told.get("kind", "photo"), told.get("count", 1), time.monotonic() + delay_s, due_s)
        if delay_s:
            order.timer = threading.Timer(delay_s, self._context.commands.nudge)
            order.timer.daemon = True
            order.timer.start()
        self._orders.append(order)
        self._tell()

    def _cancel(self, command: Command) -> None:
        """All of them; a photo that is being taken is waited for, or given up where it has not come."""
        for order in [order for order in self._orders if order is not self._running]:
            self._end(order)
        if self._running:
            self._running.cancelled = True
            self._running.asking.append(command)
        else:
            command.finish({"items": []})

    def _due(self) -> Order | None:
        """The order whose turn it is."""
        now = time.monotonic()
        return next((order for order in sorted(self._orders, key=lambda order: order.due) if order.due <= now), None)

    def _over(self, order: Order) -> bool:
        return order.cancelled or self._context.stopping or len(order.items) >= order.count

    def _end(self, order: Order, error: StillcamError | None = None) -> None:
        """Answer who asked, with the items so far."""
        self._orders.remove(order)
        if order.timer:
            order.timer.cancel()
        self._tell()
        for command in order.asking:
            if error:
                command.fail(error, items=order.items)
            else:
                command.finish({"items": order.items})

    def _tell(self) -> None:
        order = self._running if self._running in self._orders else None
        order = order or self._due() or min(self._orders, key=lambda order: order.due, default=None)
        others = [other for other in self._orders if other is not order]
        self._context.status.waits("photos", [{"kind": other.kind, "of": other.count} for other in others])
        if order is None:
            self._context.status.taking(None)
            return
        due = utc_text(order.due_s) if order.due_s is not None and order.due > time.monotonic() else None
        self._context.status.taking({"kind": order.kind, "done": len(order.items), "of": order.count, "due": due})

    def _start(self, order: Order, settings: Settings, camera: Camera) -> None:
        """Start the camera program for photos, from what the snapshots have found."""
        context = self._context
        before = context.found or self._recent(order, settings, camera)
        use = photo_settings(settings, order.kind)
        found = converged_controls(settings, order.kind, before) if use.carry_over else {}
        try:
            self._library.pending_folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self._library.root, error) from error
        over = lambda: self._over(order)  # noqa: E731 - it is handed on
        context.start_stills(settings, camera, PhotoRequest(order.kind, self._library.pending_folder, found), over)
        if not is_fully_manual(settings, order.kind, found, camera):
            context.rest(CONVERGE_S, over)
        self._expect(order, settings, camera, found)

    def _expect(self, order: Order, settings: Settings, camera: Camera, found: Values) -> None:
        """The camera runs for the order, and has begun with what was `found`: autofocus may scan."""
        controls = effective_controls(settings, photo_settings(settings, order.kind)) | found
        self._waits = SCAN_WAITS_S[1:] if scans_at_start(controls, camera) else ()

    def _one(self, order: Order, settings: Settings, camera: Camera, runs: bool) -> str:
        """Take one and keep it, if need be at the second try; its address below `library/`.

        Args:
            runs: whether the camera program for it does.
        """
        try:
            if not runs:
                self._start(order, settings, camera)
            return self._taken(order, settings, camera)
        except CameraError as error:
            if not error.transient:
                raise
            logging.warning("a photo failed, retrying once: %s", error)
            self._failed(error)
        self._context.pause(AGAIN_S)
        self._start(order, settings, camera)
        return self._taken(order, settings, camera)

    def _failed(self, error: CameraError) -> None:
        self._context.end_program()
        self._context.status.failed(error.cause, restarts=True)

    def _taken(self, order: Order, settings: Settings, camera: Camera) -> str:
        """Take one and keep it; its address below `library/`."""
        context = self._context
        frameless_s = CONVERGE_S + order.count * photo_cycle_s(settings, order.kind)
        context.status.enter("photo", frameless_s, context.backoff.reason)
        self._library.disk.check()
        publishes = context.driver.matches(settings, camera)
        still, metadata = self._still(order, settings)
        frame = context.publisher.publish(still) if publishes else None
        if frame:
            context.published(frame)
        self._last = (order.kind, settings, camera), time.monotonic(), metadata
        pending = self._library.begin_item(order.kind, still.time_s, camera.model)
        try:
            if frame:
                link_or_copy(context.paths.images / frame, pending.path("jpg"))
            else:
                _develop(still, pending, settings.camera.rotation, context.stops)
            size = image_size(pending.path(photo_extension(settings, order.kind)))
            if still.raw:
                image_size(pending.path("dng"))
            mode = context.driver.sensor_mode
            return pending.finish(about(settings, camera, order.kind, pending.time_s, size, metadata, mode))
        except OSError as error:
            pending.discard()
            raise unwritable(self._library.root, error) from error
        except (CameraError, Interrupted):
            pending.discard()
            raise

    def _still(self, order: Order, settings: Settings) -> tuple[Still, Metadata]:
        """A still, and what is said of it; the first of an order is not taken in the middle of a scan."""
        context = self._context
        over = lambda: self._over(order)  # noqa: E731 - it is handed on
        while True:
            context.driver.request_still()
            known = context.driver.metadata
            timeout_s = stall_timeout_s(photo_cycle_s(settings, order.kind), settings, known) + START_TIMEOUT_S
            still = context.awaited(context.driver.wait_still, timeout_s, over)
            metadata = context.described()
            if not self._waits or rests(metadata):
                self._waits = ()
                return still, metadata
            for path in (still.path, still.raw):
                if path:
                    path.unlink(missing_ok=True)
            wait_s, *self._waits = self._waits
            if not context.rest(wait_s, over):
                raise Interrupted

    def _recent(self, order: Order, settings: Settings, camera: Camera) -> Metadata:
        """What was said of the last photo, if the next one is just like it: no snapshot came in between."""
        like, when, metadata = self._last
        return metadata if like == (order.kind, settings, camera) and time.monotonic() - when < FRESH_S else {}


def _ending(order: Order) -> StillcamError:
    """The error for an order that the end of the daemon cuts short."""
    return StillcamError(f"the capture daemon ends: {len(order.items)} of {order.count} photos were taken")


def _develop(still: Still, pending: PendingItem, rotation: int, interrupts: Sequence[int]) -> None:
    """Make the pending's files of the camera's, which lie beside them; 90 and 270 degrees are ours to turn."""
    path = pending.path(still.path.suffix.lstrip("."))
    if rotation in (90, 270):
        rotate(still.path, path, rotation, shutil.which("jpegtran"), interrupts)
        still.path.unlink()
    else:
        still.path.replace(path)
    if still.raw:
        still.raw.replace(pending.path("dng"))
