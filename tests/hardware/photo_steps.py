"""Steps with the daemon that change settings and take photos: a burst, rotation by 90°, a profile."""

import hashlib
import json
import time
from datetime import datetime

from bench import Bench, brightness, expect_size, opened, sidecar_of, text_of
from hardware_report import Skipped, Wrong
from PIL import Image, ImageChops, ImageStat
from recordings import read_recording

BURST, QUICK_BURST = 10, 3
PHOTO_S = 20.0  # for one photo of a burst, at most
TINY = (32, 32)  # pictures are compared at this size
CLEARLY = 1.5  # so many times as much another turn must fit worse
JPEG_BLOCK = 16  # pixels: a lossless rotation trims a side that is no multiple of it
PROFILE, PROFILE_INTERVAL_S = "Hardware check", 1.0
SHORTER = 4  # times: the exposure with the profile
DIM = 30.0  # mean brightness (of 255) below which a darker picture proves nothing
DARKER = 0.8  # of the brightness: less with the profile, more without it


def burst(bench: Bench) -> str:
    """Many photos at once are different pictures of the right size, with their metadata."""
    count = QUICK_BURST if bench.quick else BURST
    began_s = time.monotonic()
    items = bench.take(count, 60 + PHOTO_S * count)
    took_s = time.monotonic() - began_s
    back = bench.back_from("photo")
    for item in items:
        expect_size(item.name, opened(item).size, bench.size("photo"))
    if (different := len({hashlib.sha256(item.read_bytes()).digest() for item in items})) != count:
        raise Wrong(f"only {different} of {count} photos differ from each other")
    sidecars = [sidecar_of(item) for item in items]
    if silent := sum(not sidecar.get("metadata") for sidecar in sidecars):
        raise Wrong(f"{silent} of {count} photos have no metadata of the camera")
    first, *_, last = (datetime.fromisoformat(sidecar["time"]) for sidecar in sidecars)
    rate = (count - 1) / max(0.001, (last - first).total_seconds())
    size_mb = sum(item.stat().st_size for item in items) / count / 1e6
    each = f"{count} different photos, {text_of(bench.size('photo'))}, {size_mb:.1f} MB each"
    return f"{each}, in {took_s:.1f} s; {rate:.2f} a second after the first; {back}"


def rotation(bench: Bench) -> str:
    """With rotation 90, everything is turned clockwise; without it, nothing is."""
    upright = bench.picture()
    bench.use(camera={"rotation": 90})
    turned = bench.picture()
    expect_size("the turned picture", turned.size, upright.size[::-1], JPEG_BLOCK - 1)
    _expect_turn(upright, turned)
    bench.watch()
    expect_size(
        "the turned live frame", opened(bench.daemon.paths.current).size, bench.size("live")[::-1], JPEG_BLOCK - 1
    )
    bench.leave()
    (photo,) = bench.take()
    expect_size("the turned photo", opened(photo).size, bench.size("photo")[::-1], JPEG_BLOCK - 1)
    (item,) = bench.daemon.ask("video", 120.0, seconds=1, wait=True)["items"]
    video = read_recording(bench.daemon.paths.library / item)
    if video.rotation != 90:
        raise Wrong(f"a player would turn the video by {video.rotation}° instead of 90°: {video}")
    bench.use()
    expect_size("the picture after it", bench.picture().size, upright.size)
    return f"picture {text_of(turned.size)}, photo {text_of(opened(photo).size)}, video {video}; and back"


def profile(bench: Bench) -> str:
    """A profile that is chosen by hand darkens the picture and changes its interval; without it, all is as before."""
    before = brightness(bench.picture())
    if before < DIM:
        raise Skipped(f"the picture is dark ({before:.0f} of 255): point the camera at something bright")
    status = bench.daemon.ask("status")
    interval_s, metadata = status["interval_s"], status["metadata"]
    if not {"ExposureTime", "AnalogueGain"} <= metadata.keys():
        raise Skipped("the camera does not say how its pictures are exposed")
    exposure = {"ExposureTime": metadata["ExposureTime"] // SHORTER, "AnalogueGain": metadata["AnalogueGain"]}
    changes = {"controls": exposure, "snapshot": {"interval_s": PROFILE_INTERVAL_S}}
    profiles = [{"name": PROFILE, "when": {"type": "manual"}, "changes": changes}]
    file = bench.daemon.paths.data / "profiles.json"
    file.write_text(json.dumps({"version": 1, "profiles": profiles}))
    try:
        bench.daemon.ask("reload")
        bench.daemon.ask("profile", action="use", name=PROFILE)
        dark, used_s = brightness(bench.picture()), bench.daemon.ask("status")["interval_s"]
        bench.daemon.ask("profile", action="use")
        after, after_s = brightness(bench.picture()), bench.daemon.ask("status")["interval_s"]
    finally:
        file.unlink()
        bench.daemon.ask("reload")
    if dark > DARKER * before or after < DARKER * before:
        raise Wrong(f"brightness {before:.0f} of 255 before, {dark:.0f} with the profile, {after:.0f} after")
    if (used_s, after_s) != (PROFILE_INTERVAL_S, interval_s):
        raise Wrong(f"a picture every {interval_s:g} s before, {used_s:g} s with the profile, {after_s:g} s after")
    return (
        f"brightness {before:.0f} of 255 before, {dark:.0f} with it, {after:.0f} after; a picture every"
        f" {interval_s:g} s before, {used_s:g} s with it"
    )


def _expect_turn(upright: Image.Image, turned: Image.Image) -> None:
    """Wrong: the turned picture fits an anticlockwise turn clearly better than a clockwise one."""
    clockwise, other = (
        _difference(upright.transpose(turn), turned) for turn in (Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_90)
    )
    if clockwise > CLEARLY * other:
        raise Wrong(f"the picture is turned the other way: difference {clockwise:.0f}, anticlockwise {other:.0f}")


def _difference(one: Image.Image, other: Image.Image) -> float:
    small = [image.convert("L").resize(TINY) for image in (one, other)]
    return float(ImageStat.Stat(ImageChops.difference(*small)).mean[0])
