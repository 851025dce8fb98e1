"""The output of a failed camera program gives a cause and a reason; unsupported options are left out."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listed_programs import recorded

from stillcam.camera.rpicam.errors import (
    REQUIRED,
    UnsupportedOptions,
    failure,
    unrecognised_option,
    unsupported_options,
)
from stillcam.camera.rpicam.options import still_arguments
from stillcam.camera.rpicam.process import has_libav
from stillcam.camera.simulated.options import StillOptions, VideoOptions, usage
from stillcam.settings.capabilities import RPICAM
from stillcam.settings.schema import Settings

CHATTER = "[1:02:03.456] [789]  INFO Camera camera_manager.cpp:340 libcamera v0.7.0"
SIGNAL = "Received signal 10"
CONFIGURES = (
    "[0:07:37.123456] [1234]  INFO Camera camera.cpp:1202 configuring streams: (0) 640x480-YUV420 failed to write file"
)
STARTING = "[0:07:37.123456] [1234] ERROR V4L2 v4l2_videodevice.cpp:1848 /dev/video0[cap]: Failed to start streaming"
ABORT = "terminate called after throwing an instance of 'std::runtime_error'"
# As boost::program_options prints it, from rpicam-apps 1.5.
BOOST_HELP = """Valid options are:
  -h [ --help ] [=arg(=1)] (=0)         Print this help message
  --list-cameras [=arg(=1)] (=0)        Lists the available cameras attached to the system.
  -v [ --verbose ] [=arg(=2)] (=1)      Set verbosity level. Level 0 is no output, 1 is default, 2 is verbose.
  -o [ --output ] arg                   Set the output file name
  --metadata arg                        Save captured image metadata to a file or "-" for stdout
  --metadata-format arg (=json)         Format to save the metadata in, either txt or json (requires --metadata)
"""


@pytest.mark.parametrize(
    ("status", "lines", "cause", "part"),
    [
        pytest.param(255, ["ERROR: *** no cameras available ***"], "absent", "ribbon cable", id="no camera"),
        pytest.param(255, ["ERROR: *** failed to acquire camera /base/x ***"], "busy", "another program", id="busy"),
        pytest.param(255, ["ERROR: *** unrecognised option '--ccm' ***"], "options",
                     "rpicam-still has no option --ccm (ColourCorrectionMatrix)", id="an option that it lacks"),
        pytest.param(255, ["ERROR: *** unrecognised option '--new=1' ***"], "options", "no option --new: update",
                     id="an option that sets no control"),
        pytest.param(255, ["ERROR: *** the argument ('sensor') for option '--hdr' is invalid ***"], "options",
                     "takes no sensor for --hdr (HdrMode)", id="a value that an older one does not take"),
        pytest.param(255, ["ERROR: *** Invalid exposure mode:custom ***"], "options", "Invalid exposure mode:custom",
                     id="a value that is refused"),
        pytest.param(255, ["ERROR: *** no such level 5 ***"], "options", "no such level 5", id="another one"),
        pytest.param(255, ["ERROR: *** both width and height must be even ***"], "options", "even sizes", id="odd"),
        pytest.param(255, ["ERROR: the system appears to be configured for the legacy camera stack"], "missing",
                     "raspi-config", id="the old camera software"),
        pytest.param(127, ["rpicam-still: symbol lookup error: undefined symbol: _ZN9libcamera"], "missing",
                     "full-upgrade", id="half updated"),
        pytest.param(255, ["ERROR: *** failed to write BMP file, row 4 ***"], "disk", "df -h", id="disk full, BMP"),
        pytest.param(255, ["libpng error: Write Error", "ERROR: *** failed to set png error handling ***"], "disk",
                     "df -h", id="disk full, PNG"),
        pytest.param(255, ["ERROR: *** error writing DNG image data ***"], "disk", "df -h", id="disk full, DNG"),
        pytest.param(-6, [ABORT, "  what():  failed to write output bytes"], "disk", "df -h", id="disk full, MJPEG"),
        pytest.param(-6, [ABORT, "  what():  libav: error writing output: No space left on device"], "disk", "df -h",
                     id="disk full, libav"),
        pytest.param(-6, [ABORT, "  what():  libav: unable to open output mux for x.ts: Permission denied"], "disk",
                     "folder", id="no folder, libav"),
        pytest.param(-6, [ABORT, "  what():  something new"], "died", "signal 6: something new", id="a thread dies"),
        pytest.param(255, ["ERROR: *** libav: cannot open pulse input device default ***"], "options", "microphone",
                     id="no sound"),
        pytest.param(255, ["ERROR: *** Unable to find an appropriate H.264 codec ***"], "missing", "rpicam-apps-lite",
                     id="no encoder on a Pi 5"),
        pytest.param(255, ["ERROR: *** unrecognised codec libav ***"], "missing", "rpicam-apps", id="no libav"),
        pytest.param(255, ["Could not open any dmaHeap device", "dmaHeap allocation failure for rpicam-apps0",
                           "ERROR: *** failed to allocate capture buffers for stream ***"], "missing", "/dev/dma_heap",
                     id="no heap"),
        pytest.param(255, ["ERROR: *** failed to open V4L2 H264 encoder ***"], "missing", "mjpeg", id="no H.264"),
        pytest.param(255, ["ERROR: *** unsupported Bayer format ***"], "options", "10 or 12 bits", id="raw of 8 bits"),
        pytest.param(-6, [ABORT, "  what():  libav: cannot read audio in frame"], "died", "microphone", id="unplugged"),
        pytest.param(255, ["ERROR: *** something new ***", CHATTER], "died", "status 255: something new", id="new"),
        pytest.param(1, [], "died", "ended with status 1", id="silent"),
        pytest.param(255, [STARTING, CONFIGURES], "died", "status 255: ERROR V4L2", id="an error of libcamera"),
    ],
)  # fmt: skip
def test_the_output_of_a_failed_program_gives_cause_and_reason(status, lines, cause, part):
    error = failure("rpicam-still", status, [CHATTER, *lines])
    assert error.cause == cause
    assert part in error.reason


@pytest.mark.parametrize("lines", [[SIGNAL], [CONFIGURES], ["Still capture image received", SIGNAL]])
def test_log_lines_are_no_reason(lines):
    error = failure("rpicam-still", -9, [CHATTER, *lines])
    assert (error.cause, error.reason) == ("died", "rpicam-still was ended by signal 9")


@given(st.integers(-15, 255), st.lists(st.text()))
def test_any_output_gives_a_reason(status, lines):
    assert failure("rpicam-vid", status, lines).reason


def test_the_unrecognised_option_is_found():
    assert unrecognised_option([CHATTER, "ERROR: *** unrecognised option '--ccm' ***"]) == "--ccm"
    assert unrecognised_option(["ERROR: *** unrecognised option '--ccm=1,0,0' ***"]) == "--ccm"
    assert unrecognised_option([CHATTER, "ERROR: *** unrecognised metadata format xml ***"]) is None


@pytest.mark.parametrize(
    ("help_text", "found"),
    [
        pytest.param(BOOST_HELP, {"--ccm", "--flush"}, id="all at once by its help"),
        pytest.param("", {"--ccm"}, id="without help the one it named"),
        pytest.param("Usage: --else", {"--ccm"}, id="nor with a help that is none"),
    ],
)
def test_unsupported_options_are_left_out(help_text, found):
    given = ["--output", "a", "--ccm=1", "--flush", "--metadata", "m", "--metadata-format", "txt", "--signal"]
    assert unsupported_options("--ccm", given, help_text) == found


def test_required_options_are_never_left_out():
    assert unsupported_options("--signal", ["--signal", "--output", "a"], "") == frozenset()
    given = still_arguments(Settings(), recorded("list-cameras-two.txt")[0], "snapshot")
    assert {word for word in given if word in REQUIRED} == {"--camera", "--timeout", "--signal", "--output"}


def test_todays_programs_list_all_options_in_their_help():
    given = still_arguments(Settings(), recorded("list-cameras-two.txt")[0], "snapshot")
    assert unsupported_options("--none", given, usage(StillOptions)) == {"--none"}


def test_the_control_of_an_unsupported_option_is_refused(caplog):
    known = UnsupportedOptions(RPICAM)
    known.add("libcamera-still", "--ccm", ["--ccm", "1", "--hflip"], "")
    assert "libcamera-still has no option --ccm" in known.capabilities.refused["ColourCorrectionMatrix"]
    assert known.capabilities.refused.keys() == {*RPICAM.refused, "ColourCorrectionMatrix"}
    assert known.remove("libcamera-still", ["--ccm", "1", "--hflip"]) == ["--hflip"]
    assert known.remove("libcamera-vid", ["--ccm", "1"]) == ["--ccm", "1"]
    assert (known.supports("libcamera-still", "--ccm"), known.supports("libcamera-vid", "--ccm")) == (False, True)
    assert "libcamera-still does not support --ccm: continuing without" in caplog.text


def told(version: str, help_text: str = "") -> Callable[[str], str]:
    return {"--version": version, "--help": help_text}.__getitem__


@pytest.mark.parametrize(
    ("says", "has"),
    [
        pytest.param(told("rpicam-apps build: v1.12.0\nrpicam-apps capabilites: egl:0 qt:0 drm:0 libav:1\n"), True,
                     id="it says so"),
        pytest.param(told("rpicam-apps capabilites: egl:0 qt:0 drm:0 libav:0\n", usage(VideoOptions)), False,
                     id="rpicam-apps-lite: the options are there, the library is not"),
        pytest.param(told("libcamera-apps build: 54a781dffdd8\n", usage(VideoOptions)), True, id="an old one with it"),
        pytest.param(told("libcamera-apps build: 54a781dffdd8\n", BOOST_HELP), False, id="an old one without"),
    ],
)  # fmt: skip
def test_whether_rpicam_vid_has_libav(says, has):
    assert has_libav(says) is has
