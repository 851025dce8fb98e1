"""Settings are checked where they enter, and a wrong file never replaces good ones."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.errors import SettingsError, StillcamError
from stillcam.settings import Settings, changed, from_json, load, load_in_force, save


def test_without_a_file_the_defaults_hold(tmp_path):
    assert load(tmp_path / "settings.json") == Settings()


def test_what_is_saved_is_loaded_and_only_what_differs_is_in_the_file(tmp_path):
    file = tmp_path / "settings.json"
    wanted = changed(changed(Settings(), "snapshot.interval_s", 5), "camera.rotation", 90)
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
    good = changed(Settings(), "snapshot.quality", 50)
    save(file, good)
    assert load_in_force(file) == (good, None)
    file.write_text("{torn")
    settings, wrong = load_in_force(file)
    assert settings == good
    assert "last good settings" in (wrong or "")
    assert file.read_text() == "{torn"


def test_a_wrong_file_and_no_good_settings_is_an_error(tmp_path):
    file = tmp_path / "settings.json"
    file.write_text("{torn")
    with pytest.raises(StillcamError, match="line 1"):
        load_in_force(file)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.sampled_from(["version", "camera", "snapshot", "live", "x"]), json_values))
def test_any_document_is_taken_or_refused_with_a_sentence(document):
    with contextlib.suppress(SettingsError):
        assert isinstance(from_json(document), Settings)
