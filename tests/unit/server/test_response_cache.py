"""Answers that are sent again: the same bytes as those that are made anew, whatever happens in between."""

import base64
import itertools
import re
import socket
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import picture
from waiting import until

from stillcam.accounts import Accounts
from stillcam.accounts.passwords import hashed
from stillcam.common.paths import Paths
from stillcam.frames.files import Publisher
from stillcam.http.connection import Connection
from stillcam.http.limits import ConnectionLimits
from stillcam.http.response_cache import KEPT_S, MAX_HEADS, ResponseCache
from stillcam.server.camera_context import CameraContext
from stillcam.server.security.credentials import session_name
from stillcam.server.wiring import build
from stillcam.settings.document import from_json
from stillcam.settings.file import save

ROUNDING_S = 0.001
TIMES = re.compile(rb"^(Date|X-Frame-Age): .*\r\n", re.MULTILINE)
LINES = {
    "nothing": "",
    "bearer": "Authorization: Bearer {token}\r\n",
    "basic": "Authorization: Basic {basic}\r\n",
    "another bearer": "Authorization: Bearer stillcam_nobody\r\n",
    "a page elsewhere": "Origin: http://elsewhere.example\r\n",
    "an embedding page": "Origin: http://dashboard.local\r\nAuthorization: Bearer {token}\r\n",
    "a range": "Range: bytes=0-9\r\n",
    "a proxy": "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Host: evil.example\r\n",
    "known": "If-None-Match: {tag}\r\nAuthorization: Bearer {token}\r\n",
    "any version": "If-None-Match: *\r\n",
    "last": "Connection: close\r\n",
    "owner": "Cookie: {owner}\r\n",
    "viewer": "Cookie: other=1; {viewer}\r\n",
    # What is hidden here must neither be answered from the cache nor be kept in it.
    "a body": "Content-Length: 6\r\n\r\nbody",
    "a length twice": "Content-Length: 0\r\nContent-Length: 4\r\n",
    "chunks and a length": "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    "a folded line": "X: y\r\n Authorization: Bearer {token}\r\n",
    "a bare line feed": "X: y\nAuthorization: Bearer {token}\r\n",
    "two hosts": "Host: evil.example\r\n",
    "a null byte": "X: \0\r\n",
}
CURRENT = "/images/current.jpg"
TARGETS = (
    CURRENT, f"{CURRENT}?t=1", f"{CURRENT}?width=320", f"{CURRENT}?token={{token}}", "/snapshot", "/snapshot?strict=1",
    "/?action=snapshot", "//snapshot.jpg", "/camera/0/snapshot", "/healthz", "/nothing",
)  # fmt: skip
requests = st.tuples(
    st.just("ask"), st.sampled_from(("GET", "GET", "GET", "HEAD", "POST")), st.sampled_from(TARGETS),
    st.sampled_from(sorted(LINES)), st.sampled_from(("127.0.0.1", "evil.example")),
    st.sampled_from(("1.1", "1.1", "1.0")),
)  # fmt: skip
changes = st.tuples(
    st.sampled_from(("frame", "token", "revoke", "sign out", "anyone", "signed-in", "embed", "proxy", "log"))
)
ROLES = ("nothing", "viewer", "owner", "bearer", "basic", "another bearer")


class Never(ResponseCache):
    """Makes each answer anew."""

    def keep(self, *_):
        """Nothing."""


class Site:
    """A server in this process, with one connection that repeats answers and one that never does."""

    def __init__(self, folder: Path) -> None:
        self.paths = Paths(folder / "images", folder / "data")
        self.paths.images.mkdir()
        self.paths.data.mkdir()
        self.accounts = Accounts(self.paths.data)
        password = hashed("correct horse battery")
        self.accounts.users.add("Ann", password, "owner")
        self.accounts.users.add("Bob", password, "viewer")
        cookie = session_name(self.accounts.cache.get().installation)
        self.owner, self.viewer = (
            f"{cookie}={self.accounts.sessions.start(name, password)}" for name in ("Ann", "Bob")
        )
        self.token = self.accounts.tokens.add("first", "view")[1]
        self.context = CameraContext(self.paths)
        self.publisher = Publisher(self.paths.images)
        self.numbers = iter(range(10**6))
        self.publish()
        self.sections: dict[str, dict[str, object]] = {"access": {}, "server": {}}
        self.hot, self.cold = (build([self.context], lambda: frozenset({"camera"}), self.accounts) for _ in range(2))
        self.cold.cache = Never()

    def publish(self) -> None:
        """A new frame."""
        path = self.paths.images / ".new.jpg"
        path.write_bytes(picture(comment=b"%d" % next(self.numbers)))
        name = self.publisher.publish(path, time.time())
        until(lambda: (newest := self.context.cache.newest) and newest.name == name)

    def change(self, what: str) -> None:
        """Something that can change an answer."""
        if what == "frame":
            self.publish()
        elif what == "token":
            self.token = self.accounts.tokens.add(f"token {next(self.numbers)}", "view")[1]
        elif what == "revoke":
            for token in self.accounts.tokens.all():
                self.accounts.tokens.remove(token.id)
        elif what == "sign out":
            self.accounts.sessions.end_all("Bob")
        elif what == "log":
            self.sections["server"]["access_log"] = not self.sections["server"].get("access_log")
        elif what == "embed":
            self.sections["access"]["embed"] = ["http://dashboard.local"]
        elif what == "proxy":
            self.sections["access"]["proxies"] = ["127.0.0.1"]
        else:
            self.sections["access"]["watch"] = what
        if what not in ("frame", "token", "revoke", "sign out"):
            save(self.paths.settings, from_json({"version": 1, **self.sections}))
            self.context.follower.reload()

    def text(self, method: str, target: str, lines: str, host: str, version: str) -> bytes:
        """A request."""
        newest = self.context.cache.newest
        assert newest
        values = {
            "owner": self.owner, "viewer": self.viewer,
            "token": self.token, "tag": newest.tag, "basic": base64.b64encode(f"any:{self.token}".encode()).decode(),
        }  # fmt: skip
        return f"{method} {target} HTTP/{version}\r\nHost: {host}\r\n{LINES[lines]}\r\n".format(**values).encode()


class _Pool:
    def hand_off(self, _connection):
        """There is only this thread."""


def answer(app, request: bytes) -> tuple[bool, bytes]:
    """Whether the connection stays open, and all that it sends."""
    ours, theirs = socket.socketpair()
    limits = ConnectionLimits()
    slot = limits.acquire(ours, "127.0.0.1")
    assert slot
    connection = Connection(ours, "127.0.0.1", slot, app, limits, _Pool())  # type: ignore[arg-type]
    with theirs:
        theirs.sendall(request)
        keep = connection.serve()
        connection.close()
        data = b"".join(iter(lambda: theirs.recv(1 << 20), b""))
    return keep, data


@contextmanager
def site():
    with tempfile.TemporaryDirectory() as folder:
        running = Site(Path(folder))
        try:
            yield running
        finally:
            running.context.close()


def masked(data: bytes) -> bytes:
    return TIMES.sub(b"", data)


@given(st.lists(requests | changes, min_size=10, max_size=60))
@settings(max_examples=25, deadline=None)
def test_a_repeated_answer_is_the_one_that_would_be_made_anew(steps):
    with site() as running:
        for what, *rest in steps:
            if what != "ask":
                running.change(what)
                continue
            request = running.text(*rest)
            for _ in range(2):  # the second one may be a repetition
                (kept, hot), (anew, cold) = answer(running.hot, request), answer(running.cold, request)
                assert masked(hot) == masked(cold), request
                assert kept is anew, request


@pytest.mark.parametrize("watch", ["anyone", "signed-in"])
@pytest.mark.parametrize("target", TARGETS)
def test_nobody_gets_what_was_kept_for_another(target, watch):
    with site() as running:
        running.change(watch)
        for first, second in itertools.product(ROLES, repeat=2):
            answer(running.hot, running.text("GET", target, first, "127.0.0.1", "1.1"))
            request = running.text("GET", target, second, "127.0.0.1", "1.1")
            assert masked(answer(running.hot, request)[1]) == masked(answer(running.cold, request)[1]), (first, second)


@pytest.fixture
def running():
    with site() as running:
        running.change("anyone")
        yield running


def repeated(running, request: bytes) -> bool:
    """Whether the next answer to a request is a repetition."""
    return running.hot.cache.find(request, time.monotonic()) is not None


def test_a_picture_is_repeated_until_there_is_another(running):
    request = running.text("GET", CURRENT, "nothing", "127.0.0.1", "1.1")
    answer(running.hot, request)
    assert repeated(running, request)
    running.publish()
    assert not repeated(running, request)


@pytest.mark.parametrize("change", ["signed-in", "token", "revoke", "embed", "proxy", "log"])
def test_a_change_of_settings_or_accounts_ends_all_repetitions(running, change):
    request = running.text("GET", CURRENT, "nothing", "127.0.0.1", "1.1")
    answer(running.hot, request)
    running.change(change)
    assert not repeated(running, request)


def test_the_application_decides_again_after_a_second(running):
    request = running.text("GET", CURRENT, "nothing", "127.0.0.1", "1.1")
    answer(running.hot, request)
    later_s = time.monotonic() + KEPT_S
    assert running.hot.cache.find(request, later_s) is None


def older(frame, age_s):
    return frame.age_s() > age_s + 0.01


def test_the_age_is_exact_in_a_repetition(running):
    request = running.text("GET", CURRENT, "nothing", "127.0.0.1", "1.1")
    newest = running.context.cache.newest
    for _ in range(2):
        least_s = newest.age_s()
        found = re.search(rb"X-Frame-Age: ([\d.]+)", answer(running.hot, request)[1])
        assert found
        age_s = float(found[1])
        assert least_s - ROUNDING_S <= age_s <= newest.age_s() + ROUNDING_S
        until(partial(older, newest, age_s))


def test_repetitions_are_counted(running):
    request = running.text("GET", CURRENT, "nothing", "127.0.0.1", "1.1")
    for _ in range(3):
        answer(running.hot, request)
    metrics = answer(running.hot, running.text("GET", "/metrics", "nothing", "127.0.0.1", "1.1"))[1].decode()
    assert 'route="images/current.jpg",status="200"} 3.0' in metrics


def test_heads_of_strangers_do_not_fill_the_memory(running):
    for number in range(2 * MAX_HEADS):
        answer(running.hot, running.text("GET", f"{CURRENT}?t={number}", "nothing", "127.0.0.1", "1.1"))
    assert len(running.hot.cache._answers) <= MAX_HEADS


def test_answers_that_have_expired_hold_no_old_frame_in_memory(running, monkeypatch):
    """The page asks with another `t` each time: none of these answers is ever asked for again."""
    monkeypatch.setattr("stillcam.http.response_cache.KEPT_S", 0.0)
    for number in range(5):
        running.publish()
        answer(running.hot, running.text("GET", f"{CURRENT}?t={number}", "nothing", "127.0.0.1", "1.1"))
    assert len(running.hot.cache._answers) == 1
