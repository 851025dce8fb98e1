"""Nonsense at every route, sent by an owner: it is refused or done, and never a fault of ours."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import Client, register
from pictures import picture
from series_folders import make_series
from serving import Site

from stillcam.common.paths import Paths
from stillcam.server.camera_context import CameraContext
from stillcam.server.wiring import build

NAMED = "Garden"  # the series that there is
DAY, ITEM = "2026-11-20", "20261120T234501.123Z_photo_imx708.jpg"
# They end the session that asks, never end themselves, or wait for a frame.
LEFT_OUT = {"DELETE api/session", "POST api/restart", "GET api/events", "GET stream", "GET stream.mjpg", "GET webcam/"}
KEYS = {
    *("name", "password", "role", "old", "new", "code", "scope", "items", "deleted", "title", "favourite", "version"),
    *("camera", "snapshot", "live", "photo", "controls", "access", "server", "files", "page", "retention", "settings"),
    *("ExposureTime", "AfWindows", "ScalerCrop", "proxies", "hosts", "watch", "rotation", "tuning_file", "tls_key"),
    *(
        "day",
        "kind",
        "year",
        "limit",
        "start",
        "max_age",
        "strict",
        "fps",
        "file",
        "thumbnail",
        "download",
        "everywhere",
    ),
}
TEXTS = [
    *("", " ", ".", "..", "../../etc/passwd", "/etc/passwd", "a/b", "a\\b", "~", "~Li4vLi4", "~AA", "\0", "a\r\nX: y"),
    *("\u202e", "\u2028", "é" * 300, "a" * 5000, "*", "%00", "%n", "{}", "[" * 3000, "null", "NaN", "1e999", "-1"),
    *("99", "٣", "0x10", f"{DAY}/{ITEM}", DAY, "2026-02-30", "0000", "9999", "'; DROP TABLE users; --", "<script>"),
    *(json.dumps([DAY, "nan", ITEM]), json.dumps([DAY, 10**400, ""]), "Ann", "owner", "control", "photo", "item"),
]
FIELDS = [
    "interval_s",
    "start",
    "end",
    "shots",
    "marks",
    "weekdays",
    "window",
    "place",
    "kind",
    "fixed",
    "vary",
    "keep",
]
EDGES = ("00:00", "24:00", "sunrise-12:00", "sunset+12:00", "sunset")
MOMENTS: list[Any] = [
    *("0001-01-01", "9999-12-31T23:59:59", "2026-11-20T08:00-23:59", "2026-03-29T02:30", "1969-12-31", "2099-01-01"),
    *({"from": begin, "to": end} for begin in EDGES for end in EDGES),
    *({"latitude": latitude, "longitude": 180} for latitude in (-90, 0, 69.65, 90)),
    *([0], [0, 6], 1, 86400, 10_000_000, True, "raw", {"rule": "days", "days": 1}, {"rule": "thin"}),
    {"control": "LensPosition", "values": [0, 1, 2], "bracket": True},
]
texts = st.sampled_from(TEXTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
keys = st.sampled_from(sorted(KEYS))
values = st.recursive(
    texts | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([10**30, -1, 2**63, 1e308, 5e-324]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | texts, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
ROUTES: list[str] = []


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Signed in at a server with something in its library; in the end its log knows of no fault."""
    folder = tmp_path_factory.mktemp("table")
    paths = Paths(folder / "images", folder / "data")
    with closing(CameraContext(paths)) as context:
        app = build([context])
    ROUTES[:] = sorted({f"{route.method} {route.path}" for route in app.routes} - LEFT_OUT)
    with Site(tmp_path_factory.mktemp("site")) as site:
        (site.data / "library" / DAY).mkdir(parents=True)
        (site.data / "library" / DAY / ITEM).write_bytes(picture())
        make_series(site.data / "series", 3, missed=2)
        yield register(site)
        said = site.said()
    assert "this is a bug" not in said and "Traceback" not in said


def test_no_address_and_no_value_of_a_query_is_a_fault(owner):
    """Every route that takes a rest, and every value that is known to be read, with every text."""
    for text in TEXTS:
        for route in ROUTES:
            method, path = route.split(" ")
            if (path.endswith("/") or "{" in path) and len(text) < 1000:
                for name in {NAMED, quote(text)} if "{" in path else ("",):
                    rest = quote(text) if path.endswith("/") else ""
                    asked(owner, f"/{path.replace('{name}', name)}{rest}", method, None if method == "GET" else {})
        for key in ("start", "limit", "day", "kind", "camera", "favourites"):
            asked(owner, f"/api/library?{key}={quote(text)[:8000]}")
        for key in ("max_age", "strict", "action"):
            asked(owner, f"/snapshot?{key}={quote(text)[:8000]}")
        for key in ("file", "thumbnail", "download"):
            asked(owner, f"/library/{DAY}/{ITEM}?{key}={quote(text)[:8000]}")
        asked(owner, f"/api/library/calendar?year={quote(text)[:8000]}")
        for key in ("start", "limit"):
            asked(owner, f"/api/series/{NAMED}/shots?{key}={quote(text)[:8000]}")
        asked(owner, f"/api/series/{NAMED}/timeline?buckets={quote(text)[:8000]}")
        for key in ("file", "thumbnail", "download", "v"):
            asked(owner, f"/series/{NAMED}/shots/1?{key}={quote(text)[:8000]}")


def asked(owner: Client, path: str, method: str = "GET", document: Any = None) -> None:
    """Ask, and see that the answer is no fault."""
    response, body = owner.ask(path, method, document)
    assert response.status < 500 or response.status == 503, (method, path, body)


@given(which=st.integers(0, 10_000), rest=texts, query=st.dictionaries(keys, texts, max_size=3), body=values)
@settings(max_examples=150)
def test_no_nonsense_is_a_fault(owner, which, rest, query, body):
    method, path = ROUTES[which % len(ROUTES)].split(" ")
    path = path.replace("{name}", NAMED)
    if path.endswith("/"):
        path += quote(rest)
    pairs = "&".join(f"{key}={quote(value)}" for key, value in query.items())
    document = None if method == "GET" else body if isinstance(body, dict) else {}
    asked(owner, f"/{path}?{pairs}"[:8000], method, document)


@given(
    document=st.dictionaries(st.sampled_from(FIELDS), values | st.sampled_from(MOMENTS), max_size=6),
    method=st.sampled_from(["POST", "PATCH"]),
)
@settings(max_examples=150)
def test_no_definition_of_a_series_is_a_fault(owner, document, method):
    """Without a daemon the right ones are 503."""
    path, known = (
        ("/api/series/check", (200, 400, 422)) if method == "POST" else (f"/api/series/{NAMED}", (400, 422, 503))
    )
    response, body = owner.ask(path, method, document)
    assert response.status in known, (document, body)


@given(key=keys, value=values, inner=keys)
@settings(max_examples=50)
def test_no_setting_is_a_fault(owner, key, value, inner):
    for document in ({key: value}, {key: {inner: value}}, {"controls": {inner: value}}):
        response, _ = owner.ask("/api/settings", "PATCH", document)
        assert response.status in (200, 400, 409, 422)
