"""The steps that ask a capture daemon: what people use, and how long each change from one use to another takes."""

import contextlib
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import Bench, expect_size, opened, text_of
from checked_daemon import START_S
from drawing_steps import mask, stamp
from hardware_report import Step, Wrong
from photo_steps import burst, profile, rotation
from series_steps import film, series, smooth
from video_steps import live, motion, video

from stillcam.camera.driver import Driver
from stillcam.common.errors import StillcamError

GONE_S = 5.0
STEPS = {
    "live view and back": live,
    "burst of photos": burst,
    "rotation 90 and back": rotation,
    "video while somebody watches": video,
    "series": series,
    "film of the series": film,
    "smooth exposure": smooth,
    "motion": motion,
    "privacy mask": mask,
    "stamp": stamp,
    "profile": profile,
}


class DaemonSteps:
    """All uses of the camera, by a daemon that has just been started.

    Args:
        driver: of the check itself; not running.
    """

    def __init__(self, bench: Bench, driver: Driver) -> None:
        self._bench, self._driver = bench, driver
        self._began_s = time.monotonic()
        self._programs: list[int] = []

    def steps(self) -> Iterator[Step]:
        yield Step("capture daemon", self._begins, needed=True)
        for name, act in STEPS.items():
            yield Step(name, partial(act, self._bench))
        yield Step("restarts of the camera", self._restarts)
        yield Step("end of the daemon", self._ends)
        yield Step("the camera is free", self._is_free)

    def clear(self) -> None:
        """After a step that failed: back to snapshots with the settings of the beginning."""
        bench = self._bench
        bench.daemon.try_to_ask("stop")
        bench.daemon.try_to_ask("lease", seconds=0)
        with contextlib.suppress(StillcamError, Wrong):
            bench.use()

    def _begins(self) -> str:
        daemon = self._bench.daemon
        status = daemon.until(lambda now: now["frame"] and now["metadata"], START_S, "picture")
        first_s = self._bench.changed("start of the daemon to picture", self._began_s)
        picture = opened(daemon.paths.current)
        expect_size("the picture", picture.size, self._bench.size("snapshot"))
        return f"{status['driver']}, {text_of(picture.size)}, the first picture after {first_s:.1f} s"

    def _restarts(self) -> str:
        status = self._bench.daemon.ask("status")
        if status["restarts"] or status["failures"]:
            raise Wrong(f"restarts by cause: {status['restarts'] or 'none'}, failures: {status['failures'] or 'none'}")
        return f"none, {status['captures']['ok']} pictures"

    def _ends(self) -> str:
        daemon, began_s = self._bench.daemon, time.monotonic()
        programs = daemon.family()
        status = daemon.end()
        took_s = time.monotonic() - began_s
        if status:
            raise Wrong(f"the daemon ended with status {status}")
        while left := [pid for pid in programs if Path(f"/proc/{pid}").exists()]:
            if time.monotonic() - began_s > took_s + GONE_S:
                raise Wrong(f"still running: {left}")
            time.sleep(0.05)
        return f"after {took_s:.1f} s, with its camera program"

    def _is_free(self) -> str:
        index = self._bench.camera.index
        found = next((one for one in self._driver.list_cameras(index, ()) if one.index == index), None)
        if found is None or found.held:
            raise Wrong("another program holds it" if found else "it is no longer listed")
        return f"{found.model}, {len(found.modes)} modes"
