"""The worker: `python -P -m stillcam.camera.picamera2 DESCRIPTOR FOLDER`, with a socket and the machine's folder.

It carries out commands one at a time. JPEGs of the live view, and of a video that the daemon records, go to standard
output. It exits on SIGTERM or SIGINT, when the daemon exits, and when a video has reached its duration; the file of a
video is then finished.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import sys
import threading
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from stillcam.camera.machine_lock import LIST_WAIT_S, MachineLock
from stillcam.camera.picamera2.cameras import list_cameras
from stillcam.camera.picamera2.configuration import CameraConfiguration
from stillcam.camera.picamera2.errors import cause_and_reason
from stillcam.camera.picamera2.ipc import Message, receive, send, send_or_drop
from stillcam.camera.picamera2.session import Session

VIDEO_CHECK_S = 0.1  # interval of checks during a video
OPEN_WAIT_S = 10.0  # for the lock while another process lists cameras; the daemon waits longer for a picture


class _Terminated(BaseException):
    """SIGTERM or SIGINT was received."""


class Worker:
    """Carries out commands.

    Args:
        end: the socket from which they are read.
        frames: the descriptor to which the JPEGs of the live view are written.
        machine: see MachineLock.
    """

    def __init__(self, end: socket.socket, frames: int, machine: Path) -> None:
        self._end = end
        self._machine = machine
        self._frames = frames
        self._session: Session | None = None
        self._output_error: BaseException | None = None
        self._wake_r, self._wake_w = os.pipe()
        os.set_blocking(self._wake_w, False)
        signal.set_wakeup_fd(self._wake_w)  # a signal just before a wait ends it

    def run(self) -> None:
        """Run until the daemon exits or a video has reached its duration."""
        while (command := self._next_command()) is not None:
            self._carry_out(command)

    def close(self) -> None:
        """Finish a video and release the camera."""
        session, self._session = self._session, None
        if session:
            session.close()

    def _next_command(self) -> Message | None:
        """The next command; None: it is time to exit.

        Raises:
            BaseException: the error of an output.
        """
        poller = select.poll()
        poller.register(self._end.fileno(), select.POLLIN)
        poller.register(self._wake_r, select.POLLIN)
        while True:
            recording = self._session if self._session and self._session.is_recording else None
            ready = dict(poller.poll(VIDEO_CHECK_S * 1000 if recording else None))
            if self._output_error:
                raise self._output_error
            if self._end.fileno() in ready:
                return receive(self._end)
            if ready:
                os.read(self._wake_r, 64)
            if recording and recording.is_video_over():
                return None

    def _carry_out(self, command: Message) -> None:
        verb = command["do"]
        if verb == "list":
            with MachineLock(self._machine, shared=False, timeout_s=LIST_WAIT_S):
                cameras = list_cameras(command["index"])
            send(self._end, {"cameras": [asdict(camera) for camera in cameras]})
            return
        if verb == "still":
            assert self._session is not None
            send(self._end, self._session.capture_still(small=command["small"]))
            self._session.start_viewfinder()
            return
        configuration = CameraConfiguration.from_json(command["configuration"])
        session = self._open(configuration)
        if verb == "stills":
            session.start_stills(configuration, Path(command["folder"]), bracket=command["bracket"])
            send(self._end, {"ready": True})
        elif verb == "live":
            session.start_live(configuration, self._frames)
        elif verb == "frames":
            session.start_video_frames(configuration, self._frames)
        elif verb == "video":
            session.start_video(configuration, command, self._fail)
        elif verb == "adjust":
            applied = partial(self._report_applied, command["number"])
            session.adjust(configuration, command["controls"], applied)

    def _report_applied(self, number: int, written: int) -> None:
        send(self._end, {"applied": written, "number": number})

    def _open(self, configuration: CameraConfiguration) -> Session:
        if self._session is None:
            with MachineLock(self._machine, shared=True, timeout_s=OPEN_WAIT_S):
                self._session = Session(configuration, partial(send_or_drop, self._end))
        return self._session

    def report_death(self, dead: threading.ExceptHookArgs) -> None:
        """Report the exception that has ended a thread of the library; the daemon then ends this process.

        The library only logs it. What the thread did is not done any more: no frame comes, or none is written.
        """
        error, session = dead.exc_value, self._session
        if session is None or error is None:  # the session is being closed
            return
        session.thread_died(dead.thread)
        logging.error("a thread of picamera2 has died", exc_info=error)
        cause, reason = cause_and_reason(error)
        send_or_drop(self._end, {"failed": cause, "reason": reason})

    def _fail(self, error: BaseException) -> None:
        """Report the error of an output; called in a thread of the library."""
        self._output_error = error
        os.write(self._wake_w, b"\0")


def main() -> int:
    """Run the worker; return the exit status, 1 if the reason of a failure was sent."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    frames = os.dup(1)
    os.dup2(2, 1)  # keep what libraries print out of the frames
    end = socket.socket(fileno=int(sys.argv[1]))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _terminate)
    worker = Worker(end, frames, Path(sys.argv[2]))
    threading.excepthook = worker.report_death
    try:
        try:
            worker.run()
        finally:
            worker.close()
    except _Terminated:
        return 0
    except Exception as error:  # the daemon logs it and recovers
        logging.debug("failed", exc_info=True)
        cause, reason = cause_and_reason(error)
        send_or_drop(end, {"failed": cause, "reason": reason})
        return 1
    return 0


def _terminate(_number: int, _frame: FrameType | None) -> Any:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise _Terminated


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    os._exit(status)  # libcamera may crash during interpreter shutdown (Picamera2.__init__ on atexit)
