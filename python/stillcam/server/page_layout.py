"""The page as the sender's first paint shows it: the tabs that they may see, and the place of the one at the address.

The page's scripts find it so and change nothing: what came later would move the buttons from under a finger. The
rules are those of `web/page/main.js`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Session = Mapping[str, Any]  # the document of `api/session`

_ROW = re.compile(
    r'^ *\{ name: "(\w+)", title: "(\w+)", access: "(\w+)",(?: moduleAccess: "(\w+)",)?'
    r' styles: \[([^]]*)\], module: \(\) => import\("([\w./-]+\.js)"\)',
    re.MULTILINE,
)
# The shapes that web/picture/picture.css reserves room for.
_SHAPES = {"16:9": 16 / 9, "3:2": 3 / 2, "4:3": 4 / 3, "1:1": 1.0, "3:4": 3 / 4, "2:3": 2 / 3, "9:16": 9 / 16}
_STYLE = re.compile(r'"([\w./-]+\.css)"')


@dataclass(frozen=True, slots=True)
class Tab:
    """A row of the table in `web/page/tabs.js`."""

    name: str
    title: str
    access: str
    module_access: str  # the right to get its module
    styles: tuple[str, ...]
    module: str

    def loads(self, session: Session) -> bool:
        """Whether the page loads its module in this session."""
        return bool(session["may"][self.access] and session["may"][self.module_access])


def tabs_of(table: str) -> list[Tab]:
    """The tabs in the text of `web/page/tabs.js`, in order."""
    return [
        Tab(name, title, access, module_access or access, tuple(_STYLE.findall(styles)), module)
        for name, title, access, module_access, styles, module in _ROW.findall(table)
    ]


def shown_tab(tabs: Sequence[Tab], asked: str, session: Session) -> Tab | None:
    """The tab that the page shows at the address of `asked`; None: sign-in."""
    seen = [tab for tab in tabs if session["may"][tab.access]]
    found = next((tab for tab in seen if tab.name == asked), None)
    return found or (seen[0] if seen and session["user"] else None)


def shape_of(size: tuple[int, int]) -> str:
    """The shape that is the nearest to a picture's, of those that the page has room for before it comes."""
    aspect = size[0] / size[1]
    return min(_SHAPES, key=lambda shape: abs(_SHAPES[shape] / aspect - 1))


def laid_out(html: str, tabs: Sequence[Tab], shown: Tab | None, session: Session, shape: str) -> str:
    """`web/index.html` for a session.

    Args:
        html: the file.
        tabs: all of them.
        shown: see `shown_tab`.
        session: who it is for; its scripts find it in the page.
        shape: of the newest picture; "": unknown.
    """
    seen = [tab for tab in tabs if session["may"][tab.access]]
    current = {tab.name: ' aria-current="page"' if tab is shown else "" for tab in seen}
    links = "".join(f'<a href="{tab.name}"{current[tab.name]}>{tab.title}</a>' for tab in seen)
    data = f'data-shape="{shape}" data-session="{escaped(json.dumps(session))}"'
    changes = {'<html lang="en"': f'<html lang="en" {data}'}
    if len(seen) > 1:
        changes[' id="tabs" aria-label="Stillcam" hidden>'] = f' id="tabs" aria-label="Stillcam">{links}'
    if shown is None or shown.name != "live":
        changes[' id="live-panel"'] = ' id="live-panel" hidden'
    elif shown.loads(session):
        changes[' id="live-panel"'] = ' id="live-panel" data-controls'
        changes[' class="live-rest" hidden'] = ' class="live-rest"'
    for old, new in changes.items():
        html = html.replace(old, new, 1)
    return html


def escaped(text: str) -> str:
    """Text as the value of an attribute in double quotes. The module html would keep a table of entities in memory."""
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
