"""The rules for names, passwords, roles and scopes, and the errors of requests about accounts."""

from __future__ import annotations

import unicodedata

from stillcam.common.errors import StillcamError

ROLES = ("owner", "viewer")
SCOPES = ("view", "library", "control")  # each includes those before it
MAX_NAME = 64  # characters
MIN_PASSWORD, MAX_PASSWORD = 8, 1024  # characters; NIST SP 800-63B asks for 8 or more, and for no rules of composition
MIN_DIFFERENT = 4

# The first that an attacker tries; the former default password of Raspberry Pi OS among them.
_COMMON = {
    "12345678", "123456789", "1234567890", "1q2w3e4r", "87654321", "admin123", "asdfghjk", "changeme", "iloveyou",
    "letmein1", "password", "password1", "password123", "passwort", "qwertyui", "qwertyuiop", "qwertzui", "qwertzuiop",
    "raspberry", "raspberrypi", "stillcam", "sunshine",
}  # fmt: skip


class InvalidError(StillcamError):
    """A value breaks a rule.

    Args:
        message: which rule.
        field: the value's name: `name`, `password`, `role` or `scope`.
    """

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class ConflictError(StillcamError):
    """The present state does not allow it: the name is taken, or no owner would be left."""


class NotFoundError(StillcamError):
    """There is no such user, session or token."""


class CredentialsError(StillcamError):
    """The name and the password, or the setup code, are wrong."""


class RetryLaterError(StillcamError):
    """The same request may succeed later.

    Args:
        message: why.
        wait_s: after how many seconds.
    """

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class StoreError(StillcamError):
    """The accounts cannot be read or written now."""


def check_name(name: str, field: str = "name") -> str:
    """Check a name, and return it as it is stored and shown: without spaces around it, composed (NFC).

    Raises:
        InvalidError: it is empty, too long, or has characters that a line of text or a URL cannot have.
    """
    name = unicodedata.normalize("NFC", name.strip())
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidError(f"must have 1 to {MAX_NAME} characters", field)
    if any(unicodedata.category(character)[0] in "CZ" and character != " " for character in name):
        raise InvalidError("must not contain control or invisible characters", field)
    if "/" in name or "\\" in name or name.startswith("."):
        raise InvalidError("must not contain / or \\, and must not start with a full stop", field)
    return name


def folded(name: str) -> str:
    """The form by which names are compared: that of `Ann`, `ann` and `ＡＮＮ` is the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def check_password(password: str, name: str, field: str = "password") -> str:
    """Check a password, and return it as it is hashed: composed (NFC, as in RFC 8265), otherwise as typed.

    Args:
        password: as typed.
        name: of the user.
        field: for the error.

    Raises:
        InvalidError: it is too short, too long, holds control characters, or is easily guessed.
    """
    password = composed(password)
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidError(f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters", field)
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        raise InvalidError("must not contain control characters", field)
    plain = folded(password)
    if plain in _COMMON or plain == folded(name):
        raise InvalidError("is too common: choose another one", field)
    if len(set(password)) < MIN_DIFFERENT:
        raise InvalidError(f"must have {MIN_DIFFERENT} or more different characters", field)
    return password


def composed(password: str) -> str:
    """The same form for the same letters from different keyboards."""
    return unicodedata.normalize("NFC", password)


def scope_of(role: str, library: bool) -> str:
    """What a user may do, as one of `SCOPES`.

    Args:
        role: the user's.
        library: whether they may open the library.
    """
    return "control" if role == "owner" else "library" if library else "view"
