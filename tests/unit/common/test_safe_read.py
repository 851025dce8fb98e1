"""JSON of strangers: what is nested without end is refused, and nothing else is."""

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.common.safe_read import MAX_DEPTH, parse_json

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('[]{}"\\a', max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('[]{}"\\a', max_size=5), inner, max_size=4),
    max_leaves=150,
)


@given(values, st.sampled_from(["utf-8", "utf-16", "utf-32"]), st.booleans())
def test_what_is_json_is_read(value, encoding, escaped):
    text = json.dumps(value, ensure_ascii=escaped)
    assert parse_json(text) == parse_json(text.encode(encoding)) == value


@pytest.mark.parametrize(
    "text", ["[" * 200, '"' + "[" * 200, "]" * 200 + "[" * 200, '{"a":' * 50, "", b"\xff\xff", b"{"]
)
def test_what_is_not_json_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


def test_as_deep_as_may_be_and_one_deeper():
    deepest = json.loads("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert parse_json("[" * MAX_DEPTH + "]" * MAX_DEPTH) == deepest
    with pytest.raises(ValueError, match="nested more than 100 levels deep"):
        parse_json("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    assert parse_json("[" + ", ".join(['{"[{": [{}]}'] * 1000) + "]") == [{"[{": [{}]}] * 1000  # many, but not deep


@pytest.mark.parametrize(
    "text", ["[" * 1_000_000, '{"a":' * 1_000_000, '["[",' * 1_000_000], ids=["list", "object", "strings"]
)
def test_a_small_stack_is_enough(text):
    """With json.loads, Python 3.13 ends here."""
    said: list[str] = []

    def read() -> None:
        try:
            parse_json(text)
        except ValueError as error:
            said.append(str(error))

    before = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=read)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert said == ["it is nested more than 100 levels deep"]
