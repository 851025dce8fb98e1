"""Photos, raw photos, bursts and self-timers on the real daemon with the simulated camera."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from capturing import DEADLINE_S, ROOT
from PIL import Image, ImageChops, ImageStat
from taking import LIVE, STILL, Asking, Studio, about

from stillcam.camera.simulated.sensors import MODULES
from stillcam.ipc.protocol import Refusal
from stillcam.library.catalogue import Library
from stillcam.library.thumbnails import Thumbnails

MANUAL = {"ExposureTime": 8000, "AnalogueGain": 1, "ColourGains": [2, 1.8], "AfMode": "Manual", "LensPosition": 1}
AS_SNAPSHOTS = {"width": 320, "quality": 85}


def picture(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def apart(one: Image.Image, other: Image.Image) -> float:
    """How much two pictures differ, on the average; the line of text is left out."""
    box = (0, 0, one.width, one.height * 9 // 10)
    return ImageStat.Stat(ImageChops.difference(one.crop(box), other.crop(box)).convert("L")).mean[0]


def status_time(studio: Studio) -> str:
    """When the daemon was started; texts of times sort."""
    return str(studio.ask("status")["started"])


def test_a_photo_is_in_the_library_with_all_that_is_known_of_it(studio):
    studio.settings(photo={"width": 640, "controls": {"Contrast": 1.5}}, controls={"Saturation": 0.5})
    studio.open()
    before = studio.ask("status")["frame"]
    (item,) = studio.take(kind="photo")
    assert studio.visible() == [item.name, item.with_suffix(".json").name]
    assert picture(item).size == (640, 480)
    told = about(item)
    assert (told["version"], told["kind"], told["size"]) == (1, "photo", [640, 480])
    assert told["camera"] == {"index": 0, "model": "imx519"}
    assert told["controls"] == {"Contrast": 1.5, "Saturation": 0.5}
    assert told["configuration"]["width"] == 640
    assert told["metadata"]["ExposureTime"] > 0
    assert told["time"].replace("-", "").replace(":", "") in item.name
    status = studio.goes_on()  # snapshots go on as before
    assert studio.drafts() == []
    assert (status["mode"], status["taking"]) == ("snapshot", None)
    assert status["frame"] > before
    assert picture(studio.images / "current.jpg").size == (320, 240)


@pytest.mark.parametrize("kind", ["photo", "raw"])
def test_the_thumbnail_that_the_camera_made_is_used(studio, kind):
    """It has the picture's proportions: none has to be made."""
    studio.settings(photo={"width": 640}, raw={"width": 640, "sensor_mode": "2328:1748:10"})
    studio.open()
    (item,) = studio.ask("photo", kind=kind)["items"]
    thumbnail = Thumbnails(studio.library).of(Library(studio.library).item(item))
    with Image.open(io.BytesIO(thumbnail)) as image:
        assert image.size == (320, 240)
    assert not (studio.library / ".thumbnails").exists()


@pytest.mark.parametrize("form", ["png", "bmp"])
def test_a_photo_in_another_format_is_turned_like_a_jpeg(studio, form):
    studio.settings(files={"photo": form}, camera={"rotation": 90})
    studio.open()
    (item,) = studio.take(kind="photo")
    with Image.open(item) as image:
        assert (image.format, image.size) == (form.upper(), (240, 320))
    assert about(item)["size"] == [240, 320]
    assert item.suffix == f".{form}"


def test_a_raw_photo_is_a_dng_with_a_jpeg(studio):
    studio.settings(raw={"width": 320, "sensor_mode": "1280:720:10"})
    studio.open()
    (item,) = studio.take(kind="raw")
    assert [Path(name).suffix for name in studio.visible()] == [".dng", ".jpg", ".json"]
    assert item.suffix == ".dng"
    with Image.open(item) as image:
        assert image.format == "TIFF"
        assert image.getexif()[271] == "Raspberry Pi"
    assert item.stat().st_size > 1280 * 720 * 2
    assert picture(item.with_suffix(".jpg")).size == (320, 176)
    assert about(item)["kind"] == "raw"


def test_a_burst_is_one_start_of_the_camera_program(studio):
    studio.open()
    before = len(studio.starts())
    items = studio.take(kind="photo", count=5)
    assert len({item.name for item in items}) == 5
    assert items == sorted(items)
    studio.goes_on()
    assert len(studio.starts()) == before + 2  # photos, then snapshots again
    assert all(about(item)["metadata"] for item in items)


def test_the_configuration_and_its_controls_are_seen_in_the_picture(studio):
    studio.settings(controls=MANUAL)
    studio.open()
    (plain,) = studio.take()
    grey = {"width": 320, "hflip": True, "quality": 40, "controls": {"Saturation": 0}}
    studio.settings(controls=MANUAL, photo=grey)
    studio.ask("reload")
    (other,) = studio.take()
    mirrored = picture(plain).transpose(Image.Transpose.FLIP_LEFT_RIGHT).convert("L").convert("RGB")
    assert apart(picture(other), mirrored) < 4 < apart(picture(other), picture(plain))
    assert other.stat().st_size < plain.stat().st_size * 0.8
    assert apart(picture(studio.images / "current.jpg"), picture(plain)) < 4  # of no concern for snapshots


def test_a_photo_just_like_a_snapshot_restarts_nothing_and_is_shown(studio):
    studio.settings(photo=AS_SNAPSHOTS)
    studio.open()
    before = studio.starts()
    items = studio.take(kind="photo", count=3)
    status = studio.ask("status")
    assert studio.starts() == before
    assert status["captures"]["ok"] >= 4
    assert (studio.images / status["frame"]).read_bytes() == items[-1].read_bytes()
    assert [about(item)["metadata"]["SensorTimestamp"] for item in items] == sorted(
        {about(item)["metadata"]["SensorTimestamp"] for item in items}
    )  # each has its own
    studio.ask("snapshot")
    assert studio.starts() == before


def test_a_photo_begins_with_what_the_camera_had_found_unless_it_is_told_not_to(studio):
    studio.open()
    found = studio.ask("status")["metadata"]
    studio.take()
    begun = studio.starts()[1]
    assert f"--shutter={found['ExposureTime']} " in begun
    assert f"--gain={found['AnalogueGain']} " in begun
    assert "--awbgains=2.02,1.8 " in begun
    assert f"--lens-position={found['LensPosition']} " in begun
    studio.goes_on()
    studio.settings(photo={"width": 320, "carry_over": False, "controls": {"AnalogueGain": 2}})
    studio.ask("reload")
    studio.take()
    begun = next(line for line in reversed(studio.starts()) if "--gain=2.0" in line)
    assert "--shutter" not in begun
    assert "--awbgains" not in begun


def test_a_self_timer_waits_while_frames_go_on_and_can_be_cancelled(studio):
    studio.settings(snapshot={"interval_s": 0.1, "width": 320})
    studio.open()
    asking = Asking(studio, "photo", kind="photo", count=2, delay_s=3600)
    taking = studio.until(lambda status: status["taking"])["taking"]
    assert (taking["kind"], taking["done"], taking["of"]) == ("photo", 0, 2)
    assert taking["due"] > status_time(studio)
    assert studio.frames(3)["mode"] == "snapshot"
    assert len(studio.take(kind="photo")) == 1  # another one need not wait for it
    with pytest.raises(Refusal, match="self-timer") as caught:
        studio.ask("video", seconds=1)
    assert caught.value.cause == "busy"
    assert studio.ask("cancel") == {"items": []}
    assert asking.wait() == {"items": []}
    assert studio.ask("status")["taking"] is None
    assert len(studio.take(delay_s=0.3)) == 1


def test_a_burst_that_is_cancelled_keeps_what_was_taken(studio):
    studio.open()
    studio.fault(slow_s=0.2)
    asking = Asking(studio, "photo", count=100)
    studio.until(lambda status: status["taking"] and status["taking"]["done"] >= 2)
    second = Asking(studio, "photo", kind="raw")
    studio.until(lambda status: status["mode"] == "photo")
    cancelled = studio.ask("cancel")["items"]
    first, other = asking.wait()["items"], second.wait()["items"]
    assert 2 <= len(first) < 100
    assert set(cancelled) <= set(first) | set(other)
    assert studio.goes_on()["taking"] is None
    assert len([name for name in studio.visible() if name.endswith((".jpg", ".dng"))]) >= len(first)
    assert studio.drafts() == []


NO_MEMORY = {"start_error": "failed to allocate capture buffers for stream", "start_error_width": 640}


def test_a_camera_program_that_dies_after_each_picture_costs_no_photo(studio):
    studio.settings(controls={"AfMode": "Manual"})  # a scan may discard the one still that a program takes
    studio.open()
    studio.fault(die_after=1)
    assert len(studio.take(count=3)) == 3


def test_a_photo_is_tried_once_more_before_it_is_reported(studio):
    studio.settings(photo={"width": 640})
    studio.open()
    studio.fault(**NO_MEMORY, start_error_times=1)
    assert len(studio.take(count=3)) == 3
    assert studio.goes_on()["failures"] == {"short": 1}
    studio.fault(**NO_MEMORY)
    with pytest.raises(Refusal, match="no memory") as caught:
        studio.take(count=3)
    assert (caught.value.cause, caught.value.answer["items"]) == ("short", [])
    assert studio.goes_on()["failures"] == {"short": 3}
    assert studio.drafts() == []


def test_a_photo_that_the_camera_refuses_is_reported_at_once(studio):
    studio.settings(photo={"width": 640})
    studio.open()
    studio.fault(start_error="failed to configure streams", start_error_width=640)
    with pytest.raises(Refusal, match="choose another one"):
        studio.take()
    assert studio.goes_on()["failures"] == {"options": 1}


def test_an_answer_that_takes_long_says_how_far_it_is(studio):
    studio.open()
    answer = studio.ask("photo", delay_s=3600, wait_s=0.1)
    assert answer["taking"]["of"] == 1
    studio.ask("cancel")
    with pytest.raises(Refusal, match="from 1 to 100"):
        studio.ask("photo", count=101)
    with pytest.raises(Refusal, match="photo or raw"):
        studio.ask("photo", kind="video")


def test_photos_come_out_of_the_live_view_and_it_goes_on(studio):
    studio.open()
    studio.ask("lease", seconds=30)
    studio.until(lambda status: status["mode"] == "live" and status["metadata"])
    studio.take(count=2)
    studio.until(lambda status: status["mode"] == "live")
    studio.frames(2)


def test_a_nearly_full_disk_refuses_before_anything_is_begun(studio):
    studio.settings(files={"floor_mb": 10_000_000})
    studio.open()
    before = studio.starts()
    assert studio.ask("status")["library"]["floor_bytes"] == 10_000_000_000_000
    for command in ({"command": "photo"}, {"command": "video", "seconds": 1}):
        with pytest.raises(Refusal, match="nearly full") as caught:
            studio.ask(**command)
        assert caught.value.cause == "disk"
    assert (studio.visible(), studio.starts()) == ([], before)
    studio.settings()
    studio.ask("reload")
    assert len(studio.take()) == 1


def test_without_a_camera_a_photo_is_refused_at_once(studio):
    studio.fault(no_camera=True)
    studio.start()
    studio.until(lambda status: status["mode"] == "no camera")
    with pytest.raises(Refusal, match="ribbon cable") as caught:
        studio.take()
    assert caught.value.cause == "absent"


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param({"start_error": "failed to start camera"}, id="dies"),
        pytest.param({"half_file_every": 1}, id="torn"),
        pytest.param({"disk_full": True}, id="disk full"),
    ],
)
def test_a_photo_that_fails_is_told_and_leaves_nothing(studio, faults):
    studio.open()
    studio.fault(**faults)
    with pytest.raises(Refusal) as caught:
        studio.take(count=3)
    assert caught.value.cause in ("died", "torn", "disk")
    studio.fault()
    assert studio.drafts() == []
    assert (studio.visible(), caught.value.answer["items"]) == ([], [])
    studio.until(lambda status: status["mode"] == "snapshot")
    assert len(studio.take(count=2)) == 2


def test_a_camera_program_that_is_killed_in_the_middle_of_a_photo(studio):
    studio.open()
    studio.fault(slow_s=60)
    asking = Asking(studio, "photo")
    studio.until(lambda status: status["mode"] == "photo")
    studio.fault()
    for program in studio.camera_programs():
        os.kill(program, signal.SIGKILL)
    (item,) = asking.wait()["items"]  # by the second try
    picture(studio.library / item).load()
    studio.goes_on()
    assert (len(studio.visible()), studio.drafts()) == (2, [])
    assert len(studio.take()) == 1


def hangs(frames: list[str], newest: str) -> bool:
    """Whether there has been no other frame at the last looks, which are added to `frames`."""
    frames.append(newest)
    return frames[-60:] == 60 * [newest]


@pytest.mark.parametrize("command", ["photo", "video"])
def test_what_waits_while_a_snapshot_fails_is_taken(studio, command):
    studio.settings(snapshot=STILL | {"interval_s": 0.2}, files={"video": "mjpeg"})
    studio.open()
    studio.fault(slow_s=60)
    frames: list[str] = []
    studio.until(lambda status: hangs(frames, status["frame"]))
    studio.ask(command, wait_s=0.5, **({"seconds": 1} if command == "video" else {}))
    waiting = studio.ask("status")
    assert (waiting["mode"], studio.visible()) == ("snapshot", [])
    studio.fault()
    for program in studio.camera_programs():
        os.kill(program, signal.SIGKILL)
    studio.until(lambda _: studio.visible())
    assert "retrying" not in studio.log.read_text()


def test_a_daemon_that_is_killed_in_the_middle_of_a_burst_leaves_whole_items_alone(studio):
    studio.open()
    studio.fault(slow_s=0.3)
    asking = Asking(studio, "photo", kind="raw", count=50)
    studio.until(lambda status: status["taking"] and status["taking"]["done"] >= 2)
    studio.kill()
    asking.wait()
    studio.fault()
    names = studio.visible()
    studio.library.joinpath(".drafts/20260101T000000.000Z_photo_imx708.jpg").write_bytes(b"half")
    studio.open()
    studio.until(lambda _: not studio.drafts())
    whole = studio.visible()
    assert set(names) <= set(whole)
    stems = {name.rpartition(".")[0] for name in whole}
    assert len(whole) == 3 * len(stems)
    for name in whole:
        if name.endswith(".jpg"):
            picture(next(studio.library.glob(f"*/{name}"))).load()


def test_the_end_of_the_daemon_ends_a_burst(studio):
    studio.open()
    studio.fault(slow_s=0.3)
    asking = Asking(studio, "photo", count=50)
    studio.until(lambda status: status["taking"] and status["taking"]["done"] >= 1)
    timer = Asking(studio, "photo", delay_s=3600)
    studio.until(lambda status: status["waiting"])
    assert studio.end() == 0
    assert "of 50 photos were taken" in str(asking.wait())
    assert "0 of 1 photos were taken" in str(timer.wait())
    assert studio.drafts() == []
    assert "Traceback" not in studio.log.read_text()
    assert [name for name in os.listdir(studio.images) if name.startswith(".")] == []


def test_new_settings_in_a_burst_count_for_what_follows(studio):
    studio.open()
    studio.fault(slow_s=0.1)
    asking = Asking(studio, "photo", count=5)
    studio.until(lambda status: status["taking"] and status["taking"]["done"] >= 1)
    studio.settings(snapshot=STILL | {"width": 640}, live=LIVE)
    answer = studio.ask("reload")
    assert answer["in_force"] is True
    assert len(asking.wait()["items"]) == 5
    assert picture(studio.images / answer["frame"]).size == (640, 480)


def test_what_is_too_much_is_pruned_and_favourites_stay(studio):
    studio.open()
    items = studio.take(count=6)
    marker = studio.library / ".favourites" / items[0].parent.name / items[0].name
    marker.parent.mkdir(parents=True)
    marker.touch()
    studio.settings(retention={"max_bytes_gb": 3.5 * items[0].stat().st_size / 1e9})
    studio.ask("reload")
    (newest,) = studio.take()
    studio.until(lambda _: not items[3].exists())
    studio.until(lambda _: len(studio.visible()) <= 6)
    assert items[0].exists()
    assert newest.exists()
    assert not items[1].exists()


def test_the_commands_print_the_paths(studio):
    studio.open()
    env = os.environ | {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(studio.data)}

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        call = [sys.executable, "-m", "stillcam", *arguments]
        return subprocess.run(call, env=env, capture_output=True, text=True, check=False, timeout=DEADLINE_S)

    done = run("photo", "-n", "2")
    assert done.returncode == 0, done.stderr
    assert [Path(line).is_file() for line in done.stdout.splitlines()] == [True, True]
    assert run("raw", "--delay", "0.2").stdout.endswith(".dng\n")
    refused = run("photo", "-n", "0")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "from 1 to 100" in refused.stderr


@pytest.mark.parametrize("module", ["imx708", "imx219", "imx519"])
@pytest.mark.parametrize("kind", ["photo", "raw"])
def test_a_board_with_64_mb_of_contiguous_memory_takes_photos_of_all_the_pixels(studio, module, kind):
    """The viewfinder's four buffers of the sensor's full mode alone would be 60 MB and more."""
    studio.settings(photo={}, raw={})
    studio.fault(cameras=module, cma_mb=64)
    studio.open()
    (item,) = studio.take(kind=kind)
    sensor = MODULES[module]
    assert about(item)["size"] == list(sensor.size)
    assert studio.ask("status")["failures"] == {}
