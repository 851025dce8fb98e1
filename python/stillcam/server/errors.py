"""Errors as HTTP answers: the one place where a cause becomes a status."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager

from stillcam.accounts import rules
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.http.messages import Refused
from stillcam.ipc.protocol import Refusal
from stillcam.server.security.access import BEARER
from stillcam.settings import backups

RETRY = {"Retry-After": "5"}  # seconds

_BY_TYPE: dict[type[StillcamError], int] = {
    rules.InvalidError: 422,
    SettingsError: 422,
    rules.ConflictError: 409,
    backups.NameTakenError: 409,
    rules.NotFoundError: 404,
    backups.NotFoundError: 404,
}
_BY_CAUSE = {  # that the capture daemon gives; a wrong value without one of these is 422, anything else 503
    "cancelled": 409,
    "idle": 409,
    "state": 409,
    "taken": 409,
    "unable": 409,
    "unknown": 404,
    "wrong": 422,
    "disk": 507,
}


def refusal_of(error: StillcamError, busy: int = 503) -> Refused:
    """The HTTP answer to an error of ours: 503, to be tried again, unless its type or cause has another status.

    `busy` is the status while another use has the camera: 409 if a person has to end that first.
    """
    if isinstance(error, rules.CredentialsError):
        return Refused(401, str(error), headers={"WWW-Authenticate": BEARER})
    if isinstance(error, rules.RetryLaterError):
        return Refused(429, str(error), headers={"Retry-After": str(math.ceil(error.wait_s))})
    if isinstance(error, rules.StoreError):
        logging.error("%s", error)
        return Refused(503, "the accounts cannot be used now: `stillcam log` shows the reason")
    field = error.answer.get("field") if isinstance(error, Refusal) else getattr(error, "field", None)
    if isinstance(error, Refusal):
        status = busy if error.cause == "busy" else _BY_CAUSE.get(error.cause, 422 if field else 503)
    else:
        status = next((status for type_, status in _BY_TYPE.items() if isinstance(error, type_)), 503)
    return Refused(status, str(error), field or None, RETRY if status == 503 else None)


@contextmanager
def reading(subject: str, failed: str = "cannot be read ({}): check the disk with df, and its cable") -> Iterator[None]:
    """Refuse a request if files (`subject`, in the plural) cannot be read: 404 none there, 503 the disk fails."""
    try:
        yield
    except LookupError as error:
        raise Refused(404, str(error.args[0])) from error
    except OSError as error:
        raise Refused(503, f"the {subject} {failed.format(error.strerror)}", headers=RETRY) from error


@contextmanager
def changing(subject: str, field: str) -> Iterator[None]:
    """As `reading`, for a change; 422 if the value of `field` is wrong, 409 if it is in use."""
    with reading(subject, "cannot be changed ({}): check the disk with df"):
        try:
            yield
        except (ValueError, FileExistsError) as error:
            raise Refused(409 if isinstance(error, OSError) else 422, str(error), field) from error
