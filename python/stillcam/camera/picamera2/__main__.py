"""The child, run as `python -P -m stillcam.camera.picamera2 DESCRIPTOR FOLDER` with a socket under that number.

Orders come one by one and are answered in that order; JPEGs of a live view go to standard output.
It ends by SIGTERM or SIGINT, with the daemon, or once a video's time is over: then its file is finished.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from stillcam.camera.machine_lock import LIST_WAIT_S, MachineLock
from stillcam.camera.picamera2.cameras import listed
from stillcam.camera.picamera2.configuration import Plan, from_message
from stillcam.camera.picamera2.errors import fault
from stillcam.camera.picamera2.session import Session
from stillcam.camera.picamera2.wire import Channel, Message

LOOK_S = 0.1  # how often is looked whether a video is over, or the camera gives no frames
OPEN_WAIT_S = 10.0  # while another process lists cameras: the daemon waits longer for a picture


class _Ended(BaseException):
    """A signal has come: whatever is under way is given up."""


class Child:
    """Carries out orders.

    Args:
        channel: where they come from.
        frames: the descriptor that a live view's JPEGs are written to.
        machine: see MachineLock.
    """

    def __init__(self, channel: Channel, frames: int, machine: Path) -> None:
        self._channel = channel
        self._machine = machine
        self._frames = frames
        self._session: Session | None = None
        self._seconds = float("inf")  # how long a video is to be
        self._folder, self._number = Path(), 0
        self._broken: BaseException | None = None
        self._wake_r, self._wake_w = os.pipe()
        os.set_blocking(self._wake_w, False)
        signal.set_wakeup_fd(self._wake_w)  # else a signal just before a wait would be seen at its end only

    def run(self) -> None:
        """Until the daemon is gone, or a video's time is over."""
        while (order := self._next()) is not None:
            getattr(self, f"_{order['do']}")(order)

    def close(self) -> None:
        """Finish what runs, and give the camera free."""
        session, self._session = self._session, None
        if session:
            session.close()

    def _next(self) -> Message | None:
        """The next order.

        Raises:
            BaseException: what a thread of the library's has met.
        """
        poller = select.poll()
        poller.register(self._channel.fd, select.POLLIN)
        poller.register(self._wake_r, select.POLLIN)
        while True:
            film = self._session if self._session and self._session.films else None
            ready = dict(poller.poll(LOOK_S * 1000 if film else None))
            if self._broken:
                raise self._broken
            if self._channel.fd in ready:
                return self._channel.receive()
            if ready:
                os.read(self._wake_r, 64)
            if film:
                film.check()
                if time.monotonic() >= (film.began_s or float("inf")) + self._seconds:
                    return None

    def _list(self, order: Message) -> None:
        with MachineLock(self._machine, shared=False, timeout_s=LIST_WAIT_S):
            cameras = listed(order["index"])
        self._channel.send({"cameras": cameras})

    def _stills(self, order: Message) -> None:
        plan = from_message(order["plan"])
        self._folder, self._number = Path(order["folder"]), 0
        self._opened(plan).stills(plan)
        self._channel.send({"ready": True})

    def _still(self, _order: Message) -> None:
        assert self._session is not None
        self._number += 1
        self._channel.send(self._session.still(self._folder, self._number))
        self._session.rest()

    def _stream(self, order: Message) -> None:
        plan = from_message(order["plan"])
        self._opened(plan).stream(plan, self._frames)

    def _record(self, order: Message) -> None:
        plan = from_message(order["plan"])
        self._folder, self._number = Path(order["folder"]), 0
        self._opened(plan).record(plan, order, self._failed)
        if order["seconds"]:
            self._seconds = order["seconds"]

    def _adjust(self, order: Message) -> None:
        assert self._session is not None
        told = {"number": order["number"]}
        settled = lambda written: self._channel.send({"settled": written, **told})  # noqa: E731 - it is handed on
        self._session.adjust(from_message(order["plan"]), order["given"], settled)

    def _opened(self, plan: Plan) -> Session:
        if self._session is None:
            with MachineLock(self._machine, shared=True, timeout_s=OPEN_WAIT_S):
                self._session = Session(plan, self._channel.tell)
        return self._session

    def _failed(self, error: BaseException) -> None:
        """An output is broken: called in one of the library's threads."""
        self._broken = error
        os.write(self._wake_w, b"\0")


def main() -> int:
    """The exit status: 1 once a fault has been told."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    frames = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no frame
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    child = Child(channel, frames, Path(sys.argv[2]))
    try:
        try:
            child.run()
        finally:
            child.close()
    except _Ended:
        return 0
    except Exception as error:  # the daemon logs, and recovers
        logging.debug("failed", exc_info=True)
        cause, reason = fault(error)
        channel.tell({"failed": cause, "reason": reason})
        return 1
    return 0


def _end(_number: int, _frame: FrameType | None) -> Any:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise _Ended


if __name__ == "__main__":
    ended = main()
    sys.stderr.flush()
    os._exit(ended)  # libcamera may crash while Python takes itself apart (Picamera2.__init__ on atexit): all is closed
