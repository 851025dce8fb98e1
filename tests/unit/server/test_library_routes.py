"""The library's routes: what they show, hand out and change, and what they refuse."""

import io
import json
import os
import re
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listening import admit_all, count_none
from pictures import QUADRANTS, held, picture, quadrants
from PIL import Image

from stillcam.frames.exif import find_thumbnail
from stillcam.http.bodies import FilePart
from stillcam.http.messages import Answer
from stillcam.library import upright
from stillcam.library.catalogue import Library
from stillcam.library.pending import PendingItem
from stillcam.server.app import App
from stillcam.server.route import Request
from stillcam.server.routes import selection
from stillcam.server.routes.library import MAX_SIDECAR_BYTES, LibraryRoutes
from stillcam.server.routes.selection import SelectionRoutes
from stillcam.settings.schema import Settings

NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC


class LibrarySite:
    """A library, and its routes to ask."""

    def __init__(self, root: Path) -> None:
        self.library = Library(root)
        routes = LibraryRoutes(self.library).routes() + SelectionRoutes(self.library).routes()
        self._app = App(routes, Settings, admit_all, count_none)

    def take(self, kind: str = "photo", time_s: float = NOON_S, data: bytes | None = None, **metadata: Any) -> str:
        pending = PendingItem.create(self.library.root, kind, time_s, "imx708")
        pending.path({"photo": "jpg", "raw": "dng", "video": "mp4", "motion": "mp4"}[kind]).write_bytes(
            data or picture((1600, 1200))
        )
        if kind != "photo":
            pending.path("jpg").write_bytes(picture((320, 240), "blue"))
        return pending.finish(metadata)

    def ask(self, path: str, method: str = "GET", body: Any = None, **headers: str) -> Answer:
        path, _, query = path.partition("?")
        raw = json.dumps(body).encode()
        known = {"host": "127.0.0.1", "content-type": "application/json", **headers}
        return self._app.answer(Request(method, path, query, known, read_body=lambda *_: raw))

    def json(self, path: str, method: str = "GET", body: Any = None) -> Any:
        answer = self.ask(path, method, body)
        assert answer.status < 300, bytes(answer.body)  # type: ignore[arg-type]
        assert isinstance(answer.body, bytes)
        return json.loads(answer.body)


@pytest.fixture
def site(tmp_path: Path) -> LibrarySite:
    return LibrarySite(tmp_path / "library")


def content(answer: Answer) -> bytes:
    assert isinstance(answer.body, FilePart)
    return answer.body.read(0, len(answer.body))


def test_pages_follow_one_another(site):
    ids = [site.take(time_s=NOON_S + second) for second in range(5)]
    first = site.json("api/library?limit=3")
    second = site.json(f"api/library?limit=3&start={quote(first['rest'])}")
    assert [item["id"] for item in first["items"] + second["items"]] == ids[::-1]
    assert second["rest"] is None
    assert first["items"][0]["time"] == "2026-11-20T12:00:04.000Z"
    assert (first["cameras"], first["years"]) == (["imx708"], [2026]) or first["cameras"] == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=x",
        "limit=201",
        f"limit={'1' * 5000}",
        "kind=film",
        "day=yesterday",
        "start=x",
        "start=[]",
        "start=[1,2,3]",
    ],
)
def test_a_question_that_makes_no_sense_is_refused(site, query):
    assert site.ask(f"api/library?{query}").status == 400


def test_an_item_tells_all_about_itself(site):
    id_ = site.take("raw", Lux=400)
    item = site.json(f"api/library/items/{id_}")
    assert (item["kind"], item["preview"], item["metadata"]) == ("raw", True, {"Lux": 400})
    assert [Path(file["name"]).suffix for file in item["files"]] == [".dng", ".jpg", ".json"]
    assert item["bytes"] == sum(file["bytes"] for file in item["files"])


@pytest.mark.parametrize("year", [-5, 900, 9999, 11_476])
def test_a_file_from_another_age_does_not_hide_the_others(year):
    """Its time is one that four digits tell. On a tmpfs, which keeps any: ext4 ends in 2446."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        site = LibrarySite(Path(folder))
        site.take()
        odd = Path(folder, "2026-11-20/odd.jpg")
        odd.write_bytes(picture())
        moment_s = (year - 1970) * 31_556_952 + 15_000_000
        os.utime(odd, (moment_s, moment_s))
        items = {item["name"]: item for item in site.json("api/library")["items"]}
        assert len(items) == 2
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}Z", items["odd.jpg"]["time"])
        chosen = site.json("api/library/zip", "POST", {"items": [item["id"] for item in items.values()]})
        assert chosen["files"] == 3


def test_events_of_motion_are_found_renamed_deleted_and_restored(site):
    """A video with its preview and a picture alone: both keep their files together."""
    site.take()
    video, film = site.take("motion", motion={"trigger": "request"}), site.take("video")
    pending = PendingItem.create(site.library.root, "motion", NOON_S + 1, "imx708")
    pending.path("jpg").write_bytes(picture((1600, 1200)))
    alone = pending.finish({})
    assert [(item["id"], item["kind"]) for item in site.json("api/library?kind=motion")["items"]] == [
        (alone, "motion"), (video, "motion"),
    ]  # fmt: skip
    assert [item["id"] for item in site.json("api/library?kind=video")["items"]] == [film]
    assert site.json("api/library/calendar?year=2026")["days"] == {video[:10]: 4}
    assert site.json(f"api/library/items/{video}")["metadata"] == {"motion": {"trigger": "request"}}
    assert [site.ask(f"library/{id_}?thumbnail").status for id_ in (video, alone)] == [200, 200]
    named = [site.json(f"api/library/items/{id_}", "PATCH", {"title": "Fox"})["id"] for id_ in (video, alone)]
    assert site.json("api/library/zip", "POST", {"items": named})["files"] == 5
    deleted = site.json("api/library/delete", "POST", {"items": named})["deleted"]
    assert [item["kind"] for item in site.json("api/library/trash")["items"]] == ["motion", "motion"]
    assert site.json("api/library?kind=motion")["items"] == []
    site.json("api/library/restore", "POST", {"deleted": deleted})
    restored = site.json("api/library?kind=motion")["items"]
    assert [(item["id"], item["kind"], item["title"]) for item in restored] == [
        (id_, "motion", "Fox") for id_ in reversed(named)
    ]


def test_a_damaged_sidecar_does_not_hide_the_picture(site):
    id_ = site.take()
    (site.library.root / id_).with_suffix(".json").write_text("{")
    assert site.json(f"api/library/items/{id_}")["metadata"] is None


def test_files_are_handed_out_by_type_in_part_and_once(site):
    id_ = site.take("video", data=b"0123456789")
    answer = site.ask(f"library/{id_}")
    assert (answer.headers["Content-Type"], content(answer)) == ("video/mp4", b"0123456789")
    assert content(site.ask(f"library/{id_}", range="bytes=2-4")) == b"234"
    assert site.ask(f"library/{id_}", **{"if-none-match": answer.headers["ETag"]}).status == 304
    assert site.ask(f"library/{id_}?file=preview").headers["Content-Type"] == "image/jpeg"
    assert json.loads(content(site.ask(f"library/{id_}?file=metadata"))) == {}
    assert "attachment" in site.ask(f"library/{id_}?download").headers["Content-Disposition"]


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "notes.txt", "script.js", "x.xhtml", "README", "a.avi"])
def test_what_is_copied_in_can_be_downloaded_and_never_runs_as_a_page_of_ours(site, name):
    (site.library.root / "2026-11-20").mkdir(parents=True)
    (site.library.root / "2026-11-20" / name).write_bytes(b"<script>alert(1)</script>")
    [item] = site.json("api/library")["items"]
    answer = site.ask(f"library/{item['id']}")
    assert (answer.headers["Content-Type"], content(answer)) == (
        "application/octet-stream", b"<script>alert(1)</script>",
    )  # fmt: skip
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert site.ask(f"library/{item['id']}?thumbnail").status == 404
    kind = "video" if name == "a.avi" else "file"
    assert [one["name"] for one in site.json(f"api/library?kind={kind}")["items"]] == [name]


def test_pictures_of_other_formats_have_thumbnails(site):
    (site.library.root / "2026-11-20").mkdir(parents=True)
    for form in ("WEBP", "GIF", "TIFF"):
        (site.library.root / f"2026-11-20/x.{form.lower()}").write_bytes(saved(form))
    items = site.json("api/library?kind=photo")["items"]
    assert len(items) == 3
    for item in items:
        with Image.open(io.BytesIO(bytes(site.ask(f"library/{item['id']}?thumbnail").body))) as image:
            assert image.size == (320, 240)


@pytest.mark.parametrize(
    "path",
    [
        "library/",
        "library/2026-11-20",
        "library/2026-11-20/none.jpg",
        "library/2026-11-20/..",
        "library/.drafts/x.jpg",
        "library/zip/none",
        "api/library/items/",
        "api/library/jobs/none",
    ],
)
def test_what_is_not_there_is_not_found(site, path):
    site.take()
    assert site.ask(path).status == 404


def test_a_link_in_the_library_leads_nowhere(site):
    """Whoever can only copy files in by name cannot have others handed out."""
    id_ = site.take()
    (site.library.root / id_[:10] / "secret.jpg").symlink_to("/etc/hostname")
    assert site.ask(f"library/{id_[:10]}/secret.jpg").status == 404


def test_no_link_is_followed_to_a_thumbnail_to_metadata_or_to_a_day(site, tmp_path):
    day = site.library.root / site.take()[:10]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret.jpg").write_bytes(picture((1600, 1200)))
    (elsewhere / "secret.json").write_text('{"key": "do-not-tell"}')
    for name in ("secret.jpg", "secret.json"):
        (day / name).symlink_to(elsewhere / name)
    (site.library.root / "2026-01-02").symlink_to(elsewhere)
    assert site.ask(f"library/{day.name}/secret.jpg?thumbnail").status == 404
    assert site.json(f"api/library/items/{day.name}/secret.jpg")["metadata"] is None
    assert site.ask(f"library/{day.name}/secret.jpg?file=metadata").status == 404
    assert site.ask("library/2026-01-02/secret.jpg").status == 404
    assert {item["day"] for item in site.json("api/library")["items"]} == {day.name}


def test_nobody_waits_for_a_pipe_in_the_library(site):
    """Nor for who comes after them: thumbnails are made one at a time."""
    id_ = site.take()
    day = site.library.root / id_[:10]
    for name in ("pipe.jpg", "named.json"):
        os.mkfifo(day / name)
    (day / "named.jpg").write_bytes(picture((1600, 1200)))
    answers: list[Any] = []

    def look() -> None:
        answers.append(site.ask(f"library/{day.name}/pipe.jpg?thumbnail").status)
        answers.append(site.json(f"api/library/items/{day.name}/named.jpg")["metadata"])
        answers.append(site.ask(f"library/{id_}?thumbnail").status)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(20)
    assert answers == [404, None, 200]


@pytest.mark.parametrize("text", ["[]", "5", '"x"', "null", "{"])
def test_metadata_that_are_no_object_are_none(site, text):
    id_ = site.take()
    (site.library.root / id_).with_suffix(".json").write_text(text)
    assert site.json(f"api/library/items/{id_}")["metadata"] is None


def test_a_name_as_long_as_a_file_may_have_is_no_fault(site):
    """Its thumbnail could not be kept, as that has a longer one."""
    name = "x" * 251 + ".jpg"
    (site.library.root / "2026-11-20").mkdir(parents=True)
    (site.library.root / "2026-11-20" / name).write_bytes(picture((1600, 1200)))
    assert site.ask(f"library/2026-11-20/{name}?thumbnail").status == 200
    renamed = site.json(f"api/library/items/2026-11-20/{name}", "PATCH", {"title": "Fox"})
    assert renamed["name"] == "Fox.jpg"
    (site.library.root / "2026-11-20/Fox.jpg").rename(site.library.root / "2026-11-20" / name)
    site.json("api/library/delete", "POST", {"items": [f"2026-11-20/{name}"]})
    assert site.ask("api/library/trash", "DELETE").status == 204
    assert site.json("api/library/trash") == {"items": []}


def test_metadata_beyond_all_measure_are_none(site):
    id_ = site.take()
    sidecar = (site.library.root / id_).with_suffix(".json")
    sidecar.write_bytes(b"[" + b" " * MAX_SIDECAR_BYTES + b"]")
    assert site.json(f"api/library/items/{id_}")["metadata"] is None


def test_thumbnails_are_small_upright_and_made_once(site):
    id_ = site.take(data=picture((1600, 1200), "green"))
    raw = site.take("raw")
    for one, colour in ((id_, (0, 128, 0)), (raw, (0, 0, 255))):
        answer = site.ask(f"library/{one}?thumbnail")
        with Image.open(io.BytesIO(bytes(answer.body))) as image:
            assert image.size == (320, 240)
            pixel = image.getpixel((160, 120))
            assert isinstance(pixel, tuple)
            assert max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) < 6
    broken = site.take(data=b"\xff\xd8 nothing")
    assert site.ask(f"library/{broken}?thumbnail").status == 404


def test_a_thumbnail_is_made_anew_when_its_picture_changes_whatever_the_clock_says(site):
    """Each picture is older than the thumbnail of the one before: the clock has been put back."""
    id_ = site.take(data=picture((1600, 1200), "green"))
    path = site.library.root / id_
    for colour, changed_s in (("green", NOON_S), ("blue", NOON_S - 86_400), ("red", NOON_S - 2 * 86_400)):
        path.write_bytes(picture((1600, 1200), colour))
        os.utime(path, (changed_s, changed_s))
        data = bytes(site.ask(f"library/{id_}?thumbnail").body)
        assert data == (site.library.root / ".thumbnails" / f"{id_}.jpg").read_bytes()
        with Image.open(io.BytesIO(data)) as image, Image.open(path) as whole:
            assert image.getpixel((160, 120)) == whole.getpixel((800, 600))
    path.write_bytes(b"damaged, at the very same time")
    os.utime(path, (changed_s, changed_s))
    assert site.ask(f"library/{id_}?thumbnail").body == data  # so the one that is kept is used


def saved(form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (1600, 1200), "green").save(file, form, **options)
    return file.getvalue()


def test_a_thumbnail_goes_with_its_item(site):
    """When that has another name, and when it is deleted for good."""
    kept = site.library.root / ".thumbnails" / "2026-11-20"
    item = site.json(f"api/library/items/{site.take()}")
    assert site.ask(f"library/{item['id']}?thumbnail").status == 200
    assert len(list(kept.iterdir())) == 1
    item = site.json(f"api/library/items/{item['id']}", "PATCH", {"title": "Fox"})
    assert list(kept.iterdir()) == []
    assert site.ask(f"library/{item['id']}?thumbnail").status == 200
    site.json("api/library/delete", "POST", {"items": [item["id"]]})
    assert len(list(kept.iterdir())) == 1  # it may come back
    assert site.ask("api/library/trash", "DELETE").status == 204
    assert list(kept.iterdir()) == []


def test_a_picture_that_would_take_all_memory_has_no_thumbnail(site, monkeypatch):
    """A JPEG is decoded at an eighth, unless it is progressive; anything else needs 4 bytes a pixel."""
    monkeypatch.setattr(upright, "MAX_PICTURE_BYTES", 4 * 1600 * 1200 - 1)
    forms = {"baseline": saved("JPEG"), "progressive": saved("JPEG", progressive=True), "png": saved("PNG")}
    shown = {name: site.ask(f"library/{site.take(data=data)}?thumbnail").status for name, data in forms.items()}
    assert shown == {"baseline": 200, "progressive": 404, "png": 404}
    monkeypatch.undo()
    for data in forms.values():
        assert site.ask(f"library/{site.take(data=data)}?thumbnail").status == 200


def test_a_picture_of_196_megapixels_has_a_thumbnail(site):
    """Pillow takes it for an attack ("decompression bomb"); an eighth of it takes 3 MB."""
    file = io.BytesIO()
    Image.new("L", (14_000, 14_000), 90).save(file, "JPEG", quality=30)
    answer = site.ask(f"library/{site.take(data=file.getvalue())}?thumbnail")
    assert answer.status == 200
    with Image.open(io.BytesIO(bytes(answer.body))) as image:
        assert image.size == (320, 320)


def test_a_picture_takes_half_of_the_memory_that_is_left_at_most(site, monkeypatch, tmp_path):
    """On a Pi Zero the server, or the film, would be ended for it. A JPEG is decoded at less."""
    monkeypatch.setattr(upright, "_MEMINFO", tmp_path / "meminfo")
    jpeg, png = (site.take(data=saved(form)) for form in ("JPEG", "PNG"))
    shown = {}
    for free_kib in (10_000, 20_000):
        (tmp_path / "meminfo").write_text(f"MemTotal: 430000 kB\nMemAvailable: {free_kib} kB\n")
        shown[free_kib] = [site.ask(f"library/{id_}?thumbnail").status for id_ in (jpeg, png)]
        site.json(f"api/library/items/{png}")
    assert shown == {10_000: [200, 404], 20_000: [200, 200]}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_thumbnail_is_upright_however_the_camera_was_held(site, orientation):
    answer = site.ask(f"library/{site.take(data=held(orientation))}?thumbnail")
    with Image.open(io.BytesIO(bytes(answer.body))) as image:
        assert image.size == (320, 180)
        assert quadrants(image) == QUADRANTS
        assert image.getexif().get(0x0112, 1) == 1


def test_a_thumbnail_of_16_bits_of_grey_is_no_white_page(site):
    """Dark, middle and bright, as Pillow reads them: 0 to 65535."""
    row = b"".join(level.to_bytes(2, "little") * 400 for level in (0, 0x4000, 0x8000, 0xC000))
    file = io.BytesIO()
    Image.frombytes("I;16", (1600, 1200), row * 1200).save(file, "PNG")
    (site.library.root / "2026-11-20").mkdir(parents=True)
    (site.library.root / "2026-11-20/grey.png").write_bytes(file.getvalue())
    with Image.open(io.BytesIO(bytes(site.ask("library/2026-11-20/grey.png?thumbnail").body))) as image:
        levels = [image.convert("L").getpixel((80 * column + 40, 120)) for column in range(4)]
    assert levels == [0, 64, 128, 192]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda small: small[: len(small) // 2] + bytes(len(small) - len(small) // 2), id="zeros"),
        pytest.param(lambda small: small[: len(small) // 2], id="cut"),
    ],
)
def test_a_damaged_thumbnail_in_the_exif_is_not_used(site, damage):
    answer = site.ask(f"library/{site.take(data=with_thumbnail(damage(jpeg_of_noise())))}?thumbnail")
    with Image.open(io.BytesIO(bytes(answer.body))) as image:
        assert image.size == (320, 240)
        pixel = image.getpixel((160, 230))
        assert isinstance(pixel, tuple)
        assert like_red(pixel)


def like_red(pixel: tuple[int, ...]) -> bool:
    return pixel[0] > 240 and max(pixel[1:]) < 15


def jpeg_of_noise() -> bytes:
    small = io.BytesIO()
    Image.effect_noise((160, 120), 90).save(small, "JPEG")
    return small.getvalue()


def test_the_thumbnail_in_the_exif_is_used(site):
    """Without what some cameras fill it up with."""
    data = jpeg_of_noise()
    for filled in (data, data + bytes(500)):
        assert site.ask(f"library/{site.take(data=with_thumbnail(filled))}?thumbnail").body == data


def with_thumbnail(data: bytes) -> bytes:
    """A red JPEG with that in its EXIF."""
    whole = io.BytesIO()
    # One IFD without entries, and one with the thumbnail's offset and length (TIFF 6.0, EXIF 2.32 4.5.5).
    ifd1 = b"".join(
        tag.to_bytes(2, "little") + b"\4\0" + b"\1\0\0\0" + value.to_bytes(4, "little")
        for tag, value in ((0x0201, 8 + 6 + 2 + 24 + 4), (0x0202, len(data)))
    )
    exif = b"Exif\0\0II*\0\x08\0\0\0" + b"\0\0\x0e\0\0\0" + b"\2\0" + ifd1 + b"\0\0\0\0" + data
    Image.new("RGB", (1600, 1200), "red").save(whole, "JPEG", exif=exif)
    return whole.getvalue()


@given(st.binary(max_size=200), st.sampled_from([b"II*\0", b"MM\0*", b""]))
def test_an_exif_that_lies_gives_no_thumbnail(data, order):
    exif = b"Exif\0\0" + order + data
    found = find_thumbnail(exif)
    assert found is None or (6 <= found.start < found.end <= len(exif) and found.link + 4 <= len(exif))


def test_deleted_and_brought_back(site):
    ids = [site.take(time_s=NOON_S + second) for second in range(3)]
    gone = site.json("api/library/delete", "POST", {"items": [*ids[:2], "2026-11-20/none.jpg"]})
    assert (gone["done"], gone["total"], gone["ended"]) == (3, 3, True)
    assert [one["id"] for one in gone["failed"]] == ["2026-11-20/none.jpg"]
    assert [item["id"] for item in site.json("api/library")["items"]] == [ids[2]]
    assert {one["id"] for one in site.json("api/library/trash")["items"]} == set(ids[:2])
    back = site.json("api/library/restore", "POST", {"deleted": gone["deleted"]})
    assert back["failed"] == []
    assert len(site.json("api/library")["items"]) == 3
    assert site.json(f"api/library/jobs/{back['job']}") == back


def test_emptying_the_trash_is_for_good(site):
    gone = site.json("api/library/delete", "POST", {"items": [site.take()]})
    assert site.ask("api/library/trash", "DELETE").status == 204
    assert site.json("api/library/trash") == {"items": []}
    again = site.ask("api/library/restore", "POST", {"deleted": gone["deleted"]})
    assert again.status == 404 and b"api/library/trash" in again.body


def test_only_what_was_deleted_is_brought_back(site):
    gone = site.json("api/library/delete", "POST", {"items": [site.take()]})
    again = site.json("api/library/restore", "POST", {"deleted": gone["deleted"], "items": ["2026-11-20/x.jpg"]})
    assert again["failed"][0]["error"] == "2026-11-20/x.jpg is not in the trash"
    for never in ("20010101T000000.000Z", "nonsense", ""):
        assert site.ask("api/library/restore", "POST", {"deleted": never}).status == 404
    assert len(site.json("api/library/trash")["items"]) == 1


def test_a_favourite_with_a_title(site):
    id_ = site.take()
    item = site.json(f"api/library/items/{id_}", "PATCH", {"favourite": True, "title": " Fox  "})
    assert (item["favourite"], item["title"]) == (True, "Fox")
    assert [one["id"] for one in site.json("api/library?favourites=1")["items"]] == [item["id"]]
    assert site.ask(f"api/library/items/{id_}").status == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"favourite": 1}, "favourite"), ({"title": "a/b"}, "title"), ({"title": 1}, "title"), ({"kind": "raw"}, "kind")],
)
def test_a_change_that_cannot_be_is_refused(site, changes, field):
    answer = site.ask(f"api/library/items/{site.take()}", "PATCH", changes)
    assert (answer.status, json.loads(bytes(answer.body))["field"]) == (422, field)


@pytest.mark.parametrize("items", [None, [], "x", [1]])
def test_a_list_that_is_none_is_refused(site, items):
    for path in ("api/library/delete", "api/library/zip"):
        assert site.ask(path, "POST", {"items": items}).status == 422


def test_choices_that_nobody_fetches_keep_little_memory(site, monkeypatch):
    """Whoever is signed in may choose: neither names of nothing nor thousands of items fill the memory."""
    ids = [site.take(time_s=NOON_S + second) for second in range(3)]
    nothing = site.json("api/library/zip", "POST", {"items": [str(number) for number in range(110_000)]})
    assert nothing["files"] == 0
    monkeypatch.setattr(selection, "MAX_ZIP_IDS", 5)
    zips = [site.json("api/library/zip", "POST", {"items": ids})["zip"] for _ in range(3)]
    assert [site.ask(zip_).status for zip_ in zips] == [404, 404, 200]


def test_a_zip_holds_what_was_chosen_and_announces_its_size(site):
    ids = [site.take(time_s=NOON_S + second, data=bytes(1000 * second + 1)) for second in range(3)]
    chosen = site.json("api/library/zip", "POST", {"items": ids[:2]})
    answer = site.ask(chosen["zip"])
    assert answer.stream is not None
    archive = b"".join(bytes(piece) for pieces in answer.stream for piece in pieces)
    assert answer.headers["Content-Length"] == str(len(archive)) == str(chosen["bytes"])
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        assert read.read(ids[1]) == bytes(1001)
        assert len(read.namelist()) == chosen["files"] == 4


def test_a_file_that_cannot_be_read_costs_the_zip_no_other(site, monkeypatch):
    """As one that root has copied in, for nobody else: the download was broken off there."""
    ids = [site.take(time_s=NOON_S + second) for second in range(2)]
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: access(path, mode) and not str(path).endswith(ids[0]))
    chosen = site.json("api/library/zip", "POST", {"items": ids})
    assert chosen["left_out"] == [ids[0]]
    answer = site.ask(chosen["zip"])
    assert answer.stream is not None
    archive = b"".join(bytes(piece) for pieces in answer.stream for piece in pieces)
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        assert sorted(read.namelist()) == sorted([ids[1], *(f"{id_[:-3]}json" for id_ in ids)])


def test_the_calendar_counts_by_day(site):
    for second in range(3):
        site.take(time_s=NOON_S + second)
    assert site.json("api/library/calendar?year=2026") == {"year": 2026, "days": {"2026-11-20": 3}}
    assert site.ask("api/library/calendar?year=x").status == 400


def test_the_calendar_counts_what_the_filters_leave(site):
    site.take("motion")
    site.take("motion", NOON_S + 86_400)
    site.take("photo", NOON_S + 1)
    counts = site.json("api/library/calendar?year=2026&kind=motion")["days"]
    assert counts == {"2026-11-20": 1, "2026-11-21": 1}
    assert site.json("api/library/calendar?year=2026&kind=photo&camera=imx708")["days"] == {"2026-11-20": 1}
    assert site.json("api/library/calendar?year=2026&camera=imx219")["days"] == {}
    assert site.json("api/library?kind=motion&day=2026-11-21")["items"][0]["day"] == "2026-11-21"
    assert site.ask("api/library/calendar?year=2026&kind=film").status == 400


MOTION = {
    "start": "2026-11-20T12:00:05.000Z", "end": "2026-11-20T12:00:12.500Z", "peak": "2026-11-20T12:00:07.000Z",
    "peak_blocks": 23, "columns": 40, "rows": 23, "blocks": [[1, 2]], "trigger": "motion",
}  # fmt: skip
FACTS = {name: value for name, value in MOTION.items() if name != "blocks"}


def test_a_page_has_the_events_of_motion_recordings_on_request(site):
    site.take("photo", NOON_S + 1)
    site.take("motion", motion=MOTION)
    photo, motion = site.json("api/library?events=1")["items"]
    assert (photo["event"], motion["event"]) == (None, FACTS)
    assert "event" not in site.json("api/library")["items"][0]
    assert site.ask("api/library?events=yes").status == 400


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param(MOTION | {"end": None, "peak": 7}, FACTS | {"end": None, "peak": None}, id="end and peak"),
        pytest.param(MOTION | {"start": "noon"}, None, id="no start"),
        pytest.param(MOTION | {"start": "9999-99-99T00:00:00.000Z"}, None, id="no date"),
        pytest.param(MOTION | {"trigger": ["x"]}, FACTS | {"trigger": ""}, id="trigger"),
        pytest.param(MOTION | {"peak_blocks": -1}, FACTS | {"peak_blocks": None}, id="negative blocks"),
        pytest.param(MOTION | {"peak_blocks": True}, FACTS | {"peak_blocks": None}, id="no number"),
        pytest.param(MOTION | {"columns": 1 << 40}, FACTS | {"columns": None}, id="too many columns"),
        pytest.param([], None, id="no object"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_a_sidecar_that_somebody_has_edited_costs_no_page(site, written, shown):
    site.take("motion", motion=written)
    assert site.json("api/library?events=1")["items"][0]["event"] == shown


def test_a_motion_recording_without_its_sidecar_has_no_event(site):
    id_ = site.take("motion", motion=MOTION)
    (site.library.root / id_).with_suffix(".json").unlink()
    assert site.json("api/library?events=1")["items"][0]["event"] is None


def test_a_page_names_the_camera_s_time_zone_also_without_items(site, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    assert site.json("api/library")["zone"] == "Europe/Berlin"


def test_names_that_no_address_can_hold(site):
    site.take()
    (site.library.root / "2026-11-20" / "a\nb\\c.jpg").write_bytes(picture())
    odd = [item for item in site.json("api/library")["items"] if item["title"] == "a\nb\\c"]
    assert site.ask(f"library/{odd[0]['id']}").status == 200
    assert "\n" not in site.ask(f"library/{odd[0]['id']}?download").headers["Content-Disposition"]
