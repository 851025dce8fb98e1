"""The photos that were requested and are not answered yet: what comes next, and what the status shows of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from stillcam.capture.command_queue import Command
from stillcam.capture.library_writer.background import BackgroundWorker
from stillcam.capture.status import Status
from stillcam.common.errors import CameraError, StillcamError
from stillcam.common.formats import utc_text

MAX_ORDERS = 8


@dataclass(frozen=True, slots=True)
class MotionPhoto:
    """The event that a photo is part of, see `PhotoMode.take_of_motion`."""

    about: Callable[[], dict[str, Any]]
    made: Callable[[str], None]


@dataclass(eq=False)
class PhotoOrder:
    """Photos that were requested together."""

    commands: list[Command]  # they wait for the photos
    kind: str
    count: int
    due_monotonic_s: float  # when to begin
    due_epoch_s: float | None  # the same in seconds since the epoch; None: at once
    timer: threading.Timer | None = None
    items: list[str] = field(default_factory=list)
    captured: int = 0  # the camera has given so many
    taken: int = 0  # so many are items, but for those that the background worker stores, which may not be yet
    in_background: int = 0  # so many of these
    error: StillcamError | None = None  # why one of these could not be stored
    cancelled: bool = False
    failed_before: bool = False  # another mode has failed while it waited
    motion: MotionPhoto | None = None


class PhotoOrders:
    """The orders; for the camera's thread.

    Args:
        status: shows them.
        worker: stores some of the photos, in the order in which it gets them.

    Attributes:
        running: the order whose photos are being taken.
    """

    def __init__(self, status: Status, worker: BackgroundWorker) -> None:
        self._status = status
        self._worker = worker
        self._orders: list[PhotoOrder] = []
        self.running: PhotoOrder | None = None

    @property
    def self_timer_runs(self) -> bool:
        now_s = time.monotonic()
        return any(order.due_monotonic_s > now_s for order in self._orders)

    def check_room(self) -> None:
        """CameraError: no more orders can wait."""
        if len(self._orders) >= MAX_ORDERS:
            raise CameraError("busy", f"{MAX_ORDERS} requests are already waiting: cancel them, or wait")

    def add(self, order: PhotoOrder) -> None:
        self._orders.append(order)
        self.update_status()

    def due(self) -> list[PhotoOrder]:
        """Those whose self-timer does not run."""
        now_s = time.monotonic()
        return [order for order in self._orders if order.due_monotonic_s <= now_s]

    def next_due(self) -> PhotoOrder | None:
        """The order whose next photo is to be taken now."""
        first = self._first()
        return first if first and first.due_monotonic_s <= time.monotonic() else None

    def next_of_video(self) -> PhotoOrder | None:
        """The order whose next photo is to be a frame of the video that is being recorded."""
        return next((order for order in self.due() if order.kind == "photo" and not order.motion), None)

    def cancel(self, command: Command) -> None:
        """Cancel all orders. The answer comes once the photo that is being taken is there, or is given up."""
        for order in [order for order in self._orders if order is not self.running]:
            self.end(order)
        if self.running:
            self.running.cancelled = True
            self.running.commands.append(command)
        else:
            command.finish({"items": []})

    def end_all(self) -> None:
        """The daemon ends."""
        for order in list(self._orders):
            self.end(order, ended_error(order))

    def end(self, order: PhotoOrder, error: StillcamError | None = None) -> None:
        """Answer the commands of an order, once all of its photos that the worker stores are items."""
        self._orders.remove(order)
        if order.timer:
            order.timer.cancel()
        self.update_status()
        if order.in_background:
            self._worker.submit(partial(_answer, order, error))
        else:
            _answer(order, error)

    def update_status(self) -> None:
        """Show the order whose photos are being taken or come next, and how many others wait."""
        status = self._status
        order = self.running if self.running in self._orders else None
        order = order or self._first(waiting=False)
        others = [other for other in self._orders if other is not order]
        status.waiting["photos"] = [{"kind": other.kind, "of": other.count} for other in others]
        if order is None:
            status.taking = None
            return
        due = (
            utc_text(order.due_epoch_s)
            if order.due_epoch_s is not None and order.due_monotonic_s > time.monotonic()
            else None
        )
        status.taking = {"kind": order.kind, "done": order.taken, "of": order.count, "due": due}

    def _first(self, *, waiting: bool = True) -> PhotoOrder | None:
        """The order that is due first; without those that wait for the end of a video, if `waiting` is false."""
        blocked = self._status.recording is not None and not waiting
        left = [order for order in self._orders if order.captured < order.count]
        orders = [order for order in left if not (blocked and order.kind == "raw")]
        return min(orders, key=lambda order: order.due_monotonic_s, default=None)


def _answer(order: PhotoOrder, error: StillcamError | None) -> None:
    error = error or order.error
    for command in order.commands:
        if error:
            command.fail(error, items=order.items)
        else:
            command.finish({"items": order.items})


def ended_error(order: PhotoOrder) -> StillcamError:
    """Why an order is not carried out when the daemon ends."""
    taken = len(order.items) if order.in_background else order.taken
    return StillcamError(f"the capture daemon stopped: {taken} of {order.count} photos were taken")
