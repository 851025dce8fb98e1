"""The ZIP of many items: its size is known before its first byte."""

import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.library.zip_stream import free_name, member, size_of, stream


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


def test_names_in_an_archive_are_unique_and_portable():
    assert free_name("d/a.jpg", {"d/b.jpg"}) == "d/a.jpg"
    assert free_name("d/a.jpg", {"d/a.jpg", "d/a 2.jpg"}) == "d/a 3.jpg"
    assert free_name("d/a\nb\\c.jpg", set()) == "d/a_b_c.jpg"


def test_an_archive_that_needs_zip64(tmp_path):
    """Sparse files, and only the sizes of what comes out are kept."""
    for name, size in (("large", (2 << 30) + 1), ("after", 10)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    members = [member(tmp_path / name, name, (1970, 1, 1, 0, 0, 0)) for name in ("large", "after")]
    assert sum(len(piece) for pieces in stream(members) for piece in pieces) == size_of(members)


def test_a_file_that_changes_meanwhile_aborts_the_archive(tmp_path):
    (tmp_path / "a").write_bytes(b"123")
    one = member(tmp_path / "a", "a", (2026, 1, 1, 0, 0, 0))
    (tmp_path / "a").write_bytes(b"1")
    with pytest.raises(ConnectionAbortedError, match="truncated"):
        list(stream([one]))
    (tmp_path / "a").unlink()
    with pytest.raises(ConnectionAbortedError):
        list(stream([one]))
