"""A series from its making to its end, on a real server with a real daemon."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from capture_daemon import CaptureDaemon
from people import Client, register
from PIL import Image
from serving import Site

SETTINGS: dict[str, dict[str, Any]] = {"snapshot": {"interval_s": 0.5, "width": 320}, "photo": {"width": 320}}


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("whole")
    daemon = CaptureDaemon(folder)
    daemon.set(**SETTINGS)
    daemon.fault()
    daemon.start()
    try:
        daemon.frames()
        with Site(folder, SETTINGS) as site:
            yield register(site)
    finally:
        daemon.end()


def test_a_series_from_its_creation_to_its_end(owner):
    """Made, watched, changed, paused, resumed, finished and deleted, and seen by each address meanwhile."""
    made, series = owner.call("/api/series", "POST", {"name": "Garden 2", "interval_s": 1})
    assert (made, series["state"], series["planned"]) == (201, "planned", None)  # until the camera is ready

    def taken(more: int) -> Any:
        before = owner.call("/api/series/Garden%202")[1]["taken"]
        return owner.site.until(
            lambda: (now := owner.call("/api/series/Garden%202")[1])["taken"] >= before + more and now
        )

    series = taken(2)
    shots = owner.call("/api/series/Garden%202/shots")[1]["shots"]
    assert [shot["n"] for shot in shots] == list(range(1, len(shots) + 1))
    assert series["bytes"] <= sum(shot["bytes"] for shot in shots)
    picture, data = owner.ask(f"/series/Garden%202/shots/1?v={series['created']}")
    assert picture.headers["Cache-Control"].endswith("immutable")
    with Image.open(io.BytesIO(data)) as image:
        assert image.width == 320
    assert sum(owner.call("/api/series/Garden%202/timeline")[1]["taken"]) >= 2
    assert b'series="Garden 2"' in owner.ask("/metrics")[1]
    assert {"name": "Garden 2", "state": "running"}.items() <= owner.call("/api/status")[1]["capture"]["series"][
        0
    ].items()
    preview = owner.call("/api/series/check", "POST", {"name": "Garden 2", "interval_s": 60})[1]
    assert preview["bytes_per_day"] == pytest.approx(1440 * series["bytes"] / series["shots"], rel=0.5)

    changed = owner.call("/api/series/Garden%202", "PATCH", {"interval_s": 2, "weekdays": None})
    assert (changed[0], changed[1]["definition"]["interval_s"]) == (200, 2)
    assert owner.call("/api/series/Garden%202/state", "POST", {"do": "pause"})[1]["state"] == "paused"
    resumed = owner.call("/api/series/Garden%202/state", "POST", {"do": "resume"})
    assert (resumed[0], resumed[1]["state"]) == (200, "running")
    taken(1)
    assert owner.call("/api/series/Garden%202/state", "POST", {"do": "finish"})[1]["state"] == "finished"
    assert owner.call("/api/series/Garden%202/state", "POST", {"do": "resume"})[0] == 409
    assert owner.ask("/api/series/Garden%202", "DELETE")[0].status == 204
    assert owner.call("/api/series")[1]["series"] == []
    assert owner.ask("/series/Garden%202/shots/1")[0].status == 404


def test_the_daemon_s_refusals_have_the_right_status(owner):
    later = {"name": "Roof", "start": "2150-01-01T00:00"}
    planned = owner.call("/api/series", "POST", later)
    assert (planned[0], planned[1]["state"], planned[1]["next"]) == (201, "planned", planned[1]["definition"]["start"])
    for name in ("Roof", "ROOF", "roof"):
        status, answer = owner.call("/api/series", "POST", {"name": name})
        assert (status, answer["field"]) == (409, "name")
    for method, path, body in (
        ("POST", "/api/series/Gone/state", {"do": "pause"}),
        ("PATCH", "/api/series/Gone", {"shots": 5}),
        ("DELETE", "/api/series/Gone", None),
        ("DELETE", "/api/series/roof", None),
    ):
        assert owner.call(path, method, body)[0] == 404, path
    assert owner.call("/api/series/Roof/state", "POST", {"do": "resume"})[0] == 409
    assert owner.call("/api/series/Roof", "PATCH", {"kind": "raw"})[1]["kind"] == "raw"
    assert owner.call("/api/series/Roof", "PATCH", {"end": "2149-01-01T00:00"})[1]["field"] == "plan"
    assert owner.call("/api/series/Roof/state", "POST", {"do": "start"})[1]["state"] == "running"
    owner.site.until(lambda: owner.call("/api/series/Roof")[1]["taken"])
    status, answer = owner.call("/api/series/Roof", "PATCH", {"kind": "photo"})
    assert (status, answer["field"]) == (409, "kind")
    assert owner.ask("/api/series/Roof", "DELETE")[0].status == 204
