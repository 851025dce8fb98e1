"""Goes through every mode and control of a real camera, and through all that Stillcam does with it.

Prints a report to attach to an issue. It takes about 4 minutes for each driver (--quick: 2), asks nothing, uses
folders of its own, and leaves the camera free. Nothing else may use the camera meanwhile: stop Stillcam first.
STILLCAM_CAMERA names one driver; else it checks rpicam and picamera2, whichever are installed. Ctrl-C ends it, with the
report so far.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import Bench
from checked_daemon import CheckedDaemon
from daemon_steps import STEPS, DaemonSteps
from driver_steps import DriverSteps, settings_for
from hardware_report import WIDTH, Report

from stillcam import __version__
from stillcam.camera.driver import Driver
from stillcam.camera.errors import CAMERA_IN_USE
from stillcam.camera.rpicam.process import find_programs
from stillcam.camera.select import choose_driver, has_picamera2
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.settings.capabilities import CameraInfo
from stillcam.system_info.machine import board, system
from stillcam.system_info.software import Software

PROGRAM = "tests/run --hardware"
ON_DISK = "/var/tmp"  # /tmp may be in memory, which is short on a Pi, and is no measure for the card
QUICK_WIDTH = 1920  # of the daemon's pictures with --quick; those of the driver are as large as the sensor
ENDS = (signal.SIGTERM, signal.SIGHUP)  # as Ctrl-C


class Check:
    """All cameras, by all drivers.

    Args:
        folder: for everything that is made.
        options: of the command line.
    """

    def __init__(self, report: Report, folder: Path, options: argparse.Namespace) -> None:
        self._report, self._folder, self._options = report, folder, options

    def run(self, environ: dict[str, str]) -> None:
        """Do everything.

        Raises:
            StillcamError: there is no camera, or another program uses it.
        """
        paths = Paths(images=self._folder / "images", data=self._folder / "data")
        for path in (paths.images, paths.data, paths.run):
            paths.make(path)
        for line in about(environ):
            self._report.say(line)
        self._report.say(f"- Free in {self._folder.parent}: {shutil.disk_usage(self._folder).free / 1e9:.1f} GB")
        for number, (kind, driver) in enumerate(drivers(environ, paths)):
            for camera in self._cameras(driver):
                title = f"{driver.name}, camera {camera.index}: {camera.model} {camera.size[0]}x{camera.size[1]}"
                work = self._folder / f"{number}-{camera.index}"
                work.mkdir()
                self._report.section(title)
                self._ask_driver(driver, camera, work)
                if any(map(self._report.is_wanted, STEPS)):
                    self._report.section(f"{title}: by the capture daemon")
                    self._ask_daemon(driver, camera, work, environ | {"STILLCAM_CAMERA": kind})

    def _cameras(self, driver: Driver) -> list[CameraInfo]:
        wanted = self._options.camera
        cameras = [one for one in driver.list_cameras(wanted or 0, ()) if wanted in (None, one.index)]
        if not cameras:
            raise StillcamError(f"{driver.name} lists no such camera: check the cable")
        if any(camera.held for camera in cameras):
            raise StillcamError(f"{CAMERA_IN_USE}. For Stillcam itself: sudo systemctl stop stillcam.target")
        return cameras

    def _ask_driver(self, driver: Driver, camera: CameraInfo, work: Path) -> None:
        steps = DriverSteps(driver, camera, work, self._options.width, quick=self._options.quick)
        try:
            self._report.run(steps.steps(), lambda: driver.stderr, driver.stop)
        finally:
            driver.stop()

    def _ask_daemon(self, driver: Driver, camera: CameraInfo, work: Path, environ: dict[str, str]) -> None:
        quick = self._options.quick
        width = self._options.width or (QUICK_WIDTH if quick else 0)
        with CheckedDaemon(work, environ, settings_for(camera, width)) as daemon:
            bench = Bench(daemon, camera, driver.capabilities, width, quick)
            steps = DaemonSteps(bench, driver)
            try:
                self._report.run(steps.steps(), daemon.stderr, steps.clear)
            finally:
                self._report.say("\nTime from one use of the camera to another:")
                for what, took_s in bench.changes:
                    self._report.say(f"  {what:<{WIDTH - 12}}{took_s:>8.2f} s")


def drivers(environ: dict[str, str], paths: Paths) -> list[tuple[str, Driver]]:
    """Those to check, each with its name for STILLCAM_CAMERA.

    Raises:
        StillcamError: there is none.
    """
    kinds = [environ["STILLCAM_CAMERA"]] if environ.get("STILLCAM_CAMERA") else []
    kinds = kinds or ["rpicam"] * bool(find_programs(environ.get("PATH"))) + ["picamera2"] * has_picamera2()
    if not kinds:
        raise StillcamError("no camera software here: sudo apt install -y rpicam-apps, or STILLCAM_CAMERA=simulated")
    return [(kind, choose_driver(environ | {"STILLCAM_CAMERA": kind}, paths)) for kind in kinds]


def about(environ: dict[str, str]) -> Iterator[str]:
    """The machine and its software."""
    yield f"Stillcam {__version__}, hardware check of {time.strftime('%Y-%m-%d %H:%M:%S %z')}"
    for name, value in [*board(), *system(), *Software().rows(environ.get("PATH"))]:
        if name != "Host name":  # nobody's concern
            yield f"- {name}: {value}"


def show_step(name: str) -> None:
    """Show on the last line of a terminal what is being done; an empty name removes it."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{' ' * 9 + name + ' …' if name else ''}", end="", file=sys.stderr, flush=True)


def main() -> int:
    """0: all is well; 1: something failed, or cannot be checked; 130: interrupted."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    parser.add_argument("--camera", type=int, metavar="N", help="check only this one")
    parser.add_argument("--width", type=int, default=0, metavar="PX", help="width of the pictures (0: the sensor's)")
    parser.add_argument(
        "--quick", action="store_true", help="one value of each control, short videos and series, smaller pictures"
    )
    for name, which in (("--only", "only"), ("--skip", "no")):
        text = f"do {which} steps with this text in their names; may be repeated"
        parser.add_argument(name, action="append", default=[], metavar="TEXT", help=text)
    options = parser.parse_args()
    for signum in ENDS:
        signal.signal(signum, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="stillcam-hardware-", dir=os.environ.get("TMPDIR", ON_DISK)))
    interrupted = False
    report = Report(lambda line: print(line, flush=True), options.only, options.skip, show_step)
    try:
        Check(report, folder, options).run(dict(os.environ))
    except StillcamError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        interrupted = True
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.end(interrupted)
    return 130 if interrupted else 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
