"""Stands in for picamera2.job."""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any


class Job:
    """What the event loop is to do, each part once its frame has come."""

    def __init__(self, functions: list[Callable[[], tuple[bool, Any]]], signal_function: Any = None) -> None:
        self._functions = functions
        self._future: Future[Any] = Future()

    def execute(self) -> bool:
        """Whether it is done."""
        try:
            result = None
            while self._functions:
                done, result = self._functions[0]()
                if not done:
                    return False
                self._functions.pop(0)
            self._future.set_result(result)
        except Exception as error:  # noqa: BLE001 - as the library does: whoever waits gets it
            self._future.set_exception(error)
        return True

    def get_result(self, timeout: Any = None) -> Any:
        """Waits for it."""
        return self._future.result(timeout=timeout)

    def cancel(self) -> None:
        """Whoever waits gets an error."""
        self._future.set_exception(CancelledError())
