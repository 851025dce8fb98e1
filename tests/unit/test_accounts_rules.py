"""What names and passwords may be, and how guessing is slowed."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.accounts import passwords
from stillcam.accounts.cache import CachedAccounts
from stillcam.accounts.passwords import MAX_QUEUED, PasswordThread, hashed
from stillcam.accounts.rules import CredentialsError, InvalidError, RetryLaterError, check_name, check_password, folded
from stillcam.accounts.sign_in import (
    FORGET_S,
    LIMITS,
    MAX_KEYS,
    SignIn,
    Throttle,
    address_key,
    device_number,
    new_device_cookie,
)
from stillcam.common import log


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param("ann", "ann", id="plain"),
        pytest.param(" Ann Example ", "Ann Example", id="spaces around"),
        pytest.param("Jose\u0301", "José", id="composed"),
        pytest.param("安娜", "安娜", id="any script"),
        pytest.param("a" * 64, "a" * 64, id="64 characters"),
        pytest.param("ann@example.org", "ann@example.org", id="a mail address"),
    ],
)
def test_names(name, kept):
    assert check_name(name) == kept


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=why)
        for why, name in {
            "empty": "",
            "spaces alone": "   ",
            "65 characters": "a" * 65,
            "a line end": "ann\nbob",
            "a null": "ann\0",
            "an invisible one": "ann\u200b",
            "writes backwards": "ann\u202e",
            "another kind of space": "ann\u00a0b",
            "half a character": "\ud800",
            "a slash": "a/b",
            "a backslash": "a\\b",
            "a parent folder": "..",
            "a number": 7,
            "nothing": None,
            "a list": ["ann"],
        }.items()
    ],
)
def test_names_refused(name):
    with pytest.raises(InvalidError) as refused:
        check_name(name)
    assert refused.value.field == "name"


@given(st.text(max_size=80))
def test_a_name_that_is_kept_stays_what_it_is(text):
    try:
        name = check_name(text)
    except InvalidError:
        return
    assert check_name(name) == name
    assert folded(folded(name)) == folded(name)


@pytest.mark.parametrize(
    "password",
    ["12 45 78", "correct horse battery staple", "pässwörd!", "  spaces  ", "x1" * 510 + "äöüß", "🦊🐻🐼🐨🐯🦁🐮🐷"],
)
def test_passwords(password):
    assert check_password(password, "ann") == password


@pytest.mark.parametrize(
    ("password", "why"),
    [
        pytest.param("1234567", "8 to 1024", id="short"),
        pytest.param("abcd" * 257, "8 to 1024", id="long"),
        pytest.param("line\nline", "control", id="a line end"),
        pytest.param("12345\ud8006789", "control", id="half a character"),
        pytest.param("Raspberry", "first that anybody", id="the Pi's old one"),
        pytest.param("ANN EXAMPLE", "first that anybody", id="the name"),
        pytest.param("aaaabbbbaaaa", "different characters", id="two letters"),
        pytest.param(12345678, "text", id="a number"),
        pytest.param(None, "text", id="nothing"),
    ],
)
def test_passwords_refused(password, why):
    with pytest.raises(InvalidError, match=why) as refused:
        check_password(password, "Ann Example")
    assert refused.value.field == "password"


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def fail(throttle: Throttle, clock: Clock, *keys: tuple[str, str]) -> float:
    """Fail once more, as soon as that may be; how long it took."""
    began_s = clock.now_s
    while True:
        try:
            throttle.begin(*keys)
            return clock.now_s - began_s
        except RetryLaterError as slow:
            clock.now_s += slow.wait_s


def test_pauses_grow_to_a_limit():
    clock = Clock()
    throttle = Throttle(clock)
    pauses = [fail(throttle, clock, ("address", "192.0.2.1")) for _ in range(18)]
    assert pauses[:5] == [0] * 5
    assert pauses[5:10] == pytest.approx([1, 2, 4, 8, 16], rel=0.1)
    assert 200 < max(pauses) <= LIMITS["address"].most_s
    throttle.begin(("address", "192.0.2.2"))


def test_an_attempt_that_was_right_does_not_count():
    throttle = Throttle(Clock())
    for _ in range(100):
        throttle.begin(("address", "192.0.2.1"))
        throttle.forgive(("address", "192.0.2.1"))


def test_failures_are_forgotten():
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(5):
        throttle.begin(("address", "192.0.2.1"))
    clock.now_s += 5 * FORGET_S
    for _ in range(5):
        throttle.begin(("address", "192.0.2.1"))


def test_a_name_tried_from_many_addresses_is_slow_but_never_shut():
    clock = Clock()
    throttle = Throttle(clock)
    for number in range(2000):
        fail(throttle, clock, ("address", f"192.0.2.{number}"), ("name", "ann"))
    assert 0 < fail(throttle, clock, ("address", "192.0.3.1"), ("name", "ann")) <= LIMITS["name"].most_s
    throttle.begin(("device", "hers"))


def test_who_is_refused_does_not_make_the_name_slower():
    throttle = Throttle(Clock())
    for _ in range(5):
        throttle.begin(("address", "192.0.2.1"), ("name", "ann"))
    for _ in range(100):
        with pytest.raises(RetryLaterError):
            throttle.begin(("address", "192.0.2.1"), ("name", "ann"))
    for number in range(3):
        for _ in range(5):
            throttle.begin(("address", f"192.0.3.{number}"), ("name", "ann"))


def test_strangers_cannot_fill_the_memory():
    throttle = Throttle(Clock())
    for number in range(MAX_KEYS + 100):
        throttle.begin(("name", str(number)))
    assert len(throttle._tries) == MAX_KEYS


@pytest.mark.parametrize(
    ("address", "value"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64")],
)
def test_who_has_a_network_has_all_its_addresses(address, value):
    assert address_key(address) == ("address", value)


def test_a_device_is_recognised_by_its_user_alone():
    device = new_device_cookie("Ann", "hash")
    assert device_number(device, "ann", "hash")
    assert device_number(device, "ann", "hash") != device_number(new_device_cookie("Ann", "hash"), "ann", "hash")
    for forged in ("", ".", "1.2", device[:-1], "0" + device[1:] if device[0] != "0" else "1" + device[1:], "ä.ö"):
        assert device_number(forged, "ann", "hash") is None, forged
    assert device_number(device, "bob", "hash") is None
    assert device_number(device, "ann", "another") is None


class FixedAccounts:
    """A cache that needs no database."""

    def __init__(self, **passwords: str) -> None:
        self._accounts = CachedAccounts(True, passwords)

    def get(self) -> CachedAccounts:
        return self._accounts


def sign_in(throttle: Throttle, **hashes: str) -> SignIn:
    return SignIn(FixedAccounts(**hashes), throttle)  # type: ignore[arg-type]


def test_signing_in():
    kept = hashed("correct horse")
    door = sign_in(Throttle(), ann=kept)
    assert door.verify(" Ann ", "correct horse", "192.0.2.1") == kept
    for name, password in (("ann", "wrong horse"), ("eve", "correct horse"), ("", ""), ("x" * 70, "y" * 2000)):
        with pytest.raises(CredentialsError, match="the name or the password is wrong"):
            door.verify(name, password, "192.0.2.1")


def test_a_name_that_nobody_has_takes_as_long(monkeypatch):
    """The same work is done: nothing tells a stranger which names there are."""
    tried = []
    monkeypatch.setattr(passwords, "matches", lambda _, kept: tried.append(kept))
    for name in ("ann", "eve"):
        with pytest.raises(CredentialsError):
            sign_in(Throttle(), ann="hash").verify(name, "guess", "192.0.2.1")
    assert tried == ["hash", passwords.UNUSABLE_HASH]
    assert len(passwords.UNUSABLE_HASH) == len(hashed("correct horse"))


def test_a_guesser_is_slowed_and_the_owners_device_is_not():
    kept = hashed("correct horse")
    door = sign_in(Throttle(Clock()), ann=kept)
    for _ in range(5):
        with pytest.raises(CredentialsError):
            door.verify("ann", "guess", "192.0.2.1")
    with pytest.raises(RetryLaterError):
        door.verify("ann", "correct horse", "192.0.2.1")
    with pytest.raises(RetryLaterError):
        door.verify("ann", "correct horse", "192.0.2.1", new_device_cookie("eve", kept))
    assert door.verify("ann", "correct horse", "192.0.2.1", new_device_cookie("ann", kept)) == kept


def test_too_many_at_once_are_turned_away_and_no_failure_is_counted_for_it():
    password_thread, began, go_on = PasswordThread(), threading.Event(), threading.Event()

    def block():
        began.set()
        go_on.wait()

    threads = [threading.Thread(target=password_thread.run, args=[block])]
    threads[0].start()
    began.wait()
    queued = [threading.Thread(target=password_thread.run, args=[lambda: None]) for _ in range(MAX_QUEUED)]
    for thread in queued:
        thread.start()
    try:
        while len(password_thread._waiting) <= MAX_QUEUED:
            threading.Event().wait(0.001)
        with pytest.raises(RetryLaterError, match="signing in"):
            password_thread.run(lambda: None)
    finally:
        go_on.set()
        for thread in threads + queued:
            thread.join()
    assert password_thread.run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        password_thread.run(lambda: 1 // 0)


@pytest.mark.parametrize("memory", ["none", "too little"])
def test_after_a_want_of_memory_people_can_sign_in_again(monkeypatch, memory):
    """A thread cannot be started, or dies before its first line, for more sign-ins than may wait."""

    def start_new_thread(*_args):
        if memory == "none":
            raise RuntimeError("can't start new thread")

    password_thread = PasswordThread()
    with monkeypatch.context() as patch:
        patch.setattr("stillcam.common.threads._thread.start_new_thread", start_new_thread)
        patch.setattr("stillcam.accounts.passwords.START_TIMEOUT_S", 0.01)
        for _ in range(MAX_QUEUED + 2):
            with pytest.raises(RetryLaterError, match="not enough memory to sign in: try again"):
                password_thread.run(lambda: 6)
    assert password_thread.run(lambda: 7) == 7


def test_sign_ins_do_not_wait_for_a_thread_that_died_for_want_of_memory(monkeypatch, caplog):
    """The thread cannot keep a result. The next sign-in has a new thread."""

    class Unkept(Future[int]):
        def set_result(self, _result):
            raise MemoryError

        set_exception = set_result

    password_thread, began, go_on = PasswordThread(), threading.Event(), threading.Event()

    def block():
        began.set()
        go_on.wait()

    with monkeypatch.context() as patch, ThreadPoolExecutor() as people:
        patch.setattr("stillcam.accounts.passwords.Future", Unkept)
        patch.setattr(log, "_short_s", -log.SHORT_AGAIN_S)
        asked = [people.submit(password_thread.run, block)]
        began.wait()
        asked += [people.submit(password_thread.run, block) for _ in range(3)]
        while password_thread._queue.qsize() < 3:
            threading.Event().wait(0.001)
        go_on.set()
        for one in asked:
            with pytest.raises(RetryLaterError, match="not enough memory to sign in: try again"):
                one.result()
    assert password_thread.run(lambda: 7) == 7
    assert caplog.messages == ["thread hashing failed: not enough memory"]
