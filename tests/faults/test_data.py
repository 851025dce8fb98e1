"""Damage in data/ and images/ while both programs run: pictures go on, and nobody gets in by it."""

import shutil
import signal
import sqlite3
from contextlib import closing

import pytest
from people import PASSWORD, Client, program, register


def test_accounts_that_another_program_locks_are_slow_at_worst(camera):
    """Who is known stays so; who comes anew is told to wait, and gets in afterwards."""
    owner = register(camera.site)
    token = program(owner, "view")
    with closing(sqlite3.connect(camera.site.data / "accounts.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert token.ask("/images/current.jpg")[0].status == 200
        status, answer = Client(camera.site).call("/api/session", "POST", {"name": "Ann", "password": PASSWORD})
        assert (status, bool(answer["error"])) == (503, True), answer
        other.execute("ROLLBACK")
    assert Client(camera.site).call("/api/session", "POST", {"name": "Ann", "password": PASSWORD})[0] == 200


def test_accounts_that_are_damaged_let_nobody_in(camera):
    """It is said once; who was known stays so, until the server is started again."""
    token = program(register(camera.site), "control")
    new = camera.site.data / "accounts.new"
    new.write_bytes(b"no database at all " * 400)
    new.rename(camera.site.data / "accounts.db")
    stranger = Client(camera.site)
    camera.site.until(lambda: stranger.ask("/api/settings")[0].status and "is damaged" in camera.site.said())
    assert stranger.ask("/api/settings")[0].status in (401, 503)
    assert stranger.call("/api/session", "POST", {"name": "Ann", "password": PASSWORD})[0] == 503
    assert token.ask("/images/current.jpg")[0].status == 200
    camera.daemon.frames(3)
    camera.site.end()
    camera.site.start()
    assert [who.ask("/api/settings")[0].status for who in (stranger, token)] == [503, 503]
    camera.site.until(camera.healthy)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('{"version": 1, "snap', "not JSON", id="torn"),
        pytest.param('{"version": 7, "snapshot": {"interval_s": 9}}', "reads version 1", id="of a newer version"),
        pytest.param('{"version": 0, "interval": 9}', "reads version 1", id="of an older version"),
        pytest.param("", "not JSON", id="emptied"),
        pytest.param("[" * 100_000, "settings.json", id="nested without end"),
    ],
)
def test_settings_that_are_damaged_leave_the_last_good_ones_in_force(camera, text, said):
    daemon = camera.daemon
    new = daemon.data / "settings.new"
    new.write_text(text)
    new.rename(daemon.data / "settings.json")
    assert daemon.process
    daemon.process.send_signal(signal.SIGHUP)  # read them again
    camera.site.until(lambda: said in camera.logged())
    camera.pictures_come()
    assert daemon.ask("status")["interval_s"] == 0.2
    assert (daemon.data / "settings.json").read_text() == text


def test_an_images_folder_that_is_deleted_is_made_again(camera):
    last = camera.frame()
    shutil.rmtree(camera.daemon.images)
    camera.site.until(lambda: camera.frame() > last)
    camera.pictures_come()
    camera.site.until(camera.healthy)
    assert camera.daemon.process.poll() is None


def test_a_data_folder_that_is_deleted_costs_no_picture(camera):
    """Its settings are gone, then, and nobody is known: the picture stays, and a restart begins anew."""
    register(camera.site)
    shutil.rmtree(camera.daemon.data)
    before = camera.daemon.images.joinpath("current.jpg").readlink()
    camera.site.until(lambda: camera.daemon.images.joinpath("current.jpg").readlink() != before)
    assert Client(camera.site).ask("/api/settings")[0].status in (401, 503)
    assert camera.daemon.process.poll() is None
    assert camera.site.process.poll() is None
