"""`api/profiles` on the real server, daemon and simulated camera: what is chosen is in force, for all who ask."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from capture_daemon import CaptureDaemon
from people import Client, program, register
from serving import Site

PLAIN = {"snapshot": {"interval_s": 0.2, "width": 320}}
MANUAL = {"AeEnable": False, "ExposureTime": 5000, "AnalogueGain": 2}
NIGHT = {"name": "Night", "when": {"type": "manual"},
         "changes": {"controls": MANUAL, "snapshot": {"interval_s": 0.3}, "motion": {"sensitivity": 3}}}  # fmt: skip
AWAY = {"name": "Away", "when": {"type": "times", "from": "22:00", "to": "22:01", "weekdays": []},
        "changes": {"motion": {"armed": True}}}  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server and its daemon, which has made a picture."""
    folder = tmp_path_factory.mktemp("profiles")
    daemon = CaptureDaemon(folder)
    daemon.fault()
    daemon.start()
    with Site(folder, PLAIN) as site:
        site.until(lambda: site.ask("/images/current.jpg")[0].status == 200)
        yield site
    daemon.end()


@pytest.fixture(scope="module")
def owner(running: Site) -> Client:
    return register(running)


@pytest.fixture(scope="module")
def control(owner: Client) -> Client:
    return program(owner, "control")


@pytest.fixture
def client(control: Client) -> Iterator[Client]:
    """A program that may control the camera, which has no profiles and the plain settings."""
    yield control
    control.call("/api/profiles/active", "DELETE")
    assert control.call("/api/profiles", "PUT", {"profiles": []})[0] == 200
    control.call("/api/settings", "PATCH", {**dict.fromkeys(("controls", "motion")), **PLAIN})


def put(client: Client, *profiles: dict[str, Any], **headers: str) -> tuple[int, Any]:
    return client.call("/api/profiles", "PUT", {"profiles": profiles}, **headers)


def use(client: Client, name: str | None, **more: Any) -> tuple[int, Any]:
    return client.call("/api/profiles/active", "POST", {"name": name, **more})


def settings(client: Client) -> Any:
    return client.call("/api/settings")[1]


def stored(client: Client, name: str = "settings.json") -> Any:
    return json.loads((client.site.data / name).read_text())


def test_without_profiles_there_is_nothing(client):
    status, document = client.call("/api/profiles")
    assert (status, document["profiles"], document["state"], document["error"]) == (200, [], None, None)
    assert "access" not in document["sections"]
    status, answer = use(client, "Night")
    assert (status, answer["error"]) == (503, "there are no profiles: add one first")


def test_a_profile_that_is_chosen_is_in_the_settings_the_status_and_the_picture(client):
    status, document = put(client, NIGHT, AWAY)
    assert (status, document["profiles"], document["notice"]) == (200, [NIGHT, AWAY], None)
    status, answer = use(client, "Night", until="tomorrow")
    assert (status, answer["state"]["active"], answer["state"]["by"]) == (200, "Night", "hand")
    assert answer["state"]["until"]
    now = settings(client)
    assert now["settings"]["controls"] == MANUAL
    assert now["settings"]["snapshot"]["interval_s"] == 0.3
    assert now["profile"]["name"] == "Night"
    assert set(now["profile"]["settings"]) > {"controls.ExposureTime", "snapshot.interval_s"}
    assert stored(client).get("controls") is None
    capture = client.call("/api/status")[1]["capture"]
    assert (capture["profile"]["active"], capture["interval_s"]) == ("Night", 0.3)
    client.site.until(
        lambda: abs(client.call("/api/status")[1]["capture"]["metadata"].get("ExposureTime", 0) - 5000) < 50
    )
    metrics = client.ask("/metrics")[1].decode()
    assert 'stillcam_profile_active{camera="0",profile="Night"} 1' in metrics
    status, answer = client.call("/api/profiles/active", "DELETE")
    assert (status, answer["state"]["active"]) == (200, None)
    assert settings(client)["settings"]["controls"] == {}


def test_a_change_of_a_setting_that_the_profile_sets_changes_the_profile_and_the_rest_stays_plain(client):
    put(client, NIGHT)
    use(client, "Night")
    before = settings(client)
    patch = {"controls": {"ExposureTime": 8000, "Contrast": 1.5}, "snapshot": {"interval_s": None, "quality": 70}}
    tag = client.ask("/api/settings")[0].headers["ETag"]
    response, body = client.ask("/api/settings", "PATCH", patch, If_Match=tag)
    assert response.status == 200, body
    now = json.loads(body)
    assert now["settings"]["controls"] == MANUAL | {"ExposureTime": 8000, "Contrast": 1.5}
    assert now["settings"]["snapshot"]["interval_s"] == now["defaults"]["snapshot"]["interval_s"]
    assert now != before
    (kept,) = stored(client, "profiles.json")["profiles"]
    assert kept["changes"]["controls"] == MANUAL | {"ExposureTime": 8000}
    assert kept["changes"]["snapshot"] == {"interval_s": None}
    assert stored(client)["controls"] == {"Contrast": 1.5}
    assert stored(client)["snapshot"] == PLAIN["snapshot"] | {"quality": 70}
    use(client, None)
    assert settings(client)["settings"]["controls"] == {"Contrast": 1.5}
    assert client.ask("/api/settings", "PATCH", patch, If_Match=tag)[0].status == 409  # the profile has ended


def test_what_the_camera_refuses_leaves_profile_and_settings_as_they_were(client):
    put(client, {**NIGHT, "changes": {"camera": {"tuning_file": ""}}})
    use(client, "Night")
    patch = {"camera": {"tuning_file": "/x/y.json"}, "page": {"histogram": True}}
    status, answer = client.call("/api/settings", "PATCH", patch)
    assert (status, answer["field"]) == (422, "camera.tuning_file")
    assert "no tuning file" in answer["error"]
    assert stored(client, "profiles.json")["profiles"][0]["changes"] == {"camera": {"tuning_file": ""}}
    assert "page" not in stored(client)
    state = client.call("/api/profiles")[1]["state"]
    assert (state["active"], state["refused"]) == ("Night", [])


@pytest.mark.parametrize(
    ("profile", "field", "text"),
    [
        pytest.param({"name": ""}, "profiles.0.name", "1 to 40", id="no name"),
        pytest.param({"changes": {"access": {"watch": "anyone"}}}, "profiles.0.changes.access", "cannot", id="access"),
        pytest.param(
            {"changes": {"controls": {"Contrast": 99}}}, "profiles.0.changes.controls.Contrast", "from 0", id="range"
        ),
        pytest.param({"when": {"type": "times", "from": "sunset", "to": "sunrise"}},
                     "profiles.0.when.from", "place.latitude", id="place"),
        pytest.param({"changes": {"controls": {"AeConstraintMode": "Shadows"}}},
                     "profiles.0.changes.controls.AeConstraintMode", "no option", id="the driver has no such control"),
    ],
)  # fmt: skip
def test_a_profile_that_cannot_be_is_refused_with_its_field(client, profile, field, text):
    status, answer = put(client, NIGHT | profile)
    assert (status, answer["field"]) == (422, field), answer
    assert text in answer["error"]
    assert not (client.site.data / "profiles.json").exists() or stored(client, "profiles.json")["profiles"] == []


def test_two_who_edit_at_once_do_not_overwrite_each_other(client):
    tag = client.ask("/api/profiles")[0].headers["ETag"]
    assert put(client, NIGHT, If_Match=tag)[0] == 200
    status, answer = put(client, AWAY, If_Match=tag)
    assert status == 409
    assert "someone else" in answer["error"]
    assert [one["name"] for one in client.call("/api/profiles")[1]["profiles"]] == ["Night"]


@pytest.mark.parametrize(
    ("choice", "field", "text"),
    [
        pytest.param({"name": "Day"}, "name", "there is no profile 'Day': the profiles are Night", id="unknown"),
        pytest.param({"name": "Night", "until": "soon"}, "until", "must be change, tomorrow", id="no time"),
        pytest.param({"name": "Night", "until": "2020-01-01T00:00:00Z"}, "until", "later than now", id="past"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(client, choice, field, text):
    put(client, NIGHT)
    status, answer = client.call("/api/profiles/active", "POST", choice)
    assert (status, answer["field"]) == (422, field), answer
    assert text in answer["error"]


def test_arming_by_hand_holds_until_the_profile_ends(client):
    put(client, AWAY)
    use(client, "Away")
    assert settings(client)["settings"]["motion"]["armed"]
    assert client.call("/api/motion/arm", "POST", {"armed": False})[1] == {"armed": False, "notice": None}
    assert not settings(client)["settings"]["motion"]["armed"]
    assert stored(client, "profiles.json")["profiles"][0]["changes"]["motion"]["armed"]
    use(client, None)
    use(client, "Away")
    assert settings(client)["settings"]["motion"]["armed"]


def test_an_invalid_file_is_shown_and_never_overwritten(client):
    put(client, NIGHT)
    path: Path = client.site.data / "profiles.json"
    good = path.read_text()
    path.write_text("{")
    document = client.call("/api/profiles")[1]
    assert "profiles.json, line 1: not JSON" in document["error"]
    status, answer = put(client, AWAY)
    assert status == 409
    assert "correct or delete this file" in answer["error"]
    path.write_text(good)


def test_a_backup_contains_the_profiles(client, owner):
    put(client, NIGHT, AWAY)
    backup = owner.call("/api/backup")[1]
    assert backup["profiles"] == [NIGHT, AWAY]
    put(client)
    assert owner.call("/api/backup", "POST", backup)[0] == 200
    assert client.call("/api/profiles")[1]["profiles"] == [NIGHT, AWAY]
    older = {name: value for name, value in backup.items() if name != "profiles"}
    assert owner.call("/api/backup", "POST", older)[0] == 200
    assert len(client.call("/api/profiles")[1]["profiles"]) == 2
    wrong = {**backup, "profiles": [{"name": ""}]}
    status, answer = owner.call("/api/backup", "POST", wrong)
    assert (status, answer["field"]) == (422, "profiles.0.name")


def test_who_may_only_watch_sees_which_profile_is_active_and_no_more(client, owner):
    put(client, NIGHT)
    use(client, "Night")
    viewer = program(owner, "view")
    assert viewer.call("/api/status")[1]["capture"]["profile"]["active"] == "Night"
    assert viewer.call("/api/profiles")[0] == 403
    assert viewer.call("/api/profiles/active", "POST", {"name": None})[0] == 403
