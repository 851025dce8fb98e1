"""What the API says is in force can be seen in the picture: on the real server, daemon and simulated camera."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from people import Client, program, register
from PIL import Image, ImageStat
from serving import Site

from stillcam.settings.file import load


@pytest.fixture
def running(daemon, tmp_path):
    """A server with an owner, and its daemon, which has made a picture."""
    daemon.start()
    with Site(tmp_path, {"snapshot": {"interval_s": 0.2, "width": 320}}) as site:
        site.until(lambda: site.ask("/images/current.jpg")[0].status == 200)
        yield site
    if daemon.process.poll() is None:
        daemon.end()


@pytest.fixture
def owner(running):
    return register(running)


@pytest.fixture
def client(owner):
    return program(owner, "control")


def picture(client: Client) -> Image.Image:
    response, body = client.ask("/images/current.jpg")
    assert response.status == 200
    return Image.open(io.BytesIO(body))


def brightness(client: Client) -> float:
    return ImageStat.Stat(picture(client).convert("L")).mean[0]


def frame_of(client: Client) -> str:
    return client.ask("/images/current.jpg")[0].headers["ETag"]


def change(client: Client, patch: object) -> None:
    status, document = client.call("/api/settings", "PATCH", patch)
    assert status == 200, document


def test_a_change_is_in_the_picture(client):
    """The daemon has made it when the answer comes; the server sees it at once, in its own thread."""
    dark = brightness(client)
    change(client, {"controls": {"Brightness": 0.4}})
    client.site.until(lambda: brightness(client) > dark + 20)
    change(client, {"controls": {"Brightness": None}, "camera": {"rotation": 90}})
    client.site.until(lambda: picture(client).height > picture(client).width and brightness(client) < dark + 10)


def test_everything_is_as_it_was_after_a_restart_of_all(owner, daemon):
    """Settings, and who is signed in."""
    patch = {"snapshot": {"quality": 60}, "controls": {"Brightness": 0.4}, "camera": {"index": 1, "vflip": True}}
    patch |= {"page": {"histogram": True}, "live": {"controls": {"Contrast": 2.0}}}
    change(program(owner, "control"), patch)
    before = owner.call("/api/settings")
    assert daemon.end() == 0
    assert owner.site.end() == 0
    daemon.start()
    daemon.frames()
    owner.site.start()
    assert owner.call("/api/settings") == before
    assert owner.call("/api/cameras")[1]["active"] == 1


def test_a_camera_that_is_not_there_is_refused_and_the_old_one_goes_on(client):
    before = client.call("/api/settings")
    status, document = client.call("/api/settings", "PATCH", {"camera": {"index": 7}, "page": {"histogram": True}})
    assert (status, document["field"]) == (422, "camera.index")
    assert "there is no camera 7" in document["error"]
    assert client.call("/api/settings") == before
    shown = frame_of(client)
    client.site.until(lambda: frame_of(client) != shown)


def test_a_control_that_the_camera_lacks_is_refused(client):
    change(client, {"camera": {"index": 1}})  # an imx219, without autofocus
    status, document = client.call("/api/settings", "PATCH", {"controls": {"AfMode": "Auto"}})
    assert (status, document["field"]) == (422, "controls.AfMode")
    assert client.call("/api/focus", "POST")[0] == 409
    rows = {row["name"]: row for row in client.call("/api/controls")[1]["controls"]}
    assert not rows["AfMode"]["available"]
    assert rows["AnalogueGain"]["available"]


def test_two_people_at_once(owner):
    """Each changes what they want; a change on top of one that its sender has not seen is refused."""
    other = program(owner, "control")
    tag = owner.ask("/api/settings")[0].headers["ETag"]
    start = threading.Barrier(2)

    def change_quality(who: Client, quality: int) -> int:
        start.wait(60)
        return who.call("/api/settings", "PATCH", {"snapshot": {"quality": quality}}, If_Match=tag)[0]

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(change_quality, (owner, other), (61, 62)))
    assert sorted(statuses) == [200, 409]
    kept = 61 if statuses[0] == 200 else 62
    assert load(owner.site.data / "settings.json").snapshot.quality == kept
    _, newer = other.call("/api/settings", "PATCH", {"snapshot": {"quality": 63}}, If_Match=tag)
    assert newer["settings"]["snapshot"]["quality"] == kept


def test_a_restored_configuration_is_in_the_picture(owner):
    dark = brightness(owner)
    assert owner.call("/api/backups", "POST", {"name": "dark"})[0] == 201
    change(program(owner, "control"), {"controls": {"Brightness": 0.4}})
    owner.site.until(lambda: brightness(owner) > dark + 20)
    assert owner.call("/api/backups/dark", "POST")[0] == 200
    owner.site.until(lambda: brightness(owner) < dark + 10)


def test_settings_outlive_a_daemon_that_is_away(client, daemon):
    daemon.end()
    status, document = client.call("/api/settings", "PATCH", {"controls": {"Brightness": 0.4}})
    assert status == 200
    assert "does not answer" in document["notice"]
    daemon.start()
    daemon.frames()
    assert client.call("/api/settings")[1]["settings"]["controls"] == {"Brightness": 0.4}
