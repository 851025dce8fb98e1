"""Parts of answers: `Range` as RFC 9110, section 14, has it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.http.bodies import Blob, FilePart
from stillcam.http.messages import Answer, Request
from stillcam.http.ranges import part, span

DATA = bytes(range(100))
numbers = st.integers(0, 12)


@given(numbers, numbers, st.integers(0, 10))
def test_a_range_includes_its_first_and_last_byte(first, last, size):
    expected = bytes(range(size))[first : last + 1]
    if last < first:
        assert span(f"bytes={first}-{last}", size) is None
    elif expected:
        start, end = span(f"bytes={first}-{last}", size) or (0, 0)
        assert bytes(range(size))[start:end] == expected
    else:
        with pytest.raises(ValueError, match="bytes="):
            span(f"bytes={first}-{last}", size)


@given(numbers, st.integers(0, 10))
def test_a_range_from_the_end(count, size):
    if count and size:
        assert span(f"bytes=-{count}", size) == (max(0, size - count), size)
    else:
        with pytest.raises(ValueError, match="bytes="):
            span(f"bytes=-{count}", size)


@given(st.text(max_size=20) | st.text("bytes=-, 0123456789٣", max_size=20), st.integers(0, 100))
def test_any_header_is_a_range_within_the_body_or_ignored_or_refused(header, size):
    try:
        found = span(header, size)
    except ValueError:
        return
    assert found is None or 0 <= found[0] < found[1] <= size


@pytest.mark.parametrize(
    "header",
    [
        *("bytes=0-1,3-4", "bytes=", "bytes=-", "bytes= - ", "bytes=1", "bytes=--1", "bytes=0x1-", "bytes=٣-"),
        *("bytes=9999999999999999-", "bits=0-1", ""),
    ],
)
def test_unsupported_headers_are_ignored(header):
    assert span(header, 10) is None


def answer_of(body, headers=None, method="GET", **answer):
    """What comes of a request for a part."""
    request = Request(method, "x", headers={"range": "bytes=10-19", **(headers or {})})
    return part(request, Answer(answer.pop("status", 200), body, {"ETag": '"a"'}, **answer))


def test_every_kind_of_body_can_be_cut(tmp_path: Path):
    file = tmp_path / "file"
    file.write_bytes(DATA)
    for body in (DATA, memoryview(DATA), Blob(DATA), FilePart.whole(file)):
        answer = answer_of(body)
        assert (answer.status, answer.headers["Content-Range"]) == (206, "bytes 10-19/100")
        cut = answer.body
        assert (cut.read(0, 100) if isinstance(cut, FilePart) else bytes(cut)) == DATA[10:20]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"if-range": '"a"'}, 206, id="it is still the same"),
        pytest.param({"if-range": '"b"'}, 200, id="it has changed"),
        pytest.param({"if-range": 'W/"a"'}, 200, id="weakly the same is not the same"),
        pytest.param({"if-range": "Sat, 21 Nov 2026 08:00:00 GMT"}, 200, id="a date is not enough"),
        pytest.param({"range": "bytes=100-"}, 416, id="beyond the end"),
        pytest.param({"range": "bytes=100-", "if-range": '"b"'}, 200, id="beyond the end of what has changed"),
    ],
)
def test_if_range(headers, status):
    assert answer_of(DATA, headers).status == status


@pytest.mark.parametrize("answer", [{"status": 404}, {"status": 304}, {"method": "POST"}, {"stream": iter(())}])
def test_other_answers_are_not_cut(answer):
    assert "Content-Range" not in answer_of(DATA, **answer).headers


def test_if_range_uses_a_tag_in_a_prepared_head():
    request = Request("GET", "x", headers={"range": "bytes=0-0", "if-range": '"frame"'})
    assert part(request, Answer(200, DATA, head=b'X: y\r\nETag: "frame"\r\n')).status == 206
    assert part(request, Answer(200, DATA, head=b'X: "frame"\r\n')).status == 200
