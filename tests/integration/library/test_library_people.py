"""The library with names of every character, with two people at it at once, and with a server that is killed."""

import io
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
from people import Client, register
from pictures import picture
from serving import Site
from test_library_server import DAY, finished, shown, take


@pytest.fixture
def owner(site: Site) -> Client:
    return register(site)


def address(id_: str) -> str:
    """Percent-encoded, as the page does."""
    return "/".join(quote(part, safe="") for part in id_.split("/"))


def test_every_byte_that_a_name_may_hold(site, owner):
    """All but the slash and NUL: looked at, marked, taken home, deleted and brought back, each under its own name."""
    folder = site.data / "library" / DAY
    folder.mkdir(parents=True)
    contents = {}
    for byte in sorted(set(range(1, 256)) - {ord("/")}):
        name = b"x" + bytes([byte]) + b"y.jpg"
        contents[name] = picture(comment=bytes([byte]))
        (folder / os.fsdecode(name)).write_bytes(contents[name])
    ids = shown(owner)
    assert len(ids) == len(contents) == 254
    assert sorted(owner.ask(f"/library/{address(id_)}")[1] for id_ in ids) == sorted(contents.values())
    for id_ in ids[::16]:
        assert owner.ask(f"/library/{address(id_)}?thumbnail")[0].status == 200
        marked = owner.call(f"/api/library/items/{address(id_)}", "PATCH", {"favourite": True})
        assert (marked[0], marked[1]["favourite"]) == (200, True)
    chosen = owner.call("/api/library/zip", "POST", {"items": ids})[1]
    with zipfile.ZipFile(io.BytesIO(owner.ask(f"/{chosen['zip']}")[1])) as archive:
        assert archive.testzip() is None
        assert len({name.casefold() for name in archive.namelist()}) >= 254 - 26  # some systems know no capitals
        assert sorted(archive.read(name) for name in archive.namelist()) == sorted(contents.values())
        assert not any(set(name) & {"\n", "\\"} for name in archive.namelist())
    deleted = finished(owner, owner.call("/api/library/delete", "POST", {"items": ids})[1])
    assert (deleted["failed"], shown(owner)) == ([], [])
    stamp = owner.call("/api/library/trash")[1]["items"][0]["deleted"]
    assert finished(owner, owner.call("/api/library/restore", "POST", {"deleted": stamp})[1])["failed"] == []
    assert {path.name.encode(errors="surrogateescape") for path in folder.iterdir()} == set(contents)


def test_two_people_change_one_photo_at_once(site, owner):
    """The second one is refused, and the item is complete under one of the names."""
    ids = [take(site, number) for number in range(20)]

    def change(order: tuple[int, str]) -> Any:
        number, title = order
        return owner.call(f"/api/library/items/{ids[number]}", "PATCH", {"title": title, "favourite": True})

    with ThreadPoolExecutor(4) as people:
        orders = [(number, title) for number in range(20) for title in ("Fox", "Hare")]
        answers = list(people.map(change, orders))
    assert sorted(status for status, _ in answers) == [200] * 20 + [404] * 20
    now = owner.call("/api/library?favourites=1")[1]["items"]
    assert {item["id"] for item in now} == {answer["id"] for status, answer in answers if status == 200}
    for item in now:
        assert len(owner.call(f"/api/library/items/{item['id']}")[1]["files"]) == 2


def test_two_people_delete_and_restore_at_once(site, owner):
    """Each item is in the library or in the trash at the end, and can be had."""
    ids = [take(site, number) for number in range(60)]
    stamp = owner.call("/api/library/delete", "POST", {"items": ids[:30]})[1]["deleted"]
    orders = [("delete", {"items": ids}), ("restore", {"deleted": stamp})]
    with ThreadPoolExecutor(2) as people:
        jobs = list(people.map(lambda order: owner.call(f"/api/library/{order[0]}", "POST", order[1])[1], orders))
    for job in jobs:
        finished(owner, job)
    there, trashed = shown(owner), [one["id"] for one in owner.call("/api/library/trash")[1]["items"]]
    assert sorted(there + trashed) == sorted(ids)


def test_a_server_killed_while_it_sends_a_zip_leaves_nothing(site, owner):
    """What had come is seen to be torn; the next one is whole."""
    ids = [take(site, number, os.urandom(3_000_000)) for number in range(8)]
    before = sorted(path for path in site.data.rglob("*") if "accounts" not in path.name)
    chosen = owner.call("/api/library/zip", "POST", {"items": ids})[1]
    with site.connect() as link:
        cookie = owner.headers["Cookie"]
        link.sendall(f"GET /{chosen['zip']} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
        got = len(link.recv(65536).partition(b"\r\n\r\n")[2])
        site.process.kill()
        site.process.wait()
        try:
            while data := link.recv(1 << 20):
                got += len(data)
        except ConnectionResetError:
            pass  # what a killed process had still to read
    assert got < chosen["bytes"]
    site.start()
    assert sorted(path for path in site.data.rglob("*") if "accounts" not in path.name) == before
    assert owner.ask(f"/{chosen['zip']}")[0].status == 404
    chosen = owner.call("/api/library/zip", "POST", {"items": ids})[1]
    with zipfile.ZipFile(io.BytesIO(owner.ask(f"/{chosen['zip']}")[1])) as archive:
        assert archive.testzip() is None
