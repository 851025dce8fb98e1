"""Every format of `--list-cameras` is read, and an unknown line hides no camera."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listed_programs import CASES, recorded

from stillcam.camera.rpicam.listing import parse
from stillcam.camera.simulated.sensors import listing, sensors_of
from stillcam.settings.geometry import field_of_view, fractions

TWO = (CASES / "list-cameras-two.txt").read_text()  # as rpicam-apps 1.12 prints it


def test_two_cameras():
    one, two = parse(TWO)
    assert (one.index, one.model, one.size, one.bit_depth, one.colour) == (0, "imx708", (4608, 2592), 10, "RGGB")
    assert one.path == "/base/soc/i2c0mux/i2c@1/imx708@1a"
    assert [mode.size for mode in one.modes] == [(1536, 864), (2304, 1296), (4608, 2592)]
    assert (one.modes[0].fps, one.modes[0].crop) == (120.13, (768, 432, 3072, 1728))
    assert [(mode.format, mode.bit_depth) for mode in two.modes] == [("SRGGB10_CSI2P", 10)] * 4 + [("SRGGB8", 8)]


def test_the_simulated_camera_lists_as_the_real_program_does():
    assert listing(sensors_of("imx708 imx219")) == TWO


def test_no_camera():
    assert parse("No cameras available!\n") == []


def test_bayer_order_and_crop_can_be_missing():
    (camera,) = parse("0 : virtual [800x600 10-bit] (Virtual0)\n    Modes: 'X' : 800x600 [30.00 fps]\n")
    assert (camera.colour, camera.bit_depth, camera.modes[0].crop) == (None, 10, None)


def test_bit_depth_can_be_missing():
    (camera,) = parse("0 : ov9281 [1280x800 MONO] (/base/ov9281@60)\n")
    assert (camera.bit_depth, camera.colour, camera.modes) == (None, "MONO", ())


@pytest.mark.parametrize(
    ("text", "model", "size", "path"),
    [
        pytest.param("0 : imx708 [4608x2592] (/base/x@1a)", "imx708", (4608, 2592), "/base/x@1a",
                     id="libcamera-apps of 2023: the size alone"),
        pytest.param("0 : imx219 [10-bit RGGB] (/base/x@10)\n    Modes: 'SRGGB8' : 640x480 [9.00 fps]\n",
                     "imx219", (640, 480), "/base/x@10", id="no size: that of the largest mode"),
        pytest.param("0 : imx219 (/base/x@10)", "imx219", (1280, 720), "/base/x@10", id="nothing in brackets"),
        pytest.param("0 : imx219 ] (/base/x@10)", "imx219", (1280, 720), "/base/x@10",
                     id="a bracket overwritten (seekp(-1) with nothing behind it)"),
        pytest.param("1 : Virtual Device 0 [800x600 10-bit] (Virtual0)", "Virtual Device 0", (800, 600), "Virtual0",
                     id="a name of several words"),
    ],
)  # fmt: skip
def test_lists_of_other_versions_are_read(text, model, size, path):
    (camera,) = parse(text)
    assert (camera.model, camera.size, camera.path) == (model, size, path)


def test_the_view_of_a_mode_may_be_larger_than_the_picture():
    """As an ov64a40 tells it: its active pixels are fewer than those that a mode crops from."""
    (camera,) = parse(
        "0 : ov64a40 [9248x6944 10-bit] (/base/soc/i2c0mux/i2c@1/ov64a40@36)\n"
        "    Modes: 'SBGGR10_CSI2P' : 1920x1080 [70.56 fps - (784, 1312)/7712x4352 crop]\n"
        "                             9248x6944 [2.60 fps - (0, 0)/9280x6976 crop]\n"
    )
    assert [mode.crop for mode in camera.modes] == [(784, 1312, 7712, 4352), (0, 0, 9280, 6976)]
    assert (
        fractions((0, 0, 9280, 6976), field_of_view(camera.modes[1], camera)) == "0.000001,0.000001,1.000000,1.000000"
    )


def test_a_mode_without_rate_or_view_is_still_a_mode():
    """`nan fps` is what a camera without FrameDurationLimits gives; a crop of nothing would divide by zero."""
    (camera,) = parse("0 : x [8x8] (/x)\n    Modes: 'BGGR_PISP_COMP1' : 8x8 [nan fps - (0, 0)/0x0 crop]\n")
    (mode,) = camera.modes
    assert (mode.format, mode.bit_depth, mode.fps, mode.crop) == ("BGGR_PISP_COMP1", None, None, None)


def test_the_listed_controls_give_the_limits():
    """`--verbose=2` lists them, from rpicam-apps 1.5 on."""
    (camera,) = parse(
        "0 : imx219 [3280x2464 10-bit RGGB] (/base/imx219@10)\n"
        "    Modes: 'SRGGB8' : 640x480 [206.65 fps - (1000, 752)/1280x960 crop]\n\n"
        "    Available controls for 3280x2464 SRGGB10_CSI2P mode:\n"
        "    ----------------------------------------------------\n"
        "    AeEnable : [false..true]\n"
        "    AnalogueGain : [1.000000..10.666667]\n"
        "    ExposureTime : [75..11766829]\n"
        "    ExposureValue : [-8.000000..8.000000]\n"
        "    ScalerCrop : [(0, 0)/64x64..(0, 0)/3280x2464]\n"
    )
    assert camera.limits == {
        "AeEnable": None, "AnalogueGain": (1.0, 10.666667), "ExposureTime": (75, 11766829),
        "ExposureValue": (-8.0, 8.0), "ScalerCrop": None,
    }  # fmt: skip
    assert len(camera.modes) == 1
    assert parse(TWO)[0].limits is None


def test_a_usb_camera_has_sizes_and_rates_only():
    """Recorded with a webcam: no bit depth, no Bayer order, a crop of nothing."""
    (camera,) = recorded("list-cameras-usb.txt")
    assert (camera.model, camera.size, camera.bit_depth, camera.colour) == (
        "HD Pro Webcam C920", (1920, 1080), None, None,
    )  # fmt: skip
    assert [(mode.format, mode.size, mode.bit_depth, mode.fps, mode.crop) for mode in camera.modes] == [
        ("MJPEG", (640, 480), None, 30.0, None), ("MJPEG", (1280, 720), None, 30.0, None),
        ("MJPEG", (1920, 1080), None, 30.0, None), ("YUYV", (640, 480), None, 30.0, None),
    ]  # fmt: skip
    assert not camera.held


def test_only_sizes_are_known_of_a_camera_in_use():
    held, free = recorded("list-cameras-held.txt")
    assert (held.held, free.held) == (True, False)
    assert [(mode.size, mode.fps, mode.crop) for mode in held.modes] == [
        ((1536, 864), None, None), ((2304, 1296), None, None), ((4608, 2592), None, None),
    ]  # fmt: skip
    assert (held.limits, free.limits) == (None, {"AnalogueGain": (1.0, 10.666667), "ExposureTime": (75, 11766829)})


sizes = st.tuples(st.integers(1, 20000), st.integers(1, 20000))


@given(
    st.lists(st.tuples(sizes, st.sampled_from(["", " 10-bit", " 12-bit GBRG", " MONO"]), st.lists(sizes, max_size=3)))
)
def test_what_is_printed_is_what_is_read(cameras):
    lines = ["Available cameras", "-----------------"]
    for index, ((width, height), rest, modes) in enumerate(cameras):
        lines.append(f"{index} : cam{index} [{width}x{height}{rest}] (/base/cam@{index})")
        lines += [f"    Modes: 'SRGGB10' : {w}x{h} [30.00 fps - (0, 0)/{w}x{h} crop]" for w, h in modes]
        lines.append("")
    read = parse("\n".join(lines))
    assert [(c.index, c.size, [m.size for m in c.modes]) for c in read] == [
        (index, size, modes) for index, (size, _, modes) in enumerate(cameras)
    ]


@given(st.text())
def test_any_text_is_read_without_an_exception(text):
    parse(text)
    parse(TWO + text)
