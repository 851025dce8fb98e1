"""OctoPrint and Moonraker, which Mainsail and Fluidd are the pages of, take pictures as the documentation says."""

import re

import pytest
import yaml  # type: ignore[import-untyped]
from guests import Api, environ, python_of
from people import program, register
from pictures import picture
from ports import kept_port
from programs import COLOURS, FRAME_SIZE, filming, running
from serving import ROOT, Site

DOCUMENT = (ROOT / "docs/integrate/printers.md").read_text()
KEY = "0123456789ABCDEF0123456789ABCDEF"
# They ask the world.
OUTSIDE = ["announcements", "discovery", "errortracking", "health_check", "pluginmanager", "softwareupdate", "tracking"]


@pytest.fixture
def site(tmp_path):
    """A server with frames, without a daemon."""
    folder = tmp_path / "camera"
    folder.mkdir()
    with Site(folder) as site, filming(site):
        yield site


def here(text: str, site: Site, token: str = "") -> str:
    """An example, for this server."""
    return text.replace("camera.local:8080", f"127.0.0.1:{site.port}").replace("TOKEN", token)


def url(site: Site, path: str) -> str:
    return f"http://127.0.0.1:{site.port}/{path}"


def test_octoprint_takes_a_timelapse(site, tmp_path):
    """Its virtual printer prints meanwhile; its pictures are ours, and make a film."""
    token = program(register(site), "view").headers["Authorization"].removeprefix("Bearer ")
    stream, snapshot = re.findall(r"`(http://\S+)`", here(DOCUMENT, site, token))[:2]
    folder = tmp_path / "octoprint"
    folder.mkdir()
    with kept_port() as port:
        settings = {
            "server": {"firstRun": False, "host": "127.0.0.1", "port": port, "onlineCheck": {"enabled": False}},
            "webcam": {"ffmpeg": "ffmpeg"},
            "plugins": {"_disabled": OUTSIDE, "virtual_printer": {"enabled": True}},
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(settings))
        ann = {"active": True, "apikey": KEY, "groups": ["admins", "users"], "password": "none"}
        (folder / "users.yaml").write_text(yaml.safe_dump({"ann": ann | {"permissions": [], "settings": {}}}))
        (folder / "uploads").mkdir()
        (folder / "uploads/part.gcode").write_text("G28\nG4 S4\nM84\n")  # goes home, waits for 4 s
        argv = [python_of("octoprint"), "-m", "octoprint", "serve", "--iknowwhatimdoing", "--basedir", folder]
        with running(argv, tmp_path / "log", environ(folder)) as octoprint:
            api = Api(f"http://127.0.0.1:{port}", X_Api_Key=KEY)
            octoprint.until(lambda: api.answers("/api/version"))
            api.call("/api/settings", {"plugins": {"classicwebcam": {"stream": stream, "snapshot": snapshot}}})
            api.call("/api/timelapse", {"type": "timed", "interval": 1, "renderAfterPrint": "never"})
            api.call("/api/connection", {"command": "connect", "port": "VIRTUAL"})
            octoprint.until(lambda: api.call("/api/connection")["current"]["state"] == "Operational")
            api.call("/api/files/local/part.gcode", {"command": "select", "print": True})
            octoprint.until(lambda: "Print job done" in octoprint.said())
            taken = {path.read_bytes() for path in folder.glob("timelapse/tmp/*.jpg")}
            (pictures,) = octoprint.until(lambda: api.call("/api/timelapse?unrendered=true")["unrendered"])
            api.call(f"/api/timelapse/unrendered/{pictures['name']}", {"command": "render"})
            (film,) = octoprint.until(lambda: api.call("/api/timelapse")["files"])
    assert taken & {picture(FRAME_SIZE, colour) for colour in COLOURS}
    assert film["bytes"] > 1000


def test_moonraker_reaches_the_snapshot(site, tmp_path):
    """As its pages ask it to test a camera; they show the stream in a browser, and that is tested elsewhere."""
    (example,) = re.findall(r"^```ini\n(.*?)^```", here(DOCUMENT, site), re.MULTILINE | re.DOTALL)
    with kept_port() as port:
        conf = f"[server]\nhost: 127.0.0.1\nport: {port}\nklippy_uds_address: {tmp_path}/klippy\n"
        conf += "[machine]\nprovider: none\n[authorization]\ntrusted_clients: 127.0.0.1\n"
        (tmp_path / "moonraker.conf").write_text(conf + example)
        argv = [python_of("moonraker"), "-m", "moonraker", "-n", "-d", tmp_path, "-c", tmp_path / "moonraker.conf"]
        with running([*argv, "-u", tmp_path / "socket"], tmp_path / "log", environ(tmp_path)) as moonraker:
            api = Api(f"http://127.0.0.1:{port}")
            moonraker.until(lambda: api.answers("/server/info"))
            assert api.call("/server/info")["result"]["failed_components"] == []
            told = api.call("/server/webcams/test", {"name": "garden"})["result"]
    assert told["snapshot_reachable"]
    assert (told["snapshot_url"], told["stream_url"]) == tuple(url(site, path) for path in ("snapshot", "stream"))
