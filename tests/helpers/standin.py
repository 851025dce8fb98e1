"""A stand-in for the capture daemon: the real command socket, answers as the test wants them."""

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from stillcam.ipc.protocol import CommandServer, Message

STATUS = {
    "running": True,
    "driver": "simulated",
    "mode": "snapshot",
    "since": "2026-11-20T23:45:01.123Z",
    "reason": None,
    "interval_s": 2.0,
    "camera": {"index": 0, "model": "imx708", "size": [4608, 2592]},
    "frame": None,
    "captures": {"ok": 0, "failed": 0},
    "failures": {},
    "restarts": {},
    "metadata": {},
}


class StandIn:
    """Listens at `socket` for as long as the `with` block lasts.

    Args:
        socket: its path; the folder is made.
        snapshot: takes the picture that is asked for, and gives its name.
        status: in place of what the daemon says of itself.

    Attributes:
        asked: how often each command came.
        status: may be changed at any time.
    """

    def __init__(self, socket: Path, snapshot: Callable[[], str] | None = None, **status: Any) -> None:
        self.asked: Counter[str] = Counter()
        self.status: dict[str, Any] = {**STATUS, **status}
        self._socket = socket
        self._snapshot = snapshot
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._socket.parent.mkdir(parents=True, exist_ok=True)
        self._server = CommandServer(self._socket, self._answer)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def _answer(self, message: Message) -> Message:
        with self._lock:
            self.asked[message["command"]] += 1
        if message["command"] == "snapshot" and self._snapshot:
            return {"frame": self._snapshot()}
        return {"status": dict(self.status), "lease": {"mode": "live"}}.get(message["command"], {"error": "no"})
