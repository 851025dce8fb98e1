"""Accounts: users, their sessions on devices, tokens of programs, and the setup code.

All of it is in one folder: `accounts.db` (SQLite) and, until an owner has registered, `setup-code`. The server and
`stillcam` on SSH may write at the same time. No password, session or token can be read from there: only
hashes are stored.

Reading order: `rules` (names, roles, scopes, errors), `store` (the database), `users`, `tokens`, `sessions`,
`setup_code`, `first_steps` (what the page shows after set-up), `passwords` (hashes), `sign_in` (verification and
throttling), `cache` (what requests are checked against).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from stillcam.accounts.cache import AccountsCache
from stillcam.accounts.first_steps import FirstSteps
from stillcam.accounts.sessions import Sessions
from stillcam.accounts.setup_code import SetupCode
from stillcam.accounts.store import Store
from stillcam.accounts.tokens import Tokens
from stillcam.accounts.users import Users


class Accounts:
    """All accounts of one installation.

    Args:
        folder: `data/`; created when it is missing.
        now: the time in seconds since the epoch.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        store = Store(folder / "accounts.db")
        self.cache = AccountsCache(store)
        self.users = Users(store, now)
        self.sessions = Sessions(store, now)
        self.tokens = Tokens(store, now)
        self.setup_code = SetupCode(folder / "setup-code")
        self.first_steps = FirstSteps(folder / "first-steps.json")

    def prepare(self) -> str | None:
        """Create the setup code as long as no owner has registered, and delete it afterwards.

        Returns:
            the setup code; None once there is an owner.

        Raises:
            StoreError: the folder cannot be written to, or the database is damaged.
        """
        if self.users.registered():
            self.setup_code.delete()
            return None
        return self.setup_code.get()
