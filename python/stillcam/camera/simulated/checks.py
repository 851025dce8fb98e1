"""What the programs refuse before they open the camera, in their order and their words."""

from stillcam.camera.simulated import values
from stillcam.camera.simulated.failures import Failure, say
from stillcam.camera.simulated.options import Options, StillOptions, VideoOptions

HDR = ("off", "auto", "sensor", "single-exp")
METERING = ("centre", "spot", "average", "matrix", "custom")
EXPOSURE = ("normal", "sport", "short", "long", "custom")
AUTOFOCUS_MODES = ("default", "manual", "auto", "continuous")
AUTOFOCUS_RANGES = ("normal", "macro", "full")
AUTOFOCUS_SPEEDS = ("normal", "fast")
AWB = ("auto", "normal", "incandescent", "tungsten", "fluorescent", "indoor", "daylight", "cloudy", "custom")
DENOISE = ("auto", "off", "cdn_off", "cdn_fast", "cdn_hq")
ENCODINGS = ("jpg", "png", "bmp")
CODECS = ("h264", "mjpeg", "libav")


def check_early(options: Options) -> None:
    """What is refused even by --version and --list-cameras; --help refuses nothing."""
    if options.help:
        return
    if options.lens_position not in ("", "default") and not values.NUMBER.match(options.lens_position):
        raise Failure(f"Invalid lens position: {options.lens_position}")
    _ = options.timeout_s, options.shutter_us, options.flicker_us
    if options.version:
        return
    if options.hdr not in HDR:
        raise Failure(f"Invalid HDR option provided: {options.hdr}")


def check(options: Options) -> None:
    """The rest, once the cameras are known.

    Raises:
        Failure: with the program's text.
    """
    if options.rotation % 90:
        raise Failure("illegal rotation value")
    if options.rotation % 180:
        raise Failure("transforms requiring transpose not supported")
    for value, allowed, text in (
        (options.metering, METERING, "Invalid metering mode: "),
        (options.exposure, EXPOSURE, "Invalid exposure mode:"),
        (options.autofocus_mode, AUTOFOCUS_MODES, "Invalid AfMode:"),
        (options.autofocus_range, AUTOFOCUS_RANGES, "Invalid AfRange mode:"),
        (options.autofocus_speed, AUTOFOCUS_SPEEDS, "Invalid afSpeed mode:"),
        (options.awb, AWB, "Invalid AWB mode: "),
        (options.denoise, DENOISE, "Invalid denoise mode "),
        (options.metadata_format.lower(), ("json", "txt"), "unrecognised metadata format "),
    ):
        if value not in allowed:
            raise Failure(f"{text}{value}")
    if not values.floats(options.awbgains, 2):
        raise Failure("Invalid AWB gains")
    if options.ccm and not values.floats(options.ccm, 9):
        raise Failure("Invalid CCM - expect 9 comma-separated floating point numbers")
    for mode in (options.mode, options.viewfinder_mode):
        if mode:
            _check_mode(mode)
    if isinstance(options, StillOptions):
        _check_still(options)
    if isinstance(options, VideoOptions):
        _check_video(options)


def _check_mode(text: str) -> None:
    """W:H, W:H:DEPTH or W:H:DEPTH:P|U."""
    parts = text.split(":")
    if len(parts) < 2 or not all(part.isdigit() for part in parts[:3]):
        raise Failure("Invalid mode")
    if len(parts) > 3 and parts[3][:1].upper() not in ("P", "U"):
        raise Failure("Packing indicator should be P or U")


def _check_still(options: StillOptions) -> None:
    if (options.keypress or options.signal) and options.timelapse_s:
        raise Failure("keypress/signal and timelapse options are mutually exclusive")
    if options.thumb.lower() != "none":
        parts = options.thumb.split(":")
        if len(parts) != 3 or not all(part.isdigit() for part in parts):
            raise Failure(f"bad thumbnail parameters {options.thumb}")
    if options.encoding.lower() not in ENCODINGS:
        raise Failure(f"invalid encoding format {options.encoding}")


def _check_video(options: VideoOptions) -> None:
    _ = options.bits_per_second
    if options.codec.lower() not in CODECS:
        raise Failure(f"unrecognised codec {options.codec}")
    if options.initial not in ("record", "pause"):
        raise Failure(f"incorrect initial value {options.initial}")
    if options.sync not in ("off", "server", "client"):
        raise Failure("incorrect sync value " + options.sync)
    if options.listen and not options.output.startswith("tcp://"):
        raise Failure("listen option only works with TCP")
    if (options.split or options.segment) and "%" not in options.output:
        say("WARNING: expected % directive in output filename")
