"""What names and passwords may be, and how guessing is slowed."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.accounts import passwords
from stillcam.accounts.attempts import FORGET_S, LIMITS, MAX_KEYS, Attempts, address_key
from stillcam.accounts.cache import Everybody
from stillcam.accounts.devices import new_device, number_of
from stillcam.accounts.errors import InvalidError, NotNowError, WrongError
from stillcam.accounts.hashing import WAITING, Hashing
from stillcam.accounts.passwords import hashed
from stillcam.accounts.rules import check_name, check_password, folded
from stillcam.accounts.sign_in import SignIn
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


def fail(attempts: Attempts, clock: Clock, *keys: tuple[str, str]) -> float:
    """Fail once more, as soon as that may be; how long it took."""
    began_s = clock.now_s
    while True:
        try:
            attempts.begin(*keys)
            return clock.now_s - began_s
        except NotNowError as slow:
            clock.now_s += slow.wait_s


def test_pauses_grow_to_a_limit():
    clock = Clock()
    attempts = Attempts(clock)
    pauses = [fail(attempts, clock, ("address", "192.0.2.1")) for _ in range(18)]
    assert pauses[:5] == [0] * 5
    assert pauses[5:10] == pytest.approx([1, 2, 4, 8, 16], rel=0.1)
    assert 200 < max(pauses) <= LIMITS["address"].most_s
    attempts.begin(("address", "192.0.2.2"))


def test_an_attempt_that_was_right_does_not_count():
    attempts = Attempts(Clock())
    for _ in range(100):
        attempts.begin(("address", "192.0.2.1"))
        attempts.forgive(("address", "192.0.2.1"))


def test_failures_are_forgotten():
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(5):
        attempts.begin(("address", "192.0.2.1"))
    clock.now_s += 5 * FORGET_S
    for _ in range(5):
        attempts.begin(("address", "192.0.2.1"))


def test_a_name_tried_from_many_addresses_is_slow_but_never_shut():
    clock = Clock()
    attempts = Attempts(clock)
    for number in range(2000):
        fail(attempts, clock, ("address", f"192.0.2.{number}"), ("name", "ann"))
    assert 0 < fail(attempts, clock, ("address", "192.0.3.1"), ("name", "ann")) <= LIMITS["name"].most_s
    attempts.begin(("device", "hers"))


def test_who_is_refused_does_not_make_the_name_slower():
    attempts = Attempts(Clock())
    for _ in range(5):
        attempts.begin(("address", "192.0.2.1"), ("name", "ann"))
    for _ in range(100):
        with pytest.raises(NotNowError):
            attempts.begin(("address", "192.0.2.1"), ("name", "ann"))
    for number in range(3):
        for _ in range(5):
            attempts.begin(("address", f"192.0.3.{number}"), ("name", "ann"))


def test_strangers_cannot_fill_the_memory():
    attempts = Attempts(Clock())
    for number in range(MAX_KEYS + 100):
        attempts.begin(("name", str(number)))
    assert len(attempts._tries) == MAX_KEYS


@pytest.mark.parametrize(
    ("address", "value"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64")],
)
def test_who_has_a_network_has_all_its_addresses(address, value):
    assert address_key(address) == ("address", value)


def test_a_device_is_recognised_by_its_user_alone():
    device = new_device("Ann", "hash")
    assert number_of(device, "ann", "hash")
    assert number_of(device, "ann", "hash") != number_of(new_device("Ann", "hash"), "ann", "hash")
    for forged in ("", ".", "1.2", device[:-1], "0" + device[1:] if device[0] != "0" else "1" + device[1:], "ä.ö"):
        assert number_of(forged, "ann", "hash") is None, forged
    assert number_of(device, "bob", "hash") is None
    assert number_of(device, "ann", "another") is None


class Kept:
    """Accounts that need no database."""

    def __init__(self, **passwords: str) -> None:
        self.everybody = Everybody(True, passwords)

    def __call__(self) -> Everybody:
        return self.everybody


def sign_in(attempts: Attempts, **hashes: str) -> SignIn:
    return SignIn(Kept(**hashes), attempts)  # type: ignore[arg-type]


def test_signing_in():
    kept = hashed("correct horse")
    door = sign_in(Attempts(), ann=kept)
    assert door.verify(" Ann ", "correct horse", "192.0.2.1") == kept
    for name, password in (("ann", "wrong horse"), ("eve", "correct horse"), ("", ""), ("x" * 70, "y" * 2000)):
        with pytest.raises(WrongError, match="the name or the password is wrong"):
            door.verify(name, password, "192.0.2.1")


def test_a_name_that_nobody_has_takes_as_long(monkeypatch):
    """The same work is done: nothing tells a stranger which names there are."""
    tried = []
    monkeypatch.setattr(passwords, "matches", lambda _, kept: tried.append(kept))
    for name in ("ann", "eve"):
        with pytest.raises(WrongError):
            sign_in(Attempts(), ann="hash").verify(name, "guess", "192.0.2.1")
    assert tried == ["hash", passwords.NOBODYS]
    assert len(passwords.NOBODYS) == len(hashed("correct horse"))


def test_a_guesser_is_slowed_and_the_owners_device_is_not():
    kept = hashed("correct horse")
    door = sign_in(Attempts(Clock()), ann=kept)
    for _ in range(5):
        with pytest.raises(WrongError):
            door.verify("ann", "guess", "192.0.2.1")
    with pytest.raises(NotNowError):
        door.verify("ann", "correct horse", "192.0.2.1")
    with pytest.raises(NotNowError):
        door.verify("ann", "correct horse", "192.0.2.1", new_device("eve", kept))
    assert door.verify("ann", "correct horse", "192.0.2.1", new_device("ann", kept)) == kept


def test_too_many_at_once_are_turned_away_and_no_failure_is_counted_for_it():
    hashing, began, go_on = Hashing(), threading.Event(), threading.Event()

    def block():
        began.set()
        go_on.wait()

    threads = [threading.Thread(target=hashing.do, args=[block])]
    threads[0].start()
    began.wait()
    queued = [threading.Thread(target=hashing.do, args=[lambda: None]) for _ in range(WAITING)]
    for thread in queued:
        thread.start()
    try:
        while len(hashing._waiting) <= WAITING:
            threading.Event().wait(0.001)
        with pytest.raises(NotNowError, match="signing in"):
            hashing.do(lambda: None)
    finally:
        go_on.set()
        for thread in threads + queued:
            thread.join()
    assert hashing.do(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        hashing.do(lambda: 1 // 0)


@pytest.mark.parametrize("memory", ["none", "too little"])
def test_after_a_want_of_memory_people_can_sign_in_again(monkeypatch, memory):
    """A thread cannot be started, or dies before its first line, for more sign-ins than may wait."""

    def start_new_thread(*_args):
        if memory == "none":
            raise RuntimeError("can't start new thread")

    hashing = Hashing()
    with monkeypatch.context() as patch:
        patch.setattr("stillcam.common.threads._thread.start_new_thread", start_new_thread)
        patch.setattr("stillcam.accounts.hashing.BEGIN_S", 0.01)
        for _ in range(WAITING + 2):
            with pytest.raises(NotNowError, match="not enough memory to sign in: try again"):
                hashing.do(lambda: 6)
    assert hashing.do(lambda: 7) == 7


def test_sign_ins_do_not_wait_for_a_thread_that_died_for_want_of_memory(monkeypatch, caplog):
    """The thread cannot keep a result. The next sign-in has a new thread."""

    class Unkept(Future[int]):
        def set_result(self, _result):
            raise MemoryError

        set_exception = set_result

    hashing, began, go_on = Hashing(), threading.Event(), threading.Event()

    def block():
        began.set()
        go_on.wait()

    with monkeypatch.context() as patch, ThreadPoolExecutor() as people:
        patch.setattr("stillcam.accounts.hashing.Future", Unkept)
        patch.setattr(log, "_short_s", -log.SHORT_AGAIN_S)
        asked = [people.submit(hashing.do, block)]
        began.wait()
        asked += [people.submit(hashing.do, block) for _ in range(3)]
        while hashing._queue.qsize() < 3:
            threading.Event().wait(0.001)
        go_on.set()
        for one in asked:
            with pytest.raises(NotNowError, match="not enough memory to sign in: try again"):
                one.result()
    assert hashing.do(lambda: 7) == 7
    assert caplog.messages == ["thread hashing failed: not enough memory"]
