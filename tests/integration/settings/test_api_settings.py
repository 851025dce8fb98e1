"""`api/settings`: what is changed is in force and kept, or nothing is."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from api_calls import RELOADED, STATUS, Api
from described import validator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillcam.server.route import Person
from stillcam.settings.document import describe


@pytest.fixture
def api(tmp_path):
    with Api(tmp_path) as api:
        yield api


def test_all_settings_are_told(api):
    status, document = api.call("GET", "api/settings")
    assert status == 200
    assert document["settings"] == document["defaults"]
    assert document["settings"]["snapshot"]["interval_s"] == 2.0
    assert "version" not in document["settings"]
    assert document["fields"].keys() == describe().keys()
    assert document["notice"] is None


def test_a_patch_is_merged_kept_and_in_force(api):
    """The daemon has read the file before the answer leaves."""
    told = []

    def reload():
        told.append(api.written())
        return RELOADED

    api.answers["reload"] = reload
    status, document = api.call("PATCH", "api/settings", {"snapshot": {"interval_s": 5}, "controls": {"Contrast": 2}})
    assert status == 200
    assert document["settings"]["snapshot"] == document["defaults"]["snapshot"] | {"interval_s": 5.0}
    assert told == [{"version": 1, "snapshot": {"interval_s": 5.0}, "controls": {"Contrast": 2.0}}]
    assert api.settings.current().snapshot.interval_s == 5.0
    assert api.call("GET", "api/settings")[1] == document


def test_null_goes_back_to_the_default(api):
    api.call("PATCH", "api/settings", {"snapshot": {"interval_s": 5, "quality": 9}, "controls": {"Contrast": 2}})
    _, document = api.call("PATCH", "api/settings", {"snapshot": {"quality": None}, "controls": {"Contrast": None}})
    assert api.written() == {"version": 1, "snapshot": {"interval_s": 5.0}}
    _, document = api.call("PATCH", "api/settings", {"snapshot": None})
    assert document["settings"] == document["defaults"]


def test_everything_is_reset_by_null_for_each_section(api):
    api.call("PATCH", "api/settings", {"page": {"histogram": True}, "camera": {"rotation": 90}})
    _, document = api.call("GET", "api/settings")
    _, document = api.call("PATCH", "api/settings", dict.fromkeys(document["settings"]))
    assert document["settings"] == document["defaults"]
    assert api.written() == {"version": 1}


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        pytest.param({"snapshot": {"interval_s": 0}}, "snapshot.interval_s", id="out of range"),
        pytest.param({"snapshot": {"interval_s": "2"}}, "snapshot.interval_s", id="of another type"),
        pytest.param({"snapshot": {"interval": 2}}, "snapshot.interval", id="unknown setting"),
        pytest.param({"snapshot": {"width": 10**400}}, "snapshot.width", id="a huge number"),
        pytest.param({"snapshot": {"interval_s": 10**400}}, "snapshot.interval_s", id="another huge number"),
        pytest.param({"controls": {"ExposureTime": 10**400}}, "controls.ExposureTime", id="a huge number as a control"),
        pytest.param({"snap": {}}, "snap", id="unknown section"),
        pytest.param({"snapshot": 5}, "snapshot", id="no section"),
        pytest.param({"version": 2}, "version", id="another version"),
        pytest.param({"camera": {"rotation": 45}}, "camera.rotation", id="no choice"),
        pytest.param({"camera": {"tuning_file": "../x.json"}}, "camera.tuning_file", id="a path out of the folder"),
        pytest.param({"controls": {"Contrast": 99}}, "controls.Contrast", id="control out of range"),
        pytest.param({"controls": {"ColourTemperature": 3000}}, "controls.ColourTemperature", id="cannot be set"),
        pytest.param({"live": {"controls": {"Kontrast": 1}}}, "live.controls.Kontrast", id="unknown control"),
        pytest.param({"access": {"proxies": ["x"]}}, "access.proxies", id="no network"),
        pytest.param({"server": {"tls_certificate": "/no"}}, "server.tls_certificate", id="no such certificate"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_changes(api, patch, field):
    good = {"snapshot": {"quality": 50}}
    api.call("PATCH", "api/settings", good)
    before = api.paths.settings.read_bytes()
    status, document = api.call("PATCH", "api/settings", {"page": {"histogram": True}} | patch)
    assert (status, document["field"]) == (422, field)
    assert document["error"]
    assert api.paths.settings.read_bytes() == before
    assert not api.settings.current().page.histogram
    assert api.asked["reload"] == 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(b"{", {}, 400, id="no JSON"),
        pytest.param(b"[]", {}, 400, id="no object"),
        pytest.param(b"{}", {"content_type": "text/plain"}, 415, id="another type"),
        pytest.param(b'{"\\ud800": {}}', {}, 400, id="half a character"),
        pytest.param(b'{"snapshot": {"interval_s": NaN}}', {}, 400, id="no number"),
        pytest.param(b" " * 70_000 + b"{}", {}, 413, id="too large"),
    ],
)
def test_what_is_no_patch_is_refused(api, body, headers, status):
    assert api.call("PATCH", "api/settings", body, **headers)[0] == status
    assert not api.paths.settings.exists()


@pytest.mark.parametrize("depth", [100, 500, 900, 950, 5000])
def test_deep_nesting_is_refused_and_no_fault(api, depth):
    """How deep is too deep depends on who calls; it is never our fault."""
    assert api.call("PATCH", "api/settings", b'{"page":' * depth + b"1" + b"}" * depth)[0] in {400, 422}
    assert not api.paths.settings.exists()


SETTINGS = validator('{"$ref": "#/components/schemas/Settings"}')
PATCHES = validator('{"$ref": "#/components/schemas/SettingsPatch"}')


@pytest.mark.parametrize("name", [name for name, row in describe().items() if row["low"] is not None])
def test_the_range_that_is_told_is_the_one_that_holds(api, name):
    section, setting = name.split(".")
    row = describe()[name]
    for value, fits in ((row["low"], True), (row["high"], True), (row["low"] - 1, False), (row["high"] + 1, False)):
        patch = {section: {setting: value}}
        assert PATCHES.is_valid(patch) == fits
        assert api.call("PATCH", "api/settings", patch)[0] == (200 if fits else 422)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
names = st.sampled_from([tuple(name.split(".")) for name in describe()])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(names, any_json, max_size=3))
def test_any_patch_is_taken_or_refused(api, values):
    """Whatever comes, the file stays readable, and an error is told as one."""
    api.judging = False
    patch: dict[str, Any] = {}
    for (section, *rest), value in values.items():
        if rest:
            patch.setdefault(section, {})[rest[0]] = value
        else:
            patch[section] = value
    status, document = api.call("PATCH", "api/settings", patch)
    assert status in {200, 400, 422}
    assert status == 200 or document["error"]
    assert status != 200 or SETTINGS.is_valid(document["settings"]), "what is taken is described"
    assert api.call("GET", "api/settings")[1]["notice"] is None


def test_a_control_that_this_camera_lacks_is_refused_unless_it_was_there_before(api):
    limits = {"Contrast": [0, 32], "Brightness": [-1, 1]}
    api.write('{"version": 1, "controls": {"LensPosition": 2, "AfMode": "Manual"}}')
    api.answers["status"] = STATUS | {"camera": STATUS["camera"] | {"limits": limits}}
    assert api.call("PATCH", "api/settings", {"controls": {"Contrast": 2}})[0] == 200
    status, document = api.call("PATCH", "api/settings", {"controls": {"LensPosition": 3}})
    assert (status, document["field"]) == (422, "controls.LensPosition")
    assert "autofocus" in document["error"]
    assert api.call("PATCH", "api/settings", {"video": {"controls": {"LensPosition": 3}}})[0] == 422


def test_settings_that_the_camera_refuses_are_taken_back(api):
    api.call("PATCH", "api/settings", {"snapshot": {"quality": 50}})
    held = []

    def refuse():
        held.append(api.written())
        if len(held) > 1:
            return RELOADED
        return {"error": "no such mode", "cause": "refused", "field": "live.sensor_mode", "settings": {}}

    api.answers["reload"] = refuse
    patch = {"live": {"sensor_mode": "9999:9999:10"}, "page": {"histogram": True}}
    status, document = api.call("PATCH", "api/settings", patch)
    assert status == 422
    assert document == {"error": "the camera refuses this: no such mode", "field": "live.sensor_mode"}
    before = {"version": 1, "snapshot": {"quality": 50}}
    assert held == [{**before, **patch}, before], "it is told of the old settings too"
    assert api.written() == before
    assert not api.settings.current().page.histogram


def test_a_hand_edit_wins_over_taking_back(api):
    def refuse():
        api.write('{"version": 1, "snapshot": {"interval_s": 7}}')
        return {"error": "no", "cause": "refused"}

    api.answers["reload"] = refuse
    assert api.call("PATCH", "api/settings", {"snapshot": {"quality": 50}})[0] == 422
    assert api.written()["snapshot"] == {"interval_s": 7}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(RELOADED | {"in_force": False}, id="no picture yet"),
        pytest.param({"error": "it ends", "cause": ""}, id="another reason"),
    ],
)
def test_without_a_picture_the_settings_are_kept_and_the_reason_told(api, answer):
    api.answers |= {"reload": answer, "status": STATUS | {"mode": "no camera", "reason": "check the cable"}}
    status, document = api.call("PATCH", "api/settings", {"access": {"watch": "anyone"}})
    assert (status, document["settings"]["access"]["watch"]) == (200, "anyone")
    assert document["notice"].startswith("the settings are saved, but")
    assert api.settings.current().access.watch == "anyone"


def test_without_a_daemon_the_settings_are_kept(tmp_path):
    with Api(tmp_path, daemon=False) as api:
        status, document = api.call("PATCH", "api/settings", {"access": {"watch": "anyone"}})
        assert status == 200
        assert "does not answer" in document["notice"]
        assert api.written()["access"] == {"watch": "anyone"}


def test_the_tag_guards_against_two_people(api):
    first = api.answer("GET", "api/settings").headers["ETag"]
    after = api.answer("PATCH", "api/settings", {"snapshot": {"quality": 50}}, if_match=first)
    assert after.status == 200
    assert after.headers["ETag"] != first
    assert api.answer("GET", "api/settings").headers["ETag"] == after.headers["ETag"]
    late = api.answer("PATCH", "api/settings", {"snapshot": {"quality": 60}}, if_match=first)
    assert (late.status, late.headers["ETag"]) == (409, after.headers["ETag"])
    document = json.loads(late.body)
    assert document["error"]
    assert document["settings"]["snapshot"]["quality"] == 50, "the newer state comes along"
    assert api.call("PATCH", "api/settings", {"page": None}, if_match=f'"x", {after.headers["ETag"]}')[0] == 200
    assert api.call("PATCH", "api/settings", {"page": None}, if_match="*")[0] == 200


def test_a_hand_edit_changes_the_tag(api):
    tag = api.answer("GET", "api/settings").headers["ETag"]
    api.write('{"version": 1, "snapshot": {"interval_s": 7}}')
    assert api.call("PATCH", "api/settings", {"page": {"histogram": True}}, if_match=tag)[0] == 409
    assert api.call("PATCH", "api/settings", {"page": {"histogram": True}})[0] == 200
    assert api.written() == {"version": 1, "snapshot": {"interval_s": 7.0}, "page": {"histogram": True}}


def test_a_hand_edit_in_mid_change_is_not_lost(api, monkeypatch):
    """The change is made again on top of it."""
    edits = iter(['{"version": 1, "snapshot": {"interval_s": 7}}'])

    def check(*_):
        for text in edits:
            api.write(text)

    monkeypatch.setattr("stillcam.server.settings_service._check_certificate", check)
    assert api.call("PATCH", "api/settings", {"page": {"histogram": True}})[0] == 200
    assert api.written() == {"version": 1, "snapshot": {"interval_s": 7.0}, "page": {"histogram": True}}


def test_a_wrong_file_is_told_and_never_overwritten(api):
    api.call("PATCH", "api/settings", {"snapshot": {"quality": 50}})
    api.write('{"version": 1,\n "snapshot": {"quality": 500}}')
    status, document = api.call("GET", "api/settings")
    assert status == 200
    assert "line 2: snapshot.quality" in document["notice"]
    assert document["settings"]["snapshot"]["quality"] == 50, "those in force"
    status, document = api.call("PATCH", "api/settings", {"snapshot": {"quality": 60}})
    assert status == 409
    assert "line 2: snapshot.quality" in document["error"]
    assert "500" in api.paths.settings.read_text()


def test_changes_at_once_are_all_kept(api):
    """Two people, or twenty, who edit different things: each has what they wanted."""
    sections = ("live", "photo", "raw", "video")
    patches: list[dict[str, Any]] = [
        {section: {"quality": 10 + n}, "controls": {}} for n, section in enumerate(sections)
    ]
    patches += [{"controls": {name: 1.5}} for name in ("Contrast", "Saturation", "Sharpness")]
    start = threading.Barrier(len(patches))

    def change(patch):
        start.wait(60)
        return api.call("PATCH", "api/settings", patch)[0]

    with ThreadPoolExecutor(len(patches)) as pool:
        assert set(pool.map(change, patches)) == {200}
    written = api.written()
    assert [written[section]["quality"] for section in sections] == [10, 11, 12, 13]
    assert written["controls"] == {"Contrast": 1.5, "Saturation": 1.5, "Sharpness": 1.5}


def test_a_change_that_waits_too_long_for_its_turn_is_told_so(api, monkeypatch):
    monkeypatch.setattr("stillcam.server.settings_service.LOCK_TIMEOUT_S", 0.0)
    entered, leave = threading.Event(), threading.Event()

    def slow():
        entered.set()
        leave.wait(60)
        return RELOADED

    api.answers["reload"] = slow
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(api.call, "PATCH", "api/settings", {"snapshot": {"quality": 50}})
        assert entered.wait(60)
        late = api.answer("PATCH", "api/settings", {"snapshot": {"quality": 60}})
        leave.set()
        assert first.result(60)[0] == 200
    assert (late.status, late.headers["Retry-After"]) == (503, "5")
    assert api.written()["snapshot"]["quality"] == 50


def test_nobody_locks_themselves_out_by_name(api):
    api.write('{"version": 1, "access": {"hosts": ["camera.example.org"]}}')
    hosts = {"access": {"hosts": ["other.example.org"]}}
    status, document = api.call("PATCH", "api/settings", hosts, host="camera.example.org:8080")
    assert (status, document["field"]) == (422, "access.hosts")
    assert api.call("PATCH", "api/settings", hosts, host="192.168.1.5:8080")[0] == 200


@pytest.mark.parametrize("index", [0, 1])
def test_masks_are_saved_with_the_camera_that_they_were_drawn_for(api, index):
    """Another number of the camera is not known yet; without masks there is nothing to say."""
    _, changed = api.call("PATCH", "api/settings", {"camera": {"index": index}, "privacy": {"masks": ["0,0 9,9"]}})
    assert changed["settings"]["privacy"]["camera"] == ("" if index else "0 imx708 4608x2592")
    _, changed = api.call("PATCH", "api/settings", {"privacy": {"camera": "1 other 2x2"}})
    assert changed["settings"]["privacy"]["camera"] == "1 other 2x2"
    _, changed = api.call("PATCH", "api/settings", {"privacy": {"camera": None}})
    assert changed["settings"]["privacy"]["camera"] == ("" if index else "0 imx708 4608x2592")
    _, changed = api.call("PATCH", "api/settings", {"privacy": {"masks": []}})
    assert changed["settings"]["privacy"]["camera"] == ""


@pytest.mark.parametrize(
    "patch", [{"access": {"watch": "anyone"}}, {"server": {"access_log": True}}, {"privacy": {"raw": True}}]
)
def test_a_token_cannot_open_the_door(api, patch):
    """Who may come in, and see what is masked, is for people to decide, and a patch is taken whole or not at all."""
    api.guard.person = Person("Home Assistant", "viewer", "control", "token")
    status, document = api.call("PATCH", "api/settings", {"snapshot": {"quality": 50}} | patch)
    assert (status, [document["field"]]) == (403, list(patch))
    assert not api.paths.settings.exists()
    same = {section: api.call("GET", "api/settings")[1]["settings"][section] for section in patch}
    assert api.call("PATCH", "api/settings", {"snapshot": {"quality": 50}} | same)[0] == 200


def test_a_disk_that_cannot_be_written_is_told(api, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stillcam.settings.file.os.fsync", full)
    status, document = api.call("PATCH", "api/settings", {"snapshot": {"quality": 50}})
    assert status == 503
    assert "No space left" in document["error"]
    assert not api.paths.settings.exists()
    assert not list(api.paths.data.glob(".settings*"))
