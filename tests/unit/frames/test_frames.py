"""The frame contract, and the names."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import picture

from stillcam.frames.files import Publisher, current_name, frame_name, frame_time, open_current
from stillcam.frames.jpeg import check_jpeg


@given(st.integers(0, 4_000_000_000_000))
def test_a_name_tells_its_time(millis):
    assert round(frame_time(frame_name(millis / 1000)) * 1000) == millis


@pytest.mark.parametrize("name", ["", "current.jpg", "camera_20261320T000000.000Z.jpg", "camera_x.jpg", "a/../b"])
def test_no_other_name_has_a_time(name):
    with pytest.raises(ValueError, match=r"."):
        frame_time(name)


def publish(publisher: Publisher, images: Path, data: bytes, now_s: float) -> str:
    still = images / ".still_00000001.jpg"
    still.write_bytes(data)
    return publisher.publish(still, now_s)


def test_two_frames_at_most_and_the_link_is_relative(tmp_path):
    publisher = Publisher(tmp_path)
    names = [publish(publisher, tmp_path, picture(), 1000 + n) for n in range(5)]
    assert os.readlink(tmp_path / "current.jpg") == names[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names[-2:], "current.jpg"])


def test_two_frames_in_a_millisecond_have_two_names(tmp_path):
    publisher = Publisher(tmp_path)
    assert len({publish(publisher, tmp_path, picture(), 1000.0) for _ in range(3)}) == 3


def test_the_sweep_takes_what_is_ours_and_old_and_nothing_else(tmp_path):
    publisher = Publisher(tmp_path)
    names = [publish(publisher, tmp_path, picture(), 1000 + n) for n in range(2)]
    of_a_crash = (".still_00000007.jpg", ".still_metadata.json", ".work_turned.jpg")
    for litter in (*of_a_crash, "camera_20260101T000000.000Z.jpg"):
        (tmp_path / litter).write_bytes(b"half")
    (tmp_path / "holiday.jpg").write_bytes(b"a person's")
    fresh = Publisher(tmp_path)
    assert fresh.sweep() == 5
    assert sorted(os.listdir(tmp_path)) == sorted([names[1], "current.jpg", "holiday.jpg"])


def test_a_link_that_dangles_is_removed(tmp_path):
    (tmp_path / "current.jpg").symlink_to("camera_20260101T000000.000Z.jpg")
    Publisher(tmp_path).sweep()
    assert current_name(tmp_path) is None
    assert open_current(tmp_path) is None


def test_readers_never_find_a_gap_or_a_torn_picture(tmp_path):
    """Four re-open the link as fast as they can for hundreds of swaps of pictures of changing sizes.

    Two frames are kept: only a reader that is suspended in open(2) for two swaps may find its frame deleted.
    """
    sizes = [picture((32 + 160 * n, 64)) for n in range(4)]
    publisher = Publisher(tmp_path)
    publish(publisher, tmp_path, sizes[0], 1000.0)
    faults: list[Exception] = []
    reads = [0] * 4
    swaps = 0
    done = threading.Event()

    def read(reader: int) -> None:
        while not done.is_set():
            before = swaps
            try:
                check_jpeg((tmp_path / "current.jpg").read_bytes())
            except FileNotFoundError as error:
                if swaps - before < 2:
                    faults.append(error)
                    return
                continue
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what the test looks for
                faults.append(error)
                return
            reads[reader] += 1

    readers = [threading.Thread(target=read, args=(n,)) for n in range(4)]
    for reader in readers:
        reader.start()
    for n in range(200):
        publish(publisher, tmp_path, sizes[n % 4], 1001.0 + n / 1000)
        swaps += 1
    done.set()
    for reader in readers:
        reader.join()
    assert faults == []
    assert min(reads) > 0
