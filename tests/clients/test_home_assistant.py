"""Home Assistant takes the camera as docs/integrate/home-assistant.md says, by the forms that it shows to people."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml  # type: ignore[import-untyped]
from guests import Api, environ, python_of
from people import Client, program, register
from PIL import Image
from ports import kept_port
from programs import COLOURS, FRAME_SIZE, Running, filming, running
from serving import DEADLINE_S, ROOT, Site

DOCUMENT = (ROOT / "docs/integrate/home-assistant.md").read_text()
HOOK = "/api/webhook/stillcam-garden"
SEEN = {"entity_id": "input_text.seen"}


def examples() -> dict[str, Any]:
    """What the document has for `configuration.yaml`."""
    parts = [yaml.safe_load(part) for part in re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)]
    automations = [automation for part in parts for automation in part.get("automation", ())]
    return {name: section for part in parts for name, section in part.items()} | {"automation": automations}


class Home:
    """Home Assistant, and its owner."""

    def __init__(self, url: str, program: Running) -> None:
        self.until = program.until
        person = {
            "client_id": f"{url}/",
            "name": "Ann",
            "username": "ann",
            "password": "correct horse",
            "language": "en",
        }
        code = Api(url).call("/api/onboarding/users", person)["auth_code"]
        form = urlencode({"grant_type": "authorization_code", "client_id": f"{url}/", "code": code}).encode()
        with urlopen(f"{url}/auth/token", form, timeout=DEADLINE_S) as answer:
            token = json.load(answer)["access_token"]
        self.api = Api(url, Authorization=f"Bearer {token}")

    def add(self, integration: str, **fields: Any) -> dict[str, Any]:
        """Fill in the integration's form, which comes partly filled in; what it says then."""
        form = self.api.call("/api/config/config_entries/flow", {"handler": integration})
        return self.go_on(form, filled(form["data_schema"]) | fields)

    def go_on(self, form: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
        """Send the next form."""
        said: dict[str, Any] = self.api.call(f"/api/config/config_entries/flow/{form['flow_id']}", fields)
        return said

    def state(self, entity: str) -> str | None:
        """None as long as it does not know this entity."""
        told = self.api.call(f"/api/states/{entity}")
        return told and str(told["state"])


def filled(schema: list[dict[str, Any]]) -> dict[str, Any]:
    """What a form says before anybody has filled it in; newer versions have sections with forms of their own in it."""
    values = {field["name"]: filled(field["schema"]) if "schema" in field else suggested(field) for field in schema}
    return {name: value for name, value in values.items() if value not in ("", None)}


def suggested(field: dict[str, Any]) -> Any:
    return field.get("default", field.get("description", {}).get("suggested_value"))


def size(data: bytes) -> tuple[int, int]:
    """That of a picture, which must be a whole one."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.size


@contextmanager
def at_home(site: Site, tokens: dict[str, str], folder: Path, port: int) -> Iterator[Home]:
    """Home Assistant with the examples of the document until the end of `with`; `tokens` by their names in it."""
    text = yaml.safe_dump(examples()).replace("camera.local:8080", f"127.0.0.1:{site.port}")
    for name, token in tokens.items():
        text = text.replace(f"Bearer {name}", f"Bearer {token}")
    configuration = yaml.safe_load(text)
    configuration["rest"][0]["scan_interval"] = 1
    # The example tells people; we ask for a state.
    told = {"service": "input_text.set_value", "target": SEEN, "data": {"value": "no picture"}}
    configuration["automation"][0]["action"].append(told)
    configuration |= {
        "input_text": {"seen": None},
        "http": {"server_host": "127.0.0.1", "server_port": port},
        "homeassistant": {"name": "Home", "time_zone": "UTC"},
        "config": {},
        "webhook": {},
    }
    (folder / "configuration.yaml").write_text(yaml.safe_dump(configuration))
    argv: list[str | Path] = [python_of("homeassistant"), "-m", "homeassistant", "--config", folder, "--skip-pip"]
    with running(argv, folder / "log", environ(folder)) as program:
        program.until(lambda: Api(f"http://127.0.0.1:{port}").answers("/api/onboarding"))
        yield Home(f"http://127.0.0.1:{port}", program)


def camera(folder: Path, port: int) -> Site:
    """A server that tells Home Assistant at `port` what happens."""
    return Site(folder, {"webhooks": {"urls": [f"http://127.0.0.1:{port}{HOOK}"]}})


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A camera that asks who one is, its token, Home Assistant, and what ends the film."""
    folder, home_folder = tmp_path_factory.mktemp("camera"), tmp_path_factory.mktemp("home")
    with kept_port() as port, camera(folder, port) as site, ExitStack() as film:
        film.enter_context(filming(site))
        owner = register(site)
        tokens = {name: token(owner, scope) for name, scope in (("TOKEN", "view"), ("CONTROL_TOKEN", "control"))}
        with at_home(site, tokens, home_folder, port) as home:
            yield site, tokens["TOKEN"], home, film


def token(owner: Client, scope: str) -> str:
    """A new one."""
    return program(owner, scope).headers["Authorization"].removeprefix("Bearer ")


def test_mjpeg_ip_camera(there):
    site, token, home, _ = there
    url = f"http://127.0.0.1:{site.port}"
    address = {"mjpeg_url": f"{url}/stream", "still_image_url": f"{url}/snapshot"}
    assert home.add("mjpeg", name="Garden", **address, username="any", password="wrong")["errors"]
    made = home.add("mjpeg", name="Garden", **address, username="any", password=token)
    assert (made["type"], made["title"]) == ("create_entry", "Garden")
    home.until(lambda: home.state("camera.garden"))
    assert size(home.api.get("/api/camera_proxy/camera.garden")) == FRAME_SIZE
    with home.api.open("/api/camera_proxy_stream/camera.garden") as stream:
        pictures = stream.read(20_000).split(b"\xff\xd8\xff")
    assert len(set(pictures)) > len(COLOURS)


def test_generic_camera(there):
    site, token, home, _ = there
    url = f"http://127.0.0.1:{site.port}/snapshot"
    made = home.go_on(home.add("generic", still_image_url=url, username="any", password=token), {"confirmed_ok": True})
    assert made["type"] == "create_entry", made
    home.until(lambda: home.state("camera.127_0_0_1"))
    assert size(home.api.get("/api/camera_proxy/camera.127_0_0_1")) == FRAME_SIZE


def test_the_camera_is_armed_while_nobody_is_home(there):
    site, _, home, _ = there
    settings = site.data / "settings.json"
    for persons, armed in (("1", False), ("0", True), ("2", False)):
        home.api.call("/api/states/zone.home", {"state": persons})
        home.until(lambda armed=armed: json.loads(settings.read_text()).get("motion", {}).get("armed", False) == armed)


def test_states_and_an_automation(there):
    """The sensor sees that there are no more pictures; the webhook starts the automation. Last, as it ends the film."""
    _, _, home, film = there
    home.until(lambda: home.state("binary_sensor.garden_camera") == "on")
    home.until(lambda: home.state("sensor.garden_camera_viewers") == "0")  # the one before has left
    assert home.state("sensor.garden_camera_mode") == "not running"
    film.close()
    home.until(lambda: home.state("binary_sensor.garden_camera") == "off")
    home.until(lambda: home.state(SEEN["entity_id"]) == "no picture")
