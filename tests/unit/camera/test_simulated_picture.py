"""The simulated picture answers each control, measured on its pixels, and its metadata agrees."""

import io
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageChops, ImageStat

from stillcam.camera.simulated import encode, sensors
from stillcam.camera.simulated.options import StillOptions, parse
from stillcam.camera.simulated.picture import Frame, Picture
from stillcam.camera.simulated.sensors import MODULES, Sensor, listing

IMX219, IMX708 = MODULES["imx219"], MODULES["imx708"]
SIZE = (960, 540)
NOON = datetime(2026, 11, 20, 12)  # noqa: DTZ001 - the camera's clock has no zone

# The two boards in the scene: the middle of each step from black to white, with its sRGB value, …
GREYS = tuple(((624.0 + step * 28.4, 716.0), round(step * 25.5)) for step in range(11))
# … and the usual 24 patches in sRGB, as published for colour targets of this kind.
SRGB = (
    (115, 82, 68), (194, 150, 130), (98, 122, 157), (87, 108, 67), (133, 128, 177), (103, 189, 170),
    (214, 126, 44), (80, 91, 166), (193, 90, 99), (94, 60, 108), (157, 188, 64), (224, 163, 46),
    (56, 61, 150), (70, 148, 73), (175, 54, 60), (231, 199, 31), (187, 86, 149), (8, 133, 161),
    (243, 243, 242), (200, 200, 200), (160, 160, 160), (122, 122, 121), (85, 85, 85), (52, 52, 52),
)  # fmt: skip
PATCHES = tuple(((1091.0 + index % 6 * 38, 590.0 + index // 6 * 43), colour) for index, colour in enumerate(SRGB))


def take(*arguments: str, sensor: Sensor = IMX708, settled: bool = True, now: datetime = NOON) -> Frame:
    options = parse(StillOptions, [*arguments])
    size = (options.width or SIZE[0], options.height or SIZE[1])
    _, mode = sensors.still(options, sensor)
    return Picture(sensor, mode, options, size, frame_us=70_000, settled=settled).take(now, frozen=True)


def colour(image: Image.Image, at: tuple[float, float]) -> tuple[float, ...]:
    """The mean colour of a small square around a point of the scene, in a 16:9 picture."""
    x, y = at[0] * image.width / 1600, at[1] * image.height / 900
    return tuple(ImageStat.Stat(image.crop((round(x) - 3, round(y) - 3, round(x) + 4, round(y) + 4))).mean)


def grey(image: Image.Image, step: int = 5) -> float:
    """The green of a step of the chart's grey scale (0 to 10)."""
    return colour(image, GREYS[step][0])[1]


def part_of(image: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    """A part of the scene in a 16:9 picture."""
    left, top, right, bottom = (round(edge * image.width / 1600) for edge in box)
    return image.crop((left, top, right, bottom))


def detail(image: Image.Image, box: tuple[float, float, float, float]) -> float:
    """How much neighbouring pixels differ in a part of the scene, the steep edges most."""
    part = part_of(image.convert("L"), box)
    return float(ImageStat.Stat(ImageChops.difference(part, ImageChops.offset(part, 1, 0))).rms[0])


# Where nothing moves: the boat sails above the poppies and behind the
STAR = (660, 410, 870, 630)
POPPIES = (1490, 620, 1590, 720)
LIGHTHOUSE = (215, 190, 295, 450)
SKY = (700, 30, 900, 130)


@pytest.mark.parametrize("lens", ["0", "0.4", "1.5", "4", "6"])
def test_what_is_measured_looks_the_same_at_every_moment(lens: str) -> None:
    """While the boat sails all the way across."""
    options = StillOptions(lens_position=lens)
    camera = Picture(IMX708, IMX708.still_mode(), options, SIZE, frame_us=70_000, settled=True)
    pictures = [camera.take(NOON + timedelta(seconds=second), frozen=False).image for second in range(0, 80, 2)]
    assert len({image.tobytes() for image in pictures}) == len(pictures)
    for box in (STAR, POPPIES, LIGHTHOUSE, SKY):
        assert len({part_of(image, box).tobytes() for image in pictures}) == 1, box
    for point, _ in (*PATCHES, *GREYS):
        assert len({colour(image, point) for image in pictures}) == 1, point


def test_automatic_exposure_shows_known_colours_as_they_are() -> None:
    image = take().image
    for at, wanted in PATCHES:
        assert colour(image, at) == pytest.approx(wanted, abs=12)
    for step, (_, value) in enumerate(GREYS):
        assert grey(image, step) == pytest.approx(value, abs=12)


@pytest.mark.parametrize(
    ("arguments", "sign"),
    [
        (("--brightness", "0.2"), 1),
        (("--brightness=-0.2",), -1),
        (("--ev", "1"), 1),
        (("--ev=-1",), -1),
        (("--shutter", "2ms", "--gain", "1"), -1),
        (("--shutter", "20ms", "--gain", "1"), 1),
        (("--shutter", "8ms", "--gain", "2"), 1),
        (("--immediate",), -1),
        (("--hdr=single-exp",), 1),
    ],
)
def test_brightness_answers(arguments: tuple[str, ...], sign: int) -> None:
    before, after = grey(take().image), grey(take(*arguments, settled="--immediate" not in arguments).image)
    assert (after - before) * sign > 8


def test_contrast_spreads_and_saturation_colours() -> None:
    plain, hard = take().image, take("--contrast", "1.5").image
    assert grey(hard, 8) - grey(hard, 2) > 1.3 * (grey(plain, 8) - grey(plain, 2))
    red = PATCHES[14][0]
    faded, lively = (
        max(colour(image, red)) - min(colour(image, red)) for image in (take("--saturation", "0").image, plain)
    )
    assert faded < 3 and lively > 60


def test_sharpness_and_noise_show() -> None:
    assert (
        detail(take("--sharpness", "0").image, STAR)
        < detail(take().image, STAR)
        < detail(take("--sharpness", "8").image, STAR)
    )
    noisy = ("--shutter", "500", "--gain", "16")
    amounts = [detail(take(*noisy, "--denoise", how).image, SKY) for how in ("cdn_hq", "cdn_fast", "off")]
    assert detail(take().image, SKY) < amounts[0] < amounts[1] < amounts[2]


@pytest.mark.parametrize(
    ("arguments", "warmer"),
    [
        (("--awb", "tungsten"), False),
        (("--awb", "cloudy"), True),
        (("--awbgains", "3,1.2"), True),
        (("--awbgains", "1.2,3"), False),
    ],
)
def test_white_balance_casts(arguments: tuple[str, ...], warmer: bool) -> None:
    frame = take(*arguments)
    red, _, blue = colour(frame.image, GREYS[5][0])
    assert (red > blue + 10) if warmer else (blue > red + 10)
    assert frame.metadata["ColourGains"] != take().metadata["ColourGains"]


def test_colour_matrix_mixes() -> None:
    red, _, blue = colour(take("--ccm", "0,0,1,0,1,0,1,0,0").image, PATCHES[14][0])
    assert blue > red + 60


def test_the_lens_decides_what_is_sharp() -> None:
    near, middle, far = (take("--lens-position", position) for position in ("4", "1.5", "0.4"))
    assert detail(middle.image, STAR) > 1.5 * detail(near.image, STAR)
    assert detail(near.image, POPPIES) > 1.1 * detail(far.image, POPPIES)
    assert detail(far.image, LIGHTHOUSE) > 1.2 * detail(near.image, LIGHTHOUSE)
    assert [frame.metadata["LensPosition"] for frame in (near, middle, far)] == [4.0, 1.5, 0.4]


@pytest.mark.parametrize(
    ("arguments", "dioptres"),
    [
        pytest.param((), 1.5, id="the middle"),
        pytest.param(("--autofocus-mode", "continuous"), 1.5, id="continuous"),
        pytest.param(("--autofocus-window", "0.05,0.2,0.2,0.3"), 0.4, id="window on the lighthouse"),
        pytest.param(("--autofocus-window", "0.9,0.68,0.1,0.2"), 4.0, id="window on the poppies"),
        pytest.param(("--autofocus-window", "0.6,0.0,0.3,0.2"), 0.02, id="window on the sky"),
        pytest.param(("--autofocus-range", "macro"), 3.0, id="macro comes no farther"),
        pytest.param(("--autofocus-mode", "manual"), 1.0, id="manual rests at the hyperfocal distance"),
        pytest.param(("--lens-position", "default"), 1.0, id="default position"),
        pytest.param(("--lens-position", "6"), 6.0, id="a position is a manual mode"),
        pytest.param(("--lens-position", "6", "--autofocus-mode", "auto"), 1.5, id="but not against another mode"),
    ],
)
def test_autofocus_chooses(arguments: tuple[str, ...], dioptres: float) -> None:
    assert take(*arguments).metadata["LensPosition"] == dioptres


def test_a_fixed_lens_has_no_position_and_all_is_sharp() -> None:
    frame = take("--lens-position", "9", sensor=IMX219)
    assert "LensPosition" not in frame.metadata and "AfState" not in frame.metadata
    assert detail(frame.image, STAR) == pytest.approx(detail(take(sensor=IMX219).image, STAR))


@pytest.mark.parametrize(
    ("arguments", "undo"),
    [
        (("--hflip",), (Image.Transpose.FLIP_LEFT_RIGHT,)),
        (("--vflip",), (Image.Transpose.FLIP_TOP_BOTTOM,)),
        (("--hflip", "--vflip"), (Image.Transpose.ROTATE_180,)),
    ],
)
def test_transforms_turn_the_picture(arguments: tuple[str, ...], undo: tuple[Image.Transpose, ...]) -> None:
    image = take(*arguments).image
    for operation in undo:
        image = image.transpose(operation)
    upright = take().image
    sky = (0, 0, SIZE[0], 280)
    assert ImageChops.difference(image.crop(sky), upright.crop(sky)).getbbox() is None


def test_roi_is_a_true_crop_with_more_detail() -> None:
    exposed = ("--shutter", "8ms", "--gain", "1")
    frame = take("--roi", "0.25,0.25,0.5,0.5", *exposed)
    assert frame.metadata["ScalerCrop"] == [1152, 648, 2304, 1296]
    enlarged = take(*exposed).image.crop((240, 135, 720, 405)).resize(SIZE, Image.Resampling.BICUBIC)
    above = (0, 0, 960, 490)
    assert ImageStat.Stat(ImageChops.difference(frame.image, enlarged).crop(above)).mean[0] < 12
    assert detail(frame.image, (300, 200, 1200, 700)) > detail(enlarged, (300, 200, 1200, 700))


@pytest.mark.parametrize("flips", [("--hflip",), ("--vflip",), ("--hflip", "--vflip")])
def test_a_crop_and_a_focus_window_are_of_the_flipped_picture(flips: tuple[str, ...]) -> None:
    whole = take(*flips, "--autofocus-window", "0.9,0.68,0.1,0.2")
    part = take(*flips, "--roi", "0,0,0.5,0.5", "--shutter", "8ms", "--gain", "1").image.resize((480, 270))
    corner = take(*flips, "--shutter", "8ms", "--gain", "1").image.crop((0, 0, 480, 270))
    assert ImageStat.Stat(ImageChops.difference(part, corner).crop((0, 40, 480, 230))).mean[0] < 12
    assert whole.metadata["LensPosition"] != 4.0  # the poppies are elsewhere now


def test_a_scan_fails_where_nothing_in_its_range_is_sharp() -> None:
    window = ("--autofocus-window", "0.05,0.2,0.2,0.3")
    assert take("--autofocus-mode", "auto", *window).metadata["AfState"] == 2
    assert take("--autofocus-mode", "auto", *window, "--autofocus-range", "macro").metadata["AfState"] == 3


def test_other_proportions_crop_the_sensor() -> None:
    assert take("--width", "480", "--height", "480").metadata["ScalerCrop"] == [1008, 0, 2592, 2592]


@pytest.mark.parametrize(
    ("sensor", "arguments", "size"),
    [
        (IMX708, (), (4608, 2592)),
        (IMX219, (), (3280, 2464)),
        (IMX708, ("--width", "1281", "--height", "721"), (1280, 720)),
        (IMX708, ("--width", "1280"), (1280, 2592)),
        (IMX708, ("--hdr=sensor",), (2304, 1296)),
        (IMX708, ("--mode", "1536:864"), (1536, 864)),
    ],
)
def test_sizes(sensor: Sensor, arguments: tuple[str, ...], size: tuple[int, int]) -> None:
    assert sensors.still(parse(StillOptions, [*arguments]), sensor)[0] == size


def test_metadata_tells_the_exposure() -> None:
    manual = take("--shutter", "20ms", "--gain", "4").metadata
    assert manual["ExposureTime"] == pytest.approx(20_000, abs=20) and manual["AnalogueGain"] == 4
    automatic, brighter = take().metadata, take("--ev", "2").metadata
    assert brighter["ExposureTime"] * brighter["AnalogueGain"] == pytest.approx(
        4 * automatic["ExposureTime"] * automatic["AnalogueGain"], rel=0.02
    )
    assert take("--exposure", "sport").metadata["ExposureTime"] < automatic["ExposureTime"]
    assert take("--ev", "1", "--flicker-period", "10000us").metadata["ExposureTime"] == pytest.approx(10_000, abs=20)
    assert not take("--immediate", settled=False).metadata["AeLocked"]


def test_a_frozen_sensor_repeats_its_picture() -> None:
    options = StillOptions(width=320, height=180)
    camera = Picture(IMX708, IMX708.still_mode(), options, (320, 180), frame_us=70_000, settled=True)
    first = camera.take(NOON, frozen=True)
    second = camera.take(NOON + timedelta(seconds=1), frozen=True)
    assert first.image.tobytes() == second.image.tobytes()
    assert first.metadata["SensorTimestamp"] < second.metadata["SensorTimestamp"]
    assert camera.take(NOON, frozen=False).image.tobytes() != first.image.tobytes()


def test_exif_says_what_the_real_one_says() -> None:
    frame = take("--shutter", "10ms", "--gain", "2")
    image = Image.open(io.BytesIO(encode.still(frame, StillOptions(), IMX708)))
    exif = image.getexif()
    inner = exif.get_ifd(0x8769)
    assert (exif[0x010F], exif[0x0110], exif[0x0131]) == ("Raspberry Pi", "imx708", "rpicam-apps")
    assert 0x0112 not in exif
    assert float(inner[0x9206]) == pytest.approx(1 / frame.metadata["LensPosition"], rel=0.01)  # metres
    assert exif[0x0132] == inner[0x9003] == inner[0x9004] == f"{frame.moment:%Y:%m:%d %H:%M:%S}"
    assert float(inner[0x829A]) == pytest.approx(0.01, rel=0.01) and inner[0x8827] == 200
    assert 0x9203 in inner
    first = exif.get_ifd(ExifTags.IFD.IFD1)
    data = image.info["exif"][6:]
    thumbnail = Image.open(io.BytesIO(data[first[0x0201] : first[0x0201] + first[0x0202]]))
    thumbnail.load()
    assert thumbnail.size == (320, 240)


def test_thumbnails_can_be_sized_or_left_out() -> None:
    frame = take()
    plain = encode.still(frame, StillOptions(thumb="none"), IMX708)
    assert not Image.open(io.BytesIO(plain)).getexif().get_ifd(ExifTags.IFD.IFD1)
    assert len(plain) < len(encode.still(frame, StillOptions(thumb="64:48:50"), IMX708))


@pytest.mark.parametrize("encoding", ["jpg", "png", "bmp"])
def test_encodings_that_pillow_reads(encoding: str) -> None:
    frame = take()
    image = Image.open(io.BytesIO(encode.still(frame, StillOptions(encoding=encoding), IMX708)))
    assert image.size == SIZE
    assert ImageStat.Stat(ImageChops.difference(image.convert("RGB"), frame.image)).mean[0] < 3


def test_quality_makes_larger_files() -> None:
    frame = take()
    lengths = [len(encode.still(frame, StillOptions(quality=quality), IMX708)) for quality in (20, 60, 93)]
    assert lengths == sorted(set(lengths))


def test_dng_holds_the_bayer_plane() -> None:
    frame = take()
    plain = replace(frame, image=Image.new("RGB", (64, 32), (255, 128, 0)))
    data = encode.dng(plain, (64, 32), IMX708)
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.size == (4, 2)
    raw = image.tag_v2[0x014A]  # type: ignore[attr-defined]
    raw = raw[0] if isinstance(raw, tuple) else raw
    count = int.from_bytes(data[raw : raw + 2], "little")
    entries = {
        int.from_bytes(data[at : at + 2], "little"): int.from_bytes(data[at + 8 : at + 12], "little")
        for at in range(raw + 2, raw + 2 + 12 * count, 12)
    }
    assert (entries[0x0100], entries[0x0101], entries[0x0106]) == (64, 32, 32803)
    plane = data[entries[0x0111] :]
    assert len(plane) == entries[0x0117] == 64 * 32 * 2

    def sample(x: int, y: int) -> int:
        return int.from_bytes(plane[2 * (64 * y + x) : 2 * (64 * y + x) + 2], "little")

    red, green, other, blue = sample(0, 0), sample(1, 0), sample(0, 1), sample(1, 1)
    assert blue == sample(63, 31) == encode.BLACK
    assert green == other and encode.BLACK < green < red <= 1023


def test_listing_ends_each_camera_with_an_empty_line() -> None:
    assert listing(()) == "No cameras available!\n"
    assert (
        listing((IMX708,)).splitlines()[2] == "0 : imx708 [4608x2592 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx708@1a)"
    )
    assert listing((IMX708,)).endswith("crop]\n\n")
    assert "    LensPosition : [0.000000..15.000000]\n" in listing((IMX708,), verbose=True)
    assert "Lens" not in listing((IMX219,), verbose=True)


def test_blur_is_drawn_coarser_but_not_otherwise() -> None:
    """A strong blur is drawn at less resolution; the light stays the same."""
    sharp, soft = take("--lens-position", "1.5").image, take("--lens-position", "15").image
    means = [ImageStat.Stat(image.crop((0, 0, 960, 480))).mean for image in (sharp, soft)]
    assert means[0] == pytest.approx(means[1], abs=4)


@pytest.mark.parametrize("sensor", [IMX708, IMX219])
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_no_combination_of_controls_is_refused_by_the_picture(sensor: Sensor, data: st.DataObject) -> None:
    """What `checks` let through is clamped as libcamera clamps it."""

    def number(low: float, high: float) -> str:
        return f"{data.draw(st.floats(low, high)):.3f}"

    def rectangle() -> str:
        return ",".join((number(-0.5, 1.2), number(-0.5, 1.2), number(0, 1.5), number(0, 1.5)))

    options = StillOptions(
        width=data.draw(st.integers(1, 200)), height=data.draw(st.integers(1, 200)), roi=rectangle(),
        autofocus_window=rectangle(), lens_position=number(-2, 40), shutter=number(0, 1e8), gain=float(number(0, 99)),
        ev=float(number(-10, 10)), awbgains=f"{number(-1, 40)},{number(-1, 40)}", contrast=float(number(-1, 32)),
        saturation=float(number(-1, 32)), sharpness=float(number(-1, 32)),
        denoise=data.draw(st.sampled_from(["off", "auto"])),
    )  # fmt: skip
    size, mode = sensors.still(options, sensor)
    frame = Picture(sensor, mode, options, size, frame_us=70_000, settled=True).take(NOON, frozen=False)
    with Image.open(io.BytesIO(encode.still(frame, options, sensor))) as image:
        assert image.size == size
    assert encode.dng(frame, (16, 8), sensor)[:4] == b"II*\0"


def test_a_thumbnail_too_large_for_exif_gets_a_lower_quality() -> None:
    frame = Frame(Image.effect_noise((900, 600), 80).convert("RGB"), take().metadata, take().moment)
    Image.open(io.BytesIO(encode.still(frame, StillOptions(thumb="600:400:95"), IMX708))).load()
