"""Films on disk: their records, ids and folders."""

import dataclasses
import json

import pytest
from pictures import picture
from series_folders import make_series

from stillcam.common.paths import Paths
from stillcam.films.order import Order, from_document
from stillcam.films.record import Film, is_id, new_id, read_film
from stillcam.films.store import FilmStore


@pytest.fixture
def paths(tmp_path):
    return Paths(tmp_path / "images", tmp_path / "data")


def test_a_film_survives_its_record(paths):
    make_series(paths.series, 1)
    store = FilmStore(paths)
    order = from_document({"series": "Garden", "crop": [0, 0, 0.5, 1], "from": "2026-11-20T08:00"}, "UTC")
    made = Film(
        new_id("film", 1.5), order, "done", 1.0, None, None, "2026-11-20T08:00:00.000Z", 5, 0.5, 12, 1,
        ["000/000001.jpg: empty"], (320, 180), 2,
    )  # fmt: skip
    failed = Film(new_id("keogram", 0.5), Order("keogram", "Garden"), "failed", error="no such file: \udcff.jpg")
    for film_ in (failed, made, Film(new_id("sheet", 2.5), Order("sheet", "Garden", day="2026-11-20"))):
        store.add(film_)
        assert store.find(film_.id) == read_film(store.record_path(film_)) == film_
    assert [one.kind for one in store.films_of("Garden")] == ["sheet", "film", "keogram"]
    assert store.films_of(None) == []
    older = json.loads(store.record_path(made).read_text())
    del older["left_out"]
    store.record_path(made).write_text(json.dumps(older))
    assert store.find(made.id) == dataclasses.replace(made, left_out=None)


def test_films_of_the_library_and_of_all_series_are_found(paths):
    make_series(paths.series, 1)
    paths.data.joinpath("series/.new_Roof/films").mkdir(parents=True)
    store = FilmStore(paths)
    store.add(Film(new_id("film", 2), Order("film")))
    store.add(Film(new_id("film", 1), Order("film", "Garden")))
    assert [one.order.series for one in store.all()] == [None, "Garden"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"id": "x"}', "null", '{"order": {"day": null, "kind": "x"}}']
)
def test_a_damaged_record_is_ignored(paths, content):
    store = FilmStore(paths)
    paths.data.mkdir()
    film_ = Film(new_id("film", 1), Order("film"))
    store.add(film_)
    store.record_path(film_).write_text(content)
    assert store.all() == []
    with pytest.raises(LookupError):
        store.find(film_.id)


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "../settings", "20261120T080000.000Z", "20261120T080000.000Z_gif", "20261320T080000.000Z_film",
     "20261120T080000.000Z_film/..", "20261120T080000.000Z_film.json", "٢0261120T080000.000Z_film"],
)  # fmt: skip
def test_other_texts_are_not_ids(text):
    assert not is_id(text)
    assert is_id(new_id("film", 1_795_161_600.0))


def test_leftovers_of_a_crash_are_deleted(paths):
    make_series(paths.series, 1)
    store = FilmStore(paths)
    film_ = Film(new_id("film", 1), Order("film", "Garden"))
    store.add(film_)
    store.work_folder(film_).mkdir()
    (store.work_folder(film_) / "film.mp4").write_bytes(picture())
    store.record_path(film_).with_name(".x.json.new").touch()
    store.delete_leftovers()
    assert [path.name for path in store.folder("Garden").iterdir()] == [f"{film_.id}.json"]


def test_a_deleted_series_is_not_created_again_for_its_film(paths):
    paths.series.mkdir(parents=True)
    with pytest.raises(FileNotFoundError):
        FilmStore(paths).add(Film(new_id("film", 1), Order("film", "Gone")))
