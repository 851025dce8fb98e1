"""The ZIP of many items: its size is known before its first byte."""

import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.library.zip_stream import Member, free_name, member, size_of, stream


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="/\0\\"), min_size=1, max_size=9),
        st.binary(max_size=99),
    )
)
def test_an_archive_has_the_announced_size(tmp_path_factory, contents):
    folder = tmp_path_factory.mktemp("files")
    members = []
    for number, (name, data) in enumerate(contents.items()):
        (folder / str(number)).write_bytes(data)
        members.append(member(folder / str(number), f"{number}/{name}", (2026, 11, 20, 12, 0, 0)))
    archive = b"".join(piece for pieces in stream(members) for piece in pieces)
    assert len(archive) == size_of(members)
    with zipfile.ZipFile(BytesIO(archive)) as read:
        assert read.testzip() is None
        assert [read.read(one.name) for one in members] == list(contents.values())
        assert {one.date_time for one in read.infolist()} <= {(2026, 11, 20, 12, 0, 0)}
    for begin, end in ((1, None), (len(archive) // 2, None), (0, 40), (len(archive) - 1, len(archive))):
        assert b"".join(piece for pieces in stream(members, begin, end) for piece in pieces) == archive[begin:end]


def test_names_in_an_archive_are_unique_and_portable():
    assert free_name("d/a.jpg", {"d/b.jpg"}) == "d/a.jpg"
    assert free_name("d/a.jpg", {"d/a.jpg", "d/a 2.jpg"}) == "d/a 3.jpg"
    assert free_name("d/a\nb\\c.jpg", set()) == "d/a_b_c.jpg"


def test_an_archive_that_needs_zip64(tmp_path):
    """Of sparse files, into one."""
    for name, size in (("large", (2 << 30) + 1), ("after", 10)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    members = [member(tmp_path / name, name, (1970, 1, 1, 0, 0, 0)) for name in ("large", "after")]
    archive = tmp_path / "archive.zip"
    with archive.open("wb") as file:
        for pieces in stream(members):
            for piece in pieces:
                if len(piece) < 100_000 or any(piece[:1000]):
                    file.write(piece)
                else:
                    file.seek(len(piece), 1)
    assert archive.stat().st_size == size_of(members)
    with zipfile.ZipFile(archive) as read:
        assert [one.file_size for one in read.infolist()] == [(2 << 30) + 1, 10]
        assert read.read("after") == bytes(10)


def test_an_archive_of_more_files_than_16_bits_count(tmp_path):
    (tmp_path / "one").write_bytes(b"1")
    members = [member(tmp_path / "one", str(number), (2026, 11, 20, 12, 0, 0)) for number in range(65_540)]
    archive = b"".join(piece for pieces in stream(members) for piece in pieces)
    assert len(archive) == size_of(members)
    with zipfile.ZipFile(BytesIO(archive)) as read:
        assert len(read.namelist()) == 65_540
        assert read.read("65539") == b"1"


def test_a_part_of_a_file_that_grows(tmp_path):
    """The manifest of a series that goes on."""
    (tmp_path / "lines").write_bytes(b"one two three")
    part = Member(tmp_path / "lines", "lines", 3, (2026, 11, 20, 12, 0, 0), begin=4)
    with zipfile.ZipFile(BytesIO(b"".join(piece for pieces in stream([part]) for piece in pieces))) as read:
        assert read.read("lines") == b"two"


def test_nothing_more_is_read_for_a_client_that_has_left(tmp_path):
    (tmp_path / "a").write_bytes(b"123")
    members = [member(tmp_path / "a", name, (2026, 1, 1, 0, 0, 0)) for name in "abc"]
    assert list(stream(members, size_of(members) - 1, goes_on=lambda: False)) == []


def test_a_file_that_changes_meanwhile_aborts_the_archive(tmp_path):
    (tmp_path / "a").write_bytes(b"123")
    one = member(tmp_path / "a", "a", (2026, 1, 1, 0, 0, 0))
    (tmp_path / "a").write_bytes(b"1")
    with pytest.raises(ConnectionAbortedError, match="truncated"):
        list(stream([one]))
    (tmp_path / "a").unlink()
    with pytest.raises(ConnectionAbortedError):
        list(stream([one]))
