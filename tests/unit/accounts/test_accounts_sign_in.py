"""Signing in: verification, throttling, device cookies."""

import pytest

from stillcam.accounts import passwords
from stillcam.accounts.cache import CachedAccounts
from stillcam.accounts.passwords import hashed
from stillcam.accounts.rules import CredentialsError, RetryLaterError
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
