"""The files of a series for a ZIP."""

import io
import zipfile

import pytest
from series_folders import MINUTE_MS, START_MS, file_of, make_series, thin

from stillcam.library.zip_stream import stream
from stillcam.series.archive import SeriesArchive, Wanted
from stillcam.series.manifest import MANIFEST, decode, encode, gap_line
from stillcam.series.state import FRAMES


def packed(archive):
    data = b"".join(piece for pieces in stream(archive) for piece in pieces)
    assert len(data) == archive.size_bytes()
    return zipfile.ZipFile(io.BytesIO(data))


def numbers(archive):
    return [int(one.name.split("/")[1][:6]) for one in archive if one.name.endswith("jpg")]


def test_a_series_as_a_zip(tmp_path):
    folder = make_series(tmp_path, 4, kind="raw", zone="Europe/Berlin")
    archive = SeriesArchive(folder, Wanted())
    assert (archive.first, archive.last, archive.shots, archive.files) == (1, 4, 4, 10)
    with packed(archive) as read:
        assert read.testzip() is None
        names = read.namelist()
        assert names[:2] == ["Garden/series.json", "Garden/manifest.jsonl"]
        assert names[2:] == sorted(names[2:])
        assert read.read("Garden/manifest.jsonl") == (folder / MANIFEST).read_bytes()
        last = file_of(4)
        assert read.read(f"Garden/{last.split('/')[1]}") == (folder / FRAMES / last).read_bytes()
        assert read.getinfo(names[-1]).date_time == (2026, 11, 20, 9, 3, 0)  # by the clock of the series


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param(Wanted(first=3), [3, 5, 6, 7], id="from a number on"),
        pytest.param(Wanted(last=3), [1, 2, 3], id="up to a number"),
        pytest.param(Wanted(4, 4), None, id="one that has been deleted"),
        pytest.param(Wanted(from_ms=START_MS + 4 * MINUTE_MS), [5, 6, 7], id="from a time on"),
        pytest.param(Wanted(3, 6, to_ms=START_MS + 5 * MINUTE_MS - 1), [3, 5], id="both"),
        pytest.param(Wanted(first=2000), None, id="beyond the end"),
    ],
)
def test_a_range_of_a_series(tmp_path, wanted, found):
    folder = make_series(tmp_path, 7)
    thin(folder, 4)
    if found is None:
        with pytest.raises(LookupError, match="no shots in this range"):
            SeriesArchive(folder, wanted)
        return
    archive = SeriesArchive(folder, wanted)
    assert numbers(archive) == found
    with packed(archive) as read:
        lines = [decode(line) for line in read.read("Garden/manifest.jsonl").splitlines()]
        assert set(found) <= {line["n"] for line in lines if line and "n" in line}
        assert max(line["n"] for line in lines if line and "n" in line) == found[-1]


def test_a_range_stays_the_same_while_the_series_goes_on(tmp_path):
    folder = make_series(tmp_path, 5)
    before = SeriesArchive(folder, Wanted(2, 4))
    with (folder / MANIFEST).open("ab") as manifest:
        manifest.write(encode(gap_line(START_MS, START_MS + MINUTE_MS, 2, "off")))
    after = SeriesArchive(folder, Wanted(2, 4))
    assert (before.tag, list(before)) == (after.tag, list(after))
    thin(folder, 3)
    assert SeriesArchive(folder, Wanted(2, 4)).tag != before.tag


def test_only_files_of_shots_are_in_it(tmp_path):
    folder = make_series(tmp_path, 2)
    (tmp_path / "secret.jpg").write_bytes(b"nobody else's")
    for name in ("000003_20261120T080200.000Z.jpg", "notes.txt"):
        (folder / FRAMES / "000" / name).symlink_to(tmp_path / "secret.jpg")
    (folder / FRAMES / "000" / ".hidden.jpg").write_bytes(b"")
    (folder / FRAMES / "other").mkdir()
    assert numbers(SeriesArchive(folder, Wanted())) == [1, 2]


def test_a_series_without_shots_has_none(tmp_path):
    with pytest.raises(LookupError):
        SeriesArchive(make_series(tmp_path, 0), Wanted())
    with pytest.raises(LookupError, match="there is no series Gone"):
        SeriesArchive(tmp_path / "Gone", Wanted())
