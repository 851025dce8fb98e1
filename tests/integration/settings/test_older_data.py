"""A data folder that version 0.1.0 has written, and what this version finds in it."""

import subprocess
import time
from collections.abc import Iterator

import pytest
from capture_daemon import CaptureDaemon
from people import Client, sign_in
from serving import ROOT, Site

# Made by the daemon and the server of commit 598de6a on the simulated camera. Only the raw photo was changed
# afterwards: its DNG is zeros after the first 64 KiB, and its preview is the photo, so that the archive is small.
ARCHIVE = ROOT / "tests/cases/data-0.1.0.tar.gz"
DAY = "2026-11-29"
PHOTO, RAW, VIDEO, DELETED = (
    f"{DAY}/20261129T{name}"
    for name in (
        "205403.516Z_photo_imx519.jpg",
        "205432.080Z_raw_imx519.dng",
        "205433.391Z_video_imx519.mp4",
        "205439.763Z_photo_imx519.jpg",
    )
)
FILM = "20261129T205451.893Z_film"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """CaptureDaemon and server on that folder."""
    folder = tmp_path_factory.mktemp("older")
    subprocess.run(["tar", "--extract", "--no-same-owner", "--file", ARCHIVE, "--directory", folder], check=True)
    settings = (folder / "data/settings.json").read_bytes()
    (trash,) = (folder / "data/library/.trash").iterdir()
    trash.rename(trash.with_name(time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())))  # kept for 30 days
    daemon, site = CaptureDaemon(folder), Site(folder)
    (site.data / "settings.json").write_bytes(settings)  # those two write their own
    daemon.fault()
    daemon.start()
    try:
        daemon.frames()
        with site:
            yield site
    finally:
        daemon.end()


@pytest.fixture(scope="module")
def owner(site: Site) -> Client:
    return sign_in(site, "Ann")


def program(site: Site, scope: str) -> Client:
    token = (site.data.parent / f"token-{scope}").read_text()
    return Client(site, Authorization=f"Bearer {token}")


def stored(site: Site, item: str) -> bytes:
    return (site.data / "library" / item).read_bytes()


def test_users_keep_their_passwords_roles_and_rights(site, owner):
    users = {user["name"]: (user["role"], user["library"]) for user in owner.call("/api/users")[1]["users"]}
    assert users == {"Ann": ("owner", True), "Bob": ("viewer", True)}
    bob = sign_in(site, "Bob")
    assert bob.call("/api/library")[0] == 200
    assert bob.call("/api/settings", "PATCH", {"snapshot": {"quality": 50}})[0] == 403


def test_tokens_are_still_taken(site, owner):
    """A token of scope `view` only watches from this version on (CHANGELOG.md)."""
    assert program(site, "view").ask("/images/current.jpg")[0].status == 200
    assert program(site, "view").ask("/api/library")[0].status == 403
    assert program(site, "control").ask("/api/library")[0].status == 200
    assert {token["scope"] for token in owner.call("/api/tokens")[1]["tokens"]} == {"view", "control"}


def test_settings_and_the_backup_of_them(owner):
    status, document = owner.call("/api/settings")
    assert (status, document["notice"]) == (200, None)
    settings = document["settings"]
    assert (settings["snapshot"]["quality"], settings["snapshot"]["width"]) == (80, 160)
    assert settings["controls"] == {"Brightness": 0.1}
    assert settings["retention"]["max_age_days"] == 4000
    assert settings["webhooks"]["urls"] == ["http://127.0.0.1:9/x"]
    assert [backup["name"] for backup in owner.call("/api/backups")[1]["backups"]] == ["before"]
    assert owner.call("/api/backups/before", "POST")[0] == 200  # it restores: made before the webhook was set
    before = {"webhooks": settings["webhooks"] | {"urls": []}, "video": settings["video"] | {"quality": 93}}
    assert owner.call("/api/settings")[1]["settings"] == settings | before  # 93 was the default


def test_items_of_the_library(site, owner):
    items = {item["id"]: item for item in owner.call(f"/api/library?day={DAY}")[1]["items"]}
    assert {name: item["kind"] for name, item in items.items()} == {PHOTO: "photo", RAW: "raw", VIDEO: "video"}
    assert [name for name, item in items.items() if item["favourite"]] == [PHOTO]
    for name in items:
        response, data = owner.ask(f"/library/{name}")
        assert (response.status, data == stored(site, name)) == (200, True), name
        assert owner.ask(f"/library/{name}?thumbnail")[0].status == 200, name
        assert owner.call(f"/api/library/items/{name}")[1]["metadata"], name


def test_what_was_deleted_comes_back(owner):
    (deleted,) = owner.call("/api/library/trash")[1]["items"]
    assert owner.call("/api/library/restore", "POST", {"deleted": deleted["deleted"]})[0] == 200
    owner.site.until(lambda: owner.ask(f"/library/{DELETED}")[0].status == 200)


def test_a_running_series_goes_on(owner):
    """The moments that nobody took meanwhile are recorded as missed."""
    series = owner.call("/api/series/Garden")[1]
    assert series["state"] == "running"
    shots = owner.call("/api/series/Garden/shots")[1]["shots"]
    assert [shot["n"] for shot in shots][:6] == [1, 2, 3, 4, 5, 6]
    assert owner.ask(f"/series/Garden/shots/1?v={series['created']}")[0].status == 200
    owner.site.until(lambda: owner.call("/api/series/Garden")[1]["taken"] > 6)
    assert owner.call("/api/series/Garden")[1]["missed"] > 0


def test_films(owner):
    films = {film["id"]: film for film in owner.call("/api/films")[1]["films"]}
    assert (films[FILM]["state"], films[FILM]["pictures"], films[FILM]["series"]) == ("done", 5, "Garden")
    response, data = owner.ask(f"/films/{FILM}")
    assert response.status == 200, data
    assert data[4:8] == b"ftyp"
