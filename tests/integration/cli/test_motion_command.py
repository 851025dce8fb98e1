"""`stillcam motion test`: clips and folders, as a person tries them."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from PIL import Image, ImageDraw
from serving import DEADLINE_S, ROOT

from stillcam.frames.files import frame_name

FPS = 5
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")


def stillcam(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "stillcam", "motion", "test", *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "python")}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip


def found(*arguments):
    done = stillcam(*arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)["files"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder with twelve seconds in which a square crosses the picture from the sixth second on."""
    folder = tmp_path_factory.mktemp("pictures")
    with Image.open(ROOT / "python/stillcam/camera/simulated/scene.jpg") as image:
        scene = image.convert("RGB").resize((640, 480))
    for number in range(12 * FPS):
        picture, x = scene.copy(), (number / FPS - 6) * 100 - 60
        ImageDraw.Draw(picture).rectangle((x, 300, x + 60, 380), fill=(20, 20, 30))
        picture.save(folder / f"{number:03}.jpg", quality=80)
    return folder


@pytest.fixture(scope="module")
def clip(pictures, tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    argv = ["ffmpeg", "-v", "error", "-framerate", str(FPS), "-i", pictures / "%03d.jpg", "-pix_fmt", "yuv420p", path]
    subprocess.run(argv, check=True, timeout=DEADLINE_S, stdin=subprocess.DEVNULL)
    return path


def is_the_square(events):
    (event,) = events
    assert 6.0 <= event["start_s"] <= 7.0 and event["end_s"] >= 11.0
    assert event["start_s"] <= event["peak_s"] <= event["end_s"] and event["peak_blocks"] >= 6


def test_a_folder_of_pictures(pictures):
    (told,) = found(pictures)
    is_the_square(told["events"])
    assert (told["file"], told["columns"], told["rows"]) == (str(pictures), 40, 30)
    assert [frame["time_s"] for frame in told["frames"]] == [number / FPS for number in range(12 * FPS)]
    assert {frame["ignored"] for frame in told["frames"]} == {"settling", ""}
    assert all(len(frame["blocks"]) > 0 for frame in told["frames"] if frame["motion"])


def test_frames_of_ours_have_the_times_of_their_names(pictures, tmp_path):
    for number, path in enumerate(sorted(pictures.iterdir())):
        (tmp_path / frame_name(1_800_000_000 + number / FPS)).symlink_to(path)
    assert "no picture" in stillcam(tmp_path).stderr  # links lead anywhere
    for number, path in enumerate(sorted(pictures.iterdir())):
        name = tmp_path / frame_name(1_800_000_000 + number / FPS)
        name.unlink()
        name.hardlink_to(path)
    (told,) = found(tmp_path)
    assert told["frames"][1]["time_s"] == pytest.approx(1_800_000_000 + 1 / FPS)
    (event,) = told["events"]
    assert 6.0 <= event["start_s"] - 1_800_000_000 <= 7.0


@needs_ffmpeg
def test_a_clip(clip):
    (told,) = found(clip)
    is_the_square(told["events"])
    assert len(told["frames"]) == 12 * FPS
    (fewer,) = found(clip, "--fps", "2")
    assert len(fewer["frames"]) == 24
    is_the_square(fewer["events"])


@needs_ffmpeg
def test_a_person_reads_a_table(pictures, clip):
    done = stillcam(pictures, clip)
    head, *rows = done.stdout.splitlines()
    assert head.split("  ")[0] == "FILE"
    assert [row.split()[0] for row in rows] == [str(pictures), str(clip)]


@pytest.mark.parametrize(
    ("zones", "sensor", "count"),
    [
        pytest.param(["exclude 0,280 640,400"], "640x480", 0, id="its way is excluded"),
        pytest.param(["include 0,0 640,200"], "640x480", 0, id="only the sky is included"),
        pytest.param(["include 0,0 640,200", "include 320,200 640,480"], "640x480", 1, id="half its way is included"),
        pytest.param(["include 0,0 4608,2592"], "4608x2592", 1, id="the whole of a wider sensor"),
        pytest.param(["exclude 0,1512 4608,2160"], "4608x2592", 0, id="its way on a wider sensor"),
    ],
)
def test_motion_counts_in_zones(pictures, zones, sensor, count):
    options = [part for zone in zones for part in ("--zone", zone)]
    (told,) = found(pictures, *options, "--sensor", sensor)
    assert len(told["events"]) == count
    if len(zones) == 2:
        assert told["events"][0]["start_s"] > 9.0


def test_a_quiet_folder(pictures, tmp_path):
    for number in range(8 * FPS):
        (tmp_path / f"{number}.jpg").hardlink_to(pictures / "000.jpg")
    assert stillcam(tmp_path).stdout == "no motion was found; the first 5 s of each file are not searched\n"


@needs_ffmpeg
def test_a_film_has_the_blocks_drawn_in(clip, tmp_path):
    target = tmp_path / "found.mp4"
    assert stillcam(clip, "--film", target).returncode == 0
    frame = tmp_path / "frame.png"
    argv = ["ffmpeg", "-v", "error", "-ss", "9.0", "-i", target, "-frames:v", "1", frame]
    subprocess.run(argv, check=True, timeout=DEADLINE_S, stdin=subprocess.DEVNULL)
    with Image.open(frame) as image:
        assert image.size == (640, 480)
        part = image.convert("RGB").crop((200, 280, 340, 400)).tobytes()
        red = sum(r > 190 and g < 110 and b < 110 for r, g, b in zip(part[::3], part[1::3], part[2::3], strict=True))
    assert red > 50


@needs_ffmpeg
@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param(["nothing.mp4"], 1, "there is no such file", id="no file"),
        pytest.param([ROOT / "README.md"], 1, "ffmpeg cannot read it", id="not a clip"),
        pytest.param([ROOT / "tests/shell"], 1, "no picture in it", id="a folder without pictures"),
        pytest.param(
            [ROOT, "--fps", "0"], 2, "--fps: must be more than 0 and at most 60, not 0", id="no frame a second"
        ),
        pytest.param([ROOT, "--sensitivity", "11"], 2, "--sensitivity: must be from 1 to 10, not 11", id="sensitivity"),
        pytest.param(
            [ROOT, "--zone", "include 1,2"], 2, "argument --zone: a zone has from 2 to 32 corners", id="one corner"
        ),
        pytest.param([ROOT, "--zone", "include 1,2 3,4"], 2, "--zone: needs --sensor WIDTHxHEIGHT", id="no sensor"),
        pytest.param(
            [ROOT, "--sensor", "0x5"], 2, "argument --sensor: must be WIDTHxHEIGHT", id="a sensor without width"
        ),
        pytest.param([ROOT, ROOT, "--film", "f.mp4"], 2, "one clip only", id="two in one film"),
        pytest.param([ROOT / "README.md", "--film", ROOT / "README.md"], 2, "the clip itself", id="a film of itself"),
    ],
)
def test_what_cannot_be_done_is_told(arguments, status, words):
    done = stillcam(*arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert words in done.stderr


@needs_ffmpeg
def test_a_film_that_cannot_be_finished_is_not_there(pictures, tmp_path):
    for number in range(40):
        (tmp_path / f"{number:03}.jpg").hardlink_to(pictures / f"{number:03}.jpg")
    (tmp_path / "040.jpg").write_bytes((pictures / "040.jpg").read_bytes()[:3000])
    target = tmp_path / "film.mp4"
    target.write_text("an older film")
    done = stillcam(tmp_path, "--film", target)
    assert (done.returncode, done.stdout) == (1, "")
    assert "at 8 s" in done.stderr and "cannot be decoded" in done.stderr
    assert target.read_text() == "an older film"
    assert not list(tmp_path.glob(".film*"))


def test_a_picture_that_is_damaged_is_named(pictures, tmp_path):
    (tmp_path / "1.jpg").write_bytes((pictures / "000.jpg").read_bytes()[:3000])
    done = stillcam(tmp_path)
    assert done.returncode == 1
    assert "at 0 s" in done.stderr and str(tmp_path) in done.stderr
