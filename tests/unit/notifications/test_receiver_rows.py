"""Which events a row of the settings asks for, and when its receiver gets them."""

import pytest

from stillcam.common.errors import SettingsError
from stillcam.notifications.receiver import Choice
from stillcam.notifications.receivers import NAMED_EVENTS, NAMED_EVERY_S, WEBHOOK_EVENTS
from stillcam.settings.document import from_json
from stillcam.settings.receivers import EVENTS, parse_row

URL = "http://home.example/garden"
NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")


def choice(text: str) -> Choice:
    return Choice(parse_row(text), WEBHOOK_EVENTS)


def hour_s(text: str) -> float:
    """A time of that day, in seconds since the epoch."""
    hours, minutes = text.split(":")
    return NOON_S + (int(hours) - 12) * 3600 + int(minutes) * 60


def test_an_address_alone_gets_the_events_that_it_always_got():
    assert choice(URL).events == {"item.taken", "picture.lost", "picture.back"}


def test_a_name_alone_gets_what_a_person_wants_to_know_at_most_once_a_minute():
    alone = Choice(parse_row("phone"), NAMED_EVENTS, NAMED_EVERY_S)
    assert {"motion.began", "picture.lost", "picture.back", "disk.low"} <= alone.events
    assert not {"item.taken", "motion.ended"} & alone.events
    assert [alone.takes("motion.began", now_s, NOON_S) for now_s in (0.0, 59.0, 60.0)] == [True, False, True]


@pytest.mark.parametrize("name", ["Phone", "phone_", "-phone", "tgram://x", "p" * 33, "motion.*"])
def test_a_receiver_has_a_plain_name(name):
    with pytest.raises(SettingsError, match="must begin with a name of small letters and digits"):
        from_json({"notifications": {"receivers": [name]}})


@pytest.mark.parametrize(
    ("words", "events"),
    [
        pytest.param("motion.began", {"motion.began"}, id="one event"),
        pytest.param("picture.* film.made", {"picture.lost", "picture.back", "film.made"}, id="a group and an event"),
        pytest.param("*", set(EVENTS), id="all of them"),
    ],
)  # fmt: skip
def test_events_are_chosen_by_name_or_by_group(words, events):
    assert choice(f"{URL} {words}").events == events


@pytest.mark.parametrize(
    ("quiet", "inside", "outside"),
    [
        pytest.param("22:00-07:00", ("22:00", "23:59", "00:00", "06:59"), ("07:00", "21:59"), id="over midnight"),
        pytest.param("12:30-14:00", ("12:30", "13:59"), ("12:29", "14:00"), id="at noon"),
    ],
)
def test_nothing_is_sent_in_quiet_hours(quiet, inside, outside):
    for text in inside:
        assert not choice(f"{URL} quiet={quiet}").takes("item.taken", 0.0, hour_s(text)), text
    for text in outside:
        assert choice(f"{URL} quiet={quiet}").takes("item.taken", 0.0, hour_s(text)), text


def test_quiet_hours_are_those_of_the_camera_s_zone(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")  # 21:00 there
    assert not choice(f"{URL} quiet=20:00-22:00").takes("item.taken", 0.0, NOON_S)


def test_one_type_comes_at_most_once_in_its_interval():
    limited = choice(f"{URL} motion.* every=60")
    happened = [("began", 0.0), ("ended", 10.0), ("began", 59.0), ("began", 60.0), ("ended", 61.0)]
    sent = [(name, now_s) for name, now_s in happened if limited.takes(f"motion.{name}", now_s, NOON_S)]
    assert sent == [("began", 0.0), ("ended", 10.0), ("began", 60.0)]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param("a b", "must name events like motion.began", id="a space in an address"),
        pytest.param("motion", "must name events like motion.began", id="half an event"),
        pytest.param("motion.*.x", "must name events like motion.began", id="more than an event"),
        pytest.param("quiet=22-7", "must have quiet hours like quiet=22:00-07:00", id="hours without minutes"),
        pytest.param("quiet=24:00-07:00", "must have quiet hours like", id="no time of a day"),
        pytest.param("quiet=07:00-07:00", "that end at another time", id="no hours"),
        pytest.param("every=1m", "must have an interval like every=60", id="an interval with a unit"),
        pytest.param("every=-1", "must have an interval like every=60", id="an interval below zero"),
        pytest.param("every=90000", "from 0 to 86400", id="an interval beyond a day"),
    ],
)
def test_a_wrong_word_is_refused_and_the_error_says_what_to_write(words, says):
    with pytest.raises(SettingsError, match=says) as refused:
        from_json({"webhooks": {"urls": [f"{URL} {words}"]}})
    assert "home.example" not in str(refused.value), "an address may hold a secret, and errors are logged"
