"""The owner's command for each item: without a shell, never for ever, and never out of the network."""

import json
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from api_calls import Api
from pictures import picture
from serving import Site
from strangers import allow_descriptors

from stillcam.library.catalogue import Library
from stillcam.library.names import split
from stillcam.library.pending import PendingItem
from stillcam.notifications.command_hook import argv_for, run
from stillcam.notifications.events import NewItems
from stillcam.server.route import Person
from stillcam.settings.file import load

COMMAND = ["rclone", "copy", "{}", "garden:photos"]
WRITES = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + '\\n')"


@pytest.fixture
def api(tmp_path):
    with Api(tmp_path) as api:
        yield api


def pending(root, time_s, kind="photo"):
    made = PendingItem.create(root, kind, time_s, "imx708")
    made.path("jpg").write_bytes(picture())
    if kind == "raw":
        made.path("dng").write_bytes(b"II*\0")
    return made.finish({"kind": kind})


def runs(pid: str) -> bool:
    try:
        return Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_file_stands_where_it_is_wanted(tmp_path):
    file = tmp_path / "a b; touch pwned.jpg"
    assert argv_for(COMMAND, file) == ["rclone", "copy", str(file), "garden:photos"]
    assert argv_for(["backup", "--now"], file) == ["backup", "--now", str(file)]


def test_each_item_is_given_to_the_command(tmp_path):
    """The path is one argument, whatever is in it: no shell reads it."""
    folder = tmp_path / "$(touch pwned); `touch pwned`"
    folder.mkdir()
    told = tmp_path / "told"
    with Site(folder, {"hooks": {"item": [sys.executable, "-c", WRITES, str(told), "{}"]}}) as site:
        taken: list[str] = []
        while not told.exists() or not told.read_text().endswith("\n"):
            assert len(taken) < 90, site.said()
            taken.append(str(site.data / "library" / pending(site.data / "library", time.time())))
            time.sleep(1)
        assert set(told.read_text().splitlines()) <= set(taken)
        assert "Traceback" not in site.said()
    assert not [*tmp_path.rglob("pwned")]


def test_with_days_of_the_future_and_many_connections_the_command_runs_all_the_same(tmp_path):
    """A clock that was wrong has left two days; more than 1,024 descriptors are too many for select(2)."""
    allow_descriptors()
    told, library = tmp_path / "told", tmp_path / "data/library"
    limits = {"max_connections": 2000, "max_connections_per_address": 2000}
    command = [sys.executable, "-c", WRITES, str(told), "{}"]
    site = Site(tmp_path, {"server": limits, "hooks": {"item": command}})
    for ahead in (1000, 1001):
        pending(library, time.time() + ahead * 86400)
    with site, ExitStack() as links:
        for _ in range(1100):
            links.enter_context(site.connect())
        taken: list[str] = []
        while not told.exists() or not told.read_text().endswith("\n"):
            assert len(taken) < 90, site.said()
            taken.append(str(library / pending(library, time.time())))
            time.sleep(1)
        assert set(told.read_text().splitlines()) <= set(taken)
        assert "Traceback" not in site.said()


def test_a_failure_is_logged(tmp_path):
    assert run(["/nowhere/rclone"]) == "cannot be started: No such file or directory"
    assert (
        run(["sh", "-c", "echo at first; printf 'no \\033[31mluck\\n' >&2; exit 3"])
        == "ended with status 3: no ?[31mluck"
    )
    assert run(["sh", "-c", "yes | head -c 1000000"]) is None
    assert run(["sh", "-c", "sleep 4 & exit 0"]) is None  # what it leaves behind is its own affair


def test_a_command_that_hangs_is_ended_with_what_it_has_started(tmp_path):
    pids = tmp_path / "pids"
    script = f"trap '' TERM; sleep 1000 & echo $$ $! >{pids}; wait; wait"
    timeout_s = 1.0
    while True:
        problem = run(["sh", "-c", script], timeout_s)
        if pids.exists() and pids.read_text():
            break
        timeout_s *= 2  # it has not even begun, on a busy machine
    assert problem == f"was stopped after {timeout_s:g} s: no output"
    left = pids.read_text().split()
    for _ in range(600):
        left = [pid for pid in left if runs(pid)]
        if not left:
            break
        time.sleep(0.1)
    assert not left


@pytest.mark.parametrize("by", ["session", "token"])
def test_nobody_sets_it_over_the_network(api, by):
    api.guard.person = Person("Ann", "owner" if by == "session" else "viewer", "control", by)
    for patch in ({"hooks": {"item": COMMAND}}, {"hooks": {"item": COMMAND}, "snapshot": {"quality": 50}}):
        status, document = api.call("PATCH", "api/settings", patch)
        assert (status, document["field"]) == (422 if by == "session" else 403, "hooks")
    assert not api.paths.settings.exists()


def test_no_backup_sets_it_or_takes_it_away(api):
    backup = json.loads(api.answer("GET", "api/backup").body)
    backup["configuration"]["hooks"] = {"item": ["touch", "pwned"]}
    backup["configuration"]["snapshot"]["quality"] = 50
    assert api.call("POST", "api/backup", backup)[0] == 200
    assert load(api.paths.settings).hooks.item == ()
    api.write(json.dumps({"version": 1, "hooks": {"item": COMMAND}}))
    backup["configuration"].pop("hooks")
    assert api.call("POST", "api/backup", backup)[0] == 200
    assert load(api.paths.settings).hooks.item == tuple(COMMAND)
    assert load(api.paths.settings).snapshot.quality == 50


def test_only_what_is_taken_is_new(tmp_path):
    """Not what was there, not another title, not a file that somebody puts there, not what comes back."""
    root = tmp_path / "library"
    now_s = time.time()
    pending(root, now_s - 1000)
    new_items = NewItems(root)
    assert new_items.poll() == []
    first, second = pending(root, now_s), pending(root, now_s - 500, "raw")
    assert {item.id for item in new_items.poll()} == {first, second}
    assert new_items.poll() == []
    library = Library(root)
    renamed = library.rename(library.item(first), "a bird")
    (root / renamed.day / "mine.jpg").write_bytes(picture())
    assert new_items.poll() == []
    name, away = root / renamed.day / renamed.name, tmp_path / renamed.name
    name.rename(away)
    assert new_items.poll() == []
    away.rename(name)
    assert new_items.poll() == []
    third = pending(root, now_s + 1)
    assert [item.id for item in new_items.poll()] == [third]
    assert split(third)[1] == "jpg"


def test_a_day_is_looked_at_when_it_changes_whatever_its_date(tmp_path):
    """What was there on it before is not new, and neither is another title of that."""
    root, now_s, day_s = tmp_path / "library", time.time(), 86400
    old = pending(root, now_s - 100 * day_s)
    for ahead in (1000, 1001):
        pending(root, now_s + ahead * day_s)
    for folder in root.iterdir():  # all of it is from yesterday
        for path in (*folder.iterdir(), folder):
            os.utime(path, (now_s - day_s, now_s - day_s))
    new_items = NewItems(root)
    assert new_items.poll() == []
    library = Library(root)
    library.rename(library.item(old), "a bird")
    assert new_items.poll() == []
    added = [pending(root, now_s - 100 * day_s + 1), pending(root, now_s)]
    assert [item.id for item in new_items.poll()] == added
    assert new_items.poll() == []
