"""Steps with the daemon that record: a video while the picture goes on, and motion."""

import shutil
import time
from itertools import pairwise
from typing import Any

import processes
from bench import Bench, expect_size, opened, sidecar_of
from hardware_report import Skipped, Wrong
from recordings import NO_FFMPEG, read_recording

from stillcam.ipc.protocol import Message

VIDEO_S, QUICK_VIDEO_S = 8, 3
POLL_S = 0.02  # between two looks at the picture of a video
FINISH_S = 180.0  # for the MP4
LIVE_S, QUICK_LIVE_S = 4.0, 2.0
ARMED_S, QUICK_ARMED_S = 12, 3
SLOWEST = 3  # times as long as it should the detector may take for its frames
EVENT_S = 2
WRITE_S = 120.0  # for the recording of an event
SETTLED_S = 30.0
BLIND = {"threshold": 100, "blocks": 600}  # what moves before the camera makes no event of its own


def live(bench: Bench) -> str:
    """The live view, and the picture after it."""
    bench.changes.append(("picture to live view", took_s := bench.watch()))
    before, began_s = bench.daemon.ask("status")["captures"]["ok"], time.monotonic()
    time.sleep(QUICK_LIVE_S if bench.quick else LIVE_S)
    count = bench.daemon.ask("status")["captures"]["ok"] - before
    rate = count / (time.monotonic() - began_s)
    if count < 2:
        raise Wrong(f"{count} new frames in {time.monotonic() - began_s:.1f} s")
    expect_size("a live frame", opened(bench.daemon.paths.current).size, bench.size("live"))
    load = _load(bench)
    bench.leave()
    wanted = bench.settings().live.framerate
    return f"the first frame after {took_s:.1f} s, {rate:.1f} frames/s ({wanted:g} wanted), {load}; " + bench.back_from(
        "live view"
    )


def video(bench: Bench) -> str:
    """A video that somebody watches: the picture goes on, a photo is taken meanwhile, and the video plays."""
    if not (bench.capabilities.stills_in_videos or shutil.which("ffmpeg")):
        raise Skipped(f"{NO_FFMPEG}; without it, the camera program encodes, and the picture freezes")
    bench.watch()
    seen: list[tuple[str, float]] = []
    began_s = time.monotonic()
    bench.daemon.ask("video")
    bench.changed("live view to video", began_s)
    photo, until_s = "", time.monotonic() + (QUICK_VIDEO_S if bench.quick else VIDEO_S)
    while time.monotonic() < until_s:
        status = bench.daemon.ask("status")
        if not status["recording"]:
            raise Wrong(f"the video ended by itself; {status['reason'] or status['notice'] or 'no reason is given'}")
        if not seen or status["frame"] != seen[-1][0]:
            seen.append((status["frame"], time.monotonic()))
        if not photo and status["recording"]["bytes"]:
            photo = _photo_meanwhile(bench)
        time.sleep(POLL_S)
    bench.leave()
    began_s = time.monotonic()
    (item,) = bench.daemon.ask("stop", FINISH_S)["items"]
    finished_s = time.monotonic() - began_s
    back = bench.back_from("video")
    found = read_recording(bench.daemon.paths.library / item)
    if found.frames < 2:
        raise Wrong(f"there is nothing to see in the video: {found}")
    expect_size("the video", found.size, bench.size("video"))
    return f"{found}, complete {finished_s:.1f} s after its end; {_pictures(seen[1:])}; {photo}; {back}"


def motion(bench: Bench) -> str:
    """An armed camera looks at its frames as often as it should; an event on request becomes a video that plays."""
    bench.use(motion={"armed": True, "before_s": 1, "after_s": 1} | BLIND)
    began_s = time.monotonic()
    now = bench.daemon.until(lambda now: _looked(now) > 0, SETTLED_S, "frame that the detector has looked at")
    bench.changed("picture to motion detection", began_s)
    seconds, wanted = QUICK_ARMED_S if bench.quick else ARMED_S, bench.settings().motion.fps
    first, began_s = _looked(now), time.monotonic()
    pids = bench.daemon.family()
    before_s = [processes.cpu_s(pid) for pid in pids]
    frames = round(seconds * wanted)
    now = bench.daemon.until(
        lambda now: _looked(now) >= first + frames, SLOWEST * seconds, f"{frames} frames for the detector"
    )
    took_s = time.monotonic() - began_s
    used = [(processes.cpu_s(pid) - before) / took_s for pid, before in zip(pids, before_s, strict=True)]
    counts = now["motion"]["counts"]
    remark = (
        f"{(_looked(now) - first) / took_s:.1f} frames/s looked at ({wanted:g} wanted), {counts['skipped']} skipped;"
        f" processor: daemon {used[0]:.0%}, camera program {sum(used[1:]):.0%} of a core;"
        f" {_load(bench)}"
    )
    event = bench.daemon.ask("trigger", seconds=EVENT_S)["event"]
    now = bench.daemon.until(lambda now: _item(now, event["number"]), WRITE_S, "recording of the event")
    item = bench.daemon.paths.library / _item(now, event["number"])
    found = read_recording(item)
    if (trigger := sidecar_of(item)["motion"]["trigger"]) != "request":
        raise Wrong(f"the event on request is one of {trigger}")
    if found.duration_s < EVENT_S / 2:
        raise Wrong(f"an event of {EVENT_S} s is only {found.duration_s:.1f} s long: {found}")
    bench.use()
    return f"{remark}; the event on request: {found}; {bench.back_from('motion detection')}"


def _pictures(seen: list[tuple[str, float]]) -> str:
    """What was seen of the picture during the video.

    Raises:
        Wrong: it froze.
    """
    gaps = [later - before for (_, before), (_, later) in pairwise(seen)]
    if len(gaps) < 2:
        raise Wrong(f"the picture froze during the video: {len(seen)} new frames")
    rate = len(gaps) / sum(gaps)
    return f"the picture went on at {rate:.1f} frames/s, the longest time without a new one {max(gaps):.1f} s"


def _photo_meanwhile(bench: Bench) -> str:
    began_s = time.monotonic()
    (photo,) = bench.take()
    expect_size("the photo during the video", opened(photo).size, bench.size("video"))
    source = sidecar_of(photo).get("from")
    if source != "video":
        raise Wrong(f"the photo during the video is of {source}")
    return f"a photo meanwhile after {time.monotonic() - began_s:.1f} s"


def _load(bench: Bench) -> str:
    """Memory of the daemon and of its camera program."""
    daemon, *programs = bench.daemon.family()
    return (
        f"memory: daemon {processes.memory_mb(daemon):.0f} MB, camera program {processes.memory_mb(*programs):.0f} MB"
    )


def _looked(status: Message) -> int:
    motion: dict[str, Any] | None = status["motion"]
    return int(motion["counts"]["looked"]) if motion else 0


def _item(status: Message, number: int) -> str:
    """The address of an event's item, once it is in the library; else empty."""
    event = (status["motion"] or {}).get("event") or {"number": 0}
    return str(event["item"] or "") if event["number"] == number else ""
