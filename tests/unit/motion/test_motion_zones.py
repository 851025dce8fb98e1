"""Zones: texts, and which part of a picture they are."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from stillcam.common.errors import SettingsError
from stillcam.motion.zones import mask
from stillcam.settings.document import patched
from stillcam.settings.schema import Settings
from stillcam.settings.zones import MAX_CORNERS, Zone, parse, parse_mask

SENSOR = WIDTH, HEIGHT = 400, 300

points = st.tuples(st.integers(0, WIDTH), st.integers(0, HEIGHT))
zones = st.builds(Zone, st.booleans(), st.lists(points, min_size=2, max_size=6).map(tuple))


@st.composite
def crops(draw):
    width, height = draw(st.integers(100, WIDTH)), draw(st.integers(100, HEIGHT))
    return draw(st.integers(0, WIDTH - width)), draw(st.integers(0, HEIGHT - height)), width, height


@pytest.mark.parametrize("text", ["include 0,0 800,600", "exclude 10,20 30,20 65535,0", "include  7,8   9,10 "])
def test_a_zone_is_a_text(text):
    assert str(parse(text)) == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "begins with include or exclude", id="nothing"),
        pytest.param("0,0 5,5", "begins with include or exclude", id="corners alone"),
        pytest.param("Include 0,0 5,5", "begins with include or exclude", id="a capital"),
        pytest.param("include", "from 2 to 32 corners", id="no corner"),
        pytest.param("include 1,2", "from 2 to 32 corners", id="one corner"),
        pytest.param("include" + " 1,2" * 33, "from 2 to 32 corners", id="too many"),
        pytest.param("include 1,2 3;4", "3;4 is no corner: write X,Y", id="no comma"),
        pytest.param("include 1,2 -3,4", "-3,4 is no corner", id="negative"),
        pytest.param("include 1,2 3.5,4", "3.5,4 is no corner", id="a fraction"),
        pytest.param("include 1,2 ٣,4", "is no corner", id="other digits"),
        pytest.param("include 1,2 65536,4", "from 0 to 65535", id="beyond every sensor"),
        pytest.param("include 5,5 5,5", "must not be on one line", id="a point"),
        pytest.param("include 0,0 0,9", "must not be on one line", id="a rectangle without width"),
        pytest.param("exclude 0,0 1,1 0,0 3,3", "must not be on one line", id="a line"),
    ],
)
def test_what_is_no_zone_is_refused(text, words):
    with pytest.raises(ValueError, match=r"write|must") as caught:
        parse(text)
    assert words in str(caught.value)
    with pytest.raises(SettingsError) as refused:
        patched(Settings(), {"motion": {"zones": [text]}})
    assert words in str(refused.value)
    assert refused.value.field == "motion.zones"


def test_zones_and_masks_with_the_most_corners_can_be_saved():
    corners = [(10000 + number % 2, 50000 + number) for number in range(MAX_CORNERS)]
    zone = Zone(include=False, points=tuple(corners))
    text = str(zone)
    saved = patched(Settings(), {"motion": {"zones": [text] * 64}, "privacy": {"masks": [text.partition(" ")[2]] * 64}})
    assert parse(saved.motion.zones[0]) == zone
    assert parse_mask(saved.privacy.masks[-1]) == zone.points


@given(zones)
def test_a_zone_survives_as_a_text(zone):
    outline = zone.outline
    (x, y), *others = outline
    flat = all((a - x) * (d - y) == (b - y) * (c - x) for a, b in others for c, d in others)
    if flat:
        with pytest.raises(ValueError, match="one line"):
            parse(str(zone))
    else:
        assert parse(str(zone)) == zone


@given(st.text(max_size=60))
def test_any_text_is_a_zone_or_refused(text):
    try:
        zone = parse(text)
    except ValueError:
        return
    assert 2 <= len(zone.points) <= MAX_CORNERS


def test_without_zones_motion_counts_everywhere():
    assert mask([], (0, 0, 400, 300), (40, 30)).getextrema() == (255, 255)


def test_exclusions_are_stronger_whatever_their_order():
    two = [parse("exclude 0,0 100,300"), parse("include 0,0 200,300")]
    for order in (two, two[::-1]):
        drawn = mask(order, (0, 0, 400, 300), (40, 30))
        assert [drawn.getpixel((x, 15)) for x in (0, 9, 10, 19, 20, 39)] == [0, 0, 255, 255, 0, 0]


def test_a_zone_outside_the_picture_leaves_nothing_or_all():
    crop = (0, 0, 100, 100)
    assert mask([parse("include 200,200 300,300")], crop, (10, 10)).getextrema() == (0, 0)
    assert mask([parse("exclude 200,200 300,300")], crop, (10, 10)).getextrema() == (255, 255)


@given(zones, crops(), st.booleans(), st.booleans())
def test_zones_follow_zoom_and_flips(zone, crop, hflip, vflip):
    """What is drawn on the sensor, and then cropped and flipped as a picture is, is the same."""
    x, y, width, height = crop
    assume(len(set(zone.points)) > 1)
    picture = Image.new("L", SENSOR, 0 if zone.include else 255)
    ImageDraw.Draw(picture).polygon([(a - 0.5, b - 0.5) for a, b in zone.outline], fill=255 if zone.include else 0)
    picture = picture.crop((x, y, x + width, y + height))
    if hflip:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if vflip:
        picture = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    drawn = mask([zone], crop, picture.size, (hflip, vflip))
    differs = ImageChops.difference(drawn, picture).filter(ImageFilter.MinFilter(5))  # edges are a pixel off at most
    assert differs.getextrema() == (0, 0)
