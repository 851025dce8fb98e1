"""Events of inotify, as the kernel reports them."""

import os
from pathlib import Path

import pytest

from stillcam.common.inotify import CLOSE_WRITE, DELETE_SELF, IGNORED, Inotify

NAMES = [f"{number:03}{'é' * 120}\udcff" for number in range(200)]  # 55 kB of events, in names of nearly NAME_MAX bytes


def test_events_come_complete_and_in_order(tmp_path: Path) -> None:
    with Inotify() as watch:
        number = watch.add_watch(tmp_path, CLOSE_WRITE)
        assert watch.events() == []
        for name in NAMES:
            (tmp_path / name).touch()
        assert watch.events() == [(name, CLOSE_WRITE) for name in NAMES]
        assert watch.events() == []
        assert watch.add_watch(tmp_path, CLOSE_WRITE) == number


def test_the_end_of_a_folder_has_no_name(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with Inotify() as watch:
        watch.add_watch(folder, DELETE_SELF)
        folder.rmdir()
        assert watch.events() == [("", DELETE_SELF), ("", IGNORED)]


def test_an_error_has_its_number(tmp_path: Path) -> None:
    with Inotify() as watch, pytest.raises(FileNotFoundError, match=os.strerror(2)):
        watch.add_watch(tmp_path / "missing", CLOSE_WRITE)
