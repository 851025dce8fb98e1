"""EXIF: a value that is added leaves all others as they are, read by Pillow."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from stillcam.frames.exif import find_thumbnail, with_exposure_bias


@given(
    bias=st.floats(-8, 8),
    tags=st.dictionaries(st.sampled_from([0x829A, 0x9204, 0x920A, 0xA405]), st.integers(1, 999), max_size=4),
)
def test_an_exposure_bias_is_added_and_all_else_stays(bias, tags):
    """Read by Pillow: the other tags, the thumbnail and the picture are as before."""
    exif = Image.Exif()
    exif[0x0110] = "imx708"
    exif.get_ifd(0x8769).update(
        {tag: value if tag == 0xA405 else IFDRational(value, 7) for tag, value in tags.items()}
        | {0x9003: "2026:11:20 12:00:00"}
    )
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(file, "JPEG", exif=exif)
    before = file.getvalue()
    found = with_exposure_bias(before, bias)
    assert found
    after = found[0] + before[found[1] :]
    with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
        assert old.tobytes() == new.tobytes()
        had, has = (dict(image.getexif().get_ifd(0x8769)) for image in (old, new))
        assert float(has.pop(0x9204)) == pytest.approx(bias, abs=0.006)
        had.pop(0x9204, None)
        assert has == had
        assert new.getexif()[0x0110] == "imx708"


def test_a_thumbnail_stays_where_a_bias_is_added():
    """The one of an older camera program, whose directory follows the first one."""
    segment = b"Exif\0\0" + bytes.fromhex(
        """49492a00 08000000 0100 69870400 01000000 1a000000 2c000000
        0100 0a920500 01000000 00000000 00000000
        0200 01020400 01000000 4a000000 02020400 01000000 04000000 00000000 ffd8ffd9"""
    )
    had = find_thumbnail(segment)
    jpeg = b"\xff\xd8\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + b"\xff\xda\0\2\xff\xd9"
    found = with_exposure_bias(jpeg, -2)
    assert had
    assert found
    assert find_thumbnail(found[0][6:]) == had
    assert found[0][6 + had.start : 6 + had.end] == b"\xff\xd8\xff\xd9"


@pytest.mark.parametrize("jpeg", [b"\xff\xd8\xff\xda\0\2\xff\xd9"], ids=["no EXIF"])
def test_no_bias_is_added_without_an_exif(jpeg):
    assert with_exposure_bias(jpeg, 1) is None
