"""Films over HTTP: what is read of folders, what the daemon is asked, and what is refused."""

import re

import pytest
from api_calls import Api
from series_folders import make_series

from stillcam.films.order import Order
from stillcam.films.record import Film, new_id
from stillcam.films.store import FilmStore
from stillcam.server.route import Person

DATA = b"\0\0\0\x18ftypisom" + bytes(range(200))
STRANGE = ["", ".", "..", "x", "../settings.json", "20261120T080000.000Z_film", "20261120T080000.000Z_film.mp4",
           "20261120T080000.000Z_film/..", "%2e%2e", "20261120T080000.000Z_gif",
           "20269920T080000.000Z_film"]  # fmt: skip


@pytest.fixture
def api(tmp_path):
    with Api(tmp_path) as api:
        make_series(api.paths.series, 3)
        yield api


def put(api: Api, number: int, state: str = "done", **order: object) -> Film:
    """A film on the store; the later number is the newer one."""
    about = {"kind": "film", "series": "Garden", **order}
    film = Film(new_id(str(about["kind"]), number), Order(**about), state)  # type: ignore[arg-type]
    store = FilmStore(api.paths)
    store.add(film)
    if state == "done":
        store.file_path(film).write_bytes(DATA)
    return film


def ids(api: Api, query: str = "") -> list[str]:
    status, answer = api.call("GET", f"api/films{query}")
    assert status == 200
    return [film["id"] for film in answer["films"]]


def test_films_are_listed_newest_first_of_all_or_of_one(api):
    old, new = put(api, 1), put(api, 2, kind="sheet")
    library = put(api, 3, series=None, kind="keogram")
    assert ids(api) == [library.id, new.id, old.id]
    assert ids(api, "?series=Garden") == [new.id, old.id]
    assert ids(api, "?series=") == [library.id]
    assert ids(api, "?series=Roof") == []
    assert api.call("GET", "api/films?series=..")[0] == 404
    assert api.asked["film"] == 0  # the folder is all that is needed


def test_a_film_that_is_made_is_told_of(api):
    film = put(api, 1, "running")
    assert api.call("GET", f"api/films/{film.id}")[1]["state"] == "running"
    assert api.call("GET", f"films/{film.id}")[0] == 404  # there is nothing to see yet


@pytest.mark.parametrize(("kind", "media"), [("film", "video/mp4"), ("sheet", "image/jpeg"), ("keogram", "image/jpeg")])
def test_its_file_is_served_in_whole_and_in_part(api, kind, media):
    film = put(api, 1, kind=kind)
    whole = api.answer("GET", f"films/{film.id}")
    assert (whole.status, whole.headers["Content-Type"], len(whole.body)) == (200, media, len(DATA))
    part = api.answer("GET", f"films/{film.id}", range="bytes=4-7")
    assert (part.status, part.headers["Content-Range"]) == (206, f"bytes 4-7/{len(DATA)}")
    assert api.answer("GET", f"films/{film.id}", if_none_match=whole.headers["ETag"]).status == 304
    saved = api.answer("GET", f"films/{film.id}?download").headers["Content-Disposition"]
    assert saved.endswith(f"Garden_{film.file}")
    FilmStore(api.paths).file_path(film).unlink()
    assert api.call("GET", f"films/{film.id}")[0] == 404


def test_a_file_that_is_a_link_is_not_followed(api):
    film = put(api, 1)
    path = FilmStore(api.paths).file_path(film)
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert api.call("GET", f"films/{film.id}")[0] in (404, 503)


@pytest.mark.parametrize("id_", STRANGE)
def test_nothing_else_is_found(api, id_):
    for path in ("api/films/", "films/"):
        assert api.call("GET", f"{path}{id_}")[0] == 404
    assert api.call("DELETE", f"api/films/{id_}")[0] == 404
    assert api.asked["film"] == 0


def test_what_is_ordered_goes_to_the_daemon_as_it_is(api):
    film = Film(new_id("film", 1), Order("film", "Garden"))
    api.answers["film"] = {"film": film.to_api()}
    wanted = {"series": "Garden", "kind": "film", "width": None, "fps": 25, "deflicker": True, "stamp": False}
    status, answer = api.call("POST", "api/films", wanted)
    assert (status, answer["id"], answer["state"]) == (202, film.id, "waiting")
    assert api.messages[-1] == {"command": "film", "do": "make", "order": wanted}


def test_what_is_cancelled_or_deleted_goes_to_the_daemon(api):
    film = put(api, 1)
    api.answers["film"] = {}
    assert api.call("DELETE", f"api/films/{film.id}") == (204, None)
    assert api.messages[-1] == {"command": "film", "do": "delete", "id": film.id}


@pytest.mark.parametrize(
    ("cause", "status"),
    [("unknown", 404), ("state", 409), ("wrong", 422), ("missing", 503), ("disk", 507)],
)
def test_the_daemons_reason_is_told(api, cause, status):
    api.answers["film"] = {"error": "because", "cause": cause, "field": "fps" if cause == "wrong" else None}
    answer = api.call("POST", "api/films", {})
    assert answer == (status, {"error": "because", "field": "fps" if cause == "wrong" else None})


def test_without_a_daemon_films_can_be_seen_and_nothing_is_made(tmp_path):
    with Api(tmp_path, daemon=False) as api:
        make_series(api.paths.series, 1)
        film = put(api, 1)
        assert ids(api) == [film.id]
        assert api.answer("GET", f"films/{film.id}").status == 200
        assert api.call("POST", "api/films", {"series": "Garden"})[0] == 503
        assert api.call("DELETE", f"api/films/{film.id}")[0] == 503


def test_metrics_count_them(tmp_path):
    with Api(tmp_path, daemon=False) as api:
        make_series(api.paths.series, 1)
        for number, state in enumerate(("done", "done", "failed"), 1):
            put(api, number, state)
        told = api.answer("GET", "metrics").body
    assert isinstance(told, bytes)
    counts = dict(re.findall(r'^stillcam_films\{camera="0",state="(\w+)"\} (\S+)$', told.decode(), re.MULTILINE))
    assert counts == {"waiting": "0.0", "running": "0.0", "done": "2.0", "failed": "1.0"}


def test_a_damaged_record_hides_no_other(api):
    film, damaged = put(api, 1), put(api, 2)
    FilmStore(api.paths).record_path(damaged).write_text("{")
    assert ids(api) == [film.id]
    api.guard.person = Person("Bob", "viewer", "view", "session")
    assert ids(api, "?series=Garden") == [film.id]
