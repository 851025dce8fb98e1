"""Forwarded headers of a trusted proxy: the client's address, and the scheme, host and port that it requested.

X-Forwarded-For, -Host, -Proto and -Port count, or Forwarded (RFC 7239) where none of them is sent.
Of several values the last one counts: the proxy next to us has written it, and clients may write any before.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from stillcam.common.networks import is_in
from stillcam.server.route import Request

X_FORWARDED = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port")
_TRACES = (*X_FORWARDED, "forwarded", "via")
_PAIR = re.compile(r'[ \t]*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^ \t;,"]*))[ \t]*(?:;|$)')
_WITH_PORT = re.compile(
    r"\[([0-9A-Fa-f:.]+)\](?::\w+)?|([0-9.]+):\w+"
)  # RFC 7239, 6: the port may also be an identifier
_PORT = re.compile("[0-9]{1,5}", re.ASCII)


class _Forwarded(NamedTuple):
    """The client, and the proxies between the two, by their addresses, the nearest last; the rest may be empty."""

    hops: list[str]
    scheme: str
    host: str


def apply_forwarded_headers(request: Request, proxies: Sequence[str]) -> None:
    """Apply to a request the headers of a trusted proxy, one of these addresses and networks."""
    networks = tuple(proxies)
    if not networks or not is_in(request.address, networks):
        return
    forwarded = _read_headers(request.headers)
    request.proxied = True
    request.scheme = forwarded.scheme
    request.secure = forwarded.scheme == "https"
    request.host = forwarded.host or request.host
    for hop in reversed(forwarded.hops):
        if not (address := _address(hop)):
            return
        request.address = address
        if not is_in(address, networks):
            return


def through_proxy(request: Request) -> bool:
    """Whether any proxy, trusted or not, has forwarded the request; a web page cannot forge that."""
    return request.proxied or any(name in request.headers for name in _TRACES)


def _read_headers(headers: Mapping[str, str]) -> _Forwarded:
    if not any(name in headers for name in X_FORWARDED):
        return _forwarded(headers.get("forwarded", ""))
    scheme, host, port = (_last(headers.get(f"x-forwarded-{name}", "")) for name in ("proto", "host", "port"))
    host = host or headers.get("host", "")
    if _PORT.fullmatch(port) and not re.search(r":[0-9]*$", host.rpartition("]")[2]):
        host = f"{host}:{port}"
    return _Forwarded(headers.get("x-forwarded-for", "").split(","), _scheme(scheme), host)


def _forwarded(text: str) -> _Forwarded:
    """Parse a Forwarded header. A malformed part is ignored without an effect on others: clients may write any before.

    So a comma ends a part even within quotes, where no address and no host has one.
    """
    parts = [_pairs(part) for part in text.split(",")]
    hops = [part.get("for", "") for part in parts]
    return _Forwarded(hops, _scheme(parts[-1].get("proto", "")), parts[-1].get("host", ""))


def _pairs(part: str) -> dict[str, str]:
    """Names and values in one part of a Forwarded header; none where it is malformed."""
    found: dict[str, str] = {}
    at = 0
    while at < len(part):
        if not (match := _PAIR.match(part, at)):
            return {}
        name, quoted, token = match.groups()
        found[name.lower()] = token if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        at = match.end()
    return found


def _last(value: str) -> str:
    return value.rpartition(",")[2].strip()


def _scheme(word: str) -> str:
    return word.lower() if word.lower() in ("http", "https") else ""


def _address(hop: str) -> str:
    """The address in one value of X-Forwarded-For, which may have a port; empty if there is none."""
    text = hop.strip()
    if match := _WITH_PORT.fullmatch(text):
        text = match[1] or match[2]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
