"""Stamps on a real daemon: in the pictures of the uses that are set, and in no others."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from capture_daemon import LIVE, STILL, IdleDaemon
from magenta import frames_of
from PIL import Image
from running_series import AS_SNAPSHOTS, Series

needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")


def stamped(path: Path) -> bool:
    """Whether the corner of a picture is a dark box with light letters; the scene is of middle brightness there."""
    with Image.open(path) as image:
        corner = image.convert("L").crop((0, 0, image.width // 4, 12))
    levels = corner.histogram()
    return sum(levels[:50]) > 0.5 * sum(levels) and sum(levels[200:]) > 0


def settings(daemon: IdleDaemon, *uses: str, **sections: Any) -> None:
    stamp = {"uses": list(uses), "corner": "top-left", "text": "{date} {time}"}
    daemon.settings(**{"snapshot": STILL | {"interval_s": 0.5}, "live": LIVE, "stamp": stamp, **sections})


def made(daemon: IdleDaemon) -> dict[str, bool]:
    """Which pictures have a stamp; photos and shots are taken by the program of the snapshots."""
    (photo,) = daemon.take()
    (raw,) = daemon.take(kind="raw")
    shots = Series(daemon, name=f"s{len(daemon.visible())}", interval_s=1, shots=1).over()
    daemon.ask("snapshot")
    found = {
        "live": daemon.images / "current.jpg",
        "photo": photo,
        "raw": raw.with_suffix(".jpg"),
        "series": shots.picture(1),
    }
    return {use: stamped(path) for use, path in found.items()}


def test_each_use_has_a_stamp_if_and_only_if_it_is_set(idle_daemon):
    settings(idle_daemon, photo=AS_SNAPSHOTS, camera={"rotation": 90})
    idle_daemon.open()
    for uses in (("live",), ("photo", "series")):
        settings(idle_daemon, *uses, photo=AS_SNAPSHOTS, camera={"rotation": 90})
        idle_daemon.ask("reload")
        expected = {use: use in uses for use in ("live", "photo", "raw", "series")}
        assert made(idle_daemon) == expected
    status = idle_daemon.ask("status")
    assert (status["restarts"], status["failures"]) == ({}, {})
    assert idle_daemon.end() == 0
    assert not list(idle_daemon.images.glob(".*"))
    assert idle_daemon.drafts() == []


def test_the_stamp_of_a_photo_shows_its_own_metadata(idle_daemon):
    """Snapshots may have begun before it is drawn."""
    widths: list[int] = []
    for text in ("{temperature}", "00 °C"):
        stamp = {"uses": ["photo"], "corner": "top-left", "text": text * 4, "size": 6}
        idle_daemon.settings(stamp=stamp)
        idle_daemon.open() if not widths else idle_daemon.ask("reload")
        (photo,) = idle_daemon.take()
        with Image.open(photo) as image:
            row = image.convert("L").crop((0, 2, image.width, 3))
        widths.append(sum(row.histogram()[:50]))
    assert widths[0] == pytest.approx(widths[1], rel=0.1)  # four temperatures, and not four dashes


@needs_ffmpeg
def test_recordings_have_a_stamp_that_is_upright_when_players_rotate_them(idle_daemon, tmp_path):
    small = {"width": 320, "framerate": 10}
    turned = {"camera": {"rotation": 90}, "motion": {"after_s": 1, "record": "video"}, "video": small, "live": small}
    settings(idle_daemon, "video", "motion", **turned)
    idle_daemon.open()
    items = [idle_daemon.film(1)]
    idle_daemon.ask("trigger", seconds=1)
    status = idle_daemon.until(lambda status: status["motion"] and (status["motion"]["event"] or {}).get("item"))
    items.append(idle_daemon.library / status["motion"]["event"]["item"])
    for item in items:
        frame = tmp_path / "frame.jpg"
        frame.write_bytes(frames_of(item)[-1])
        with Image.open(frame) as image:
            assert image.size[0] < image.size[1]  # ffmpeg rotates as players do
        assert stamped(frame)
    assert not stamped(idle_daemon.images / "current.jpg")


def test_a_frozen_sensor_is_noticed_although_the_stamp_changes(idle_daemon):
    idle_daemon.fault(frozen=True)
    settings(idle_daemon, "live")
    idle_daemon.start()
    idle_daemon.until(lambda status: status["failures"].get("frozen"))
