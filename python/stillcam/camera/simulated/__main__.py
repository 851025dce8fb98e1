"""Run as `python -m stillcam.camera.simulated rpicam-still|rpicam-vid ARGS...`."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence

from stillcam.camera.simulated.camera import list_cameras, set_hdr
from stillcam.camera.simulated.faults import FaultSource
from stillcam.camera.simulated.options import Options, StillOptions, VideoOptions, check, parse, usage
from stillcam.camera.simulated.program import Failure, print_stderr

PROGRAMS: dict[str, type[Options]] = {
    "rpicam-still": StillOptions,
    "libcamera-still": StillOptions,
    "rpicam-vid": VideoOptions,
    "libcamera-vid": VideoOptions,
}

VERSION = """\
rpicam-apps build: v1.12.0 simulated 20-11-2026 (00:00:00)
rpicam-apps capabilites: egl:0 qt:0 drm:0 libav:1
libcamera build: v0.7.0+simulated
"""


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the program that the first argument names; returns its exit status."""
    for number, quiet in ((signal.SIGINT, signal.default_int_handler), (signal.SIGPIPE, signal.SIG_IGN)):
        if signal.getsignal(number) is quiet:  # Python's default; the programs have the kernel's
            signal.signal(number, signal.SIG_DFL)
    program = os.path.basename(arguments[0]) if arguments else ""
    if program not in PROGRAMS:
        print_stderr(f"stillcam.camera.simulated: the first argument must be one of {', '.join(PROGRAMS)}")
        return 2
    try:
        run(PROGRAMS[program], arguments[1:], environ)
    except Failure as failure:
        print_stderr(f"ERROR: *** {failure} ***")
        return 255
    return 0


def run(kind: type[Options], arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """One run of the program with these options."""
    source = FaultSource(environ)
    faults = source.read()
    lacks = faults.lacks.split()
    options = parse(kind, arguments, lacks)
    if options.help or options.version:
        print(usage(kind, lacks) if options.help else VERSION, end="")
        return
    set_hdr(options, source)
    if options.list_cameras:
        print(list_cameras(source, options.verbose > 1), end="")
        return
    check(options)
    if faults.ignore_term:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if isinstance(options, StillOptions):
        from stillcam.camera.simulated.still import Stills

        Stills(options, source).run()
    elif isinstance(options, VideoOptions):
        from stillcam.camera.simulated.video import Video

        Video(options, source).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
