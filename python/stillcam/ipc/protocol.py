"""The command socket: a line of JSON in, a line of JSON out.

The capture daemon listens at `data/run/capture.sock`; the web server and the command line are its clients. Only users
who may write to `data/run/` can connect (the socket's mode is 0660).
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from stillcam.common.errors import SHORT, StillcamError
from stillcam.common.safe_read import parse_json
from stillcam.common.threads import start, start_restarting

MAX_LINE_BYTES = 1 << 20
LINE_TIMEOUT_S = 5.0  # for a client to send its command, or to take the answer
CLOSE_TIMEOUT_S = 1.0  # for answers that are under way when the server closes
MAX_CLIENTS = 32  # some wait long, for a self-timer or the end of a video
ACCEPT_RETRY_S = 0.1  # while descriptors or memory are short

Message = dict[str, Any]


class NoAnswer(StillcamError):
    """The capture daemon does not run, or does not answer in time."""


class AnswerTimeout(NoAnswer):
    """The capture daemon runs, and has not answered within `timeout_s`."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(
            f"the capture daemon runs, but has not answered within {timeout_s:g} s: "
            "check it with `stillcam status`, and try again"
        )


class Refusal(StillcamError):
    """The capture daemon has refused a command.

    Args:
        answer: `error` is the text, `cause` a word: `refused` (the camera does not take the
            settings; then also `field`, a dotted name or null, and `settings`, those in force again),
            `unable` (this camera cannot do it at all), or a CameraError's; empty for anything else.
    """

    def __init__(self, answer: Message) -> None:
        super().__init__(answer["error"])
        self.answer = answer
        self.cause = str(answer.get("cause", ""))


@contextmanager
def _short_name(path: Path) -> Iterator[str]:
    """A name of `path` that fits into the 107 bytes of sun_path (unix(7)), however deep the folder is."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def ask(path: Path, message: Message, timeout_s: float | None = 5.0) -> Message:
    """Send one command and return the answer.

    Args:
        path: the socket.
        message: with a `command`.
        timeout_s: for connecting, and again for the answer; None: for as long as the daemon lives.

    Raises:
        NoAnswer: the daemon does not run.
        AnswerTimeout: it has not answered in time.
        Refusal: the daemon refused; its text says why.
    """
    try:
        with _short_name(path) as name, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout_s)
            connection.connect(name)
            connection.sendall(json.dumps(message).encode() + b"\n")
            line = _read_line(connection)
    except PermissionError as error:
        raise NoAnswer("the capture daemon belongs to another user: run the command with sudo") from error
    except TimeoutError as error:
        raise AnswerTimeout(timeout_s or 0.0) from error
    except OSError as error:
        raise NoAnswer(
            "the capture daemon does not answer: start it with ./start_camera_server.sh, "
            "or, if it is installed, with sudo systemctl restart stillcam.target"
        ) from error
    try:
        answer = parse_json(line)
    except ValueError as error:
        raise NoAnswer("the capture daemon stopped while it was answering: see `stillcam log`") from error
    if "error" in answer:
        raise Refusal(answer)
    return dict(answer)


def _read_line(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as file:
        return file.readline(MAX_LINE_BYTES)


class CommandServer:
    """Serves commands until closed, each client in a thread of its own.

    A client for whom there is no memory for a thread is answered by the thread that accepts.

    Args:
        path: of the socket; one that a dead process has left is replaced. The caller holds the lock, so that no other
            daemon uses the folder.
        handle: returns the answer to a message. A StillcamError becomes `{"error": text, "cause": word}`.
    """

    def __init__(self, path: Path, handle: Callable[[Message], Message]) -> None:
        self._path = path
        self._handle = handle
        self._changed = threading.Condition(threading.Lock())
        self._clients = 0
        self._listener = socket.socket(socket.AF_UNIX)
        path.unlink(missing_ok=True)
        with _short_name(path) as name:
            self._listener.bind(name)
        os.chmod(path, 0o660)
        self._listener.listen(MAX_CLIENTS)
        start_restarting(self._accept, "command socket")

    def close(self) -> None:
        """Stop listening, remove the socket, and wait up to a second for the answers that are under way."""
        self._path.unlink(missing_ok=True)
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which close() does not
        self._listener.close()
        with self._changed:
            self._changed.wait_for(lambda: not self._clients, CLOSE_TIMEOUT_S)

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError as error:
                if error.errno not in SHORT:
                    return  # closed
                time.sleep(ACCEPT_RETRY_S)
                continue
            with self._changed:
                self._changed.wait_for(lambda: self._clients < MAX_CLIENTS)
            answer = partial(self._answer, connection)
            try:
                start(answer, "command")
            except RuntimeError:  # no memory for a thread
                answer()

    def _answer(self, connection: socket.socket) -> None:
        with self._changed:
            self._clients += 1
        try:
            with connection:
                connection.settimeout(LINE_TIMEOUT_S)
                answer = self._handled(_read_line(connection))
                connection.sendall(json.dumps(answer).encode() + b"\n")
        except OSError as error:
            logging.debug("a client of the command socket disconnected: %s", error)
        finally:
            with self._changed:
                self._clients -= 1
                self._changed.notify_all()

    def _handled(self, line: bytes) -> Message:
        try:
            message = parse_json(line)
            if not isinstance(message, dict) or not isinstance(message.get("command"), str):
                raise ValueError("no command in it")
        except ValueError as error:
            return {"error": f'not a command ({error}): send one line like {{"command": "status"}}'}
        try:
            return self._handle(message)
        except StillcamError as error:
            return {"error": str(error), "cause": getattr(error, "cause", "")}
