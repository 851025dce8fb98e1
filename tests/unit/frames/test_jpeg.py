"""Whole pictures are told from torn ones, and a stream is cut where its pictures end."""

import contextlib
import functools
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import picture
from PIL import Image

from stillcam.frames.jpeg import (
    EOI,
    InvalidJpeg,
    JpegSplitter,
    TruncatedJpeg,
    check_jpeg,
    check_leading_jpeg,
    picture_offset,
)

WHOLE = picture()


def test_a_whole_picture_gives_its_size():
    assert check_jpeg(WHOLE) == (64, 48)


@given(st.integers(0, len(WHOLE) - 1))
def test_no_beginning_of_a_picture_is_whole(length):
    """Not even the one that ends with the thumbnail's EOI."""
    with pytest.raises(TruncatedJpeg if length == 0 or length >= 2 else InvalidJpeg):
        check_jpeg(WHOLE[:length])


@pytest.mark.parametrize("progressive", [False, True])
def test_no_beginning_of_a_person_s_picture_is_whole(progressive):
    """Not even one that ends within the frame header."""
    data = saved(progressive)
    for length in range(len(data)):
        with pytest.raises(InvalidJpeg):
            check_leading_jpeg(data[:length])


@given(st.binary(max_size=300), st.booleans())
def test_what_is_behind_a_person_s_picture_is_no_fault(tail, progressive):
    """But the camera writes none: there it would be the rest of something else."""
    data = saved(progressive)
    assert check_leading_jpeg(data + tail) == ((64, 48), len(data))
    if not tail.endswith(EOI) and tail:
        with pytest.raises(TruncatedJpeg):
            check_jpeg(data + tail)


@functools.cache
def saved(progressive: bool) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((64, 48), 90).save(file, "JPEG", progressive=progressive, quality=95)
    return file.getvalue()


@given(st.binary(max_size=300))
def test_any_bytes_are_judged_without_another_exception(data):
    with contextlib.suppress(InvalidJpeg):
        check_jpeg(b"\xff\xd8" + data)
    with contextlib.suppress(InvalidJpeg):
        check_leading_jpeg(b"\xff\xd8" + data)


def test_two_pictures_that_differ_in_their_metadata_are_the_same_picture():
    one, two = picture(comment=b"12:00:00"), picture(comment=b"12:00:02")
    assert one != two
    assert one[picture_offset(one) :] == two[picture_offset(two) :]


@given(st.lists(st.sampled_from(["red", "green", "blue"]), max_size=4), st.lists(st.integers(1, 700), min_size=1))
def test_a_stream_is_cut_into_its_pictures_however_it_comes(colours, sizes):
    frames = [picture(colour=colour) for colour in colours]
    stream, cut, cutter = b"".join(frames), [], JpegSplitter()
    at = turn = 0
    while at < len(stream):
        step = sizes[turn % len(sizes)]
        cut += cutter.feed(stream[at : at + step])
        at, turn = at + step, turn + 1
    assert cut == frames
    assert cutter.skipped_bytes == 0


@given(st.binary(max_size=200).filter(lambda data: b"\xff\xd8" not in data and not data.endswith(b"\xff")))
def test_bytes_between_pictures_are_skipped(noise):
    cutter = JpegSplitter()
    assert cutter.feed(noise + WHOLE + noise + WHOLE) == [WHOLE, WHOLE]
    assert cutter.skipped_bytes == 2 * len(noise)


def test_a_picture_without_an_end_does_not_fill_the_memory():
    cutter = JpegSplitter(max_bytes=2 * len(WHOLE))
    cutter.feed(WHOLE[:-2] + b"\0" * (3 * len(WHOLE)))
    assert cutter.feed(WHOLE) == [WHOLE]
