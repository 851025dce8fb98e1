"""Finds the route for a method and a path: an exact path, one with a variable part, or a prefix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from stillcam.http.messages import Refused
from stillcam.server.route import Route

_NAMED = re.compile(r"(.*)\{\w+\}(.*)")


class Router:
    """Finds routes.

    A path that ends in a slash takes whatever follows; one with a part such as `{name}` takes any text without a slash
    there.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._below: dict[str, dict[str, Route]] = {}
        self._named: dict[tuple[str, str], dict[str, Route]] = {}
        for route in routes:
            if match := _NAMED.fullmatch(route.path):
                self._named.setdefault((match[1], match[2]), {})[route.method] = route
            else:
                table = self._below if route.path.endswith("/") else self._exact
                table.setdefault(route.path, {})[route.method] = route
        self._longest = max(map(len, self._below), default=0)

    def find(self, method: str, path: str) -> tuple[Route, str, str]:
        """The route, the name within the path, and what follows the route's path; the latter two may be empty.

        The most specific route that supports the method wins.

        Raises:
            Refused: there is none (404), or another method is meant (405).
        """
        if (methods := self._exact.get(path)) and (route := methods.get(method)):
            return route, "", ""
        known: set[str] = set()
        for methods, name, rest in self._leading(path):
            if route := methods.get(method):
                return route, name, rest
            known |= methods.keys()
        if not known:
            raise Refused(404, "there is nothing at this address: the page is at /")
        allowed = ", ".join(sorted(known) + (["HEAD"] if "GET" in known else []))
        raise Refused(405, f"this address only supports {allowed}", headers={"Allow": allowed})

    def _leading(self, path: str) -> Iterator[tuple[dict[str, Route], str, str]]:
        """Methods, name and rest of all that may be meant: exact, with a name, the longest that ends in a slash."""
        if methods := self._exact.get(path):
            yield methods, "", ""
        for (before, after), methods in self._named.items():
            if not path.startswith(before):
                continue
            name, slash, more = path[len(before) :].partition("/")
            more = slash + more
            if name and (more == after or (after.endswith("/") and more.startswith(after))):
                yield methods, name, more.removeprefix(after)
        cut = path.rfind("/", 0, self._longest)  # bounds the lookups for a path with thousands of slashes
        while cut > 0:
            if methods := self._below.get(path[: cut + 1]):
                yield methods, "", path[cut + 1 :]
                return
            cut = path.rfind("/", 0, cut)
