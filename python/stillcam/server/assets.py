"""The page: `web/index.html` at every tab's address, and the files it is made of."""

from __future__ import annotations

import mimetypes
import zlib
from pathlib import Path

from stillcam.server.messages import Access, Answer, Refused, Request, Route

TABS = ("", "live", "config", "info", "photos", "series", "settings")
OVERVIEW = "cameras"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": mimetypes.types_map[".png"],
    ".webmanifest": "application/manifest+json",
}


class Assets:
    """Serves the files of one folder, by the names that it holds at the start.

    Args:
        web: the folder of the page.
    """

    def __init__(self, web: Path) -> None:
        self._page, self._overview = web / "index.html", web / "cameras.html"
        self._files = {path.name: path for path in web.iterdir() if path.suffix in TYPES and path.is_file()}

    def routes(self) -> list[Route]:
        """The page at each tab, the one with all cameras, and a route for each file."""
        pages = [Route("GET", tab, Access.OPEN, self.page) for tab in TABS]
        pages.append(Route("GET", OVERVIEW, Access.OPEN, self._cameras))
        return pages + [Route("GET", name, Access.OPEN, self._file) for name in sorted(self._files)]

    def page(self, request: Request) -> Answer:
        """The page."""
        return _send(self._page, request)

    def _cameras(self, request: Request) -> Answer:
        return _send(self._overview, request)

    def _file(self, request: Request) -> Answer:
        return _send(self._files[request.path], request)


def _send(path: Path, request: Request) -> Answer:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise Refused(404, "this file of the page is missing: install Stillcam again") from error
    tag = f'"{len(body):x}-{zlib.crc32(body):08x}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Content-Type": TYPES[path.suffix]}
    return Answer(304, b"", headers) if request.has(tag) else Answer(200, body, headers)
