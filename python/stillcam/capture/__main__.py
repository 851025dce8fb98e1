"""`python -m stillcam.capture`: run the capture daemon in the foreground."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from stillcam import __version__
from stillcam.camera.driver import Driver
from stillcam.camera.select import choose_driver
from stillcam.camera.use_cases import uses_sensor_hdr
from stillcam.common import heap, log, threads
from stillcam.common.errors import CameraError, StillcamError
from stillcam.common.folders import LINKS, SOCKETS, require
from stillcam.common.paths import Paths
from stillcam.frames.files import lock_folder
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.file import load_or_last_good, save
from stillcam.settings.in_force import overlay_of, read_state, with_overlay
from stillcam.settings.schema import CameraSettings, Settings

if TYPE_CHECKING:
    from stillcam.capture.command_queue import CommandQueue
    from stillcam.capture.status import Status

SIGNAL_BYTES = 256  # read at once, one byte for each signal


def main() -> int:
    """Run until SIGTERM or SIGINT; SIGHUP reads the settings again (or ends it, once its terminal is gone)."""
    if len(sys.argv) > 1:
        _parse_arguments()
    log.set_up()
    try:
        run(Paths.from_environ(os.environ))
    except StillcamError as error:
        logging.error("%s", error)
        return 1
    return 0


def _parse_arguments() -> None:
    import argparse

    parser = argparse.ArgumentParser(prog="stillcam.capture", description="Keep images/current.jpg fresh.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.parse_args()


def run(paths: Paths) -> None:
    """Set everything up, and take pictures until a signal ends it.

    Raises:
        StillcamError: it cannot begin; the text says what to do.
    """
    heap.limit()
    for folder in (paths.images, paths.data, paths.run):
        paths.make(folder)
    require(paths.images, (LINKS,))
    require(paths.run, (SOCKETS,))
    if paths.number and not paths.settings.exists():
        save(paths.settings, Settings(camera=CameraSettings(index=paths.number)))
    driver = choose_driver(os.environ, paths)
    stored, wrong = load_or_last_good(paths.settings)
    settings = with_overlay(stored, overlay_of(read_state(paths.data)))
    lock = lock_folder(paths.images)
    cameras = start_camera(driver, settings)
    # Half of all code: the camera starts meanwhile.
    from stillcam.capture.daemon import Daemon
    from stillcam.common.systemd import Service
    from stillcam.ipc.protocol import CommandServer

    daemon = Daemon(paths, driver, settings, lock, cameras, wrong)
    if wrong:
        logging.error("%s", wrong)

    ends: list[str] = []

    def stop(signum: int, _frame: object) -> None:
        """No log here: a signal may come while a line is being written, and what logs then raises RuntimeError."""
        daemon.stop()
        ends.append(signal.Signals(signum).name)

    wake_on_signals(daemon.commands.nudge)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if os.isatty(sys.stderr.fileno()):
        signal.signal(signal.SIGHUP, stop)
    else:
        signal.signal(signal.SIGHUP, lambda *_: daemon.commands.post("reload"))

    server = CommandServer(paths.socket, daemon.handle)
    service = Service(os.environ)
    service.ready()
    service.watch(partial(watchdog_status, daemon.commands, daemon.status))
    try:
        logging.info("capture %s with the %s camera, frames in %s", __version__, driver.name, paths.images)
        gc.freeze()  # all of this lives until the end: keep it out of every later collection
        heap.trim()
        daemon.run()
        logging.info("ended: %s", ", ".join(ends))
    finally:
        server.close()


def start_camera(driver: Driver, settings: Settings) -> list[CameraInfo]:
    """Start the camera for snapshots if it is a remembered one; returns the remembered cameras, if this one is there.

    With HDR in the sensor they are not used, because checking them would switch it off.
    """
    cameras = [] if uses_sensor_hdr(settings) else driver.remembered_cameras()
    camera = next((camera for camera in cameras if camera.index == settings.camera.index), None)
    if camera is None:
        return []
    with contextlib.suppress(CameraError, OSError):  # the daemon tries again, and reports it
        driver.start_stills(settings, camera)
    return cameras


def watchdog_status(commands: CommandQueue, status: Status) -> str:
    """The status line for systemd; empty if the camera's thread has not looked for commands since the last call.

    Frames do not count: a missing camera is no reason to restart the daemon, which would end the film
    that is being made and every self-timer.
    """
    return f"{status.mode}, {status.frames} frames" if commands.polled() else ""


def wake_on_signals(nudge: Callable[[], None]) -> None:
    """Have `nudge`, which ends the main thread's wait, called in another thread for each signal that has a handler.

    Python runs a handler only between two steps of the main thread. A signal that comes when that thread
    has looked for one, and not yet begun to wait, would be seen after the wait: with a snapshot an
    hour, after an hour. What C does at once is to write to this pipe (signal.set_wakeup_fd).
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def follow() -> None:
        while os.read(reading, SIGNAL_BYTES):
            nudge()

    threads.start_restarting(follow, "signals")


if __name__ == "__main__":
    threads.exit_process(main())
