"""Masks in JPEGs: black where they are, and bit by bit the same everywhere else."""

import io
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import pytest
from PIL import Image, ImageChops

from stillcam.capture.image_files import run_on_picture
from stillcam.common.errors import CameraError
from stillcam.edits import coefficients
from stillcam.edits.__main__ import main
from stillcam.edits.coefficients import DamagedJpeg, MissingLibrary
from stillcam.edits.draw import MaskDrawer
from stillcam.edits.jpeg_layout import read_layout
from stillcam.frames.exif import thumbnail_ranges
from stillcam.frames.jpeg import InvalidJpeg, check_jpeg
from stillcam.settings.geometry import View

SIZE = 203, 149  # no multiple of a block
BOX = 60, 40, 110, 90
MASK = "60,40 110,90"
VIEW = View(((0, 0, *SIZE),), (False, False))
MARGIN = 10 + 16  # of the mask, and to the edge of a block of 16 pixels


def noise(mode: str = "RGB") -> Image.Image:
    channels = [Image.effect_noise(SIZE, 90).point(lambda value, to=to: (value + to) % 256) for to in (0, 80, 160)]
    picture = Image.merge("RGB", channels)
    picture.paste((255, 0, 255), BOX)
    return picture.convert(mode)


def jpeg(mode: str = "RGB", **options) -> bytes:
    file = io.BytesIO()
    noise(mode).save(file, "JPEG", **options)
    return file.getvalue()


def brightest(image: Image.Image) -> int:
    return max(level for level, count in enumerate(image.convert("L").histogram()) if count)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"subsampling": "4:2:0"}, id="as the cameras make them"),
        pytest.param({"subsampling": "4:2:2", "quality": 30}, id="4:2:2"),
        pytest.param({"subsampling": "4:4:4", "quality": 100}, id="4:4:4, the finest steps"),
        pytest.param({"quality": 1}, id="the coarsest steps"),
        pytest.param({"mode": "L"}, id="grey"),
        pytest.param({"progressive": True}, id="progressive"),
        pytest.param({"restart_marker_rows": 1, "optimize": True}, id="restart markers, own Huffman tables"),
    ],
)
def test_a_mask_is_black_and_the_rest_is_untouched(options):
    original = jpeg(**options)
    masked = MaskDrawer().draw(original, [MASK], VIEW)
    assert check_jpeg(masked) == SIZE
    before, after = opened(original), opened(masked)
    assert after.mode == before.mode
    assert brightest(after.crop(BOX)) <= 1
    changed = ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox()
    assert changed is not None
    left, top, right, bottom = changed
    # Decoders smooth colours into the next block: the coefficients there are the same.
    assert left >= BOX[0] - MARGIN - 2 and top >= BOX[1] - MARGIN - 2
    assert right <= BOX[2] + MARGIN + 2 and bottom <= BOX[3] + MARGIN + 2


@pytest.mark.skipif(not shutil.which("jpegtran"), reason="needs jpegtran")
@pytest.mark.parametrize("options", [("-arithmetic",), ("-arithmetic", "-progressive"), ("-restart", "1B")])
def test_other_ways_to_code_the_blocks(options):
    """Pillow cannot make them."""
    argv = ["jpegtran", *options]
    original = subprocess.run(argv, input=jpeg(), capture_output=True, check=True).stdout
    masked = MaskDrawer().draw(original, [MASK], VIEW)
    assert brightest(opened(masked).crop(BOX)) <= 1


def test_a_jpeg_without_a_mask_in_it_is_the_same_object():
    original = jpeg()
    drawer = MaskDrawer()
    assert drawer.draw(original, ["2000,2000 2100,2100"], VIEW) is original
    assert drawer.draw(original, [], View((), (False, False))) is original


def test_a_thumbnail_is_removed_and_the_exif_kept():
    small = io.BytesIO()
    noise().resize((40, 30)).save(small, "JPEG")
    exif = Image.Exif()
    exif[0x0110] = "imx708"
    data = exif.tobytes()
    # Directory 1 with JPEGInterchangeFormat and its length, behind directory 0.
    tiff = bytearray(data[6:])
    order: Literal["big", "little"] = "big" if tiff[:2] == b"MM" else "little"
    first = int.from_bytes(tiff[4:8], order)
    link = first + 2 + 12 * int.from_bytes(tiff[first : first + 2], order)
    second = len(tiff)
    tiff[link : link + 4] = second.to_bytes(4, order)
    start = second + 2 + 24 + 4
    tiff += (2).to_bytes(2, order)
    for tag, value in ((0x0201, start), (0x0202, len(small.getvalue()))):
        tiff += tag.to_bytes(2, order) + (4).to_bytes(2, order) + (1).to_bytes(4, order) + value.to_bytes(4, order)
    tiff += bytes(4) + small.getvalue()
    original = jpeg(exif=b"Exif\0\0" + bytes(tiff))
    assert thumbnail_ranges(original)
    masked = MaskDrawer().draw(original, [MASK], VIEW)
    assert not thumbnail_ranges(masked)
    assert small.getvalue()[20:200] not in masked
    assert opened(masked).getexif()[0x0110] == "imx708"


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def exif(*tags: int, held: bytes) -> bytes:
    """The content of an APP1 segment whose second directory has these tags, the first of them with a picture."""
    entries = [struct.pack("<HHII", tags[0], 4, 1, 32 + 12 * len(tags))]
    entries += [struct.pack("<HHII", tag, 4, 1, len(held)) for tag in tags[1:]]
    first = struct.pack("<HHHIII", 1, 0x0112, 3, 1, 1, 26)
    second = struct.pack("<H", len(tags)) + b"".join(entries) + bytes(4)
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + first + second + held


JPEG_TAGS, STRIP_TAGS = (0x0201, 0x0202), (0x0111, 0x0117)
HELD = b"\xff\xd8\xff\xe0 another picture " * 9


@pytest.mark.parametrize(
    ("segments", "keeps_exif"),
    [
        pytest.param(segment(0xE1, exif(*JPEG_TAGS, held=HELD)), True, id="thumbnail"),
        pytest.param(segment(0xE1, exif(*JPEG_TAGS, held=HELD)) * 2, True, id="two EXIFs"),
        pytest.param(segment(0xE1, exif(*STRIP_TAGS, held=HELD[4:])), False, id="uncompressed thumbnail"),
        pytest.param(segment(0xE0, b"JFXX\0\x10" + HELD), False, id="JFIF extension"),
        pytest.param(segment(0xE2, b"MPF\0" + HELD), False, id="multi-picture format"),
        pytest.param(segment(0xFE, HELD), False, id="comment"),
    ],
)
def test_no_other_picture_stays_in_the_metadata(segments: bytes, keeps_exif: bool):
    original = jpeg()
    masked = MaskDrawer().draw(original[:2] + segments + original[2:], [MASK], VIEW)
    assert b"another picture" not in masked
    assert masked.count(b"Exif") == keeps_exif
    assert opened(masked).size == SIZE


def test_too_little_memory_for_a_large_picture_is_named(tmp_path: Path, monkeypatch):
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    Image.new("L", (8000, 8000)).save(source)
    plan = '{"masks": ["60,40 110,90"], "crops": [[0, 0, 8000, 8000]], "flips": [false, false], "rotation": 0}'
    argv = ["prlimit", "--as=100000000", sys.executable, "-m", "stillcam.edits", plan, str(source), str(target)]
    with pytest.raises(CameraError, match="could not be masked: not enough memory") as caught:
        run_on_picture(argv, ("masking the picture", "masked"), ())
    assert caught.value.cause == "short"
    assert not target.exists()


def test_all_of_a_picture_is_black_while_nobody_knows_what_it_shows():
    masked = MaskDrawer().draw(jpeg(), [MASK], View((), (False, False)))
    assert brightest(opened(masked)) <= 1


@pytest.mark.parametrize("extension", ["jpg", "png", "bmp"])
def test_a_child_process_masks_files_of_every_format(tmp_path: Path, extension: str):
    source, target = tmp_path / f"a.{extension}", tmp_path / f"b.{extension}"
    noise().save(source)
    plan = '{"masks": ["60,40 110,90"], "crops": [[0, 0, 203, 149]], "flips": [false, false], "rotation": 0}'
    assert main(plan, str(source), str(target)) == 0
    with Image.open(target) as image:
        assert (image.size, image.mode) == (SIZE, "RGB")
        assert brightest(image.crop(BOX)) <= 1
        assert brightest(image) > 100


def test_what_is_no_whole_jpeg_is_refused():
    whole = jpeg()
    for data in (b"", b"hello", whole[:100], b"\xff\xd8\xff\xd9"):
        with pytest.raises(InvalidJpeg):
            MaskDrawer().draw(data, [MASK], VIEW)
    with pytest.raises(DamagedJpeg):
        MaskDrawer().draw(whole[: len(whole) // 2], [MASK], VIEW)


@pytest.mark.parametrize("kind", [KeyError, KeyboardInterrupt])
def test_an_error_while_blocks_are_replaced_is_not_lost(kind):
    class Broken(dict[Any, Any]):
        def get(self, *_):
            raise kind

    with pytest.raises(kind):
        coefficients.replace_blocks(jpeg(), Broken())


def test_blocks_that_the_library_never_offers_are_an_error():
    """The picture may show what a mask covers there."""
    with pytest.raises(DamagedJpeg, match="1 row"):
        coefficients.replace_blocks(jpeg(), {(0, 0): [(0, bytes(128))], (0, 999): [(0, bytes(128))]})


def test_a_table_of_zeros_is_damage():
    data = bytearray(jpeg())
    at = data.index(b"\xff\xdb") + 5
    data[at] = 0
    with pytest.raises(InvalidJpeg):
        MaskDrawer().draw(bytes(data), [MASK], VIEW)


def test_without_the_library_the_error_names_the_package(monkeypatch):
    monkeypatch.setattr(coefficients, "LIBRARY", "libturbojpeg_that_is_not_there.so.0")
    coefficients._library.cache_clear()
    try:
        with pytest.raises(MissingLibrary, match="sudo apt install -y libturbojpeg0"):
            coefficients.check_library()
    finally:
        coefficients._library.cache_clear()


def test_the_layout_of_a_camera_s_jpeg():
    layout = read_layout(jpeg(subsampling="4:2:0"))
    assert (layout.width, layout.height, layout.mcu) == (*SIZE, (16, 16))
    assert [(each.across, each.down) for each in layout.components] == [(2, 2), (1, 1), (1, 1)]
    assert read_layout(jpeg("L")).mcu == (8, 8)
