"""Removes from a text what identifies people, places and keys, before it may be published in a bug report."""

from __future__ import annotations

import ipaddress
import pwd
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

from stillcam.accounts import Accounts
from stillcam.series import reader
from stillcam.settings.receivers import targets
from stillcam.settings.schema import Settings

NAME, ADDRESS, KEY, TITLE, VALUE = "(name)", "(address)", "(key)", "(title)", "(value)"
DEFAULT_NAMES = {"camera", "localhost", "pi", "raspberrypi", "root", "stillcam"}  # they identify no installation
FIRST_PERSON, LAST_PERSON = 1000, 59999  # user IDs of people in Debian
# The only addresses that stay: those of many home networks, of the machine itself, and of no machine. The local ones of
# IPv6 go: they have a random number of the network (RFC 4193), and often the MAC address of the board.
HOME = [ipaddress.ip_network(one) for one in (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "0.0.0.0/32", "::1/128", "::/128",
)]  # fmt: skip

_URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://\S+")
_SHARE = re.compile(r"(?<!\S)(?://[^\s:]+|[\w.-]+:/)\S*")  # of a file server: //nas/share, nas:/export
_V4 = r"\d{1,3}(?:\.\d{1,3}){3}"
_V6 = r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?(?:%\w+)?"
_IP = re.compile(rf"(?<![\w.]){_V4}(?!\.?\w)|(?<![\w.:]){_V6}(?!\w)")
_MAC = re.compile(r"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b")
_E_MAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b")
_REFUSED = re.compile(r"(?<=, not )[\"'\[{].*", re.DOTALL)  # a value in the text of a SettingsError
_HOOK = re.compile(  # the owner's program, which may print anything
    r"(?<=hooks\.item: ).+?: (cannot be started: .*|ended with status -?\d+|was stopped after \S+ s)(?:: .*)?"
)
# In lines of the log and in paths: a series that has been deleted is not among the names.
_SERIES = re.compile(r"(?<=\bseries )\w[\w .-]*?(?=: | \(| has failed: )|(?<=/series/)(?!\w+\.py\b)[\w .-]+")
# Likewise a receiver that has been removed.
_RECEIVER = re.compile(
    r"(?:(?<=\bwebhook: )|(?<=\bnotification: ))(dropped \S+, |too many messages are waiting for )?\S+"
    r"(?= has not accepted| does not accept|: dropped)"
)
_FILE = re.compile(r"(?<=/\d{4}-\d\d-\d\d/)(?!\d{8}T)[^/\n]+(?=\.\w{2,5}\b)")  # of the library, named by the owner
_HOME_FOLDER = re.compile(r"(?<=/home/)[^/\s:]+")
_KEY = re.compile(r"\b(?:whsec_|scrypt\$)\S+|(?<![\w+=-])(?=[\w+=-]*\d)[\w+=-]{32,}")
_TITLE = re.compile(r"(?<=Z_)((?:photo|raw|video)_[^_/.\s]+)_.*?(?=\.\w{2,5}\b|$)", re.MULTILINE)


class Redactor:
    """Removes these names, and all addresses, keys and titles.

    Args:
        names: of people, programs, series and hosts; upper and lower case are the same.
    """

    def __init__(self, names: Iterable[str]) -> None:
        found = {name for name in names if len(name) > 1 and not name.isdecimal()}
        found = {name for name in found if name.lower() not in DEFAULT_NAMES}
        found |= {quote(name) for name in found}  # as in addresses
        longest_first = "|".join(map(re.escape, sorted(found, key=len, reverse=True)))
        self._names = re.compile(rf"(?<!\w)(?:{longest_first})(?!\w)", re.IGNORECASE) if found else None

    def redacted(self, text: str) -> str:
        """`text` without them."""
        for pattern, instead in (
            (_HOOK, rf"{NAME}: \1"),
            (_RECEIVER, rf"\1{ADDRESS}"),
            (_REFUSED, VALUE),
            (_URL, ADDRESS),
            (_SHARE, ADDRESS),
            (_E_MAIL, ADDRESS),
            (_MAC, ADDRESS),
            (_KEY, KEY),
            (_SERIES, NAME),
            (_FILE, TITLE),
        ):
            text = pattern.sub(instead, text)
        text = _TITLE.sub(rf"\1_{TITLE}", _HOME_FOLDER.sub(NAME, _IP.sub(_address, text)))
        return self._names.sub(NAME, text) if self._names else text


def _address(match: re.Match[str]) -> str:
    for text in (match[0], match[0].removesuffix(":")):  # a colon may come behind one of IPv6
        with suppress(ValueError):
            ip = ipaddress.ip_address(text.partition("%")[0])
            return match[0] if any(ip in network for network in HOME) else ADDRESS + match[0][len(text) :]
    return match[0]  # a time, or a version


def names_here(accounts: Accounts, settings: Settings, series: Path, hosts: Iterable[str]) -> set[str]:
    """The names of people, programs, series and hosts that this installation knows, and the paths of its certificate.

    Raises:
        StoreError: the accounts cannot be read.
    """
    names = {user.pw_name for user in pwd.getpwall() if FIRST_PERSON <= user.pw_uid <= LAST_PERSON}
    names |= {user.name for user in accounts.users.all()} | {token.name for token in accounts.tokens.all()}
    names |= {urlsplit(url).hostname or "" for url in (*targets(settings.webhooks.urls), *settings.access.embed)}
    names |= set(targets(settings.notifications.receivers))
    with suppress(OSError):  # the doctor reports a disk that fails
        names |= {str(one["name"]) for one in reader.states(series)}
    names |= {settings.server.tls_certificate, settings.server.tls_key}  # they often contain the name of a host
    return names | set(hosts) | set(settings.access.hosts)
