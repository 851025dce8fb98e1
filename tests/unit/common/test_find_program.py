"""Programs on the PATH."""

import pytest

from stillcam.common.child_process import find_program


@pytest.fixture
def folders(tmp_path):
    """Two folders: `tool` in the first one is no program, and in the second one it is."""
    first, second = tmp_path / "first", tmp_path / "second"
    (first / "tool").mkdir(parents=True)
    (first / "text").touch(0o644)
    second.mkdir()
    for name in ("tool", "text"):
        (second / name).touch(0o755)
    return first, second


def test_the_first_file_that_can_be_run_is_found(folders):
    first, second = folders
    for name in ("tool", "text"):
        assert find_program(name, f"{first}::/missing:{second}") == str(second / name)
    (first / "text").chmod(0o755)
    assert find_program("text", f"{first}:{second}") == str(first / "text")


def test_nothing_is_found_beside_the_folders(folders, monkeypatch):
    """An empty entry would be the working directory."""
    first, second = folders
    monkeypatch.chdir(second)
    assert (find_program("tool", ""), find_program("tool", f":{first}")) == (None, None)


def test_the_folders_are_those_of_the_environment(folders, monkeypatch):
    monkeypatch.setenv("PATH", str(folders[1]))
    assert find_program("tool") == str(folders[1] / "tool")
    monkeypatch.delenv("PATH")
    assert find_program("sh") in ("/bin/sh", "/usr/bin/sh")
