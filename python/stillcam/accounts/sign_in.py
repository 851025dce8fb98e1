"""Proving with a password who one is: slowed when it fails, dear, and out of everybody's way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stillcam.accounts import passwords
from stillcam.accounts.attempts import Attempts, Key, address_key
from stillcam.accounts.cache import Known
from stillcam.accounts.devices import number_of
from stillcam.accounts.errors import WrongError
from stillcam.accounts.hashing import Hashing
from stillcam.accounts.rules import MAX_NAME, folded


class SignIn:
    """Verifies passwords, and makes their hashes.

    Args:
        known: the accounts.
        attempts: slows down who guesses.
    """

    def __init__(self, known: Known, attempts: Attempts) -> None:
        self._known = known
        self._attempts = attempts
        self._hashing = Hashing()

    def verify(self, name: str, password: str, address: str, device: str = "") -> str:
        """See that this is the user's password. Names that nobody has take as long.

        Args:
            name: as typed.
            password: as typed.
            address: the client's IP address.
            device: what the client keeps from when it signed in before.

        Returns:
            the hash that it matches.

        Raises:
            WrongError: it is not, or there is no such user.
            NotNowError: there were too many attempts, or too many are waiting.
        """
        name = name.strip()[: MAX_NAME + 1]
        kept = self._known().passwords.get(folded(name), passwords.NOBODYS)
        if number := number_of(device, name, kept):
            return self._matching(password, kept, ("device", number))
        return self._matching(password, kept, address_key(address), ("name", folded(name)))

    def verify_again(self, name: str, password: str, session: bytes) -> None:
        """See that somebody who is signed in knows their password: not everybody who finds a screen unlocked does.

        Args:
            name: whose.
            password: as typed.
            session: names their session.

        Raises:
            WrongError: it is not theirs.
            NotNowError: as for `verify`.
        """
        self._matching(
            password, self._known().passwords.get(folded(name), passwords.NOBODYS), ("session", session.hex())
        )

    def _matching(self, password: str, kept: str, *keys: Key) -> str:
        with self.attempt(*keys):
            if not self._hashing.do(lambda: passwords.matches(password, kept)):
                raise WrongError("the name or the password is wrong")
        return kept

    def hashed(self, password: str) -> str:
        """The hash of a new password.

        Raises:
            NotNowError: too many are waiting.
        """
        return self._hashing.do(lambda: passwords.hashed(password))

    @contextmanager
    def attempt(self, *keys: Key) -> Iterator[None]:
        """An attempt to prove something; it counts when it ends with WrongError.

        Raises:
            NotNowError: there were too many.
        """
        self._attempts.begin(*keys)
        try:
            yield
        except WrongError:
            raise
        except BaseException:
            self._attempts.forgive(*keys)
            raise
        self._attempts.forgive(*keys)
