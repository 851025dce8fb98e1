"""Settings are checked where they enter, and a wrong file never replaces good ones."""

import contextlib
import gc
import json
import sys
from typing import Any

import pytest
from control_values import SETTABLE, values_of
from hypothesis import given
from hypothesis import strategies as st

from stillcam.common.errors import SettingsError, StillcamError
from stillcam.settings.document import describe, from_json, patched, to_json
from stillcam.settings.file import load, load_or_last_good, save, save_last_good
from stillcam.settings.schema import Settings


def test_without_a_file_the_defaults_hold(tmp_path):
    assert load(tmp_path / "settings.json") == Settings()


def test_what_is_saved_is_loaded_and_only_what_differs_is_in_the_file(tmp_path):
    file = tmp_path / "settings.json"
    wanted = patched(Settings(), {"snapshot": {"interval_s": 5}, "camera": {"rotation": 90}})
    save(file, wanted)
    assert load(file) == wanted
    assert json.loads(file.read_text()) == {"version": 1, "camera": {"rotation": 90}, "snapshot": {"interval_s": 5.0}}
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]


@pytest.mark.parametrize(
    ("document", "field", "said"),
    [
        pytest.param([], "", "must be an object", id="no object"),
        pytest.param({"version": 2}, "version", "reads version 1", id="a later version"),
        pytest.param({"snapshots": {}}, "snapshots", "did you mean 'snapshot'?", id="unknown section"),
        pytest.param({"snapshot": {"intervall_s": 2}}, "snapshot.intervall_s", "did you mean", id="unknown setting"),
        pytest.param({"snapshot": {"interval_s": "2"}}, "snapshot.interval_s", "a number", id="text for a number"),
        pytest.param({"snapshot": {"interval_s": 0}}, "snapshot.interval_s", "from 0.1 to 86400 s", id="out of range"),
        pytest.param({"snapshot": {"quality": True}}, "snapshot.quality", "a whole number", id="true is no number"),
        pytest.param({"camera": {"rotation": 45}}, "camera.rotation", "one of 0, 90, 180, 270", id="not a choice"),
        pytest.param({"camera": {"hflip": 1}}, "camera.hflip", "true or false", id="1 is not true"),
        pytest.param({"snapshot": 3}, "snapshot", "must be an object", id="section is no object"),
        pytest.param({"live": {"denoise": "cdn"}}, "live.denoise", "one of auto, off", id="not a text of the choices"),
        pytest.param({"live": {"denoise": 1}}, "live.denoise", "a text, not 1", id="number for text"),
        pytest.param({"video": {"bitrate": 999}}, "video.bitrate", "at least 1000 bit/s", id="what libav refuses"),
        pytest.param({"live": {"sensor_mode": "big"}}, "live.sensor_mode", "like 2304:1296:10", id="no sensor mode"),
        pytest.param(
            {"camera": {"tuning_file": "../x"}}, "camera.tuning_file", "must be a name", id="a path that climbs"
        ),
        pytest.param({"access": {"hosts": "a"}}, "access.hosts", "a list of texts", id="text for list"),
        pytest.param({"access": {"hosts": ["a b"]}}, "access.hosts", "a host name", id="no host name"),
        pytest.param({"access": {"proxies": ["x"]}}, "access.proxies", "an IP address", id="no address"),
        pytest.param({"access": {"hosts": ["a"] * 65}}, "access.hosts", "at most 64", id="too long a list"),
        pytest.param({"controls": 3}, "controls", "must be an object", id="controls are no object"),
        pytest.param({"controls": {"Contrast": -1}}, "controls.Contrast", "from 0 to 15.99", id="control out of range"),
        pytest.param({"video": {"controls": {"X": 1}}}, "video.controls.X", "unknown control", id="unknown control"),
        pytest.param({"server": {"tls_key": "a" * 401}}, "server.tls_key", "at most 400 characters", id="a long text"),
        pytest.param({"server": {"tls_key": "a\nb"}}, "server.tls_key", "printable", id="control characters"),
    ],
)
def test_a_wrong_setting_is_named(document, field, said):
    with pytest.raises(SettingsError, match=said) as caught:
        from_json(document)
    assert caught.value.field == field


def test_a_wrong_file_is_named_with_line_and_field(tmp_path):
    file = tmp_path / "settings.json"
    file.write_text('{\n "version": 1,\n "snapshot": {\n  "quality": 93,\n  "interval_s": -1\n }\n}\n')
    with pytest.raises(SettingsError, match=r"settings\.json, line 5: snapshot\.interval_s: must be from"):
        load(file)
    file.write_text('{\n "version": 1,\n "snap')
    with pytest.raises(SettingsError, match=r"settings\.json, line 3: not JSON"):
        load(file)


def test_the_last_good_settings_stay_in_force(tmp_path):
    file = tmp_path / "settings.json"
    good = patched(Settings(), {"snapshot": {"quality": 50}})
    save(file, good)
    save_last_good(file)
    assert load_or_last_good(file) == (good, None)
    file.write_text("{torn")
    save_last_good(file)
    settings, wrong = load_or_last_good(file)
    assert settings == good
    assert "last good settings" in (wrong or "")
    assert file.read_text() == "{torn"


def test_a_wrong_file_and_no_good_settings_is_an_error(tmp_path):
    file = tmp_path / "settings.json"
    file.write_text("{torn")
    with pytest.raises(StillcamError, match="line 1"):
        load_or_last_good(file)


def test_a_merge_patch_changes_what_it_names_and_null_is_the_default():
    settings = patched(Settings(), {"access": {"hosts": ["cam.example.org"]}, "live": {"width": 640}})
    assert settings.access.hosts == ("cam.example.org",)
    settings = patched(settings, {"live": {"width": None}, "access": None})
    assert settings == Settings()
    with pytest.raises(SettingsError, match="must be an object"):
        patched(settings, {"live": 3})


def test_a_control_is_set_or_left_to_the_camera(tmp_path):
    """Each by itself: null takes one away, and the others stay."""
    settings = patched(Settings(), {"controls": {"Contrast": 2, "AfMode": "Manual"}})
    settings = patched(settings, {"controls": {"Contrast": None, "ScalerCrop": [0, 0, 640, 480]}})
    settings = patched(settings, {"photo": {"controls": {"AfTrigger": "Start"}}})
    assert settings.controls == {"AfMode": "Manual", "ScalerCrop": [0, 0, 640, 480]}
    file = tmp_path / "settings.json"
    save(file, settings)
    assert load(file) == settings
    assert json.loads(file.read_text())["photo"] == {"controls": {"AfTrigger": "Start"}}
    assert patched(settings, {"controls": None, "photo": {"controls": None}}) == Settings()


def test_the_table_describes_every_setting():
    document, table = to_json(Settings()), describe()
    sections = {name: content for name, content in document.items() if name not in ("version", "controls")}
    names = {f"{section}.{name}" for section, content in sections.items() for name in content}
    assert names | {"controls"} == set(table)
    assert json.loads(json.dumps(table))["access.hosts"]["type"] == "list"
    assert table["controls"]["type"] == table["live.controls"]["type"] == "controls"
    for name, row in table.items():
        section, _, item = name.partition(".")
        assert row["default"] == (document[section][item] if item else document[section]), name
        assert row["text"], name
        assert (row["type"] == "choice") == bool(row["choices"]), name


@given(st.data())
def test_any_controls_come_back_from_json_as_they_were(data):
    document: dict[str, dict[str, Any]] = {"controls": {}, "live": {"controls": {}}}
    for values in (document["controls"], document["live"]["controls"]):
        values |= {"ColourGains": [1.0, 1.0], "ExposureTime": 100, "AnalogueGain": 1.0}
        for control in data.draw(st.lists(st.sampled_from(SETTABLE), max_size=5)):
            values[control.name] = data.draw(values_of(control))
    settings = from_json(document)
    assert settings.controls == document["controls"]
    assert from_json(json.loads(json.dumps(to_json(settings)))) == settings
    assert (
        patched(settings, {"controls": None, "live": {"controls": dict.fromkeys(settings.live.controls)}}) == Settings()
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.sampled_from(["version", "camera", "snapshot", "live", "controls", "x"]), json_values))
def test_any_document_is_taken_or_refused_with_a_sentence(document):
    with contextlib.suppress(SettingsError):
        assert isinstance(from_json(document), Settings)


def test_the_place_has_its_older_name_in_older_files_and_requests():
    older = from_json({"motion": {"latitude": 48.1, "longitude": 11.6, "active_from": "sunset", "active_to": "06:00"}})
    assert (older.place.latitude, older.place.longitude) == (48.1, 11.6)
    assert from_json(to_json(older)) == older
    moved = patched(older, {"motion": {"latitude": 50}, "place": {"longitude": 12}})
    assert (moved.place.latitude, moved.place.longitude) == (50.0, 12.0)
    with pytest.raises(SettingsError, match="from -90 to 90") as caught:
        patched(older, {"motion": {"latitude": 91}})
    assert caught.value.field == "place.latitude"


@pytest.mark.parametrize("path", ["", "rtc/camera/whep", "/webcam/rtc/api/webrtc?src=camera", "/whep"])
def test_a_whep_server_is_below_the_page_s_own_host(path):
    assert from_json({"version": 1, "live": {"webrtc": path}}).live.webrtc == path


@pytest.mark.parametrize(
    "address", ["http://pi:8889/cam/whep", "//pi/whep", "javascript:alert(1)", "rtc whep", "a//b", "?src=x", "x#y"]
)
def test_a_whep_server_on_another_host_is_refused(address):
    """Nobody would ask Stillcam there who may watch."""
    with pytest.raises(SettingsError, match="a path on the same host"):
        from_json({"version": 1, "live": {"webrtc": address}})


def test_reading_and_writing_settings_for_years_takes_no_more_memory():
    """A daemon writes them into each item. Freed tuples count: Python keeps up to 2,000 of each length."""
    blocks = []
    for _ in range(2):
        for _ in range(50):
            from_json(to_json(Settings()))
        gc.collect(0)  # a full collection would free those tuples, and comes hours later
        blocks.append(sys.getallocatedblocks())
    assert blocks[1] - blocks[0] < 500  # a tuple for each section: 1,900
