"""Tuning files are found by name or path."""

from pathlib import Path

import pytest

from stillcam.common.errors import CameraError
from stillcam.settings import tuning_files
from stillcam.settings.schema import CameraSettings, Settings


def test_a_tuning_file_is_found_by_its_name_or_path(tmp_path, monkeypatch):
    def resolved(name: str) -> str:
        return tuning_files.with_tuning_path(Settings(camera=CameraSettings(tuning_file=name))).camera.tuning_file

    place = tmp_path / "vc4"
    place.mkdir()
    (place / "imx219_noir.json").touch()
    (place / "README").touch()
    monkeypatch.setattr(tuning_files, "SHARE", (tmp_path / "none", tmp_path))
    monkeypatch.setattr(tuning_files, "COMPATIBLE", tmp_path / "none")
    assert tuning_files.folder() == place
    assert tuning_files.files(place) == ["imx219_noir.json"]
    assert resolved("") == ""
    assert resolved("imx219_noir.json") == resolved(str(place / "imx219_noir.json")) == f"{place}/imx219_noir.json"
    for missing in ("imx708.json", "/nowhere/imx219.json"):
        with pytest.raises(CameraError, match=f"no tuning file .*{Path(missing).name}"):
            resolved(missing)
