"""Requests to the capture daemon, with an error text that names the field, and with progress on a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stillcam.cli.progress import ProgressLine
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.ipc.protocol import AnswerTimeout, Message, NoAnswer, Refusal, ask

STATUS_POLL_S = 1.0  # between two requests for the progress
STATUS_TIMEOUT_S = 5.0
HUNG_S = 60.0  # without an answer to `status`, the daemon counts as hung

Progress = Callable[[Message], tuple[str, float | None]]


def ask_with_progress(socket: Path, message: Message, progress: str | Progress) -> Message:
    """Send a command of unknown duration, and wait for its answer while the daemon responds to `status`.

    Args:
        progress: what a terminal shows: a text, or a function that returns it for the daemon's status, with the
            seconds left (None: unknown).

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
    heard = time.monotonic()
    look = (lambda status: (_waiting(progress, status), None)) if isinstance(progress, str) else progress
    with ProgressLine("asking the capture daemon") as line:
        thread.join(STATUS_POLL_S)
        while thread.is_alive():
            try:
                line.text, line.left_s = look(ask(socket, {"command": "status"}, STATUS_TIMEOUT_S))
                heard = time.monotonic()
            except NoAnswer as error:
                line.text, line.left_s = str(error), None
                if time.monotonic() - heard > HUNG_S:
                    raise AnswerTimeout(HUNG_S) from error
            thread.join(STATUS_POLL_S)
    (answer,) = answers
    if isinstance(answer, StillcamError):
        raise answer
    return answer


def _waiting(what: str, status: Message) -> str:
    """The progress of a command that has none of its own."""
    return f"{what}: {status['reason']}" if status["reason"] else what


def order(socket: Path, command: str, do: str, **details: Any) -> Message:
    """Send `command` with a verb, and return the answer; a refusal names the field that is wrong.

    Raises:
        StillcamError: the daemon refuses, or does not answer.
        KeyboardInterrupt: the daemon continues.
    """
    try:
        with naming_field():
            return ask_with_progress(socket, {"command": command, "do": do, **details}, f"{command} {do}")
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"not waiting any longer: the capture daemon still carries out `{command} {do}`"
        ) from None


@contextmanager
def naming_field() -> Iterator[None]:
    """Put the name of the field that is wrong before the text of a SettingsError or Refusal."""
    try:
        yield
    except (SettingsError, Refusal) as error:
        field = error.field if isinstance(error, SettingsError) else error.answer.get("field")
        raise StillcamError(f"{field}: {error}" if field else str(error)) from error
