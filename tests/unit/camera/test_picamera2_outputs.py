"""Outputs for frames of picamera2: a slow reader gets the newest frame, and an error is reported once."""

import os
import threading

import pytest

from stillcam.camera.picamera2.outputs import FramePipe, VideoFile


def test_a_pipe_that_nobody_reads_does_not_block():
    """Each frame that is read is whole; of those that nobody read in time only the newest is kept."""
    read, write = os.pipe()
    pipe = FramePipe(write)
    for number in range(1000):
        assert pipe.write(number.to_bytes(2) * 5000) == 10_000
    newest = (999).to_bytes(2)
    got = b""
    while not got.endswith(newest * 5000):
        got += os.read(read, 1 << 20)
    frames = [got[at : at + 10_000] for at in range(0, len(got), 10_000)]
    assert all(frame == frame[:2] * 5000 for frame in frames)
    assert len(frames) < 500
    os.close(read)
    os.close(write)


def test_a_pipe_for_a_video_keeps_the_frames_that_wait():
    """A daemon that is busy for a moment loses none of them; the oldest one is dropped when there are too many."""
    read, write = os.pipe()
    pipe = FramePipe(write, kept=4)
    size = 1 << 18  # more than a pipe holds: the first one blocks the thread that writes
    pipe.write(bytes([0]) * size)
    got = os.read(read, 1)
    for number in range(1, 6):
        pipe.write(bytes([number]) * size)
    while len(got) < 5 * size:
        got += os.read(read, 1 << 20)
    assert list(got[::size]) == [0, 2, 3, 4, 5]
    os.close(read)
    os.close(write)


def test_the_callback_comes_before_the_first_frame_with_new_controls():
    read, write = os.pipe()
    pipe = FramePipe(write)
    told: list[int] = []
    came = threading.Event()

    def settled(written: int) -> None:
        told.append(written)
        came.set()

    pipe.call_before(3, settled)
    seen = []
    for number in range(1, 4):
        pipe.write(b"%d" % number)
        seen.append((os.read(read, 1), list(told)))
    assert came.wait(10)
    assert seen == [(b"1", []), (b"2", []), (b"3", [2])]
    os.close(read)
    os.close(write)


def test_a_file_reports_its_first_error_and_ignores_later_writes(tmp_path):
    (tmp_path / "film.mjpeg").symlink_to("/dev/full")
    errors: list[BaseException] = []
    file = VideoFile(tmp_path / "film.mjpeg", errors.append)
    for _ in range(3):
        assert file.write(b"frame") == 5
    (error,) = errors
    assert isinstance(error, OSError) and "No space left" in str(error) and str(tmp_path) in str(error)
    with pytest.raises(OSError, match="No such file"):
        VideoFile(tmp_path / "gone/film.mjpeg", errors.append)
    file.close()
