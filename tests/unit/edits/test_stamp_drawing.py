"""The stamp: readable in its corner, and nothing else of the picture changes."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from stillcam.common.errors import SettingsError
from stillcam.edits.__main__ import main
from stillcam.edits.stamp import StampDrawer
from stillcam.frames.jpeg import check_jpeg
from stillcam.settings.document import from_json
from stillcam.settings.schema import StampSettings
from stillcam.settings.stamp_text import Stamp, stamp_of

SIZE = 403, 299  # no multiple of a block
TEXT = "2026-11-30 17:05:00"
CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")


def jpeg(mode: str = "RGB", **options) -> bytes:
    file = io.BytesIO()
    grey = Image.effect_noise(SIZE, 10)
    picture = Image.merge("RGB", (grey, grey.point(lambda value: value // 2), grey)) if mode == "RGB" else grey
    picture.save(file, "JPEG", **options)
    return file.getvalue()


def changed(before: bytes, after: bytes) -> tuple[tuple[int, int, int, int], Image.Image]:
    """The box that has changed, and the new picture."""
    with Image.open(io.BytesIO(before)) as one, Image.open(io.BytesIO(after)) as other:
        box = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox()
        assert box
        return box, other.convert("RGB")


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"subsampling": "4:2:0"}, id="as the cameras make them"),
        pytest.param({"subsampling": "4:4:4", "quality": 30}, id="4:4:4"),
        pytest.param({"mode": "L"}, id="grey"),
    ],
)
def test_a_stamp_is_light_on_dark_in_its_corner_and_the_rest_is_untouched(options, corner):
    original = jpeg(**options)
    stamped = StampDrawer().draw(original, Stamp(TEXT, corner, 8))
    assert check_jpeg(stamped) == SIZE
    (left, top, right, bottom), picture = changed(original, stamped)
    assert (left <= 2) if corner.endswith("left") else (right >= SIZE[0] - 2)
    assert (top <= 2) if corner.startswith("top") else (bottom >= SIZE[1] - 2)
    assert right - left < SIZE[0] * 0.8
    assert bottom - top < 50  # 8 % of the height, and the rest of a block
    levels = picture.crop((left, top, right, bottom)).convert("L").histogram()
    assert sum(levels[:60]) > sum(levels) / 2  # the box
    assert sum(levels[190:]) > sum(levels) / 40  # the letters


@pytest.mark.parametrize("rotation", [90, 270])
@pytest.mark.parametrize("corner", CORNERS)
def test_a_stamp_in_a_video_is_upright_once_it_is_rotated(rotation, corner):
    """It is as in a picture that has been rotated before."""
    turn = Image.Transpose.ROTATE_270 if rotation == 90 else Image.Transpose.ROTATE_90
    stored = io.BytesIO()
    Image.new("RGB", (480, 320), (128, 128, 128)).save(stored, "JPEG", quality=95)
    upright = io.BytesIO()
    Image.new("RGB", (320, 480), (128, 128, 128)).save(upright, "JPEG", quality=95)
    with Image.open(io.BytesIO(StampDrawer().draw(stored.getvalue(), Stamp(TEXT, corner, 6, rotation)))) as image:
        shown = image.convert("L").transpose(turn)
    with Image.open(io.BytesIO(StampDrawer().draw(upright.getvalue(), Stamp(TEXT, corner, 6)))) as image:
        expected = image.convert("L")
    difference = ImageChops.difference(shown, expected).histogram()
    assert sum(difference[60:]) < 20


@pytest.mark.parametrize("extension", ["jpg", "png", "bmp"])
def test_a_child_process_stamps_files_of_every_format(tmp_path: Path, extension: str):
    source, target = tmp_path / f"a.{extension}", tmp_path / f"b.{extension}"
    Image.new("RGB", SIZE, (128, 128, 128)).save(source)
    plan = json.dumps({"stamp": {"text": TEXT, "corner": "top-left", "size": 8}})
    assert main(plan, str(source), str(target)) == 0
    with Image.open(target) as image:
        assert image.size == SIZE
        assert max(image.convert("RGB").getpixel((1, 1)) or (255,)) < 40  # type: ignore[arg-type]
        assert image.convert("L").crop((0, 0, 200, 30)).getextrema()[1] > 200  # type: ignore[operator]


def test_a_long_text_is_cut_off_at_the_picture_s_edge():
    original = jpeg()
    (left, _, right, _), _ = changed(original, StampDrawer().draw(original, Stamp("W" * 120, "top-right", 20)))
    assert (left, right) == (0, SIZE[0])


def test_fields_are_filled_and_those_that_are_not_known_have_a_dash(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    settings = StampSettings(text="{name} {camera} {date} {time} {temperature} {{x}}", time_format="%H:%M")
    stamp = stamp_of(settings, 1_795_176_000.0, "garden", "imx708", {"SensorTemperature": 41.4})
    assert stamp.text.startswith("garden imx708 2026-11-20 ")
    assert stamp.text.endswith(" 41 °C {x}")
    assert stamp_of(StampSettings(text="{temperature}{camera}"), 0.0, "garden", "", {}).text == "––"


@pytest.mark.parametrize("text", ["{place}", "{time", "{}", "{0}", "{time!r}", "{time:>9}", "{time.x}", " ", "a" * 121])
def test_a_text_that_cannot_be_filled_is_refused(text):
    with pytest.raises(SettingsError) as refused:
        from_json({"version": 1, "stamp": {"text": text}})
    assert refused.value.field == "stamp.text"
    if text == "{place}":
        assert "unknown field {place}: known are {date}, {time}, {name}, {camera}, {temperature}" in str(refused.value)
