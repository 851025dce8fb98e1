"""A video that the board's H.264 encoder cannot make is refused when it is set, by whatever way."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from capture_daemon import ROOT, CaptureDaemon, IdleDaemon
from people import Client, program, register
from serving import Site

from stillcam.ipc.protocol import Refusal

SMALL = {"snapshot": {"interval_s": 0.2, "width": 320}}


@pytest.fixture
def client(daemon: CaptureDaemon, tmp_path: Path) -> Iterator[Client]:
    """A program that may change settings; the simulated board is a Pi 4 with a 4:3 camera."""
    daemon.start()
    with Site(tmp_path, SMALL) as site:
        site.until(lambda: site.ask("/images/current.jpg")[0].status == 200)
        yield program(register(site), "control")
    daemon.end()


def patched(client: Client, **video: object) -> tuple[int, Any]:
    return client.call("/api/settings", "PATCH", {"video": video})


def test_the_api_refuses_a_size_over_the_limit_and_says_what_to_choose(client):
    for video, size, nearest in (
        ({"width": 1920, "align": True}, "1920x1442", "1648x1238"),
        ({"height": 1440}, "1920x1440", "1664x1248"),
        ({"width": 3840}, "3840x2160", "1920x1080"),
        ({"width": 0}, "4656x3496", "1648x1238"),
    ):
        status, document = patched(client, **video)
        assert (status, document.get("field")) == (422, "video.width"), (video, document)
        assert f"{size} exceeds" in document["error"]
        assert "1920x1080" in document["error"]
        assert nearest in document["error"]
    assert client.call("/api/settings")[1]["settings"]["video"]["width"] == 1920
    assert patched(client, width=1280, height=960)[0] == 200
    assert patched(client, width=1080, height=1920)[0] == 200  # upright: as many macroblocks
    status, document = client.call("/api/settings", "PATCH", {"files": {"video": "mjpeg"}, "video": {"width": 3840}})
    assert status == 200, document  # no encoder has a part in it
    capabilities = client.call("/api/status")[1]["capture"]["abilities"]
    assert (capabilities["encoder"]["side"], capabilities["encoder"]["blocks"]) == (1920, 8192)


def test_the_api_refuses_a_bit_rate_that_the_encoder_does_not_take(client):
    for bitrate in (999, 24_000, 26_000_000):
        status, document = patched(client, bitrate=bitrate)
        assert (status, document.get("field")) == (422, "video.bitrate"), document
    for bitrate in (25_000, 25_000_000, 0):
        assert patched(client, bitrate=bitrate)[0] == 200


def test_a_board_that_encodes_in_software_has_no_such_limit(daemon, tmp_path):
    daemon.start(STILLCAM_SIMULATED_BOARD="bcm2712")
    daemon.frames(1)
    assert daemon.ask("status")["abilities"]["encoder"] is None
    assert daemon.change(**SMALL, video={"width": 3840})["reloaded"] is True


def test_the_command_refuses_it_too(idle_daemon):
    idle_daemon.open()
    env = os.environ | {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(idle_daemon.data)}
    call = [sys.executable, "-m", "stillcam", "settings", "set", "video.width", "3840"]
    done = subprocess.run(call, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "choose 1920x1080" in done.stderr
    assert json.loads((idle_daemon.data / "settings.json").read_text())["video"]["width"] == 320


def test_a_settings_file_that_asks_for_too_much_is_a_notice_and_the_rest_is_in_force(idle_daemon: IdleDaemon):
    """As one from before this limit, or from another board: the camera works, a video is refused with the reason."""
    idle_daemon.settings(video={"width": 3840})
    idle_daemon.open()
    notice = idle_daemon.until(lambda status: status["notice"])["notice"]
    assert "video.width: 3840x2160 exceeds" in notice
    with pytest.raises(Refusal, match="choose 1920x1080") as caught:
        idle_daemon.ask("video", seconds=1)
    assert caught.value.cause == "options"
    idle_daemon.settings(video={"width": 3840}, photo={"width": 640})
    assert idle_daemon.ask("reload")["reloaded"] is True  # it was so before
    idle_daemon.settings(video={"width": 2592})
    with pytest.raises(Refusal, match="2592x1458"):
        idle_daemon.ask("reload")
    idle_daemon.settings(video={"width": 640})
    assert idle_daemon.ask("reload")["reloaded"] is True
    assert idle_daemon.ask("status")["notice"] is None


def test_it_is_refused_while_the_camera_is_lost_too(idle_daemon: IdleDaemon):
    idle_daemon.open()
    idle_daemon.fault(no_camera=True)
    for program_id in idle_daemon.camera_programs():
        os.kill(program_id, signal.SIGKILL)
    idle_daemon.until(lambda status: status["mode"] == "no camera")
    idle_daemon.settings(video={"width": 3840})
    with pytest.raises(Refusal, match="choose 1920x1080"):
        idle_daemon.ask("reload")
