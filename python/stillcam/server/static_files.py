"""The page: `web/index.html` at every tab's address, and the files it is made of.

The page itself is revalidated each time. It refers to its files below `assets/VERSION/`, where
they never change; VERSION is a hash of all of them. The files are at their plain addresses, too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from html import escape
from pathlib import Path

from stillcam.http.messages import Answer, Refused
from stillcam.server.route import Access, Request, Route
from stillcam.server.web_files import WebFile, WebFiles, page

TABS = ("", "live", "config", "info", "photos", "series", "settings")
OVERVIEW = "cameras"
VERSIONED = "assets/"

_REVALIDATE = "no-cache"
_FOR_EVER = "public, max-age=31536000, immutable"


class StaticFiles:
    """Serves the page and its files, as they are at the start.

    Args:
        web: the folder of the page.
        may_control: returns whether a request comes from a person who may control the camera; the page then
            preloads the modules of the tab.

    Attributes:
        version: of the page's files.
    """

    def __init__(self, web: Path, may_control: Callable[[Request], bool]) -> None:
        self._files = WebFiles(web)
        self._may_control = may_control
        self._page = cache(lambda name, tab: page(self._files, name, tab))
        self.version = self._files.version

    def routes(self) -> list[Route]:
        """The page at each tab, the one with all cameras, and the files, each at two addresses."""
        pages = [Route("GET", tab, Access.OPEN, self._tab) for tab in TABS]
        pages.append(Route("GET", OVERVIEW, Access.OPEN, self._cameras))
        pages.append(Route("GET", VERSIONED, Access.OPEN, self._versioned))
        return pages + [Route("GET", name, Access.OPEN, self._file) for name in self._files.names()]

    def refusal(self, request: Request, refused: Refused) -> Answer:
        """The page at an address that the person may not open: they sign in and get that, or they see the reason.

        References in the page are relative to its `<base>`, which also tells the page why it is there.
        """
        start = b'<meta charset="utf-8">'
        reason = escape(refused.text).encode()
        base = b'\n    <base href="%b" data-refused="%b">' % (b"../" * request.depth or b"./", reason)
        body = _or_404(self._page("index.html", "")).data.replace(start, start + base, 1)
        return Answer(
            refused.status,
            body,
            {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", **refused.headers},
        )

    def _tab(self, request: Request) -> Answer:
        tab = (request.path or "live") if self._may_control(request) else ""
        return _or_404(self._page("index.html", tab)).answer(request, _REVALIDATE, "Accept-Encoding, Cookie")

    def _cameras(self, request: Request) -> Answer:
        return _or_404(self._page("cameras.html", "")).answer(request, _REVALIDATE)

    def _file(self, request: Request) -> Answer:
        return _or_404(self._files.get(request.path)).answer(request, _REVALIDATE)

    def _versioned(self, request: Request) -> Answer:
        version, _, name = request.rest.partition("/")
        if version != self.version:
            raise Refused(404, "this server has another version of the page: reload the page")
        return _or_404(self._files.get(name)).answer(request, _FOR_EVER)


def _or_404(file: WebFile | None) -> WebFile:
    if file is None:
        raise Refused(404, "this file of the page is missing: reinstall Stillcam")
    return file
