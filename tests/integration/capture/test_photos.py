"""Photos, raw photos, bursts and self-timers on the real daemon with the simulated camera."""

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from capture_daemon import AUTOFOCUS, DEADLINE_S, LIVE, ROOT, STILL, BackgroundRequest, IdleDaemon, read_sidecar
from PIL import Image, ImageChops, ImageStat

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


def status_time(idle_daemon: IdleDaemon) -> str:
    """When the daemon was started; texts of times sort."""
    return str(idle_daemon.ask("status")["started"])


def test_a_photo_is_in_the_library_with_all_that_is_known_of_it(idle_daemon):
    idle_daemon.settings(photo={"width": 640, "controls": {"Contrast": 1.5}}, controls={"Saturation": 0.5})
    idle_daemon.open()
    before = idle_daemon.ask("status")["frame"]
    (item,) = idle_daemon.take(kind="photo")
    assert idle_daemon.visible() == [item.name, item.with_suffix(".json").name]
    assert picture(item).size == (640, 480)
    told = read_sidecar(item)
    assert (told["version"], told["kind"], told["size"]) == (1, "photo", [640, 480])
    assert told["camera"] == {"index": 0, "model": "imx219"}
    assert told["controls"] == {"Contrast": 1.5, "Saturation": 0.5}
    assert told["configuration"]["width"] == 640
    assert told["metadata"]["ExposureTime"] > 0
    assert told["time"].replace("-", "").replace(":", "") in item.name
    status = idle_daemon.next_snapshot()  # snapshots go on as before
    assert idle_daemon.drafts() == []
    assert (status["mode"], status["taking"]) == ("snapshot", None)
    assert status["frame"] > before
    assert picture(idle_daemon.images / "current.jpg").size == (320, 240)


@pytest.mark.parametrize("kind", ["photo", "raw"])
def test_the_thumbnail_that_the_camera_made_is_used(shared_daemon, kind):
    """It has the picture's proportions: none has to be made."""
    shared_daemon.use(photo={"width": 640}, raw={"width": 640, "sensor_mode": "1640:1232:10"})
    (item,) = shared_daemon.ask("photo", kind=kind)["items"]
    thumbnail = Thumbnails(shared_daemon.library).of(Library(shared_daemon.library).item(item))
    with Image.open(io.BytesIO(thumbnail)) as image:
        assert image.size == (320, 240)
    assert not (shared_daemon.library / ".thumbnails").exists()


@pytest.mark.parametrize("form", ["png", "bmp"])
def test_a_photo_in_another_format_is_turned_like_a_jpeg(shared_daemon, form):
    shared_daemon.use(files={"photo": form}, camera={"rotation": 90})
    (item,) = shared_daemon.take(kind="photo")
    with Image.open(item) as image:
        assert (image.format, image.size) == (form.upper(), (240, 320))
    assert read_sidecar(item)["size"] == [240, 320]
    assert item.suffix == f".{form}"


def test_a_raw_photo_is_a_dng_with_a_jpeg(shared_daemon):
    shared_daemon.use(raw={"width": 320, "sensor_mode": "640:480:10"})
    (item,) = shared_daemon.take(kind="raw")
    assert [Path(name).suffix for name in shared_daemon.visible()] == [".dng", ".jpg", ".json"]
    assert item.suffix == ".dng"
    with Image.open(item) as image:
        assert image.format == "TIFF"
        assert image.getexif()[271] == "Raspberry Pi"
    assert item.stat().st_size > 640 * 480 * 2
    assert picture(item.with_suffix(".jpg")).size == (320, 240)
    assert read_sidecar(item)["kind"] == "raw"


def test_a_burst_is_one_start_of_the_camera_program(shared_daemon):
    shared_daemon.use()
    before = len(shared_daemon.starts())
    items = shared_daemon.take(kind="photo", count=5)
    assert len({item.name for item in items}) == 5
    assert items == sorted(items)
    shared_daemon.next_snapshot()
    assert len(shared_daemon.starts()) == before + 2  # photos, then snapshots again
    assert all(read_sidecar(item)["metadata"] for item in items)


def test_photos_that_are_requested_one_after_the_other_are_one_start(idle_daemon):
    idle_daemon.open()
    requests = [BackgroundRequest(idle_daemon, "photo", count=2)]
    idle_daemon.until(lambda status: status["taking"] and len(idle_daemon.starts()) == 2)
    (program,) = idle_daemon.camera_programs()
    os.kill(program, signal.SIGSTOP)
    requests += [BackgroundRequest(idle_daemon, "photo") for _ in range(2)]
    idle_daemon.until(lambda status: len(status["waiting"]) == 2)
    os.kill(program, signal.SIGCONT)
    items = [item for request in requests for item in request.wait()["items"]]
    assert len({*items}) == 4
    idle_daemon.next_snapshot()
    assert len(idle_daemon.starts()) == 3  # snapshots, the photos, snapshots again


SLOW_JPEGTRAN = """\
#!/bin/bash
# Stores a photo of the library only once the camera does what comes next: for 20 s at most.
if [[ $* == *.drafts* ]]; then
  for ((tries = 0; tries < 400; tries++)); do
    if [[ -e {next_still} ]] || (($(wc -l <{starts}) >= {wanted})); then exec {jpegtran} "$@"; fi
    sleep 0.05
  done
  echo "the camera waits for this photo" >&2
  exit 1
fi
exec {jpegtran} "$@"
"""


def test_the_camera_does_not_wait_until_a_photo_is_stored(idle_daemon, tmp_path):
    """On a card that takes a second for a photo, the next one of a burst is taken meanwhile; after the last one,
    snapshots begin.
    """
    idle_daemon.settings(camera={"rotation": 90})
    program = tmp_path / "bin" / "jpegtran"
    program.parent.mkdir()
    facts = {
        "next_still": idle_daemon.library / ".drafts/.still_00000001.jpg",
        "starts": idle_daemon.simulated / "starts.log",
        "wanted": 3,  # snapshots, the photos, snapshots again
        "jpegtran": shutil.which("jpegtran"),
    }
    program.write_text(SLOW_JPEGTRAN.format(**facts))
    program.chmod(0o755)
    idle_daemon.open(PATH=f"{program.parent}:{os.environ['PATH']}")
    items = idle_daemon.take(count=2)
    assert [picture(item).size for item in items] == [(240, 320)] * 2
    idle_daemon.next_snapshot()
    assert len(idle_daemon.starts()) == 3
    assert idle_daemon.drafts() == []


def test_the_configuration_and_its_controls_are_seen_in_the_picture(shared_daemon):
    shared_daemon.use(controls=MANUAL)
    (plain,) = shared_daemon.take()
    grey = {"width": 320, "hflip": True, "quality": 40, "controls": {"Saturation": 0}}
    shared_daemon.settings(controls=MANUAL, photo=grey)
    shared_daemon.ask("reload")
    (other,) = shared_daemon.take()
    mirrored = picture(plain).transpose(Image.Transpose.FLIP_LEFT_RIGHT).convert("L").convert("RGB")
    assert apart(picture(other), mirrored) < 4 < apart(picture(other), picture(plain))
    assert other.stat().st_size < plain.stat().st_size * 0.8
    assert apart(picture(shared_daemon.images / "current.jpg"), picture(plain)) < 4  # of no concern for snapshots


def test_a_photo_just_like_a_snapshot_restarts_nothing_and_is_shown(shared_daemon):
    shared_daemon.use(photo=AS_SNAPSHOTS)
    before = shared_daemon.starts()
    items = shared_daemon.take(kind="photo", count=3)
    status = shared_daemon.ask("status")
    assert shared_daemon.starts() == before
    assert status["captures"]["ok"] >= 4
    # A snapshot follows the last photo at once; the frame before the current one is kept.
    assert items[-1].read_bytes() in [frame.read_bytes() for frame in shared_daemon.images.glob("camera_*.jpg")]
    assert [read_sidecar(item)["metadata"]["SensorTimestamp"] for item in items] == sorted(
        {read_sidecar(item)["metadata"]["SensorTimestamp"] for item in items}
    )  # each has its own
    shared_daemon.ask("snapshot")
    assert shared_daemon.starts() == before


def test_a_photo_begins_with_what_the_camera_had_found_unless_it_is_told_not_to(idle_daemon):
    idle_daemon.attach(AUTOFOCUS)
    idle_daemon.open()
    found = idle_daemon.ask("status")["metadata"]
    idle_daemon.take()
    begun = idle_daemon.starts()[1]
    assert f"--shutter={found['ExposureTime']} " in begun
    assert f"--gain={found['AnalogueGain']} " in begun
    assert "--awbgains=2.02,1.8 " in begun
    assert f"--lens-position={found['LensPosition']} " in begun
    idle_daemon.next_snapshot()
    idle_daemon.settings(photo={"width": 320, "carry_over": False, "controls": {"AnalogueGain": 2}})
    idle_daemon.ask("reload")
    idle_daemon.take()
    begun = next(line for line in reversed(idle_daemon.starts()) if "--gain=2.0" in line)
    assert "--shutter" not in begun
    assert "--awbgains" not in begun


def test_a_self_timer_waits_while_frames_go_on_and_can_be_cancelled(shared_daemon):
    shared_daemon.use(snapshot={"interval_s": 0.1, "width": 320}, video={"while_recording": "encode"})
    asking = BackgroundRequest(shared_daemon, "photo", kind="photo", count=2, delay_s=3600)
    taking = shared_daemon.until(lambda status: status["taking"])["taking"]
    assert (taking["kind"], taking["done"], taking["of"]) == ("photo", 0, 2)
    assert taking["due"] > status_time(shared_daemon)
    assert shared_daemon.frames(3)["mode"] == "snapshot"
    assert len(shared_daemon.take(kind="photo")) == 1  # another one need not wait for it
    with pytest.raises(Refusal, match="self-timer") as caught:
        shared_daemon.ask("video", seconds=1)
    assert caught.value.cause == "busy"
    assert shared_daemon.ask("cancel") == {"items": []}
    assert asking.wait() == {"items": []}
    assert shared_daemon.ask("status")["taking"] is None
    assert len(shared_daemon.take(delay_s=0.3)) == 1


def test_a_burst_that_is_cancelled_keeps_what_was_taken(shared_daemon):
    shared_daemon.use()
    shared_daemon.fault(slow_s=0.2)
    asking = BackgroundRequest(shared_daemon, "photo", count=100)
    shared_daemon.until(lambda status: status["taking"] and status["taking"]["done"] >= 2)
    second = BackgroundRequest(shared_daemon, "photo", kind="raw")
    shared_daemon.until(lambda status: status["mode"] == "photo")
    cancelled = shared_daemon.ask("cancel")["items"]
    first, other = asking.wait()["items"], second.wait()["items"]
    assert 2 <= len(first) < 100
    assert set(cancelled) <= set(first) | set(other)
    assert shared_daemon.next_snapshot()["taking"] is None
    assert len([name for name in shared_daemon.visible() if name.endswith((".jpg", ".dng"))]) >= len(first)
    assert shared_daemon.drafts() == []


NO_MEMORY = {"start_error": "failed to allocate capture buffers for stream", "start_error_width": 640}


def test_a_camera_program_that_dies_after_each_picture_costs_no_photo(idle_daemon):
    idle_daemon.settings(controls={"AfMode": "Manual"})  # a scan may discard the one still that a program takes
    idle_daemon.open()
    idle_daemon.fault(die_after=1)
    assert len(idle_daemon.take(count=3)) == 3


def test_a_photo_is_tried_once_more_before_it_is_reported(idle_daemon):
    idle_daemon.settings(photo={"width": 640})
    idle_daemon.open()
    idle_daemon.fault(**NO_MEMORY, start_error_times=1)
    assert len(idle_daemon.take(count=3)) == 3
    assert idle_daemon.next_snapshot()["failures"] == {"short": 1}
    idle_daemon.fault(**NO_MEMORY)
    with pytest.raises(Refusal, match="no memory") as caught:
        idle_daemon.take(count=3)
    assert (caught.value.cause, caught.value.answer["items"]) == ("short", [])
    assert idle_daemon.next_snapshot()["failures"] == {"short": 3}
    assert idle_daemon.drafts() == []


def test_a_photo_that_the_camera_refuses_is_reported_at_once(idle_daemon):
    idle_daemon.settings(photo={"width": 640})
    idle_daemon.open()
    idle_daemon.fault(start_error="failed to configure streams", start_error_width=640)
    with pytest.raises(Refusal, match="choose another one"):
        idle_daemon.take()
    assert idle_daemon.next_snapshot()["failures"] == {"options": 1}


def test_an_answer_that_takes_long_says_how_far_it_is(shared_daemon):
    shared_daemon.use()
    answer = shared_daemon.ask("photo", delay_s=3600, wait_s=0.1)
    assert answer["taking"]["of"] == 1
    shared_daemon.ask("cancel")
    with pytest.raises(Refusal, match="from 1 to 100"):
        shared_daemon.ask("photo", count=101)
    with pytest.raises(Refusal, match="photo or raw"):
        shared_daemon.ask("photo", kind="video")


def test_photos_come_out_of_the_live_view_and_it_goes_on(shared_daemon):
    shared_daemon.use()
    shared_daemon.ask("lease", seconds=30)
    shared_daemon.until(lambda status: status["mode"] == "live" and status["metadata"])
    shared_daemon.take(count=2)
    shared_daemon.until(lambda status: status["mode"] == "live")
    shared_daemon.frames(2)


def test_a_nearly_full_disk_refuses_before_anything_is_begun(shared_daemon):
    shared_daemon.use(files={"floor_mb": 10_000_000})
    before = shared_daemon.starts()
    assert shared_daemon.ask("status")["library"]["floor_bytes"] == 10_000_000_000_000
    for command in ({"command": "photo"}, {"command": "video", "seconds": 1}):
        with pytest.raises(Refusal, match="nearly full") as caught:
            shared_daemon.ask(**command)
        assert caught.value.cause == "disk"
    assert (shared_daemon.visible(), shared_daemon.starts()) == ([], before)
    shared_daemon.settings()
    shared_daemon.ask("reload")
    assert len(shared_daemon.take()) == 1


def test_without_a_camera_a_photo_is_refused_at_once(idle_daemon):
    idle_daemon.fault(no_camera=True)
    idle_daemon.start()
    idle_daemon.until(lambda status: status["mode"] == "no camera")
    with pytest.raises(Refusal, match="ribbon cable") as caught:
        idle_daemon.take()
    assert caught.value.cause == "absent"


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param({"start_error": "failed to start camera"}, id="dies"),
        pytest.param({"half_file_every": 1}, id="torn"),
        pytest.param({"disk_full": True}, id="disk full"),
    ],
)
def test_a_photo_that_fails_is_told_and_leaves_nothing(idle_daemon, faults):
    idle_daemon.open()
    idle_daemon.fault(**faults)
    with pytest.raises(Refusal) as caught:
        idle_daemon.take(count=3)
    assert caught.value.cause in ("died", "torn", "disk")
    idle_daemon.fault()
    assert idle_daemon.drafts() == []
    assert (idle_daemon.visible(), caught.value.answer["items"]) == ([], [])
    idle_daemon.until(lambda status: status["mode"] == "snapshot")
    assert len(idle_daemon.take(count=2)) == 2


def test_a_camera_program_that_is_killed_in_the_middle_of_a_photo(idle_daemon):
    idle_daemon.open()
    idle_daemon.fault(slow_s=60)
    asking = BackgroundRequest(idle_daemon, "photo")
    idle_daemon.until(lambda status: status["mode"] == "photo")
    idle_daemon.fault()
    for program in idle_daemon.camera_programs():
        os.kill(program, signal.SIGKILL)
    (item,) = asking.wait()["items"]  # by the second try
    picture(idle_daemon.library / item).load()
    idle_daemon.next_snapshot()
    assert (len(idle_daemon.visible()), idle_daemon.drafts()) == (2, [])
    assert len(idle_daemon.take()) == 1


def hangs(frames: list[str], newest: str) -> bool:
    """Whether there has been no other frame at the last looks, which are added to `frames`."""
    frames.append(newest)
    return frames[-60:] == 60 * [newest]


@pytest.mark.parametrize("command", ["photo", "video"])
def test_what_waits_while_a_snapshot_fails_is_taken(idle_daemon, command):
    exposure = {"ExposureTime": 3_000_000}  # of which a camera that hangs is given several before it is restarted
    idle_daemon.settings(snapshot=STILL | {"interval_s": 0.2}, files={"video": "mjpeg"}, controls=exposure)
    idle_daemon.open()
    idle_daemon.fault(slow_s=60)
    frames: list[str] = []
    idle_daemon.until(lambda status: hangs(frames, status["frame"]))
    idle_daemon.ask(command, wait_s=0.5, **({"seconds": 1} if command == "video" else {}))
    waiting = idle_daemon.ask("status")
    assert (waiting["mode"], idle_daemon.visible()) == ("snapshot", [])
    idle_daemon.fault()
    for program in idle_daemon.camera_programs():
        os.kill(program, signal.SIGKILL)
    idle_daemon.until(lambda _: idle_daemon.visible())
    assert "retrying" not in idle_daemon.log.read_text()


def test_a_daemon_that_is_killed_in_the_middle_of_a_burst_leaves_whole_items_alone(idle_daemon):
    idle_daemon.open()
    idle_daemon.fault(slow_s=0.3)
    asking = BackgroundRequest(idle_daemon, "photo", kind="raw", count=50)
    idle_daemon.until(lambda status: status["taking"] and status["taking"]["done"] >= 2)
    idle_daemon.kill()
    asking.wait()
    idle_daemon.fault()
    names = idle_daemon.visible()
    idle_daemon.library.joinpath(".drafts/20260101T000000.000Z_photo_imx708.jpg").write_bytes(b"half")
    idle_daemon.open()
    idle_daemon.until(lambda _: not idle_daemon.drafts())
    whole = idle_daemon.visible()
    assert set(names) <= set(whole)
    stems = {name.rpartition(".")[0] for name in whole}
    assert len(whole) == 3 * len(stems)
    for name in whole:
        if name.endswith(".jpg"):
            picture(next(idle_daemon.library.glob(f"*/{name}"))).load()


def test_the_end_of_the_daemon_ends_a_burst(idle_daemon):
    idle_daemon.open()
    idle_daemon.fault(slow_s=0.3)
    asking = BackgroundRequest(idle_daemon, "photo", count=50)
    idle_daemon.until(lambda status: status["taking"] and status["taking"]["done"] >= 1)
    timer = BackgroundRequest(idle_daemon, "photo", delay_s=3600)
    idle_daemon.until(lambda status: status["waiting"])
    assert idle_daemon.end() == 0
    assert "of 50 photos were taken" in str(asking.wait())
    assert "0 of 1 photos were taken" in str(timer.wait())
    assert idle_daemon.drafts() == []
    assert "Traceback" not in idle_daemon.log.read_text()
    assert [name for name in os.listdir(idle_daemon.images) if name.startswith(".")] == []


@pytest.mark.skipif(not shutil.which("jpegtran"), reason="needs jpegtran")
def test_a_raw_photo_is_stored_although_the_daemon_ends_while_it_is_rotated(idle_daemon, tmp_path):
    """It has been taken: a daemon that ends waits for it."""
    slow, rotates, goes_on = tmp_path / "bin/jpegtran", tmp_path / "rotates", tmp_path / "goes-on"
    slow.parent.mkdir()
    slow.write_text(
        f"#!/bin/sh\ncase $* in */.drafts/*) touch {rotates}; until [ -e {goes_on} ]; do sleep 0.05; done ;; esac\n"
        f'exec {shutil.which("jpegtran")} "$@"\n'
    )
    slow.chmod(0o755)
    idle_daemon.settings(camera={"rotation": 90})
    process = idle_daemon.start(PATH=f"{slow.parent}:{os.environ['PATH']}")
    idle_daemon.frames()
    asking = BackgroundRequest(idle_daemon, "photo", kind="raw")
    idle_daemon.until(lambda _: rotates.exists())
    process.terminate()
    time.sleep(0.5)  # the rotation would be broken off at once
    goes_on.touch()
    assert process.wait(DEADLINE_S) == 0
    asking.wait()
    assert [Path(name).suffix for name in idle_daemon.visible()] == [".dng", ".jpg", ".json"]


def test_new_settings_in_a_burst_count_for_what_follows(shared_daemon):
    shared_daemon.use()
    shared_daemon.fault(slow_s=0.1)
    asking = BackgroundRequest(shared_daemon, "photo", count=5)
    shared_daemon.until(lambda status: status["taking"] and status["taking"]["done"] >= 1)
    shared_daemon.settings(snapshot=STILL | {"width": 640}, live=LIVE)
    answer = shared_daemon.ask("reload")
    assert answer["in_force"] is True
    assert len(asking.wait()["items"]) == 5
    assert picture(shared_daemon.images / answer["frame"]).size == (640, 480)


def test_what_is_too_much_is_pruned_and_favourites_stay(shared_daemon):
    shared_daemon.use()
    items = shared_daemon.take(count=6)
    marker = shared_daemon.library / ".favourites" / items[0].parent.name / items[0].name
    marker.parent.mkdir(parents=True)
    marker.touch()
    shared_daemon.settings(retention={"max_bytes_gb": 3.5 * items[0].stat().st_size / 1e9})
    shared_daemon.ask("reload")
    (newest,) = shared_daemon.take()
    shared_daemon.until(lambda _: not items[3].exists())
    shared_daemon.until(lambda _: len(shared_daemon.visible()) <= 6)
    assert items[0].exists()
    assert newest.exists()
    assert not items[1].exists()


def test_the_commands_print_the_paths(shared_daemon):
    shared_daemon.use()
    env = os.environ | {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(shared_daemon.data)}

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
def test_a_board_with_64_mb_of_contiguous_memory_takes_photos_of_all_the_pixels(idle_daemon, module, kind):
    """The viewfinder's four buffers of the sensor's full mode alone would be 60 MB and more."""
    idle_daemon.settings(photo={}, raw={})
    idle_daemon.fault(cameras=module, cma_mb=64)
    idle_daemon.open()
    (item,) = idle_daemon.take(kind=kind)
    sensor = MODULES[module]
    assert read_sidecar(item)["size"] == list(sensor.size)
    assert idle_daemon.ask("status")["failures"] == {}


def test_photos_come_without_a_switch_where_the_memory_allows_it(idle_daemon):
    """The viewfinder runs in their sensor mode anyway; its buffers need 22 MB, with those of the photos 30."""
    idle_daemon.attach(AUTOFOCUS)  # whose modes these are
    idle_daemon.settings(photo={"width": 1280})
    idle_daemon.open()
    for cma_mb in (512, 25, 25):
        idle_daemon.fault(cma_mb=cma_mb)
        (item,) = idle_daemon.take()
        assert read_sidecar(item)["size"] == [1280, 960]
        idle_daemon.next_snapshot()
    photos = [start for start in idle_daemon.starts() if "--width=1280" in start]
    assert ["--zsl" in start for start in photos] == [True, True, False, False]  # the second is tried again
