"""What can be wrong with a wish about accounts. Each text is for the person who had the wish."""

from __future__ import annotations

from stillcam.common.errors import StillcamError


class InvalidError(StillcamError):
    """A value breaks a rule.

    Args:
        message: which rule.
        field: the value's name: `name`, `password`, `role` or `scope`.
    """

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class ConflictError(StillcamError):
    """It cannot be done as things are now: the name is taken, or no owner would be left."""


class UnknownError(StillcamError):
    """There is no such user, session or token."""


class WrongError(StillcamError):
    """The name and the password, or the set-up code, are not right."""


class NotNowError(StillcamError):
    """It may be tried again later.

    Args:
        message: why.
        wait_s: after how many seconds.
    """

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class StoreError(StillcamError):
    """The accounts cannot be read or written now."""
