"""The ZIP of many items: its size is known before its first byte."""

import zipfile
from io import BytesIO
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.library import zip_stream
from stillcam.library.zip_stream import Member, free_name, member, size_of, size_of_files, stream


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


def test_an_archive_that_needs_zip64(tmp_path, monkeypatch):
    """Its limit is set to a megabyte here."""
    monkeypatch.setattr(zip_stream, "_MAX32", (1 << 20) - 1)
    (tmp_path / "large").write_bytes(bytes(range(256)) * 4096 + b"1")
    (tmp_path / "after").write_bytes(bytes(10))
    members = [member(tmp_path / name, name, (1970, 1, 1, 0, 0, 0)) for name in ("large", "after")]
    archive = b"".join(piece for pieces in stream(members) for piece in pieces)
    assert len(archive) == size_of(members)
    local, central, offset = pack("<HH16x", 1, 16), pack("<HHQQ", 1, 16, *2 * [(1 << 20) + 1]), pack("<HH", 1, 8)
    assert [archive.count(one) for one in (local, central, offset, b"PK\6\6", b"PK\6\7")] == [1] * 5
    with zipfile.ZipFile(BytesIO(archive)) as read:
        assert [one.file_size for one in read.infolist()] == [(1 << 20) + 1, 10]
        assert read.testzip() is None
        assert read.read("after") == bytes(10)


@pytest.mark.parametrize(
    ("sizes", "more"),
    [
        pytest.param([(1 << 31) - 48], 0, id="all fits"),
        pytest.param([(1 << 31) - 1], 76, id="the end is behind 31 bits"),
        pytest.param([1 << 31], 20 + 8 + 20 + 76, id="a large file"),  # local, descriptor, central, end
        pytest.param([1 << 30, 1 << 30, 0], 12 + 76, id="one that begins far behind"),
        pytest.param([5 << 30, 0], 20 + 8 + 20 + 12 + 76, id="both"),
    ],
)
def test_from_31_bits_on_an_archive_has_the_fields_of_zip64(sizes, more):
    plain = sum(30 + 1 + size + 16 + 46 + 1 for size in sizes) + 22
    assert size_of_files((1, size) for size in sizes) == plain + more


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
