"""From a request to an answer: host, camera, route, access, handler.

Only the routes of a table are answered, never a folder. Every address in an answer is relative, so that all of it
works under any path of a proxy.

Addresses are compatible with mjpg-streamer (httpd.c, client_thread), which compares the beginning of an action only, so
that `?action=stream?dummy=param.mjpg` is a stream, and takes the digit behind an underscore as the number of the input:
`?action=snapshot_1`. Some programs double a slash, `//snapshot`, or add one, `/stream/`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from urllib.parse import quote

from stillcam.common import log
from stillcam.common.errors import StillcamError, shortage
from stillcam.http.messages import Answer, CachePermission, Refused, error
from stillcam.http.ranges import part
from stillcam.http.response_cache import ResponseCache
from stillcam.server.errors import refusal_of
from stillcam.server.route import Access, Request, Route, may_use
from stillcam.server.router import Router
from stillcam.server.security import cross_origin
from stillcam.server.security.access import is_navigation
from stillcam.server.security.credentials import has_token, without_token
from stillcam.server.security.forwarded import apply_forwarded_headers
from stillcam.server.security.host_check import check_host, own_names
from stillcam.settings.schema import Settings

CAMERA_PREFIX = "camera/"  # then a camera's number, and the address of a route

_PICTURE_PATHS = {"snapshot", "snapshot.jpg", "stream", "stream.mjpg"}
_ACTION_PATHS = ("", "webcam")
_ACTION = re.compile(r"(snapshot|stream)(?:_([0-9]))?")


class App:
    """Answers requests.

    Args:
        routes: the table.
        settings: gives those in force.
        admit: sets `request.person`, or raises Refused; called before the body is read.
        count: returns, for a route's path (empty: none was found) and a status, what is called with the body's bytes
            of each such answer that has ended.
        cameras: by number, the routes below `camera/NUMBER/`, where there are such.
        names: gives this machine's names.
        refusal: the page that a person who has opened an address gets instead of an error as JSON.
        accounts: returns an object that is another one after each change of the accounts.
    """

    request_type = Request
    security = cross_origin.SECURITY

    def __init__(
        self,
        routes: Iterable[Route],
        settings: Callable[[], Settings],
        admit: Callable[[Request, Route], None],
        count: Callable[[str, int], Callable[[int], None]],
        cameras: Mapping[str, Iterable[Route]] | None = None,
        names: Callable[[], frozenset[str]] = own_names,
        refusal: Callable[[Request, Refused], Answer] | None = None,
        accounts: Callable[[], object] = object,
    ) -> None:
        self._refusal = refusal
        self._accounts = accounts
        self.cache = ResponseCache()
        self.routes = list(routes)
        self._settings = settings
        self._admit = admit
        self._count = count
        self._names = names
        self._router = Router([*self.routes, Route("OPTIONS", "*", Access.OPEN, self._methods, self._methods)])
        self.cameras = {number: list(routes) for number, routes in (cameras or {}).items()}
        self._routers = {number: Router(routes) for number, routes in self.cameras.items()}

    def answer(self, request: Request) -> Answer:
        """Answer any request; a bug of ours is logged, and the answer has none of its details."""
        answer = self._answer(request)
        if request.query and has_token(request.query):
            security = answer.security or cross_origin.SECURITY
            answer.security = security.replace(b"Referrer-Policy: same-origin", b"Referrer-Policy: no-referrer")
        return answer

    def _answer(self, request: Request) -> Answer:
        try:
            return self._routed(request)
        except (Refused, StillcamError) as failed:
            refused = failed if isinstance(failed, Refused) else refusal_of(failed)
            signed_in = request.person is not None and request.person.by == "session"
            to_page = is_navigation(request) and (refused.status == 401 or (refused.status == 403 and signed_in))
            answer = self._refusal(request, refused) if to_page and self._refusal else refused.answer()
            return cross_origin.with_cors(request, answer, self._settings().access.embed)
        except ConnectionError:
            raise  # the client has disconnected
        except Exception as failure:  # noqa: BLE001 - it is logged
            log.fault(f"{request.method} {quote(_below(request, request.path))}", failure)
            if short := shortage(failure):
                return error(503, f"{short}: try again in a few seconds", {"Retry-After": "5"})
            return error(500, "internal error of the camera server: `stillcam log` has the details")

    def to_https(self, request: Request) -> Answer:
        """Redirect a request over plain HTTP to the same address over HTTPS."""
        try:
            check_host(request.host, self._names(), self._settings().access.hosts)
            if not request.host:
                raise Refused(400, "this port accepts HTTPS only: use an address that begins with https://")
        except Refused as refused:
            return refused.answer()
        query = f"?{request.query}" if request.query else ""
        return Answer(308, headers={"Location": f"https://{request.host}/{quote(request.path)}{query}"})

    def ended(self, request: Request | None, answer: Answer, sent: int, seconds: float) -> None:
        """Count an answer, and log it if `server.access_log` is on."""
        self._count(request.route if request else "", answer.status)(sent)
        if request and self._settings().server.access_log:
            path = quote(_below(request, request.path))
            address = without_token(f"/{path}{'?' if request.query else ''}{request.query}")
            facts = request.address, request.method, address, answer.status, sent, seconds * 1000
            logging.info("%s %s %s %s %s B %.0f ms", *facts)

    def _routed(self, request: Request) -> Answer:
        settings = self._settings()
        check_host(request.host, self._names(), settings.access.hosts)
        if settings.access.proxies:
            apply_forwarded_headers(request, settings.access.proxies)
            check_host(request.host, self._names(), settings.access.hosts)  # the host that the proxy names
        router = self._router_of(request) if request.path.startswith(CAMERA_PREFIX) else self._router
        if "action=" in request.query and request.path.strip("/") in _ACTION_PATHS:
            router = self._follow_action(request) or router
        request.path = _without_slashes(request.path)
        if (method := cross_origin.preflight_method(request)) and (
            permitted := self._preflight(request, router.find(method, request.path)[0])
        ):
            return permitted
        route, request.variable, request.rest = router.find(request.method, request.path)
        request.route = _below(request, route.path) if request.camera else route.path
        if route.quick is None:
            request.hand_off()
        self._admit(request, route)
        request.access_remains = partial(may_use, self._admit, request, route)
        accounts = self._accounts()  # before the answer: a change in between counts
        answer = route.quick(request) if route.quick else None
        if answer is None:
            request.hand_off()
            answer = route.handler(request)
        if answer.cache:
            answer.cache = self._permission(request, answer, settings, accounts)
        if "range" in request.headers:
            answer = part(request, answer)
        return cross_origin.with_cors(request, answer, settings.access.embed, picture=route.picture)

    def _permission(
        self, request: Request, answer: Answer, settings: Settings, accounts: object
    ) -> CachePermission | None:
        """Permission to repeat an answer while neither settings nor accounts change, on top of the route's own."""
        if settings.access.proxies or settings.server.access_log or "range" in request.headers:
            return None  # another client address, a line of the log, or another part would be due
        assert answer.cache
        unchanged, current, known = answer.cache.holds, self._settings, self._accounts
        return CachePermission(
            lambda: current() is settings and known() is accounts and unchanged(),
            self._count(request.route, answer.status),
        )

    def _preflight(self, request: Request, route: Route) -> Answer | None:
        """The answer to a CORS preflight request; None: a page of that origin may not use the route."""
        listed = self._settings().access.embed
        if cross_origin.embedding_origin(request, listed):
            return cross_origin.with_cors(request, cross_origin.preflight_answer(cross_origin.EVERY_METHOD), listed)
        if route.method != "GET" or not route.picture:
            return None
        anonymous = Request("GET", request.path, address=request.address)
        self._admit(anonymous, route)
        answer = cross_origin.preflight_answer(cross_origin.READING)
        return cross_origin.with_cors(anonymous, answer, listed, picture=True) if anonymous.public else None

    def _methods(self, _request: Request) -> Answer:
        """The methods of the server as a whole (RFC 9110, 9.3.7)."""
        methods = {route.method for route in self.routes} | {"HEAD", "OPTIONS"}
        return Answer(204, headers={"Allow": ", ".join(sorted(methods))})

    def _router_of(self, request: Request) -> Router:
        """The router of the camera whose number is in the path, which is removed from it."""
        number, slash, rest = request.path.removeprefix(CAMERA_PREFIX).partition("/")
        if not slash:
            return self._router
        if not (router := self._routers.get(number)):
            raise Refused(404, "there is no such camera; the page of the first one is at /")
        request.camera, request.path = number, rest
        return router

    def _follow_action(self, request: Request) -> Router | None:
        """Set `request.path` to what the query's `action` asks for; the router if it is another camera's.

        Further values may follow the action with a question mark for an ampersand, which is corrected.
        """
        request.query = request.query.replace("?", "&")
        if (value := request.value("action")) is None:
            return None
        if not (match := _ACTION.fullmatch(value)):
            raise Refused(400, "action must be snapshot or stream, or name a camera, as in stream_1", "action")
        request.path, place = match[1], int(match[2] or 0)
        if not place:
            return None
        numbers = list(self._routers)
        if request.camera or place >= len(numbers):
            raise Refused(404, f"there is no camera {place} here: the first one is 0", "action")
        request.camera = numbers[place]
        return self._routers[request.camera]


def _below(request: Request, path: str) -> str:
    """The whole path: the routes of a camera leave out the prefix."""
    return f"{CAMERA_PREFIX}{request.camera}/{path}" if request.camera else path


def _without_slashes(path: str) -> str:
    """The path of a picture without slashes that mean nothing; any other path as it is."""
    squeezed = "/".join(filter(None, path.split("/")))
    return squeezed if squeezed in _PICTURE_PATHS else path
