"""Older camera programs: they end at an unsupported option, and continue without it."""

import os
import signal

import pytest
from capture_daemon import LIVE

from stillcam.ipc.protocol import Refusal

STILL = {"interval_s": 0.2, "width": 320}
GAINS = {"ColourGains": [2, 2]}
MATRIX = {"ColourCorrectionMatrix": [1, 0, 0, 0, 1, 0, 0, 0, 1]}
OLD = "metadata metadata-format thumb flush buffer-count"  # what Stillcam asks for by itself, or may


def test_pictures_come_from_a_program_without_optional_options(daemon):
    daemon.set(snapshot=STILL, live=LIVE, photo={"width": 320})
    daemon.fault(lacks=OLD)
    daemon.start()
    status = daemon.until(lambda status: status["captures"]["ok"] > 1)
    assert status["metadata"] == {}
    assert "rpicam-still does not support --metadata, --thumb: continuing without" in daemon.log.read_text()
    daemon.ask("lease", seconds=30)
    daemon.until(lambda status: status["mode"] == "snapshot" and "live view failed" in daemon.log.read_text())
    assert "rpicam-vid does not support --flush, --metadata, --metadata-format" in daemon.log.read_text()
    daemon.until(lambda status: daemon.ask("lease", seconds=30) and status["mode"] == "live")
    taken = daemon.ask("photo", kind="photo")
    assert len(taken["items"]) == 1


def test_a_control_whose_option_is_unsupported_is_refused_by_name(daemon):
    """The picture before it stays; afterwards nobody needs to try again."""
    daemon.fault(lacks="ccm")
    daemon.start()
    status = daemon.until(lambda status: status["captures"]["ok"])
    assert "ColourCorrectionMatrix" not in status["abilities"]["refused"]
    with pytest.raises(Refusal, match=r"no option --ccm \(ColourCorrectionMatrix\): update it"):
        daemon.change(snapshot=STILL, controls=GAINS | MATRIX)
    status = daemon.until(lambda status: "ColourCorrectionMatrix" in status["abilities"]["refused"])
    before = status["captures"]["ok"]
    daemon.until(lambda status: status["captures"]["ok"] > before)


def test_an_unsupported_control_in_the_settings_file_costs_no_picture(daemon):
    daemon.set(snapshot=STILL, controls=GAINS | MATRIX)
    daemon.fault(lacks="ccm")
    process = daemon.start()
    daemon.until(lambda status: status["captures"]["ok"])
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(30) == 0
