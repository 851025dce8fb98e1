"""Users, sessions, tokens and the setup code in their database; the two processes that write it."""

import os
import re
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from stillcam.accounts import Accounts, passwords, sessions, store, tokens
from stillcam.accounts.cache import VISIT_S
from stillcam.accounts.rules import ConflictError, CredentialsError, InvalidError, NotFoundError, StoreError


class Clock:
    """Seconds that pass when a test says so."""

    now_s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def accounts(tmp_path, clock):
    return Accounts(tmp_path / "data", clock)


@pytest.fixture
def ann(accounts):
    """An owner."""
    return accounts.users.add("Ann", "hash of Ann", "owner")


def test_the_database_and_the_code_are_for_one_user_of_the_machine(accounts, tmp_path):
    accounts.prepare()
    for name in ("accounts.db", "setup-code"):
        assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600, name
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["accounts.db", "setup-code"]


def test_a_database_of_the_first_version_keeps_its_people_and_a_token_that_watches_does_no_more(tmp_path):
    """Viewers have always had the library; a token of scope view was said to watch."""
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / "accounts.db")) as old:
        for statement in store.MIGRATIONS[0]:
            old.execute(statement)
        for number, name, role in ((1, "Ann", "owner"), (2, "Bob", "viewer")):
            old.execute("INSERT INTO users VALUES (?, ?, lower(?), ?, 'hash', 1.0, NULL)", (number, name, name, role))
        old.execute("INSERT INTO sessions VALUES (?, 2, 1.0, 2.0)", (tokens.digest("key"),))
        for scope in ("view", "control"):
            old.execute(
                "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, 1.0, NULL)",
                (scope, tokens.digest(scope), scope, scope, scope),
            )
        old.execute("PRAGMA user_version = 1")
        old.commit()
    accounts = Accounts(tmp_path / "data")
    cached = accounts.cache.get()
    assert [(user.name, user.role, user.library) for user in accounts.users.all()] == [
        ("Ann", "owner", True), ("Bob", "viewer", True),
    ]  # fmt: skip
    assert cached.sessions[tokens.digest("key")].library
    assert {cached.tokens[tokens.digest(scope)].scope == scope for scope in ("view", "control")} == {True}
    assert re.fullmatch("[0-9a-f]{8}", cached.installation)
    assert Accounts(tmp_path / "data").cache.get().installation == cached.installation
    accounts.tokens.add("films", "library")


def test_the_code_stays_until_an_owner_has_registered(accounts, tmp_path):
    code = accounts.prepare()
    assert code == accounts.prepare() == Accounts(tmp_path / "data").prepare()
    assert [len(group) for group in code.split("-")] == [4, 4, 4]
    accounts.users.add("Ann", "hash", "owner")
    assert accounts.prepare() is None
    assert not accounts.setup_code.path.exists()


def test_the_code_is_right_however_it_is_typed(accounts):
    accounts.setup_code.path.parent.mkdir()
    accounts.setup_code.path.write_text("ABCD-0123-WXYZ\n")
    for typed in ("ABCD-0123-WXYZ", "abcd0123wxyz", " abcd-oi23 wxyz "):
        assert accounts.setup_code.is_right(typed), typed
    for typed in ("", "-", "ABCD-0123-WXY", "ABCD-0123-WXYZ0", "ÄBCD-0123-WXYZ", "\ud800"):
        assert not accounts.setup_code.is_right(typed), typed


def test_an_empty_code_file_opens_nothing(accounts):
    accounts.setup_code.path.parent.mkdir()
    accounts.setup_code.path.touch()
    with pytest.raises(StoreError, match="delete the file"):
        accounts.setup_code.is_right("")


def test_codes_differ(tmp_path):
    assert len({Accounts(tmp_path / str(number)).prepare() for number in range(20)}) == 20


def test_names_are_kept_as_typed_and_found_in_any_case(accounts, ann):
    assert accounts.users.get("ANN") == ann
    for same in ("ann", " Ann ", "ＡＮＮ"):
        with pytest.raises(ConflictError, match="another name"):
            accounts.users.add(same, "hash", "viewer")
    assert accounts.users.add("  José ", "hash", "viewer").name == "José"
    assert [user.name for user in accounts.users.all()] == ["Ann", "José"]


def test_the_first_user_is_an_owner_and_registers_once(accounts):
    with pytest.raises(ConflictError, match="owner"):
        accounts.users.add("Bob", "hash", "viewer")
    accounts.users.add("Ann", "hash", "owner", first=True)
    with pytest.raises(ConflictError, match="already"):
        accounts.users.add("Eve", "hash", "owner", first=True)


def test_of_two_who_register_at_once_one_is_the_owner(accounts):
    together, done = threading.Barrier(2), []

    def register(name):
        together.wait()
        try:
            done.append(accounts.users.add(name, "hash", "owner", first=True).name)
        except ConflictError:
            done.append(None)

    threads = [threading.Thread(target=register, args=[name]) for name in ("Ann", "Eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done.count(None) == 1
    assert len(accounts.users.all()) == 1


def test_an_owner_is_always_left(accounts, ann):
    with pytest.raises(ConflictError, match="only owner"):
        accounts.users.remove("ann")
    with pytest.raises(ConflictError, match="only owner"):
        accounts.users.change("ann", role="viewer", password="new")
    assert accounts.cache.get().passwords["ann"] == "hash of Ann"
    accounts.users.add("Bob", "hash", "owner")
    assert accounts.users.change("ann", role="viewer").role == "viewer"
    accounts.users.remove("ann")
    assert [user.name for user in accounts.users.all()] == ["Bob"]


@pytest.mark.parametrize("what", ["get", "remove", "change"])
def test_a_user_who_is_not_there(accounts, ann, what):
    with pytest.raises(NotFoundError, match="no user called Eve"):
        getattr(accounts.users, what)("Eve")


def test_a_session_is_known_by_its_digest_alone(accounts, ann, tmp_path):
    key = accounts.sessions.start("ann", "hash of Ann")
    session = accounts.cache.get().sessions[tokens.digest(key)]
    assert (session.name, session.role) == ("Ann", "owner")
    assert key.encode() not in (tmp_path / "data" / "accounts.db").read_bytes()


def test_no_session_for_a_password_that_has_just_changed(accounts, ann):
    accounts.users.change("ann", password="new")
    with pytest.raises(CredentialsError):
        accounts.sessions.start("ann", "hash of Ann")


def test_sessions_end(accounts, ann, clock):
    def known():
        return set(accounts.cache.get().sessions)

    first, second = (accounts.sessions.start("ann", "hash of Ann") for _ in range(2))
    third = accounts.sessions.start("ann", "hash of Ann", instead_of=first)
    assert known() == {tokens.digest(second), tokens.digest(third)}
    accounts.sessions.end(tokens.digest(third))
    assert known() == {tokens.digest(second)}
    accounts.users.change("ann", password="new", keep_session=tokens.digest(second))
    assert known() == {tokens.digest(second)}
    accounts.users.change("ann", password="newer")
    assert known() == set()
    accounts.sessions.start("ann", "newer")
    accounts.sessions.end_all("ANN")
    assert known() == set()
    accounts.sessions.start("ann", "newer")
    clock.now_s += sessions.LIFE_S + 1
    last = accounts.sessions.start("ann", "newer")
    assert known() == {tokens.digest(last)}
    accounts.users.add("Bob", "hash", "owner")
    accounts.users.remove("ann")
    assert known() == set()


def test_the_oldest_session_ends_for_one_too_many(accounts, ann, clock):
    started = []
    for _ in range(sessions.MAX_PER_USER + 2):
        clock.now_s += 1
        started.append(tokens.digest(accounts.sessions.start("ann", "hash of Ann")))
    assert set(accounts.cache.get().sessions) == set(started[2:])


def visit(accounts: Accounts, now_s: float, *digests: bytes) -> None:
    for digest in digests:
        accounts.cache.note_visit(digest, None, now_s)
    accounts.cache.write_visits()


def test_visits_are_kept(accounts, ann, clock, tmp_path):
    session = tokens.digest(accounts.sessions.start("ann", "hash of Ann"))
    _, key = accounts.tokens.add("Door", "view")
    clock.now_s += 5000
    visit(accounts, clock.now_s, session, tokens.digest(key))
    assert accounts.cache.get().sessions[session].seen_s == clock.now_s
    assert accounts.users.get("ann").seen_s == clock.now_s
    assert accounts.tokens.all()[0].used_s == clock.now_s
    latest_s = clock.now_s
    clock.now_s = 1000.0  # a Pi that has just started, and does not know the time yet
    visit(Accounts(tmp_path / "data"), clock.now_s, session, tokens.digest(key))
    accounts.cache.refresh()
    assert accounts.cache.get().sessions[session].seen_s == latest_s
    assert accounts.users.get("ann").seen_s == accounts.tokens.all()[0].used_s == latest_s


def test_a_visit_is_written_once_in_some_minutes(accounts, ann, clock, tmp_path):
    session = tokens.digest(accounts.sessions.start("ann", "hash of Ann"))
    start_s, written = clock.now_s, []
    for later_s in (1, VISIT_S - 1, VISIT_S, VISIT_S + 1, 2 * VISIT_S - 1, -9e9):
        accounts.cache.note_visit(session, start_s, start_s + later_s)
        before = accounts.users.get("ann").seen_s
        accounts.cache.write_visits()
        if accounts.users.get("ann").seen_s != before:
            written.append(later_s)
    assert written == [VISIT_S]


def test_tokens(accounts, tmp_path):
    token, key = accounts.tokens.add("Front door", "control")
    assert key.startswith("stillcam_") and len(key) > 50
    assert accounts.cache.get().tokens[tokens.digest(key)] == token == accounts.tokens.all()[0]
    assert key.encode() not in (tmp_path / "data" / "accounts.db").read_bytes()
    with pytest.raises(ConflictError):
        accounts.tokens.add("front DOOR", "view")
    with pytest.raises(InvalidError):
        accounts.tokens.add("Back/door", "view")
    second, _ = accounts.tokens.add("Back door", "view")
    accounts.tokens.remove(second.id)
    accounts.tokens.remove("Front Door")
    assert accounts.cache.get().tokens == {}
    with pytest.raises(NotFoundError):
        accounts.tokens.remove(token.id)


def test_a_password_is_found_in_either_form_of_its_letters(accounts):
    kept = passwords.hashed("Passwört ist geheim")
    assert "Passw" not in kept
    assert passwords.matches("Passwo\u0308rt ist geheim", kept)
    assert not passwords.matches("Passwort ist geheim", kept)
    assert kept != passwords.hashed("Passwört ist geheim")
    assert not passwords.matches("\ud800", passwords.UNUSABLE_HASH)


def test_another_process_is_heard(accounts, ann, tmp_path, monkeypatch):
    assert accounts.cache.get().registered
    other, path = Accounts(tmp_path / "data"), tmp_path / "data" / "accounts.db"
    key = other.sessions.start("ann", "hash of Ann")
    os.utime(path, (1, 1))  # the clock of the files may not have ticked since
    accounts.cache.refresh()
    assert tokens.digest(key) in accounts.cache.get().sessions
    other.sessions.end_all("ann")
    os.utime(path, (1, 1))
    monkeypatch.setattr("stillcam.accounts.cache.REREAD_S", 0.0)
    accounts.cache.refresh()
    assert not accounts.cache.get().sessions


def test_without_a_database_nobody_is_known_and_none_is_made(tmp_path):
    assert not Accounts(tmp_path / "data").cache.get().registered
    assert not (tmp_path / "data").exists()


def test_a_damaged_database_is_told(tmp_path):
    (tmp_path / "accounts.db").write_bytes(b"not a database, " * 500)
    accounts = Accounts(tmp_path)
    for read in (accounts.cache.get, accounts.users.all, accounts.prepare):
        with pytest.raises(StoreError, match="damaged"):
            read()


def test_what_was_known_stays_when_the_database_cannot_be_read(accounts, ann, tmp_path, caplog):
    before = accounts.cache.get()
    path = tmp_path / "data" / "accounts.db"
    good = path.read_bytes()
    path.write_bytes(b"not a database, " * 500)
    for _ in range(2):
        accounts.cache.refresh()
        assert accounts.cache.get() is before
    assert caplog.text.count("damaged") == 1
    path.write_bytes(good)
    accounts.cache.refresh()
    assert accounts.cache.get() == before
    assert accounts.cache.get() is not before
    assert caplog.records[0].levelname == "ERROR"


def test_a_newer_database_is_not_touched(accounts, ann):
    with accounts.users._store.writing() as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer Stillcam"):
        accounts.users.all()


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / "data").touch()
    with pytest.raises(StoreError, match="cannot create"):
        Accounts(tmp_path / "data").prepare()


def test_a_write_that_fails_changes_nothing(accounts, ann):
    def write():
        with accounts.users._store.writing() as connection:
            connection.execute("DELETE FROM users")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert accounts.users.registered()


def test_who_asks_while_the_accounts_are_read_for_the_first_time_waits(tmp_path, monkeypatch):
    """A page asks for several things at once, and none of them may be told that there are no accounts."""
    Accounts(tmp_path).users.add("Ann", "hash", "owner")
    cache = Accounts(tmp_path).cache
    reading, go_on = threading.Event(), threading.Event()
    read = cache._read

    def slow():
        reading.set()
        assert go_on.wait(60)
        return read()

    monkeypatch.setattr(cache, "_read", slow)
    with ThreadPoolExecutor(5) as people:
        first = people.submit(cache.get)
        assert reading.wait(60)
        others = [people.submit(cache.get) for _ in range(4)]
        go_on.set()
        assert all(asked.result(60).registered for asked in (first, *others))


def test_a_password_that_there_is_no_memory_to_try_is_no_bug():
    """Python 3.11 calls it a wrong value."""
    program = """
import resource
from pathlib import Path
from stillcam.accounts import passwords
kept = passwords.hashed("correct horse battery")
pages = int(Path("/proc/self/statm").read_text().split()[0])
most = pages * resource.getpagesize() + (8 << 20)  # a hash wants 16 MiB
resource.setrlimit(resource.RLIMIT_AS, (most, most))
try:
    passwords.matches("correct horse battery", kept)
except MemoryError:
    print("no memory")
"""
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("no memory\n", "")
