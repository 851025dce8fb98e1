"""The files of the page in memory: as they are and gzipped, their version, and which modules import which.

They are read once, so that all answers of one process belong to one version, whatever is
unpacked over them meanwhile.
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from functools import cached_property
from pathlib import Path, PurePath

from stillcam.http.messages import Answer
from stillcam.server.route import Request

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
VERSION_DIGITS = 12
TAB_TABLE = "page/tabs.js"

_IMPORT = re.compile(r'^(?:import|export)\b[^;"]*"(\.[\w./-]+\.js)"', re.MULTILINE)
_TAB = re.compile(r'^ *\{ name: "(\w+)".*?styles: \[([^]]*)\].*?import\("([\w./-]+\.js)"\)', re.MULTILINE)
_QUALITY_0 = re.compile(r"q=0(\.0*)?")


class WebFile:
    """One file, or a page made of one.

    Args:
        data: its content.
        kind: its Content-Type.
    """

    def __init__(self, data: bytes, kind: str) -> None:
        self.data = data
        self._kind = kind
        self._digest = hashlib.sha256(data).hexdigest()[:16]

    @cached_property
    def _gzipped(self) -> bytes:
        return gzip.compress(self.data, 9, mtime=0)

    def answer(self, request: Request, caching: str, vary: str = "Accept-Encoding") -> Answer:
        """The file, gzipped where the client takes that and it is shorter; 304 to a client that has it so.

        Args:
            caching: the Cache-Control header.
            vary: the Vary header.
        """
        zipped = takes_gzip(request.headers.get("accept-encoding", "")) and len(self._gzipped) < len(self.data)
        tag = f'"{self._digest}-gzip"' if zipped else f'"{self._digest}"'
        headers = {"ETag": tag, "Cache-Control": caching, "Vary": vary}
        if request.has_version(tag):
            return Answer(304, b"", headers)
        headers["Content-Type"] = self._kind
        if zipped:
            headers["Content-Encoding"] = "gzip"
        return Answer(200, self._gzipped if zipped else self.data, headers)


class WebFiles:
    """The files of the page's folder.

    Args:
        folder: where they are, at any depth; only files of a known type count.

    Attributes:
        version: a hash of all names and contents.
    """

    def __init__(self, folder: Path) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.suffix in TYPES and path.is_file())
        self._files = {
            path.relative_to(folder).as_posix(): WebFile(path.read_bytes(), TYPES[path.suffix]) for path in paths
        }
        content = hashlib.sha256()
        for name, file in self._files.items():
            content.update(f"{name} {len(file.data)}\n".encode() + file.data)
        self.version = content.hexdigest()[:VERSION_DIGITS]

    def names(self) -> list[str]:
        """All of them, sorted."""
        return list(self._files)

    def get(self, name: str) -> WebFile | None:
        """The file of this name; None without one."""
        return self._files.get(name)

    def text(self, name: str) -> str:
        """The content of a file as text; empty if there is none."""
        file = self._files.get(name)
        return file.data.decode() if file else ""

    def imported(self, *modules: str) -> list[str]:
        """These modules and all that they import statically, each once, in the order in which a browser finds them."""
        found = list(dict.fromkeys(modules))
        for module in found:  # the list grows during the loop
            names = (_resolved(module, target) for target in _IMPORT.findall(self.text(module)))
            found += [name for name in dict.fromkeys(names) if name not in found]
        return found

    def tab(self, name: str) -> tuple[list[str], list[str]]:
        """The modules, and the style sheets, of a tab by the table in page/tabs.js; none for one that is not in it."""
        for tab, styles, module in _TAB.findall(self.text(TAB_TABLE)):
            if tab == name:
                sheets = re.findall(r'"([\w./-]+\.css)"', styles)
                return [_resolved(TAB_TABLE, module)], sheets
        return [], []


def page(files: WebFiles, name: str, tab: str = "") -> WebFile | None:
    """An HTML file with versioned references and preloaded modules; None if the file is missing.

    Args:
        name: of the file.
        tab: load its modules and style sheets at once, too.
    """
    if not (text := files.text(name)):
        return None
    modules, styles = files.tab(tab)
    scripts = re.findall(r'<script type="module" src="([\w./-]+\.js)"', text)
    links = [f'<link rel="stylesheet" href="{style}">' for style in styles]
    links += [
        f'<link rel="modulepreload" href="{module}">' for module in files.imported(*files.imported(*scripts), *modules)
    ]
    text = text.replace("</head>", "".join(f"  {link}\n  " for link in links) + "</head>", 1)
    return WebFile(
        re.sub(r'(href|src)="([\w./-]+)"', lambda match: _versioned(files, match), text).encode(), TYPES[".html"]
    )


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header allows gzip (RFC 9110, 12.5.3)."""
    qualities = {}
    for part in accepted.lower().split(","):
        coding, _, quality = part.partition(";")
        qualities[coding.strip()] = not _QUALITY_0.fullmatch(quality.strip())
    return qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", False)))


def _resolved(module: str, target: str) -> str:
    """The file that `target`, relative to a module, names."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(module), target))


def _versioned(files: WebFiles, match: re.Match[str]) -> str:
    """A reference to a file: the manifest keeps its address, by which browsers know an installed app."""
    name = match[2]
    if not files.get(name) or PurePath(name).suffix in (".html", ".webmanifest"):
        return match[0]
    return f'{match[1]}="assets/{files.version}/{name}"'
