"""`api/backup`, `api/backups`: a configuration is taken home, kept, and comes back whole."""

import json
import os

import pytest
from api_calls import STATUS, Api
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CHANGED = {"snapshot": {"interval_s": 5}, "access": {"hosts": ["camera.example.org"]}, "controls": {"Contrast": 2}}


@pytest.fixture
def api(tmp_path):
    with Api(tmp_path) as api:
        yield api


def taken_home(api):
    answer = api.answer("GET", "api/backup")
    assert answer.status == 200
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="stillcam-20')
    return json.loads(answer.body)


def test_a_configuration_comes_back_whole(api):
    api.call("PATCH", "api/settings", CHANGED)
    before = api.written()
    backup = taken_home(api)
    api.call("PATCH", "api/settings", {"snapshot": {"interval_s": 9}, "page": {"histogram": True}, "controls": None})
    status, document = api.call("POST", "api/backup", backup)
    assert (status, document["settings"]["snapshot"]["interval_s"]) == (200, 5.0)
    assert not document["settings"]["page"]["histogram"], "what was not set is not set afterwards"
    assert api.written() == before
    assert api.settings.current().snapshot.interval_s == 5.0


def test_a_backup_holds_no_secret(api):
    """Accounts are not in it: whoever finds the file cannot sign in."""
    backup = taken_home(api)
    assert backup.keys() == {"kind", "stillcam", "made", "configuration", "profiles"}
    assert backup["configuration"].keys() == {"version", *api.call("GET", "api/settings")[1]["settings"]}


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        pytest.param(lambda backup: backup.pop("kind"), "kind", id="something else"),
        pytest.param(lambda backup: backup.pop("configuration"), "configuration", id="empty"),
        pytest.param(lambda backup: backup["configuration"].update(version=99), "version", id="of the future"),
        pytest.param(
            lambda backup: backup["configuration"]["snapshot"].update(quality=0), "snapshot.quality", id="wrong"
        ),
        pytest.param(lambda backup: backup["configuration"].update(x={}), "x", id="unknown"),
    ],
)
def test_a_wrong_backup_changes_nothing(api, spoil, field):
    api.call("PATCH", "api/settings", CHANGED)
    before, backup = api.paths.settings.read_bytes(), taken_home(api)
    spoil(backup)
    status, document = api.call("POST", "api/backup", backup)
    assert (status, document["field"]) == (422, field)
    assert api.paths.settings.read_bytes() == before


def test_a_camera_that_refuses_a_backup_keeps_its_settings(api):
    api.call("PATCH", "api/settings", CHANGED)
    before, backup = api.written(), taken_home(api)
    backup["configuration"]["live"]["sensor_mode"] = "9999:9999:10"
    api.answers["reload"] = {"error": "no such mode", "cause": "refused", "field": "live.sensor_mode"}
    assert api.call("POST", "api/backup", backup)[0] == 422
    assert api.written() == before


def test_controls_of_another_camera_are_restored_too(api):
    """They wait for a camera that has them."""
    backup = taken_home(api)
    backup["configuration"]["controls"] = {"LensPosition": 2}
    api.answers["status"] = STATUS | {"camera": STATUS["camera"] | {"limits": {"Contrast": [0, 32]}}}
    assert api.call("POST", "api/backup", backup)[0] == 200
    assert api.written()["controls"] == {"LensPosition": 2.0}


def test_backups_are_kept_by_name(api):
    api.call("PATCH", "api/settings", CHANGED)
    status, row = api.call("POST", "api/backups", {"name": "Küche (Tag)"})
    assert (status, row["name"]) == (201, "Küche (Tag)")
    assert api.call("GET", "api/backups") == (200, {"backups": [row]})
    api.call("PATCH", "api/settings", {"snapshot": None})
    status, document = api.call("POST", "api/backups/Küche (Tag)")
    assert (status, document["settings"]["snapshot"]["interval_s"]) == (200, 5.0)
    assert api.call("DELETE", "api/backups/Küche (Tag)") == (204, None)
    assert api.call("GET", "api/backups") == (200, {"backups": []})
    assert api.call("POST", "api/backups/Küche (Tag)")[0] == 404
    assert api.call("DELETE", "api/backups/Küche (Tag)")[0] == 404


def test_a_backup_is_its_owner_s_and_is_not_overwritten(api):
    api.call("POST", "api/backups", {"name": "one"})
    kept = api.paths.data / "backups" / "one.json"
    before = kept.read_bytes()
    assert kept.stat().st_mode & 0o777 == 0o600
    api.call("PATCH", "api/settings", CHANGED)
    assert api.call("POST", "api/backups", {"name": "one"})[0] == 409
    assert kept.read_bytes() == before
    assert os.listdir(kept.parent) == ["one.json"]


def test_there_is_an_end_to_the_number_of_backups(api, monkeypatch):
    monkeypatch.setattr("stillcam.settings.backups.MAX_BACKUPS", 2)
    assert [api.call("POST", "api/backups", {"name": name})[0] for name in "abc"] == [201, 201, 409]


@pytest.mark.parametrize(
    "name", ["", " ", ".", "..", "../x", "a/b", "a\\b", ".hidden", "x\n", "x\0", "a" * 65, " x", "x.", None, 5]
)
def test_a_name_that_cannot_be_one_is_refused(api, name):
    status, document = api.call("POST", "api/backups", {"name": name})
    assert (status, document["field"]) == (422, "name")
    assert not (api.paths.data / "backups").exists()
    if isinstance(name, str):
        assert api.call("DELETE", f"api/backups/{name}")[0] == 404


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=70))
def test_no_name_leads_out_of_the_folder(api, name):
    api.judging = False
    status, _ = api.call("POST", "api/backups", {"name": name})
    assert status in {201, 400, 409, 422}
    kept = api.paths.data / "backups"
    assert {path.name for path in api.paths.data.iterdir() if path.suffix == ".json"} <= {"settings.last-good.json"}
    for path in kept.iterdir() if kept.exists() else []:
        assert path.is_file() and path.suffix == ".json"
    if status == 201:
        [row] = api.call("GET", "api/backups")[1]["backups"]
        assert api.call("DELETE", f"api/backups/{row['name']}")[0] == 204


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"{}", id="something else"),
        pytest.param(b"\xff", id="no UTF-8"),
        pytest.param(b'{"a":' * 5000, id="nested deeply"),
        pytest.param(b" " * (1 << 21), id="too large"),
    ],
)
def test_a_damaged_backup_is_told_and_changes_nothing(api, content):
    api.call("PATCH", "api/settings", CHANGED)
    before = api.written()
    (api.paths.data / "backups").mkdir()
    (api.paths.data / "backups" / "bad.json").write_bytes(content)
    status, document = api.call("POST", "api/backups/bad")
    assert status == 422
    assert document["error"]
    assert api.written() == before


def test_files_that_are_no_backups_are_not_listed(api):
    (api.paths.data / "backups").mkdir()
    (api.paths.data / "backups" / ".x.json.12.new").write_text("")
    (api.paths.data / "backups" / "notes.txt").write_text("")
    assert api.call("GET", "api/backups") == (200, {"backups": []})
