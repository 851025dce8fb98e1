"""Requests to the capture daemon, with an error text that names the field, and with progress on a terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stillcam.common.errors import SettingsError, StillcamError
from stillcam.ipc.protocol import AnswerTimeout, Message, NoAnswer, Refusal, ask

POLL_S = 1.0
STATUS_TIMEOUT_S = 5.0
HUNG_S = 60.0  # without an answer to `status`, the daemon counts as hung

_WIDTH = 60


def ask_with_progress(socket: Path, message: Message, progress: Callable[[dict[str, Any], float], str]) -> Message:
    """Send a command of unknown duration, and wait for its answer while the daemon responds to `status`.

    Args:
        socket: the command socket.
        message: the command.
        progress: returns the line that a terminal shows, for the daemon's status and the seconds since the command.

    Raises:
        NoAnswer: the daemon does not run, ends meanwhile, or hangs (AnswerTimeout).
        Refusal: the daemon refused; its text says why.
        KeyboardInterrupt: the daemon continues.
    """
    answers: list[Message | StillcamError] = []

    def wait() -> None:
        try:
            answers.append(ask(socket, message, None))
        except StillcamError as error:
            answers.append(error)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    terminal = sys.stderr.isatty()
    began = heard = time.monotonic()
    try:
        thread.join(POLL_S)
        while thread.is_alive():
            try:
                line = progress(ask(socket, {"command": "status"}, STATUS_TIMEOUT_S), time.monotonic() - began)
                heard = time.monotonic()
            except NoAnswer as error:
                line = str(error)
                if time.monotonic() - heard > HUNG_S:
                    raise AnswerTimeout(HUNG_S) from error
            if terminal:
                print(f"\r{line[:_WIDTH]:<{_WIDTH}}", end="", file=sys.stderr, flush=True)
            thread.join(POLL_S)
    finally:
        if terminal:
            print(f"\r{'':<{_WIDTH}}\r", end="", file=sys.stderr, flush=True)
    (answer,) = answers
    if isinstance(answer, StillcamError):
        raise answer
    return answer


def ask_naming_field(socket: Path, message: Message, timeout_s: float) -> Message:
    """Send a command, and return the answer; a refusal names the field that is wrong.

    Raises:
        StillcamError: the daemon refuses, or does not answer.
    """
    try:
        return ask(socket, message, timeout_s)
    except Refusal as refusal:
        field = refusal.answer.get("field")
        raise StillcamError(f"{field}: {refusal}" if field else str(refusal)) from refusal


@contextmanager
def naming_field() -> Iterator[None]:
    """Put the name of the field that is wrong before the text of a SettingsError."""
    try:
        yield
    except SettingsError as error:
        raise SettingsError(f"{error.field}: {error}" if error.field else str(error)) from error
