"""Requests and answers: what a query, a body and a condition may say."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.http.messages import MAX_VALUES, Refused, Request, as_json

JSON = {"content-type": "application/json"}


def sent(body: bytes, headers: dict[str, str] | None = None) -> Request:
    """A request with a body."""
    return Request("POST", "x", headers=JSON if headers is None else headers, read_body=lambda *_: body)


def refusal(request: Request) -> int | None:
    """The status with which its JSON is refused."""
    try:
        request.json()
    except Refused as refused:
        return refused.status
    return None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"a"', id="a text"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"a": NaN}', id="no number"),
        pytest.param(b'{"a": -Infinity}', id="an endless number"),
        pytest.param(b'{"a": 1e999}', id="a number beyond all"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", id="5000 digits"),
        pytest.param(b'{"a": "\\ud800"}', id="half a character"),
        pytest.param(b'{"\\udfff": 1}', id="half a character as a name"),
        pytest.param(b'{"a": "\xff"}', id="not UTF-8"),
        pytest.param(b'{"a": "\x00"}', id="a control character"),
        pytest.param(b"[" * 50_000, id="50 000 brackets"),
        pytest.param(b'{"a":' * 10_000, id="10 000 objects"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body):
    assert refusal(sent(body)) == 400


@pytest.mark.parametrize("kind", ["", "text/plain", "application/jsonp", "application/x-www-form-urlencoded", "json"])
def test_another_content_type_is_refused(kind):
    assert refusal(sent(b"{}", {"content-type": kind} if kind else {})) == 415


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", " application/json ;x"])
def test_a_json_object_is_accepted(kind):
    assert sent(b'{"a": "\\ud83d\\ude00"}', {"content-type": kind}).json() == {"a": "😀"}


@given(st.binary(max_size=60) | st.text('{}[]":,\\ud0123456789eE+-.NaInfty ', max_size=60).map(str.encode))
def test_any_body_is_an_object_or_refused(body):
    assert refusal(sent(body)) in (None, 400)


@pytest.mark.parametrize(
    ("query", "value"),
    [
        *(("", None), ("a", ""), ("a=", ""), ("a=1", "1"), ("a=1&a=2", "2"), ("b=1", None), ("a=%31+%C3%A9", "1 é")),
        *(("a=%ff", "\ufffd"), ("a=%00", "\0"), ("a=%", "%"), ("a;b", None), ("&&a=1&&", "1"), ("%61=1", "1")),
    ],
)
def test_a_value_of_a_query(query, value):
    assert Request("GET", "x", query).value("a") == value


def test_the_number_of_query_values_is_limited():
    assert Request("GET", "x", "a=1&" * (MAX_VALUES - 1) + "a=2").value("a") == "2"
    with pytest.raises(Refused) as refused:
        Request("GET", "x", "a=1&" * MAX_VALUES + "a=2").value("a")
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("known", "has"),
    [
        *(('"a"', True), ('W/"a"', True), ('"b", "a"', True), ('"b" ,W/"a"', True), ("*", True), ('"a', False)),
        *(("", False), ("a", False), ('"b"', False), ('"a "', False), ('"A"', False), ('"', False), ('"ba"', False)),
    ],
)
def test_which_entity_tags_match(known, has):
    assert Request("GET", "x", headers={"if-none-match": known}).has_version('"a"') is has
    assert not Request("GET", "x").has_version('"a"')


@given(st.text(max_size=20))
def test_an_error_can_hold_any_text(text):
    body = Refused(400, text + "\udcff", "a\ud800").answer().body
    assert isinstance(body, bytes)
    document = json.loads(body)
    assert document == {"error": text.encode(errors="replace").decode() + "?", "field": "a?"}


def test_json_is_not_stored_by_caches():
    assert as_json(200, {}).headers["Cache-Control"] == "no-store"
