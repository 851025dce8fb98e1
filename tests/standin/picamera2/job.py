"""Stands in for picamera2.job."""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any


class Job:
    """What the event loop is to do; a part that is not done is tried again with the next frame (job.py:54, execute)."""

    def __init__(self, functions: list[Callable[[], tuple[bool, Any]]], signal_function: Any = None) -> None:
        self._functions = functions
        self._signal_function = signal_function
        self._result: Any = None
        self._future: Future[Any] = Future()
        self._future.set_running_or_notify_cancel()

    def execute(self) -> bool:
        """Whether it is done."""
        try:
            while self._functions:
                done, self._result = self._functions[0]()
                if not done:
                    return False
                self._functions.pop(0)
        except Exception as error:  # noqa: BLE001 - as the library does: whoever waits gets it
            self._functions = []
            self._future.set_exception(error)
        return True

    def signal(self) -> None:
        """Whoever waits gets the result."""
        if not self._future.done():
            self._future.set_result(self._result)
        if self._signal_function:
            self._signal_function(self)

    def get_result(self, timeout: Any = None) -> Any:
        """Waits for it."""
        return self._future.result(timeout=timeout)

    def cancel(self) -> None:
        """Whoever waits gets an error."""
        self._future.set_exception(CancelledError())
