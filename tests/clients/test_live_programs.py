"""Programs that read /stream: ffmpeg, and motion with it as a network camera."""

import os
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageColor
from programs import COLOURS, FRAME_SIZE, filming, run, running
from serving import ROOT, Site
from watching import Daemon

FRAMES = 40
MOTION = """\
daemon off
setup_mode off
log_level 6
webcontrol_port 0
stream_port 0
width {size[0]}
height {size[1]}
framerate 15
netcam_url {url}
netcam_keepalive off
target_dir {folder}
emulate_motion on
picture_output on
picture_filename motion-%Y%m%d%H%M%S-%q
movie_output off
"""


@pytest.fixture
def site(tmp_path):
    """A server without a daemon."""
    with Site(tmp_path) as site:
        yield site


def decoded(url: str, count: int) -> list[str]:
    """The checksums of the first `count` frames that ffmpeg decodes, one line each."""
    said = run(
        "ffmpeg", "-nostdin", "-loglevel", "error", "-xerror", "-i", url,
        "-frames:v", str(count), "-fps_mode", "passthrough", "-f", "framemd5", "-",
    )  # fmt: skip
    return [line.split()[-1] for line in said.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("path", ["stream", "stream.mjpg", "?action=stream", "?action=stream?dummy=param.mjpg"])
def test_ffmpeg_decodes_every_frame(site, path):
    with filming(site):
        frames = decoded(f"http://127.0.0.1:{site.port}/{path}", FRAMES)
    assert len(frames) == FRAMES
    assert len(set(frames)) > 1


def test_ffmpeg_reads_live_frames_of_the_daemon(site, tmp_path):
    """The stream's lease makes the daemon film: forty frames, and the clock in the picture runs on."""
    simulated = tmp_path / "simulated"
    simulated.mkdir()
    environ = os.environ | {
        "PYTHONPATH": str(ROOT / "python"),
        "STILLCAM_CAMERA": "simulated",
        "STILLCAM_IMAGES": str(site.images),
        "STILLCAM_DATA": str(site.data),
        "STILLCAM_SIMULATED_DIR": str(simulated),
    }
    with running([sys.executable, "-m", "stillcam.capture"], tmp_path / "capture.log", environ) as daemon:
        daemon.until(lambda: site.ask("/images/current.jpg")[0].status == 200)
        frames = decoded(f"http://127.0.0.1:{site.port}/stream", FRAMES)
    assert len(frames) == FRAMES
    assert len(set(frames)) > 10


def test_ffmpeg_gets_pictures_of_one_size(site, tmp_path):
    """Like OpenCV, it keeps that of the first one: a still of another size would count for the whole stream."""
    site.write_settings({"snapshot": {"interval_s": 3600, "width": 640}, "live": {"width": 320}})
    with Daemon(site) as daemon:
        daemon.until(lambda status: status["mode"] == "snapshot" and status["captures"]["ok"])
        address = f"http://127.0.0.1:{site.port}/?action=stream?dummy=param.mjpg"
        run("ffmpeg", "-nostdin", "-loglevel", "error", "-xerror", "-i", address, "-frames:v", str(FRAMES),
            "-c", "copy", "-f", "image2", str(tmp_path / "part-%02d.jpg"))  # fmt: skip
    sizes = set()
    for path in tmp_path.glob("part-*.jpg"):
        with Image.open(path) as image:
            sizes.add(image.size)
    assert sizes == {(320, 240)}


def test_motion_takes_the_stream_as_a_network_camera(site, tmp_path):
    """It saves them as it reads them, and they are not one and the same."""
    folder, conf, log = tmp_path / "motion", tmp_path / "motion.conf", tmp_path / "motion.log"
    folder.mkdir()
    url = f"http://127.0.0.1:{site.port}/stream"
    conf.write_text(MOTION.format(size=FRAME_SIZE, url=url, folder=folder))
    with filming(site), running(["motion", "-n", "-c", conf, "-p", tmp_path / "motion.pid"], log) as motion:
        motion.until(lambda: len(list(folder.glob("*.jpg"))) > FRAMES)
    saved = sorted(folder.glob("*.jpg"))[:FRAMES]  # the last one may be half a file
    assert len({colour(path) for path in saved}) > 1


def colour(path: Path) -> str:
    """The one that a saved frame comes nearest to; motion's own lines are at the bottom."""
    with Image.open(path) as frame:
        assert frame.size == FRAME_SIZE
        seen = frame.convert("RGB").resize((1, 1), box=(0, 0, FRAME_SIZE[0], FRAME_SIZE[1] // 2)).tobytes()
    return min(COLOURS, key=lambda name: sum(abs(a - b) for a, b in zip(ImageColor.getrgb(name), seen, strict=True)))
