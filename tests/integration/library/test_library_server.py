"""The library on a real server: who may, many at once, files by hand, and kill -9 in the middle of it."""

import contextlib
import io
import os
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from people import Client, program, register, viewer
from photos import add_photo
from pictures import picture
from serving import ROOT, Site

NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC
DAY = time.strftime("%Y-%m-%d", time.localtime(NOON_S))


@pytest.fixture
def owner(site: Site) -> Client:
    return register(site)


@pytest.fixture(scope="module")
def lasting_owner(shared_site: Site) -> Client:
    """The owner of a library with a photo, for tests that change nothing."""
    take(shared_site, 0)
    return register(shared_site)


def take(site: Site, number: int, data: bytes = b"\xff\xd8 a photo") -> str:
    """Make a photo as the daemon does; its address."""
    return add_photo(site.data / "library", NOON_S + number, data, number=number)


def shown(client: Client) -> list[str]:
    """The addresses of all items."""
    found: list[str] = []
    rest = ""
    while True:
        status, page = client.call(f"/api/library?limit=200{rest}")
        assert status == 200, page
        found += [item["id"] for item in page["items"]]
        if not page["rest"]:
            return found
        rest = f"&start={quote(page['rest'])}"


def finished(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    while not job["ended"]:
        job = client.call(f"/api/library/jobs/{job['job']}")[1]
    return job


def test_looking_is_for_who_may_open_the_library_and_changing_for_the_owner(site, owner):
    id_ = take(site, 0)
    watcher, program_may_look = viewer(owner), program(owner, "library")
    program_may_view = program(owner, "view")
    for path in ("/api/library", f"/library/{id_}", f"/library/{id_}?thumbnail", f"/api/library/items/{id_}"):
        assert Client(site).ask(path)[0].status == 401, path
        for one in (watcher, program_may_look, owner):
            assert one.ask(path)[0].status in (200, 404), path  # no thumbnail can be made of this one
        assert program_may_view.ask(path)[0].status == 403, path
    for one in (watcher, program_may_look):
        assert one.ask("/api/library/delete", "POST", {"items": [id_]})[0].status == 403
        assert one.ask(f"/api/library/items/{id_}", "PATCH", {"favourite": True})[0].status == 403
    assert shown(owner) == [id_]


def test_ranges_and_conditions_over_http(site, owner):
    id_ = take(site, 0, bytes(range(256)) * 1000)
    whole, body = owner.ask(f"/library/{id_}")
    assert (whole.headers["Accept-Ranges"], body) == ("bytes", bytes(range(256)) * 1000)
    part, body = owner.ask(f"/library/{id_}", Range="bytes=-3")
    assert (part.status, part.headers["Content-Range"], body) == (206, "bytes 255997-255999/256000", b"\xfd\xfe\xff")
    assert owner.ask(f"/library/{id_}", If_None_Match=whole.headers["ETag"])[0].status == 304
    assert owner.ask(f"/library/{id_}", Range="bytes=0-1", If_Range='"other"')[0].status == 200
    assert owner.ask(f"/library/{id_}", "HEAD")[0].headers["Content-Length"] == "256000"


def test_two_people_deleting_at_once(site, owner):
    """Each item is deleted once; a second request learns that it is gone."""
    ids = [take(site, number) for number in range(120)]
    with ThreadPoolExecutor(2) as people:
        orders = (ids, ids[::-1])
        jobs = list(people.map(lambda order: owner.call("/api/library/delete", "POST", {"items": order})[1], orders))
    failed = sum(len(finished(owner, job)["failed"]) for job in jobs)
    assert shown(owner) == []
    assert failed == len(ids)
    assert len(owner.call("/api/library/trash")[1]["items"]) == len(ids)


def test_items_copied_in_or_deleted_by_hand_are_noticed(site, owner):
    ids = [take(site, number) for number in range(3)]
    folder = site.data / "library" / DAY
    assert len(shown(owner)) == 3
    for name in ("Fox & cat?.jpg", "日の出.png", "a\nb.jpg", "~x.jpg", "-rf.jpg", "100%.jpg", "quote'\".jpg"):
        (folder / name).write_bytes(picture())
    (folder / os.fsdecode(b"caf\xe9.jpg")).write_bytes(picture())
    (folder / ids[0].partition("/")[2]).unlink()
    now = shown(owner)
    assert len(now) == 10
    for id_ in now:
        address = "/".join(quote(part, safe="") for part in id_.split("/"))
        assert owner.ask(f"/library/{address}")[0].status == 200, id_


@pytest.mark.parametrize(
    "path",
    [
        "2026-11-20/..%2f..%2fsettings.json",
        "../settings.json",
        "%2e%2e/accounts.db",
        ".trash/x",
        "2026-11-20/%00.jpg",
        "2026-11-20/~Li4vLi4vYWNjb3VudHMuZGI",
        "/etc/passwd",
        "2026-11-20//etc/passwd",
        "2026-11-20/a.json",
    ],
)
def test_no_address_leads_out_of_the_library(lasting_owner, path):
    response, body = lasting_owner.ask(f"/library/{path}")
    assert response.status in (400, 404)
    assert b"SQLite" not in body


def test_a_zip_over_http_is_complete(site, owner):
    ids = [take(site, number, os.urandom(70_000)) for number in range(40)]
    status, chosen = owner.call("/api/library/zip", "POST", {"items": ids})
    assert (status, chosen["files"]) == (201, 80)
    response, archive = owner.ask(f"/{chosen['zip']}")
    assert len(archive) == chosen["bytes"] == int(response.headers["Content-Length"])
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        assert read.testzip() is None
        assert {name for name in read.namelist() if name.endswith(".jpg")} == set(ids)


def test_a_zip_whose_file_disappears_is_aborted(site, owner):
    """Never one that looks whole and is not."""
    ids = [take(site, number, os.urandom(3_000_000)) for number in range(8)]
    chosen = owner.call("/api/library/zip", "POST", {"items": ids})[1]
    with site.connect() as link:
        cookie = owner.headers["Cookie"]
        link.sendall(f"GET /{chosen['zip']} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
        got = link.recv(65536)
        head, _, body = got.partition(b"\r\n\r\n")
        assert b"200 OK" in head
        for path in (site.data / "library" / DAY).glob("*.jpg"):
            path.unlink()
        size = len(body)
        while data := link.recv(1 << 20):
            size += len(data)
    assert size < chosen["bytes"]
    assert site.ask("/healthz")[0].status in (200, 503)


def test_a_server_killed_while_it_deletes_loses_nothing(site, owner):
    """Each item is in the library or in the trash, whole, and can be brought back."""
    ids = [take(site, number) for number in range(600)]

    def delete() -> None:
        with contextlib.suppress(OSError):  # the connection breaks
            owner.call("/api/library/delete", "POST", {"items": ids})

    asked = threading.Thread(target=delete)
    asked.start()
    trash = site.data / "library" / ".trash"
    site.until(lambda: trash.exists() and any(trash.glob("*/*/*.jpg")))
    site.process.kill()
    site.process.wait()
    asked.join()
    site.start()
    left = set(shown(owner))
    trashed = owner.call("/api/library/trash")[1]["items"]
    assert left | {one["id"] for one in trashed} == set(ids)
    for stamp in {one["deleted"] for one in trashed}:
        job = owner.call("/api/library/restore", "POST", {"deleted": stamp})[1]
        assert finished(owner, job)["failed"] == []
    assert set(shown(owner)) == set(ids)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles"])
def test_the_day_is_the_camera_s_also_when_its_clock_is_put_back(tmp_path, zone):
    """02:30 comes twice on 25 October 2026 in Berlin: two items, in order, on one day."""
    code = """
import sys
from pathlib import Path
from stillcam.library.catalogue import Library
from stillcam.library.pending import PendingItem
root = Path(sys.argv[1])
for time_s in (1792888200.0, 1792891800.0, 1792891800.0, 1792801800.0):
    pending = PendingItem.create(root, "photo", time_s, "imx708")
    pending.path("jpg").write_bytes(b"x")
    pending.finish({})
for item in Library(root).page(9).items:
    print(item.day, round(item.time_s * 1000))
"""
    environ = os.environ | {"TZ": zone, "PYTHONPATH": str(ROOT / "python")}
    lines = subprocess.run(
        [sys.executable, "-c", code, tmp_path], env=environ, capture_output=True, text=True, check=True
    ).stdout.split("\n")[:-1]
    assert len(lines) == 4
    times = [int(line.split()[1]) for line in lines]
    assert times == sorted(set(times), reverse=True)
    days = [line.split()[0] for line in lines]
    assert days == sorted(days, reverse=True)
    if zone == "Europe/Berlin":
        assert days == ["2026-10-25"] * 3 + ["2026-10-24"]


def test_favourites_and_titles_survive_a_restart(site, owner):
    id_ = take(site, 0)
    item = owner.call(f"/api/library/items/{id_}", "PATCH", {"favourite": True, "title": "Fuchs im Schnee"})[1]
    site.end()
    site.start()
    page = owner.call("/api/library?favourites=1")[1]
    assert [(one["id"], one["title"]) for one in page["items"]] == [(item["id"], "Fuchs im Schnee")]
    assert Path(site.data / "library" / item["id"]).exists()
