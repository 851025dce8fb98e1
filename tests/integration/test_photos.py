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
from taking import LIVE, STILL, BackgroundRequest, CameraDaemon, read_sidecar

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


def status_time(camera_daemon: CameraDaemon) -> str:
    """When the daemon was started; texts of times sort."""
    return str(camera_daemon.ask("status")["started"])


def test_a_photo_is_in_the_library_with_all_that_is_known_of_it(camera_daemon):
    camera_daemon.settings(photo={"width": 640, "controls": {"Contrast": 1.5}}, controls={"Saturation": 0.5})
    camera_daemon.open()
    before = camera_daemon.ask("status")["frame"]
    (item,) = camera_daemon.take(kind="photo")
    assert camera_daemon.visible() == [item.name, item.with_suffix(".json").name]
    assert picture(item).size == (640, 480)
    told = read_sidecar(item)
    assert (told["version"], told["kind"], told["size"]) == (1, "photo", [640, 480])
    assert told["camera"] == {"index": 0, "model": "imx519"}
    assert told["controls"] == {"Contrast": 1.5, "Saturation": 0.5}
    assert told["configuration"]["width"] == 640
    assert told["metadata"]["ExposureTime"] > 0
    assert told["time"].replace("-", "").replace(":", "") in item.name
    status = camera_daemon.goes_on()  # snapshots go on as before
    assert camera_daemon.drafts() == []
    assert (status["mode"], status["taking"]) == ("snapshot", None)
    assert status["frame"] > before
    assert picture(camera_daemon.images / "current.jpg").size == (320, 240)


@pytest.mark.parametrize("kind", ["photo", "raw"])
def test_the_thumbnail_that_the_camera_made_is_used(camera_daemon, kind):
    """It has the picture's proportions: none has to be made."""
    camera_daemon.settings(photo={"width": 640}, raw={"width": 640, "sensor_mode": "2328:1748:10"})
    camera_daemon.open()
    (item,) = camera_daemon.ask("photo", kind=kind)["items"]
    thumbnail = Thumbnails(camera_daemon.library).of(Library(camera_daemon.library).item(item))
    with Image.open(io.BytesIO(thumbnail)) as image:
        assert image.size == (320, 240)
    assert not (camera_daemon.library / ".thumbnails").exists()


@pytest.mark.parametrize("form", ["png", "bmp"])
def test_a_photo_in_another_format_is_turned_like_a_jpeg(camera_daemon, form):
    camera_daemon.settings(files={"photo": form}, camera={"rotation": 90})
    camera_daemon.open()
    (item,) = camera_daemon.take(kind="photo")
    with Image.open(item) as image:
        assert (image.format, image.size) == (form.upper(), (240, 320))
    assert read_sidecar(item)["size"] == [240, 320]
    assert item.suffix == f".{form}"


def test_a_raw_photo_is_a_dng_with_a_jpeg(camera_daemon):
    camera_daemon.settings(raw={"width": 320, "sensor_mode": "1280:720:10"})
    camera_daemon.open()
    (item,) = camera_daemon.take(kind="raw")
    assert [Path(name).suffix for name in camera_daemon.visible()] == [".dng", ".jpg", ".json"]
    assert item.suffix == ".dng"
    with Image.open(item) as image:
        assert image.format == "TIFF"
        assert image.getexif()[271] == "Raspberry Pi"
    assert item.stat().st_size > 1280 * 720 * 2
    assert picture(item.with_suffix(".jpg")).size == (320, 176)
    assert read_sidecar(item)["kind"] == "raw"


def test_a_burst_is_one_start_of_the_camera_program(camera_daemon):
    camera_daemon.open()
    before = len(camera_daemon.starts())
    items = camera_daemon.take(kind="photo", count=5)
    assert len({item.name for item in items}) == 5
    assert items == sorted(items)
    camera_daemon.goes_on()
    assert len(camera_daemon.starts()) == before + 2  # photos, then snapshots again
    assert all(read_sidecar(item)["metadata"] for item in items)


def test_the_configuration_and_its_controls_are_seen_in_the_picture(camera_daemon):
    camera_daemon.settings(controls=MANUAL)
    camera_daemon.open()
    (plain,) = camera_daemon.take()
    grey = {"width": 320, "hflip": True, "quality": 40, "controls": {"Saturation": 0}}
    camera_daemon.settings(controls=MANUAL, photo=grey)
    camera_daemon.ask("reload")
    (other,) = camera_daemon.take()
    mirrored = picture(plain).transpose(Image.Transpose.FLIP_LEFT_RIGHT).convert("L").convert("RGB")
    assert apart(picture(other), mirrored) < 4 < apart(picture(other), picture(plain))
    assert other.stat().st_size < plain.stat().st_size * 0.8
    assert apart(picture(camera_daemon.images / "current.jpg"), picture(plain)) < 4  # of no concern for snapshots


def test_a_photo_just_like_a_snapshot_restarts_nothing_and_is_shown(camera_daemon):
    camera_daemon.settings(photo=AS_SNAPSHOTS)
    camera_daemon.open()
    before = camera_daemon.starts()
    items = camera_daemon.take(kind="photo", count=3)
    status = camera_daemon.ask("status")
    assert camera_daemon.starts() == before
    assert status["captures"]["ok"] >= 4
    assert (camera_daemon.images / status["frame"]).read_bytes() == items[-1].read_bytes()
    assert [read_sidecar(item)["metadata"]["SensorTimestamp"] for item in items] == sorted(
        {read_sidecar(item)["metadata"]["SensorTimestamp"] for item in items}
    )  # each has its own
    camera_daemon.ask("snapshot")
    assert camera_daemon.starts() == before


def test_a_photo_begins_with_what_the_camera_had_found_unless_it_is_told_not_to(camera_daemon):
    camera_daemon.open()
    found = camera_daemon.ask("status")["metadata"]
    camera_daemon.take()
    begun = camera_daemon.starts()[1]
    assert f"--shutter={found['ExposureTime']} " in begun
    assert f"--gain={found['AnalogueGain']} " in begun
    assert "--awbgains=2.02,1.8 " in begun
    assert f"--lens-position={found['LensPosition']} " in begun
    camera_daemon.goes_on()
    camera_daemon.settings(photo={"width": 320, "carry_over": False, "controls": {"AnalogueGain": 2}})
    camera_daemon.ask("reload")
    camera_daemon.take()
    begun = next(line for line in reversed(camera_daemon.starts()) if "--gain=2.0" in line)
    assert "--shutter" not in begun
    assert "--awbgains" not in begun


def test_a_self_timer_waits_while_frames_go_on_and_can_be_cancelled(camera_daemon):
    camera_daemon.settings(snapshot={"interval_s": 0.1, "width": 320})
    camera_daemon.open()
    asking = BackgroundRequest(camera_daemon, "photo", kind="photo", count=2, delay_s=3600)
    taking = camera_daemon.until(lambda status: status["taking"])["taking"]
    assert (taking["kind"], taking["done"], taking["of"]) == ("photo", 0, 2)
    assert taking["due"] > status_time(camera_daemon)
    assert camera_daemon.frames(3)["mode"] == "snapshot"
    assert len(camera_daemon.take(kind="photo")) == 1  # another one need not wait for it
    with pytest.raises(Refusal, match="self-timer") as caught:
        camera_daemon.ask("video", seconds=1)
    assert caught.value.cause == "busy"
    assert camera_daemon.ask("cancel") == {"items": []}
    assert asking.wait() == {"items": []}
    assert camera_daemon.ask("status")["taking"] is None
    assert len(camera_daemon.take(delay_s=0.3)) == 1


def test_a_burst_that_is_cancelled_keeps_what_was_taken(camera_daemon):
    camera_daemon.open()
    camera_daemon.fault(slow_s=0.2)
    asking = BackgroundRequest(camera_daemon, "photo", count=100)
    camera_daemon.until(lambda status: status["taking"] and status["taking"]["done"] >= 2)
    second = BackgroundRequest(camera_daemon, "photo", kind="raw")
    camera_daemon.until(lambda status: status["mode"] == "photo")
    cancelled = camera_daemon.ask("cancel")["items"]
    first, other = asking.wait()["items"], second.wait()["items"]
    assert 2 <= len(first) < 100
    assert set(cancelled) <= set(first) | set(other)
    assert camera_daemon.goes_on()["taking"] is None
    assert len([name for name in camera_daemon.visible() if name.endswith((".jpg", ".dng"))]) >= len(first)
    assert camera_daemon.drafts() == []


NO_MEMORY = {"start_error": "failed to allocate capture buffers for stream", "start_error_width": 640}


def test_a_camera_program_that_dies_after_each_picture_costs_no_photo(camera_daemon):
    camera_daemon.settings(controls={"AfMode": "Manual"})  # a scan may discard the one still that a program takes
    camera_daemon.open()
    camera_daemon.fault(die_after=1)
    assert len(camera_daemon.take(count=3)) == 3


def test_a_photo_is_tried_once_more_before_it_is_reported(camera_daemon):
    camera_daemon.settings(photo={"width": 640})
    camera_daemon.open()
    camera_daemon.fault(**NO_MEMORY, start_error_times=1)
    assert len(camera_daemon.take(count=3)) == 3
    assert camera_daemon.goes_on()["failures"] == {"short": 1}
    camera_daemon.fault(**NO_MEMORY)
    with pytest.raises(Refusal, match="no memory") as caught:
        camera_daemon.take(count=3)
    assert (caught.value.cause, caught.value.answer["items"]) == ("short", [])
    assert camera_daemon.goes_on()["failures"] == {"short": 3}
    assert camera_daemon.drafts() == []


def test_a_photo_that_the_camera_refuses_is_reported_at_once(camera_daemon):
    camera_daemon.settings(photo={"width": 640})
    camera_daemon.open()
    camera_daemon.fault(start_error="failed to configure streams", start_error_width=640)
    with pytest.raises(Refusal, match="choose another one"):
        camera_daemon.take()
    assert camera_daemon.goes_on()["failures"] == {"options": 1}


def test_an_answer_that_takes_long_says_how_far_it_is(camera_daemon):
    camera_daemon.open()
    answer = camera_daemon.ask("photo", delay_s=3600, wait_s=0.1)
    assert answer["taking"]["of"] == 1
    camera_daemon.ask("cancel")
    with pytest.raises(Refusal, match="from 1 to 100"):
        camera_daemon.ask("photo", count=101)
    with pytest.raises(Refusal, match="photo or raw"):
        camera_daemon.ask("photo", kind="video")


def test_photos_come_out_of_the_live_view_and_it_goes_on(camera_daemon):
    camera_daemon.open()
    camera_daemon.ask("lease", seconds=30)
    camera_daemon.until(lambda status: status["mode"] == "live" and status["metadata"])
    camera_daemon.take(count=2)
    camera_daemon.until(lambda status: status["mode"] == "live")
    camera_daemon.frames(2)


def test_a_nearly_full_disk_refuses_before_anything_is_begun(camera_daemon):
    camera_daemon.settings(files={"floor_mb": 10_000_000})
    camera_daemon.open()
    before = camera_daemon.starts()
    assert camera_daemon.ask("status")["library"]["floor_bytes"] == 10_000_000_000_000
    for command in ({"command": "photo"}, {"command": "video", "seconds": 1}):
        with pytest.raises(Refusal, match="nearly full") as caught:
            camera_daemon.ask(**command)
        assert caught.value.cause == "disk"
    assert (camera_daemon.visible(), camera_daemon.starts()) == ([], before)
    camera_daemon.settings()
    camera_daemon.ask("reload")
    assert len(camera_daemon.take()) == 1


def test_without_a_camera_a_photo_is_refused_at_once(camera_daemon):
    camera_daemon.fault(no_camera=True)
    camera_daemon.start()
    camera_daemon.until(lambda status: status["mode"] == "no camera")
    with pytest.raises(Refusal, match="ribbon cable") as caught:
        camera_daemon.take()
    assert caught.value.cause == "absent"


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param({"start_error": "failed to start camera"}, id="dies"),
        pytest.param({"half_file_every": 1}, id="torn"),
        pytest.param({"disk_full": True}, id="disk full"),
    ],
)
def test_a_photo_that_fails_is_told_and_leaves_nothing(camera_daemon, faults):
    camera_daemon.open()
    camera_daemon.fault(**faults)
    with pytest.raises(Refusal) as caught:
        camera_daemon.take(count=3)
    assert caught.value.cause in ("died", "torn", "disk")
    camera_daemon.fault()
    assert camera_daemon.drafts() == []
    assert (camera_daemon.visible(), caught.value.answer["items"]) == ([], [])
    camera_daemon.until(lambda status: status["mode"] == "snapshot")
    assert len(camera_daemon.take(count=2)) == 2


def test_a_camera_program_that_is_killed_in_the_middle_of_a_photo(camera_daemon):
    camera_daemon.open()
    camera_daemon.fault(slow_s=60)
    asking = BackgroundRequest(camera_daemon, "photo")
    camera_daemon.until(lambda status: status["mode"] == "photo")
    camera_daemon.fault()
    for program in camera_daemon.camera_programs():
        os.kill(program, signal.SIGKILL)
    (item,) = asking.wait()["items"]  # by the second try
    picture(camera_daemon.library / item).load()
    camera_daemon.goes_on()
    assert (len(camera_daemon.visible()), camera_daemon.drafts()) == (2, [])
    assert len(camera_daemon.take()) == 1


def hangs(frames: list[str], newest: str) -> bool:
    """Whether there has been no other frame at the last looks, which are added to `frames`."""
    frames.append(newest)
    return frames[-60:] == 60 * [newest]


@pytest.mark.parametrize("command", ["photo", "video"])
def test_what_waits_while_a_snapshot_fails_is_taken(camera_daemon, command):
    camera_daemon.settings(snapshot=STILL | {"interval_s": 0.2}, files={"video": "mjpeg"})
    camera_daemon.open()
    camera_daemon.fault(slow_s=60)
    frames: list[str] = []
    camera_daemon.until(lambda status: hangs(frames, status["frame"]))
    camera_daemon.ask(command, wait_s=0.5, **({"seconds": 1} if command == "video" else {}))
    waiting = camera_daemon.ask("status")
    assert (waiting["mode"], camera_daemon.visible()) == ("snapshot", [])
    camera_daemon.fault()
    for program in camera_daemon.camera_programs():
        os.kill(program, signal.SIGKILL)
    camera_daemon.until(lambda _: camera_daemon.visible())
    assert "retrying" not in camera_daemon.log.read_text()


def test_a_daemon_that_is_killed_in_the_middle_of_a_burst_leaves_whole_items_alone(camera_daemon):
    camera_daemon.open()
    camera_daemon.fault(slow_s=0.3)
    asking = BackgroundRequest(camera_daemon, "photo", kind="raw", count=50)
    camera_daemon.until(lambda status: status["taking"] and status["taking"]["done"] >= 2)
    camera_daemon.kill()
    asking.wait()
    camera_daemon.fault()
    names = camera_daemon.visible()
    camera_daemon.library.joinpath(".drafts/20260101T000000.000Z_photo_imx708.jpg").write_bytes(b"half")
    camera_daemon.open()
    camera_daemon.until(lambda _: not camera_daemon.drafts())
    whole = camera_daemon.visible()
    assert set(names) <= set(whole)
    stems = {name.rpartition(".")[0] for name in whole}
    assert len(whole) == 3 * len(stems)
    for name in whole:
        if name.endswith(".jpg"):
            picture(next(camera_daemon.library.glob(f"*/{name}"))).load()


def test_the_end_of_the_daemon_ends_a_burst(camera_daemon):
    camera_daemon.open()
    camera_daemon.fault(slow_s=0.3)
    asking = BackgroundRequest(camera_daemon, "photo", count=50)
    camera_daemon.until(lambda status: status["taking"] and status["taking"]["done"] >= 1)
    timer = BackgroundRequest(camera_daemon, "photo", delay_s=3600)
    camera_daemon.until(lambda status: status["waiting"])
    assert camera_daemon.end() == 0
    assert "of 50 photos were taken" in str(asking.wait())
    assert "0 of 1 photos were taken" in str(timer.wait())
    assert camera_daemon.drafts() == []
    assert "Traceback" not in camera_daemon.log.read_text()
    assert [name for name in os.listdir(camera_daemon.images) if name.startswith(".")] == []


def test_new_settings_in_a_burst_count_for_what_follows(camera_daemon):
    camera_daemon.open()
    camera_daemon.fault(slow_s=0.1)
    asking = BackgroundRequest(camera_daemon, "photo", count=5)
    camera_daemon.until(lambda status: status["taking"] and status["taking"]["done"] >= 1)
    camera_daemon.settings(snapshot=STILL | {"width": 640}, live=LIVE)
    answer = camera_daemon.ask("reload")
    assert answer["in_force"] is True
    assert len(asking.wait()["items"]) == 5
    assert picture(camera_daemon.images / answer["frame"]).size == (640, 480)


def test_what_is_too_much_is_pruned_and_favourites_stay(camera_daemon):
    camera_daemon.open()
    items = camera_daemon.take(count=6)
    marker = camera_daemon.library / ".favourites" / items[0].parent.name / items[0].name
    marker.parent.mkdir(parents=True)
    marker.touch()
    camera_daemon.settings(retention={"max_bytes_gb": 3.5 * items[0].stat().st_size / 1e9})
    camera_daemon.ask("reload")
    (newest,) = camera_daemon.take()
    camera_daemon.until(lambda _: not items[3].exists())
    camera_daemon.until(lambda _: len(camera_daemon.visible()) <= 6)
    assert items[0].exists()
    assert newest.exists()
    assert not items[1].exists()


def test_the_commands_print_the_paths(camera_daemon):
    camera_daemon.open()
    env = os.environ | {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(camera_daemon.data)}

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
def test_a_board_with_64_mb_of_contiguous_memory_takes_photos_of_all_the_pixels(camera_daemon, module, kind):
    """The viewfinder's four buffers of the sensor's full mode alone would be 60 MB and more."""
    camera_daemon.settings(photo={}, raw={})
    camera_daemon.fault(cameras=module, cma_mb=64)
    camera_daemon.open()
    (item,) = camera_daemon.take(kind=kind)
    sensor = MODULES[module]
    assert read_sidecar(item)["size"] == list(sensor.size)
    assert camera_daemon.ask("status")["failures"] == {}
