"""A disk that hangs for a while: viewers notice nothing, and changes apply afterwards."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from capture_daemon import DEADLINE_S, BackgroundRequest, read_sidecar
from people import Client, program, register
from pictures import picture
from serving import ROOT, Site
from videos import recording

from stillcam.accounts import Accounts
from stillcam.settings.file import load

KEPT = ("settings.json", "settings.last-good.json", "accounts.db", "setup-code", "webhook-key", "/library")
WATCHED = ("/images/current.jpg", "/snapshot", "/api/status", "/api/session")


class Disk:
    """The server's disk: inside `with disk(part, …):` it hangs for each path that contains one of the parts."""

    def __init__(self, switch: Path) -> None:
        self._switch = switch
        self._parts: tuple[str, ...] = ()

    def __call__(self, *parts: str) -> Self:
        self._parts = parts
        return self

    def __enter__(self) -> None:
        self._switch.with_name("new").write_text("\n".join(self._parts))
        self._switch.with_name("new").rename(self._switch)

    def __exit__(self, *_: object) -> None:
        self._switch.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "hangs")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server whose disk may hang; it has shown a frame."""
    site = Site(tmp_path)
    path = f"{ROOT / 'tests/faults/hung_disk'}:{ROOT / 'python'}"
    site.start(PYTHONPATH=path, HUNG_DISK=str(tmp_path / "hangs"))
    site.publish(picture())
    yield site
    site.end()


def test_a_card_that_hangs_during_a_video_costs_neither_pictures_nor_frames(idle_daemon, disk, tmp_path):
    """The frames wait in memory for the disk, and the camera and viewers for neither."""
    path = f"{ROOT / 'tests/faults/hung_disk'}:{ROOT / 'python'}"
    idle_daemon.settings(snapshot={"interval_s": 0.2, "width": 320}, files={"video": "mjpeg"})
    idle_daemon.open(PYTHONPATH=path, HUNG_DISK=str(tmp_path / "hangs"))
    idle_daemon.ask("video")
    recording(idle_daemon)
    sizes: list[int] = []

    def waits(status: dict[str, Any]) -> bool:
        sizes.append(status["recording"]["bytes"])
        return len(sizes) > 20 and len(set(sizes[-20:])) == 1

    with disk("/library"):
        idle_daemon.until(waits)
        status = idle_daemon.frames(5)
        assert (status["mode"], status["recording"]["bytes"], status["recording"]["dropped"]) == ("video", sizes[-1], 0)
    idle_daemon.until(lambda status: status["recording"]["bytes"] > sizes[-1])
    (item,) = idle_daemon.ask("stop")["items"]
    assert "notices" not in read_sidecar(idle_daemon.library / item)


def test_a_card_that_hangs_while_a_raw_photo_is_stored_costs_nothing(idle_daemon, disk, tmp_path):
    """The background worker stores it; a daemon that is stopped meanwhile waits for it."""
    path = f"{ROOT / 'tests/faults/hung_disk'}:{ROOT / 'python'}"
    idle_daemon.settings(snapshot={"interval_s": 0.2, "width": 320})
    idle_daemon.open(PYTHONPATH=path, HUNG_DISK=str(tmp_path / "hangs"))
    for stop in (False, True):
        with disk(f"_{idle_daemon.cameras}.json.new"):  # the sidecar, after DNG and JPEG
            asking = BackgroundRequest(idle_daemon, "photo", kind="raw")
            idle_daemon.until(lambda _: len(idle_daemon.drafts()) == 2)
            assert idle_daemon.frames(3)["mode"] == "snapshot"
            assert asking.is_alive()
            before = idle_daemon.visible()
            if stop:
                idle_daemon.process.terminate()
                time.sleep(3.0)  # longer than other work in the background has
        if not stop:
            assert len(asking.wait()["items"]) == 1
    assert idle_daemon.process.wait(DEADLINE_S) == 0
    assert [Path(name).suffix for name in idle_daemon.visible()] == [".dng", ".jpg", ".json"] * 2
    assert (before, idle_daemon.drafts()) == (idle_daemon.visible()[:3], [])


def watched(client: Client) -> str:
    """Ask all that a viewer asks; return the Cache-Control of the picture, which shows who may watch."""
    for path in WATCHED:
        assert client.ask(path)[0].status == 200, path
    assert client.ask("/healthz")[0].status in (200, 503)  # it answers; on a busy machine the frame may be old by now
    return str(client.ask("/images/current.jpg")[0].headers["Cache-Control"])


def publish(client: Client) -> None:
    """Publish a frame, and wait until a viewer gets it."""
    still = client.site.images / ".still_1.jpg"
    still.write_bytes(picture())
    tag = f'"{client.site.publisher.publish(still, time.time())}"'
    client.site.until(lambda: client.ask("/images/current.jpg")[0].headers["ETag"] == tag)


def test_no_viewer_waits_for_a_disk_that_hangs(site, disk):
    """Settings and accounts change meanwhile; the old ones apply until the disk answers again."""
    owner = register(site)
    viewer = program(owner, "view")
    accounts = Accounts(site.data)
    with site.connect() as stream:
        token = viewer.headers["Authorization"]
        stream.sendall(f"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {token}\r\n\r\n".encode())
        shown = stream.recv(65536)
        with disk(*KEPT):
            for number, watch in enumerate(("anyone", "signed-in", "anyone")):
                site.write_settings({"access": {"watch": watch}})
                accounts.tokens.add(f"program {number}", "view")
                time.sleep(1.1)  # what was looked at within the last second may count without a further look
                assert watched(owner).startswith("private")
                assert watched(viewer).startswith("private")
            publish(viewer)
            while b"X-Frame-Sequence: 2" not in shown:
                shown += stream.recv(65536)
    site.until(lambda: watched(owner) == "no-cache")


def test_who_changes_a_setting_sees_that_at_once_while_the_copy_is_still_being_written(site, disk):
    """No request waits for the copy of the last good settings."""
    owner = register(site)
    with disk("settings.last-good.json"):
        for quality, watch in ((50, "anyone"), (51, "signed-in"), (52, "anyone")):
            patch = {"snapshot": {"quality": quality}, "access": {"watch": watch}}
            status, document = owner.call("/api/settings", "PATCH", patch)
            assert (status, document["settings"]["snapshot"]["quality"]) == (200, quality)
            assert owner.call("/api/settings")[1]["settings"]["snapshot"]["quality"] == quality
            assert (watched(owner) == "no-cache") == (watch == "anyone")
    site.until(lambda: load(site.data / "settings.last-good.json").snapshot.quality == 52)
