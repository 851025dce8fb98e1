"""`api/restart`: restarts this server, for the settings that it reads at its start only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from stillcam.http.messages import Answer, as_json
from stillcam.server.openapi.route import api
from stillcam.server.openapi.shapes import define, record, shape
from stillcam.server.route import Access, Request, Route
from stillcam.server.settings_service import check_certificate
from stillcam.settings.schema import ServerSettings, Settings

AT_START = ("max_connections", "max_connections_per_address", "tls_certificate", "tls_key")

define(Restarting=record(restart=shape("text[]", "names of the settings that will apply")))


def waiting(started: ServerSettings, now: ServerSettings) -> list[str]:
    """The dotted names of the settings that apply after a restart: they have changed since the server started."""
    return [f"server.{name}" for name in AT_START if getattr(started, name) != getattr(now, name)]


def restart_route(settings: Callable[[], Settings], data: Path, restart: Callable[[], None]) -> Route:
    """The route of the restart.

    Args:
        settings: gives those in force.
        data: folder of the primary camera, where certificates with a relative path are.
        restart: ends the server, and starts it again.
    """
    started = settings().server

    def answer(request: Request) -> Answer:
        now = settings().server
        check_certificate(now, data)
        request.body()  # an unread one would reset the connection as the process ends
        assert request.person is not None  # by the route's Access
        logging.info("restarting: %s asked for it", request.person.name)
        return followed_by(as_json(202, {"restart": waiting(started, now)}), restart)

    return api("Settings", "POST", "api/restart", Access.OWNER, answer,
               "Restart the web server. The capture daemon continues, and so do a video or series.",
               {202: "Restarting"}, errors=(422,))  # fmt: skip


def followed_by(answer: Answer, act: Callable[[], None]) -> Answer:
    """An answer after which something is done: once it has been sent, or its client has left."""
    body = answer.body
    assert isinstance(body, bytes)

    def stream() -> Generator[Sequence[bytes], None, None]:
        try:
            yield [body]
        finally:
            act()

    answer.headers["Content-Length"] = str(len(body))  # of a stream it would be unknown
    answer.stream, answer.body = stream(), b""
    return answer
