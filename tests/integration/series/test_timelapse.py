"""Series on the real daemon with the simulated camera: what is taken, with what, and who goes before whom."""

import json
import os
import signal
from itertools import pairwise
from pathlib import Path

import pytest
from capture_daemon import AUTOFOCUS, LIVE, ROOT, BackgroundRequest
from PIL import Image, ImageStat
from running_series import AS_SNAPSHOTS, Series

from stillcam.camera.simulated.isp import linear
from stillcam.common.paths import Paths
from stillcam.films.order import Order
from stillcam.films.sources import sources_of
from stillcam.ipc.protocol import Refusal
from stillcam.series import reader
from stillcam.series.luminance import measure
from stillcam.series.manifest import text_to_ms
from stillcam.series.manifest_search import gaps, lines_from

ONCE = {"interval_s": 3600, "shots": 1}  # it may be late by a minute


def mean_light(picture: Image.Image) -> float:
    """Of the meadow, which is not clipped."""
    width, height = picture.size
    meadow = picture.convert("L").crop((width // 20, height * 7 // 10, width // 3, height * 17 // 20))
    return ImageStat.Stat(meadow.point([round(255 * linear(value / 255)) for value in range(256)])).mean[0]


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        image.load()
        return image.size


def test_a_series_is_taken_on_its_plan_and_shown_meanwhile(shared_daemon):
    shared_daemon.use(photo={"width": 640}, files={"photo": "png"})
    garden = Series(shared_daemon, interval_s=1).taken(4)
    rows = garden.shots()
    assert [row["n"] for row in rows] == list(range(1, len(rows) + 1))
    start = text_to_ms(garden.made["definition"]["start"])
    assert all((text_to_ms(row["due"]) - start) % 1000 == 0 for row in rows)
    assert all(row["time"] >= row["due"] for row in rows)
    assert all(row["metadata"]["ExposureTime"] > 0 for row in rows)
    assert [garden.picture(n).suffix for n in (1, 2)] == [".jpg", ".jpg"]  # whatever photos are
    assert size(garden.picture(1)) == (640, 480)
    status = shared_daemon.until(lambda status: status["mode"] == "series")
    assert [(one["name"], one["state"]) for one in status["series"]] == [("Garden", "running")]
    assert shared_daemon.ask("snapshot")["frame"] > status["frame"]
    assert garden.ask("finish")["state"] == "finished"
    assert shared_daemon.next_snapshot()["series"] == []


def test_a_series_without_a_start_begins_when_the_camera_is_ready(shared_daemon):
    """Its first shot was missed: the camera program takes longer to start than a shot may be late."""
    shared_daemon.use(photo={"width": 640})
    shared_daemon.fault(speed=2)
    shared_daemon.next_snapshot()
    garden = Series(shared_daemon, interval_s=1, shots=2).over()
    assert (garden.summary()["taken"], garden.summary()["missed"]) == (2, 0)


def test_with_the_configuration_of_the_snapshots_the_camera_program_stays(shared_daemon):
    shared_daemon.use(snapshot={"interval_s": 0.5, "width": 320}, photo=AS_SNAPSHOTS)
    starts = len(shared_daemon.starts())
    garden = Series(shared_daemon, interval_s=1, shots=3).over()
    shared_daemon.next_snapshot()
    assert len(shared_daemon.starts()) == starts
    assert size(garden.picture(3)) == (320, 240)
    assert garden.summary()["taken"] == 3


def test_looking_for_cameras_costs_a_series_a_moment_at_most(idle_daemon):
    """However short its interval is: there is always time for it between two moments."""
    idle_daemon.attach("imx219 imx519")
    idle_daemon.open()
    garden = Series(idle_daemon, interval_s=1).taken(1)
    assert len(idle_daemon.ask("cameras", again=True)["cameras"]) == 2
    before = garden.summary()["taken"]
    garden.taken(before + 3)
    assert garden.summary()["state"] == "running"


def test_long_intervals_leave_the_camera_to_the_snapshots(shared_daemon):
    shared_daemon.use(snapshot={"interval_s": 0.5, "width": 320}, photo=AS_SNAPSHOTS)
    starts = len(shared_daemon.starts())
    garden = Series(shared_daemon, interval_s=10, shots=2)
    garden.taken(1)
    shared_daemon.frames(3)
    garden.over()
    assert len(shared_daemon.starts()) == starts


def test_a_changed_time_zone_is_taken_by_library_and_running_series(idle_daemon, tmp_path):
    """As `timedatectl set-timezone` changes it; between these two, the local dates always differ."""
    localtime, zones = tmp_path / "localtime", Path("/usr/share/zoneinfo")
    localtime.symlink_to(zones / "Pacific/Kiritimati")
    idle_daemon.open(TZ=f":{localtime}")
    garden = Series(idle_daemon, **ONCE | {"shots": 9}, window={"from": "00:00", "to": "24:00"})
    assert garden.summary()["zone"] == "Pacific/Kiritimati"
    (east,) = idle_daemon.take(kind="photo")
    new = tmp_path / "new"
    new.symlink_to(zones / "Pacific/Niue")
    new.replace(localtime)
    (west,) = idle_daemon.take(kind="photo")
    assert east.parent.name > west.parent.name
    idle_daemon.until(lambda _: garden.summary()["zone"] == "Pacific/Niue")
    assert garden.summary()["state"] == "running"


def test_a_bracket_is_as_many_shots_at_each_moment(shared_daemon):
    shared_daemon.use(raw={"width": 320, "sensor_mode": "640:480:10"})
    vary = {"control": "ExposureValue", "values": [-1, 0, 1], "bracket": True}
    garden = Series(shared_daemon, **ONCE, kind="raw", fixed=True, vary=vary).over()
    rows = garden.shots()
    assert [row["vary"] for row in rows] == [{"ExposureValue": value} for value in (0.0, -1.0, 1.0)]
    assert len({row["due"] for row in rows}) == 1
    right, dark, bright = (row["metadata"]["ExposureTime"] for row in rows)
    assert dark == pytest.approx(right / 2, rel=0.02)
    assert bright == pytest.approx(right * 2, rel=0.02)
    assert len({row["metadata"]["AnalogueGain"] for row in rows}) == 1
    with Image.open(reader.picture(garden.root, "Garden", 2, raw=True)) as image:
        assert image.format == "TIFF"
    assert (garden.summary()["taken"], garden.summary()["shots"], garden.summary()["state"]) == (1, 3, "finished")


def test_an_exposure_bracket_is_metered_once_and_named_for_hdr_programs(shared_daemon):
    """The brightness really follows: light is doubled by each EV, as far as it is not clipped."""
    shared_daemon.use()
    vary = {"control": "ExposureValue", "values": [-2, 0, 1.5], "bracket": True}
    garden = Series(shared_daemon, **ONCE, vary=vary).over()
    rows = garden.shots()
    assert [row["vary"]["ExposureValue"] for row in rows] == [0, 1.5, -2]
    metered, bright, dark = (row["metadata"] for row in rows)
    assert dark["ExposureTime"] == pytest.approx(metered["ExposureTime"] / 4, rel=0.02)
    assert bright["ExposureTime"] == pytest.approx(metered["ExposureTime"] * 2**1.5, rel=0.02)
    assert dark["AnalogueGain"] == bright["AnalogueGain"] == pytest.approx(metered["AnalogueGain"], rel=0.01)
    names = [row["files"][0].partition("/")[2] for row in rows]
    stamp = names[0].split("_")[1]
    assert names == [f"00000{n}_{stamp}_ev{ev}.jpg" for n, ev in ((1, "+0"), (2, "+1.5"), (3, "-2"))]
    light = []
    for n, bias in ((1, 0), (2, 1.5), (3, -2)):
        with Image.open(reader.picture(garden.root, "Garden", n)) as picture:
            assert picture.getexif().get_ifd(0x8769)[0x9204] == bias
            assert picture.getexif().get_ifd(0x8769)[0x829A] > 0  # the exposure time is as it was
            light.append(mean_light(picture))
    assert light[2] == pytest.approx(light[0] / 4, rel=0.1)
    assert light[1] > 2 * light[0]
    paths = Paths(shared_daemon.images, shared_daemon.data)
    assert [source.path.name for source in sources_of(Order("film", "Garden"), paths)] == names[:1]


def test_a_bracket_of_times_keeps_the_gain(shared_daemon):
    shared_daemon.use()
    vary = {"control": "ExposureTime", "values": [1000, 4000], "bracket": True}
    rows = Series(shared_daemon, **ONCE, vary=vary).over().shots()
    assert [row["metadata"]["ExposureTime"] for row in rows] == pytest.approx([1000, 4000], rel=0.02)
    assert len({row["metadata"]["AnalogueGain"] for row in rows}) == 1


def test_a_smooth_exposure_follows_the_light_and_continues_after_a_kill(idle_daemon):
    """Dusk, a stop in three shots: the exposure grows with it, also over a kill -9 in the middle."""
    idle_daemon.attach(AUTOFOCUS)
    idle_daemon.settings(photo={"width": 320})
    idle_daemon.open()
    garden = Series(idle_daemon, interval_s=2, smooth={"longest_s": 0.1, "gain": 4})
    for taken in range(1, 8):
        garden.taken(taken)
        idle_daemon.fault(light=2 ** (-taken / 3))
        if taken == 4:
            course = json.loads((garden.folder / "state.json").read_text())["course"]
            idle_daemon.kill()
            idle_daemon.open()
            assert json.loads((garden.folder / "state.json").read_text())["course"]["aim_ev"] == course["aim_ev"]
    rows = garden.taken(9).shots()
    exposures = [row["metadata"]["ExposureTime"] * row["metadata"]["AnalogueGain"] for row in rows]
    assert all(0.98 < after / before < 2**0.32 for before, after in pairwise(exposures))
    assert exposures[-1] / exposures[1] > 2
    given = [start for start in idle_daemon.starts() if "--shutter=" in start]
    assert len(given) >= 6
    focused = [start for start in given if "--autofocus-mode=manual --lens-position=" in start]
    assert len(focused) >= len(given) - 1, "only after the kill the lens is searched again"
    with garden.picture(1).open("rb") as first, garden.picture(9).open("rb") as last:
        assert measure(last)[0] > 0.4 * measure(first)[0]  # the light has fallen to a fifth
    garden.ask("finish")


def test_a_focus_series_goes_through_its_distances(idle_daemon):
    idle_daemon.attach(AUTOFOCUS)
    idle_daemon.open()
    vary = {"control": "LensPosition", "values": [0, 2.5, 5]}
    garden = Series(idle_daemon, interval_s=4, vary=vary).over()
    assert [row["metadata"]["LensPosition"] for row in garden.shots()] == pytest.approx([0, 2.5, 5])


def test_exposure_and_white_balance_stay_as_the_first_shot_found_them(shared_daemon):
    shared_daemon.use()
    garden = Series(shared_daemon, interval_s=5, fixed=True).taken(2)
    state = json.loads((garden.folder / "state.json").read_text())
    first = garden.shots()[0]["metadata"]
    assert state["fixed"]["ExposureTime"] == first["ExposureTime"]
    assert state["fixed"]["AnalogueGain"] == pytest.approx(first["AnalogueGain"], rel=1e-3)
    assert "ColourGains" in state["fixed"]
    assert f"--shutter={first['ExposureTime']} " in shared_daemon.starts()[-1]


def test_a_picture_that_is_hung_sideways_is_turned(shared_daemon):
    shared_daemon.use(camera={"rotation": 90})
    garden = Series(shared_daemon, interval_s=1).taken(1)
    assert size(garden.picture(1)) == (240, 320)
    garden.ask("pause")
    shared_daemon.next_snapshot()


def test_live_view_makes_way_for_a_shot_and_goes_on(shared_daemon):
    shared_daemon.use(live=LIVE)
    shared_daemon.ask("lease", seconds=30)
    shared_daemon.until(lambda status: status["mode"] == "live")
    garden = Series(shared_daemon, **ONCE).over()
    shared_daemon.ask("lease", seconds=30)
    shared_daemon.until(lambda status: status["mode"] == "live")
    assert garden.summary()["missed"] == 0


def test_a_video_goes_before_and_its_moments_are_missed(shared_daemon):
    shared_daemon.use()
    garden = Series(shared_daemon, interval_s=1).taken(1)
    shared_daemon.film(seconds=3)
    garden.missed("busy").taken(garden.summary()["taken"] + 2)


def test_photos_go_before_and_the_series_goes_on(shared_daemon):
    shared_daemon.use()
    garden = Series(shared_daemon, interval_s=1).taken(1)
    assert len(shared_daemon.take(count=2)) == 2
    garden.taken(garden.summary()["taken"] + 2)


def test_a_burst_that_is_cancelled_costs_no_shot(idle_daemon):
    """The photo that was under way comes while the series waits for its next moment, and nobody for the photo."""
    idle_daemon.settings(photo=AS_SNAPSHOTS)
    idle_daemon.open()
    garden = Series(idle_daemon, interval_s=5).taken(1)
    idle_daemon.fault(slow_s=0.5)
    asking = BackgroundRequest(idle_daemon, "photo", count=100)
    idle_daemon.until(lambda status: status["taking"] and status["taking"]["done"])
    idle_daemon.ask("cancel")
    asking.wait()
    garden.taken(garden.summary()["taken"] + 2)
    status = idle_daemon.ask("status")
    assert (status["failures"], status["restarts"]) == ({}, {})


def test_a_full_disk_costs_the_shots_until_there_is_room(shared_daemon):
    shared_daemon.use(files={"floor_mb": 10_000_000})
    garden = Series(shared_daemon, interval_s=1)
    later = text_to_ms(garden.made["next"]) + 4000
    shared_daemon.until(lambda status: status["series"] and text_to_ms(status["series"][0]["next"]) > later)
    assert shared_daemon.ask("snapshot")["frame"]  # these go on
    garden.ask("pause")
    assert "disk" in {gap.why for gap in gaps(garden.folder)}
    assert garden.shots() == []
    shared_daemon.settings()
    shared_daemon.ask("reload")
    garden.ask("resume")
    garden.taken(2)


@pytest.mark.parametrize("said", ["failed to allocate capture buffers for stream", "failed to start camera"])
def test_a_camera_that_does_not_start_for_a_while_costs_shots_and_no_series(idle_daemon, said):
    """Want of memory and a disturbed cable pass."""
    idle_daemon.settings(photo={"width": 640})
    idle_daemon.open()
    garden = Series(idle_daemon, interval_s=1).taken(1)
    idle_daemon.fault(start_error=said, start_error_width=640)
    for program in idle_daemon.camera_programs():  # one that needs no switch for its photos would not start again
        os.kill(program, signal.SIGKILL)
    idle_daemon.until(lambda status: sum(status["failures"].values()) >= 4)
    assert idle_daemon.ask("snapshot")["frame"]  # these go on
    told = garden.summary()
    assert told["state"] == "running" and "size" in told["why"]
    idle_daemon.fault()
    garden.taken(told["taken"] + 2)
    assert "camera" in {gap.why for gap in gaps(garden.folder)}
    assert garden.summary()["why"] is None


def test_options_that_the_camera_refuses_fail_the_series_alone(idle_daemon):
    idle_daemon.settings(photo={"width": 640})
    idle_daemon.fault(start_error="failed to configure streams", start_error_width=640)
    idle_daemon.open()
    garden = Series(idle_daemon, interval_s=1).over("failed")
    assert "choose another one" in garden.summary()["why"]
    assert idle_daemon.ask("snapshot")["frame"]
    idle_daemon.settings()
    idle_daemon.ask("reload")
    garden.ask("resume")
    garden.taken(2)
    assert garden.summary()["state"] == "running"


def test_orders_are_carried_out_or_refused(shared_daemon):
    shared_daemon.use()
    garden = Series(shared_daemon, interval_s=1)
    with pytest.raises(Refusal) as error:
        shared_daemon.ask("series", do="create", definition={"name": "garden"})
    assert (error.value.cause, error.value.answer["field"]) == ("taken", "name")
    with pytest.raises(Refusal) as error:
        garden.ask("resume")
    assert error.value.cause == "state"
    garden.taken(1)
    assert garden.ask("pause")["state"] == "paused"
    assert garden.ask("resume")["state"] == "running"
    assert garden.ask("delete") is None
    shared_daemon.until(lambda _: not list(garden.root.glob("*Garden*")))
    assert shared_daemon.next_snapshot()["series"] == []


def test_settings_that_change_are_those_of_the_next_shots(idle_daemon):
    idle_daemon.attach(AUTOFOCUS)  # it starts too slowly for snapshots between the shots
    idle_daemon.open()
    garden = Series(idle_daemon, interval_s=1).taken(1)
    idle_daemon.settings(photo={"width": 640})
    idle_daemon.ask("reload")
    idle_daemon.until(lambda _: size(garden.picture(garden.shots()[-1]["n"])) == (640, 480))
    starts = len(idle_daemon.starts())
    idle_daemon.settings(photo={"width": 640}, snapshot={"interval_s": 7, "width": 320})
    idle_daemon.ask("reload")
    garden.taken(garden.summary()["taken"] + 2)
    assert len(idle_daemon.starts()) == starts  # another interval of snapshots is no matter of the series


def test_snapshots_that_are_asked_for_come_between_the_shots(shared_daemon):
    shared_daemon.use()
    garden = Series(shared_daemon, interval_s=10)
    garden.taken(1)
    asking = [BackgroundRequest(shared_daemon, "snapshot") for _ in range(2)]
    for one in asking:
        answer = one.wait()
        assert isinstance(answer, dict), answer
        assert answer["frame"]
    garden.taken(2)


def test_a_camera_that_starts_too_slowly_for_snapshots_between_the_shots_shows_the_shots(idle_daemon):
    idle_daemon.fault(start_s=6)
    idle_daemon.open()
    Series(idle_daemon, interval_s=10).taken(1)
    answer = BackgroundRequest(idle_daemon, "snapshot").wait()
    assert isinstance(answer, dict), answer
    assert answer["frame"]


def test_the_manifest_and_the_folder_are_one(shared_daemon):
    shared_daemon.use()
    garden = Series(shared_daemon, interval_s=1, shots=4).over()
    listed = [name for line, _ in lines_from(garden.folder, 0) for name in line.get("files", ())]
    assert sorted(listed) == sorted(
        str(path.relative_to(garden.folder / "frames")) for path in (garden.folder / "frames").glob("*/*")
    )
    assert sum((garden.folder / "frames" / name).stat().st_size for name in listed) == garden.summary()["bytes"]
    assert str(ROOT) not in (garden.folder / "manifest.jsonl").read_text()
