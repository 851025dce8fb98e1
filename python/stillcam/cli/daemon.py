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

STATUS_POLL_S = 1.0  # between two requests for the progress
STATUS_TIMEOUT_S = 5.0
HUNG_S = 60.0  # without an answer to `status`, the daemon counts as hung
ORDER_TIMEOUT_S = 60.0  # deleting some hundred thousand files takes a while

_WIDTH = 60


def ask_with_progress(socket: Path, message: Message, progress: Callable[[dict[str, Any], float], str]) -> Message:
    """Send a command of unknown duration, and wait for its answer while the daemon responds to `status`.

    Args:
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
    began = heard = time.monotonic()
    with progress_line() as show:
        thread.join(STATUS_POLL_S)
        while thread.is_alive():
            try:
                line = progress(ask(socket, {"command": "status"}, STATUS_TIMEOUT_S), time.monotonic() - began)
                heard = time.monotonic()
            except NoAnswer as error:
                line = str(error)
                if time.monotonic() - heard > HUNG_S:
                    raise AnswerTimeout(HUNG_S) from error
            show(line)
            thread.join(STATUS_POLL_S)
    (answer,) = answers
    if isinstance(answer, StillcamError):
        raise answer
    return answer


@contextmanager
def progress_line() -> Iterator[Callable[[str], None]]:
    """A function that shows a line on a terminal in place of the one before; it is erased at the end."""
    terminal = sys.stderr.isatty()

    def show(line: str, end: str = "") -> None:
        if terminal:
            print(f"\r{line[:_WIDTH]:<{_WIDTH}}{end}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        show("", "\r")


def order(socket: Path, command: str, do: str, **details: Any) -> Message:
    """Send `command` with a verb, and return the answer; a refusal names the field that is wrong.

    Raises:
        StillcamError: the daemon refuses, or does not answer.
    """
    with naming_field():
        return ask(socket, {"command": command, "do": do, **details}, ORDER_TIMEOUT_S)


@contextmanager
def naming_field() -> Iterator[None]:
    """Put the name of the field that is wrong before the text of a SettingsError or Refusal."""
    try:
        yield
    except (SettingsError, Refusal) as error:
        field = error.field if isinstance(error, SettingsError) else error.answer.get("field")
        raise StillcamError(f"{field}: {error}" if field else str(error)) from error
