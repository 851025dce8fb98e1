"""The earliest begin of exposure of live frames, when the daemon has not read the pipe of rpicam-vid for a while."""

import re
import sys
import time
from pathlib import Path

import pytest

from stillcam.camera.rpicam.driver import Rpicam
from stillcam.camera.rpicam.process import Programs
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.document import from_json

# As in rpicam-vid, a frame's buffer is free when its writing begins (encoder/mjpeg_encoder.cpp, outputThread), and
# frames are dropped while none is free. Each frame's comment is the begin of its exposure.
PROGRAM = r"""
import queue, sys, threading, time
option = "--buffer-count"
frames = queue.Queue(int(sys.argv[sys.argv.index(option) + 1]) if option in sys.argv else 6)

def expose():
    while True:
        began_s = time.monotonic()
        time.sleep(1 / 30)
        if not frames.full():
            frames.put(began_s)

threading.Thread(target=expose, daemon=True).start()
while True:
    comment = b"%.6f" % frames.get()
    head = b"\xff\xd8\xff\xfe\0" + bytes([len(comment) + 2]) + comment
    sys.stdout.buffer.write(head + b"\xff\xda\0\2" + bytes(SIZE) + b"\xff\xd9")
    sys.stdout.buffer.flush()
"""


@pytest.mark.parametrize(
    ("size", "buffers", "hangs"),
    [
        pytest.param(100_000, 0, 1, id="once"),
        pytest.param(300_000, 0, 3, id="again and again, a few frames at a time"),
        pytest.param(100_000, 24, 1, id="with many buffers"),
    ],
)
def test_old_frames_are_not_taken_for_new_ones_after_the_disk_has_hung(
    tmp_path: Path, size: int, buffers: int, hangs: int
) -> None:
    program = tmp_path / "rpicam-vid"
    program.write_text(f"#!{sys.executable}\n{PROGRAM.replace('SIZE', str(size))}")
    program.chmod(0o755)
    driver = Rpicam(Programs((str(program),), (str(program),)), tmp_path, machine=tmp_path)
    settings = from_json({"version": 1, "live": {"framerate": 5, "buffer_count": buffers}})  # less than the program's
    driver.start_live(settings, CameraInfo(0, "imx219", (640, 480), 10, "RGGB", "/base/x", ()))
    try:
        driver.read_frames(60, ())
        read_s = 0.0
        while hangs or driver.exposure_began_s <= read_s:
            if hangs:
                time.sleep(3)  # the daemon publishes a frame: its disk hangs for longer than `lag_s`
                hangs, read_s = hangs - 1, time.monotonic()
            oldest = driver.read_frames(60, ())[0]
            stamp = re.search(rb"[\d.]{5,}", oldest[:40])
            assert stamp and float(stamp[0]) >= driver.exposure_began_s
    finally:
        driver.stop()
