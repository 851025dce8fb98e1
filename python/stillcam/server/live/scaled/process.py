"""The process that scales: started for the first frame, ended when none has been asked for in a while.

It serves all cameras, one frame at a time, so that scaling never takes more than one processor.
"""

from __future__ import annotations

import logging
import socket
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING

from stillcam.common.errors import StillcamError
from stillcam.common.open_file import OpenFile
from stillcam.common.threads import BACK_OFF_S, start

if TYPE_CHECKING:
    import subprocess

    from stillcam.http.bodies import Blob

REQUEST = struct.Struct("<II")  # width in pixels, size in bytes
DONE = b"done"
ANSWER_BYTES = 1000  # at most
JOB_S = 10.0  # time-out for one frame; 64 megapixels take some seconds on the slowest board
IDLE_S = 20.0  # after that it ends
END_S = 2.0  # time to exit by itself


class ScalingError(StillcamError):
    """A frame cannot be scaled; the text says why."""


class DamagedPicture(ScalingError):
    """It cannot be decoded, however often that is tried."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the picture cannot be scaled, as it is damaged: {why}")


class Scaler:
    """Starts and uses the process; restarts it with increasing delays if it fails.

    Attributes:
        failures: how many there were.
    """

    def __init__(self) -> None:
        self.failures = 0
        self._lock = threading.Lock()  # guards all that follows, and the process
        self._child: _Child | None = None
        self._used_s = 0.0  # monotonic
        self._failed = 0  # in a row
        self._again_s = 0.0  # not before this moment (monotonic) ...
        self._reason = ""  # ... because of this

    def scale(self, jpeg: Blob, width: int) -> OpenFile:
        """Scale a JPEG to a width (pixels) that is smaller than its own. This may take `JOB_S`, and as long for others.

        Raises:
            DamagedPicture: see there.
            ScalingError: the process has failed; the text says when it is started again.
        """
        with self._lock:
            try:
                answer, file = self._ask(jpeg, width)
            except ScalingError:
                if self._again_s > time.monotonic():
                    raise
                answer, file = self._ask(jpeg, width)
            self._failed = 0
        if file is None:
            raise DamagedPicture(answer)
        return file

    def _ask(self, jpeg: Blob, width: int) -> tuple[str, OpenFile | None]:
        """Ask the process once; the lock is held."""
        self._used_s = time.monotonic()
        child = self._child or self._start()
        try:
            return child.ask(jpeg, width)
        except TimeoutError as error:
            raise self._fault(f"no answer within {JOB_S:g} s") from error
        except OSError as error:
            raise self._fault() from error
        finally:
            self._used_s = time.monotonic()

    def _start(self) -> _Child:
        """Start the process; the lock is held."""
        if (wait_s := self._again_s - time.monotonic()) > 0:
            raise ScalingError(f"{self._reason}; it is started again in {max(1, round(wait_s))} s")
        try:
            self._child = child = _Child()
            start(lambda: self._end_when_idle(child), "scaling")
        except (OSError, RuntimeError) as error:
            raise self._fault(f"it cannot be started ({error})") from error
        return child

    def _fault(self, reason: str = "") -> ScalingError:
        """The process has failed: end it, and set when it may be started again; the lock is held.

        One that has ended is started again at once the first time; `reason`: it has not ended, or not begun.
        """
        child, self._child = self._child, None
        status = child.end(0.0 if reason else END_S) if child else None
        pauses_s = BACK_OFF_S if reason else (0.0, *BACK_OFF_S)
        pause_s = pauses_s[min(self._failed, len(pauses_s) - 1)]
        self._failed += 1
        self.failures += 1
        self._again_s = time.monotonic() + pause_s
        self._reason = f"the process that scales pictures has failed: {reason or f'it ended with status {status}'}"
        logging.warning("%s; it is started again in %g s", self._reason, pause_s)
        return ScalingError(f"{self._reason}; it is started again in {pause_s:g} s")

    def _end_when_idle(self, child: _Child) -> None:
        left_s = IDLE_S
        while left_s > 0:
            time.sleep(left_s)
            with self._lock:
                if self._child is not child:
                    return  # it has failed, and another may run
                if (left_s := self._used_s + IDLE_S - time.monotonic()) <= 0:
                    self._child = None
        child.end(END_S)


class _Child:
    """The process and our end of its socket."""

    def __init__(self) -> None:
        import subprocess

        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(JOB_S)
        try:
            with theirs:
                argv = [sys.executable, "-P", "-m", "stillcam.server.live.scaled"]
                self._process: subprocess.Popen[bytes] = subprocess.Popen(
                    argv, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, start_new_session=True
                )  # a Ctrl-C in the terminal is the server's to handle
        except OSError:
            self._socket.close()
            raise

    def ask(self, jpeg: Blob, width: int) -> tuple[str, OpenFile | None]:
        """The smaller JPEG, or the reason why there is none.

        Raises:
            OSError: the process has ended, or gives no answer.
        """
        socket.send_fds(self._socket, [REQUEST.pack(width, jpeg.size)], [jpeg.descriptor])
        answer, files, _, _ = socket.recv_fds(self._socket, ANSWER_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
        if not answer:
            raise ConnectionResetError
        return answer.decode(errors="replace"), OpenFile(files[0]) if files else None

    def end(self, grace_s: float) -> int:
        """End it: by closing the socket, after `grace_s` by SIGKILL; its exit status."""
        import subprocess

        self._socket.close()
        try:
            return self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
