"""Requests against the schemas of the API: what is accepted, and what is said of the rest."""

from typing import Any

import pytest

from stillcam.http.messages import Refused
from stillcam.server.openapi.check import check_body, check_query
from stillcam.server.openapi.shapes import Schema, list_of, maybe, one_of, record

COUNT: Schema = {"type": "integer", "minimum": 1, "maximum": 100}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
ORDER = record(
    {
        "count": COUNT,
        "share": SHARE,
        "favourite": "flag",
        "title": maybe("text"),
        "items": list_of("text") | {"minItems": 1},
    },
    kind=one_of("photo", "raw", "video"),
)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"kind": "raw"}, id="what is needed"),
        pytest.param({"kind": "raw", "count": 100, "share": 0.5, "favourite": False}, id="numbers and a flag"),
        pytest.param({"kind": "raw", "count": 2.0}, id="a whole number with a point"),
        pytest.param({"kind": "raw", "title": None, "items": ["a"]}, id="null where it may be, and a list"),
    ],
)
def test_a_body_that_fits_passes(document):
    check_body(document, ORDER)


@pytest.mark.parametrize(
    ("document", "field", "text"),
    [
        pytest.param({}, "kind", "is missing", id="missing"),
        pytest.param({"kind": None}, "kind", "must not be null", id="null"),
        pytest.param({"kind": "dng"}, "kind", "must be photo, raw or video", id="another choice"),
        pytest.param({"kind": []}, "kind", "must be photo, raw or video", id="another type"),
        pytest.param({"kind": "raw", "x": 1}, "x", "unknown field", id="unknown"),
        pytest.param({"kind": "raw", "count": 0}, "count", "must be a whole number from 1 to 100", id="too small"),
        pytest.param({"kind": "raw", "count": 101}, "count", "from 1 to 100", id="too large"),
        pytest.param({"kind": "raw", "count": 1.5}, "count", "whole number", id="not whole"),
        pytest.param({"kind": "raw", "count": True}, "count", "whole number", id="a flag is no number"),
        pytest.param({"kind": "raw", "count": "1"}, "count", "whole number", id="a text is no number"),
        pytest.param({"kind": "raw", "share": 1.1}, "share", "must be a number from 0 to 1", id="beyond the range"),
        pytest.param({"kind": "raw", "favourite": 1}, "favourite", "must be true or false", id="a number is no flag"),
        pytest.param({"kind": "raw", "title": 3}, "title", "must be a text", id="a number is no text"),
        pytest.param({"kind": "raw", "items": []}, "items", "must be a list of texts", id="an empty list"),
        pytest.param({"kind": "raw", "items": ["a", 1]}, "items", "must be a list of texts", id="a number in a list"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_and_the_field_is_named(document, field, text):
    with pytest.raises(Refused) as caught:
        check_body(document, ORDER)
    assert (caught.value.status, caught.value.field) == (422, field)
    assert text in caught.value.text


def test_a_change_of_nothing_is_refused():
    with pytest.raises(Refused, match="nothing to change: send title or favourite"):
        check_body({}, record({"title": "text", "favourite": "flag"}) | {"minProperties": 1})


@pytest.mark.parametrize(
    ("schema", "good", "wrong"),
    [
        pytest.param(
            COUNT, ["1", "100", "007"], ["", "0", "101", "1.5", "-1", "٣", "1e2", "9" * 400], id="whole numbers"
        ),
        pytest.param(SHARE, ["0", "0.25", "1.0"], ["", "1.1", "-0", "nan", "inf", ".5", "1e-1"], id="numbers"),
        pytest.param(one_of("a", "b"), ["a"], ["", "c"], id="choices"),
        pytest.param({"type": "string", "pattern": r"^\d{4}$"}, ["2026"], ["", "26", "٢٠٢٦", "2026\n"], id="a pattern"),
    ],
)
def test_a_query_is_text_that_must_fit(schema: Schema, good: list[str], wrong: list[str]):
    for text in good:
        check_query("x", text, schema)
    for text in wrong:
        with pytest.raises(Refused) as caught:
            check_query("x", text, schema)
        refused: Any = caught.value
        assert (refused.status, refused.field) == (400, "x"), text
        assert refused.text.startswith("x must ")
