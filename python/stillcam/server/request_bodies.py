"""What the routes of accounts have in common: to read a wish, and to tell what was wrong with it."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from stillcam.accounts.errors import ConflictError, InvalidError, NotNowError, StoreError, UnknownError, WrongError
from stillcam.http.messages import Answer, Refused, Request
from stillcam.server.security.challenge import BEARER

Handler = Callable[[Request], Answer]


def fields_of(request: Request, needed: Sequence[str], others: Sequence[str] = ()) -> dict[str, Any]:
    """The JSON object of a request.

    Args:
        request: whose body is read.
        needed: fields that must be there.
        others: fields that may be there; at least one if none is needed.

    Raises:
        Refused: a field is missing, null or not known; or as for `Request.json`.
    """
    document = request.json()
    for name, value in document.items():
        if name not in needed and name not in others:
            raise Refused(422, f"there is no such field: there are {', '.join((*needed, *others))}", name)
        if value is None:
            raise Refused(422, "must not be null", name)
    for name in needed:
        if name not in document:
            raise Refused(422, "is missing", name)
    if not document:
        raise Refused(422, f"nothing to change: send {' or '.join(others)}")
    return document


def explained(handler: Handler) -> Handler:
    """The handler, with what accounts cannot do told as HTTP has it."""

    @wraps(handler)
    def explaining(request: Request) -> Answer:
        try:
            return handler(request)
        except InvalidError as error:
            raise Refused(422, str(error), error.field) from error
        except ConflictError as error:
            raise Refused(409, str(error)) from error
        except UnknownError as error:
            raise Refused(404, str(error)) from error
        except WrongError as error:
            raise Refused(401, str(error), headers={"WWW-Authenticate": BEARER}) from error
        except NotNowError as error:
            raise Refused(429, str(error), headers={"Retry-After": str(math.ceil(error.wait_s))}) from error
        except StoreError as error:
            logging.error("%s", error)
            raise Refused(503, "the accounts cannot be used now: data/logs/server.log says why") from error

    return explaining
