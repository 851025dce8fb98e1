"""The form of a live stream."""

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st
from pictures import picture

from stillcam.http.bodies import Blob
from stillcam.server.live import picture as picture_module
from stillcam.server.live.picture import CONTENT_TYPE, OPENING, Picture


@given(st.lists(st.binary(max_size=300) | st.just(b"\r\n" + OPENING) | st.just(picture()), max_size=4))
def test_parts_in_a_row_can_be_cut_by_their_lengths(pictures):
    """Whatever is in a picture, the boundary included."""
    boundary = CONTENT_TYPE.removeprefix("multipart/x-mixed-replace; boundary=").encode()
    assert re.fullmatch(rb"[a-z-]+", boundary)
    stream = b"--" + boundary + b"\r\n"
    assert stream == OPENING
    for number, data in enumerate(pictures):
        stream += Picture.prepare(data, 1_800_000_000.25 + number, "tag", b"X-More: 1\r\n").part.data
    stream = stream.removeprefix(OPENING)
    for number, data in enumerate(pictures):
        head, stream = stream.split(b"\r\n\r\n", 1)
        assert head.split(b"\r\n") == [
            b"Content-Type: image/jpeg",
            b"Content-Length: %d" % len(data),
            b"X-Timestamp: %d.250000" % (1_800_000_000 + number),
            b"X-More: 1",
        ]
        assert stream.startswith(data + b"\r\n--" + boundary + b"\r\n")
        stream = stream.removeprefix(data + b"\r\n--" + boundary + b"\r\n")
    assert stream == b""


def test_a_picture_and_its_part_have_files_for_the_kernel_to_send():
    data = picture()
    prepared = Picture.prepare(data, 0.0, "tag", b"")
    alone, part = prepared.picture, prepared.part
    assert (bytes(alone.data), len(alone)) == (data, len(data))
    assert os.pread(alone.descriptor, len(alone), alone.start) == data
    assert os.pread(part.descriptor, 1 << 20, part.start) == part.data


def test_viewers_who_ask_at_the_same_moment_are_sent_the_same_part(monkeypatch):
    """Each further one would take the memory of a picture."""

    class SlowBlob(Blob):
        def __init__(self, *arguments):
            time.sleep(0.05)
            super().__init__(*arguments)

    prepared = Picture.prepare(picture(), 0.0, "tag", b"")
    monkeypatch.setattr(picture_module, "Blob", SlowBlob)
    with ThreadPoolExecutor(8) as viewers:
        parts = list(viewers.map(lambda _: prepared.part, range(8)))
    assert len(set(map(id, parts))) == 1
