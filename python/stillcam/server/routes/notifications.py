"""`api/notifications`: the receivers of notifications with their last result, their addresses, and a test."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from stillcam.http.messages import Refused
from stillcam.server.camera_context import CameraContext
from stillcam.server.openapi.route import Body, Document, api
from stillcam.server.openapi.shapes import define, map_of, maybe, one_of, record, shape
from stillcam.server.route import Access, Request, Route
from stillcam.settings.receivers import EVENTS

if TYPE_CHECKING:
    from stillcam.notifications.addresses import Addresses

_NAME = re.compile("[a-z0-9-]{1,32}", re.ASCII)

define(
    Receiver=record(
        row=shape("text", "as in the settings"), kind=one_of("webhook", "notification", "mqtt"),
        name=shape("text", "without what may be secret in an address"), events="text[]",
        problem=shape("text?", "why it cannot work yet, and what to do; null: nothing is missing"),
        last=maybe(
            record(time="time", type="text", error=shape("text?", "null: it was accepted"), note="text?"),
            "the last attempt to send a message; null: none since the start of the server",
        ),
    ),
    Receivers=record(receivers="Receiver[]", events=map_of("text", "by type, when each event happens")),
    ReceiverTest=record(row=shape("text", "as in the settings")),
    ReceiverAddress=record(address={"type": "string", "minLength": 1, "maxLength": 2000}),
)  # fmt: skip


class NotificationRoutes:
    """For owners on the page: what a receiver gets, and where the server sends it, is nobody else's business."""

    def __init__(self, context: CameraContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """See `docs/reference/api.md`."""
        owner, notification = Access.OWNER, partial(api, "Notifications")
        return [
            notification("GET", "api/notifications", owner, self._get,
                         "The receivers of notifications, each with its last result.", {200: "Receivers"}),
            notification("POST", "api/notifications/test", owner, self._test,
                         "Send a test message to a receiver; answered with the result.", {200: "Receiver"},
                         body=Body("ReceiverTest"), errors=(404,)),
            notification("POST", "api/notifications/addresses/", owner, self._set_address,
                         "Give a receiver its address, which no answer shows.", {204: ""},
                         body=Body("ReceiverAddress"), rest="name"),
            notification("DELETE", "api/notifications/addresses/", owner, self._remove_address,
                         "Forget the address of a receiver.", {204: ""}, rest="name"),
        ]  # fmt: skip

    def _get(self, _request: Request) -> Document:
        receivers = self._context.notifier.receivers.describe(self._context.settings())
        return {"receivers": receivers, "events": EVENTS}

    def _test(self, _request: Request, fields: Document) -> Document:
        newest = self._context.cache.newest
        picture = bytes(newest.picture.data) if newest else None
        try:
            return self._context.notifier.receivers.test(self._context.settings(), fields["row"], picture)
        except LookupError as error:
            raise Refused(404, "there is no such receiver: it may have been removed") from error

    def _set_address(self, request: Request, fields: Document) -> None:
        self._addresses().set(_name(request), fields["address"])

    def _remove_address(self, request: Request) -> None:
        self._addresses().remove(_name(request))

    def _addresses(self) -> Addresses:
        from stillcam.notifications.addresses import Addresses

        return Addresses(self._context.paths.primary.data)


def _name(request: Request) -> str:
    if not _NAME.fullmatch(request.rest):
        raise Refused(404, "no receiver can have this name")
    return request.rest
