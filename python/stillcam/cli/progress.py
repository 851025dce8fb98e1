"""Commands of unknown duration (a long exposure, a burst, a video): wait for the answer, and show the progress."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stillcam.common.errors import StillcamError
from stillcam.ipc.protocol import Late, Message, NoAnswer, ask

LOOK_S = 1.0
STATUS_S = 5.0  # time-out of `status`
SILENT_S = 60.0  # without an answer to `status` the daemon counts as hung

_WIDTH = 60


def ask_patiently(socket: Path, message: Message, how_far: Callable[[dict[str, Any], float], str]) -> Message:
    """Send one command and wait for its answer while the daemon responds to `status`; a terminal shows the progress.

    Args:
        how_far: gives the progress line, from the daemon's status and the seconds since the command.

    Raises:
        NoAnswer: nobody listens, the daemon ends meanwhile, or it hangs (Late).
        Refusal: the daemon refused; its text says why.
        KeyboardInterrupt: the daemon goes on.
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
        thread.join(LOOK_S)
        while thread.is_alive():
            try:
                line = how_far(ask(socket, {"command": "status"}, STATUS_S), time.monotonic() - began)
                heard = time.monotonic()
            except NoAnswer as error:
                line = str(error)
                if time.monotonic() - heard > SILENT_S:
                    raise Late(SILENT_S) from error
            if terminal:
                print(f"\r{line[:_WIDTH]:<{_WIDTH}}", end="", file=sys.stderr, flush=True)
            thread.join(LOOK_S)
    finally:
        if terminal:
            print(f"\r{'':<{_WIDTH}}\r", end="", file=sys.stderr, flush=True)
    (answer,) = answers
    if isinstance(answer, StillcamError):
        raise answer
    return answer
