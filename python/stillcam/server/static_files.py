"""The page: `web/index.html` at the address of every tab in `web/page/tabs.js`, and the files that it is made of.

All files are read once, so that all answers of one process belong to one version, whatever is unpacked over them
meanwhile. The page itself is revalidated each time. It refers to its files below `assets/VERSION/`, where they never
change; VERSION is a checksum of all of them. The files are at their plain addresses, too.
"""

from __future__ import annotations

import json
import posixpath
import re
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path, PurePath

from stillcam.http.messages import Answer, Refused
from stillcam.server.page_layout import Session, Tab, escaped, laid_out, shown_tab, tabs_of
from stillcam.server.route import Access, Request, Route

OVERVIEW = "cameras"
FORMER_TABS = {"series": "timelapse"}  # former address of a tab -> the present one
VERSIONED = "assets/"
TAB_TABLE = "page/tabs.js"
SIGN_IN = "page/sign-in.js"  # in place of a tab
GZIP = 16 + zlib.MAX_WBITS  # see zlib.compress
PAGES = 64  # that are kept: one for each user and tab
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}

# Scripts and style sheets have no use for what protects documents, and a page has sixty of them.
_NO_DOCUMENTS = ("text/css", "text/javascript")
_SECURITY = b"X-Content-Type-Options: nosniff\r\n"

_REVALIDATE = "no-cache"
_PRIVATE = "private, no-cache"  # it names who is signed in
_FOR_EVER = "public, max-age=31536000, immutable"
_IMPORT = re.compile(r'^(?:import|export)\b[^;"(]*"(\.[\w./-]+\.js)"', re.MULTILINE)
_IMPORT_LATER = re.compile(r'\bimport\("(\.[\w./-]+\.js)"\)')
_SCRIPT = re.compile(r'<script type="module"( async)? src="([\w./-]+\.js)"')
_REFERENCE = re.compile(r'(href|src)="([\w./-]+)"')
_QUALITY_0 = re.compile(r"q=0(\.0*)?")


class StaticFiles:
    """Serves the files in `web`, as they are at the start, and the page as it is for the sender's session.

    Args:
        web: the folder.
        session: gives the sender's session; None while the accounts cannot be read.
        shape: gives the shape of the picture that the page is going to show; "": unknown.
    """

    def __init__(
        self, web: Path, session: Callable[[Request], Session | None], shape: Callable[[Request], str]
    ) -> None:
        paths = sorted(path for path in web.rglob("*") if path.suffix in TYPES and path.is_file())
        self._files = {path.relative_to(web).as_posix(): _File(path.read_bytes(), TYPES[path.suffix]) for path in paths}
        self._session, self._shape = session, shape
        content = "".join(f"{name} {file.tag}\n" for name, file in self._files.items())
        self.version = f"{zlib.crc32(content.encode()):08x}"
        self._tabs = tabs_of(self._text(TAB_TABLE))
        self._page = lru_cache(PAGES)(self._make_page)

    def routes(self) -> list[Route]:
        """The page at each tab, the one with all cameras, and the files, each at two addresses."""
        return [
            *(Route("GET", tab, Access.OPEN, self._tab) for tab in ("", *(tab.name for tab in self._tabs))),
            *(Route("GET", former, Access.OPEN, self._former_tab) for former in FORMER_TABS),
            Route("GET", OVERVIEW, Access.OPEN, self._cameras),
            Route("GET", VERSIONED, Access.OPEN, self._versioned),
            *(Route("GET", name, Access.OPEN, self._file) for name in self._files),
        ]

    def refusal(self, request: Request, refused: Refused) -> Answer:
        """The page at an address that the person may not open: they sign in and get that, or they see the reason.

        References in the page are relative to its `<base>`, which also tells the page why it is there.
        """
        start = b'<meta charset="utf-8">'
        reason = escaped(refused.text).encode()
        base = b'\n    <base href="%b" data-refused="%b">' % (b"../" * request.depth or b"./", reason)
        body = self._page_for(request, "").data.replace(start, start + base, 1)
        headers = {"Content-Type": TYPES[".html"], "Cache-Control": "no-store", **refused.headers}
        return Answer(refused.status, body, headers)

    def _tab(self, request: Request) -> Answer:
        page = self._page_for(request, request.path or "live")
        caching = _PRIVATE if {"cookie", "authorization"} & request.headers.keys() else _REVALIDATE
        return page.answer(request, caching, "Accept-Encoding, Cookie")

    def _former_tab(self, request: Request) -> Answer:
        return Answer(308, headers={"Location": FORMER_TABS[request.path]})

    def _page_for(self, request: Request, asked: str) -> _File:
        session = self._session(request)
        if session is None:
            return self._page("index.html")
        shape = self._shape(request) if session["may"]["watch"] else ""
        return self._page("index.html", asked, json.dumps(session), shape)

    def _cameras(self, request: Request) -> Answer:
        return self._page("cameras.html").answer(request, _REVALIDATE)

    def _file(self, request: Request) -> Answer:
        return self._find(request.path).answer(request, _REVALIDATE)

    def _versioned(self, request: Request) -> Answer:
        version, _, name = request.rest.partition("/")
        if version != self.version:
            raise Refused(404, "this server has another version of the page: reload the page")
        return self._find(name).answer(request, _FOR_EVER)

    def _find(self, name: str) -> _File:
        if file := self._files.get(name):
            return file
        raise Refused(404, "this file of the page is missing: reinstall Stillcam")

    def _make_page(self, name: str, asked: str = "", session_json: str = "", shape: str = "") -> _File:
        """An HTML file with versioned references and preloaded modules; the page for a session, at the tab `asked`."""
        text = self._find(name).data.decode()
        session: Session | None = json.loads(session_json) if session_json else None
        tab = shown_tab(self._tabs, asked, session) if session else None
        scripts = sorted(_SCRIPT.findall(text), key=lambda found: not found[0])  # the asynchronous first
        modules = [name for _, name in scripts] + ([SIGN_IN] if session and not tab else [])
        links = self._links(modules, tab if tab and session and tab.loads(session) else None)
        text = text.replace("</head>", "".join(f"  {link}\n  " for link in links) + "</head>", 1)
        text = _REFERENCE.sub(self._versioned_reference, text)
        return _File((laid_out(text, self._tabs, tab, session, shape) if session else text).encode(), TYPES[".html"])

    def _links(self, scripts: list[str], tab: Tab | None) -> list[str]:
        """What the scripts and a tab need: the tab's first style sheet is for its layout, all else comes after.

        What the tab's module imports dynamically is in a template: the page preloads that once the rest is shown.
        """
        modules = list(dict.fromkeys(name for script in scripts for name in self._imported([script])))
        links = [_preload(one) for one in modules]
        if tab is None:
            return links
        first, *styles = tab.styles
        module = _resolved(TAB_TABLE, tab.module)
        later = [one for one in self._imported([module]) if one not in modules]
        parts = [_resolved(module, target) for target in _IMPORT_LATER.findall(self._text(module))]
        rest = [one for one in self._imported(parts) if one not in modules and one not in later]
        return [
            f'<link rel="stylesheet" href="{first}">', *links,
            *(f'<link rel="preload" as="style" fetchpriority="low" href="{one}">' for one in styles),
            *(f'<link rel="modulepreload" fetchpriority="low" href="{one}">' for one in later),
            *([f'<template class="rest">{"".join(_preload(one) for one in rest)}</template>'] if rest else []),
        ]  # fmt: skip

    def _imported(self, modules: list[str]) -> list[str]:
        """These modules and all that they import statically, each once, in the order in which a browser finds them."""
        found = list(dict.fromkeys(modules))
        for module in found:  # the list grows during the loop
            names = (_resolved(module, target) for target in _IMPORT.findall(self._text(module)))
            found += [name for name in dict.fromkeys(names) if name not in found]
        return found

    def _versioned_reference(self, match: re.Match[str]) -> str:
        """The manifest keeps its address, by which browsers know an installed app."""
        name = match[2]
        if name not in self._files or PurePath(name).suffix in (".html", ".webmanifest"):
            return match[0]
        return f'{match[1]}="{VERSIONED}{self.version}/{name}"'

    def _text(self, name: str) -> str:
        """The content of a file as text; empty if there is none."""
        return self._files[name].data.decode() if name in self._files else ""


class _File:
    """One file, or a page made of one; kept gzipped if it is shorter then."""

    def __init__(self, data: bytes, content_type: str) -> None:
        self.tag = f"{len(data):x}-{zlib.crc32(data):08x}"
        self._content_type = content_type
        gzipped = zlib.compress(data, 9, GZIP)
        self._is_gzipped = len(gzipped) < len(data)
        self._kept = gzipped if self._is_gzipped else data

    @property
    def data(self) -> bytes:
        """The content."""
        return zlib.decompress(self._kept, GZIP) if self._is_gzipped else self._kept

    def answer(self, request: Request, caching: str, vary: str = "Accept-Encoding") -> Answer:
        """The file, gzipped where the client takes that and it is shorter; 304 to a client that has it so."""
        zipped = self._is_gzipped and _takes_gzip(request.headers.get("accept-encoding", ""))
        tag = f'"{self.tag}-gzip"' if zipped else f'"{self.tag}"'
        headers = {"ETag": tag, "Cache-Control": caching, "Vary": vary}
        if request.has_version(tag):
            return Answer(304, b"", headers)
        headers["Content-Type"] = self._content_type
        if zipped:
            headers["Content-Encoding"] = "gzip"
        answer = Answer(200, self._kept if zipped else self.data, headers)
        if self._content_type.startswith(_NO_DOCUMENTS):
            answer.security = _SECURITY
        return answer


def _preload(module: str) -> str:
    return f'<link rel="modulepreload" href="{module}">'


def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header allows gzip (RFC 9110, 12.5.3)."""
    qualities = {}
    for part in accepted.lower().split(","):
        coding, _, quality = part.partition(";")
        qualities[coding.strip()] = not _QUALITY_0.fullmatch(quality.strip())
    return qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", False)))


def _resolved(module: str, target: str) -> str:
    """The file that `target`, relative to a module, names."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(module), target))
