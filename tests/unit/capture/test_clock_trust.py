"""Whether deletion by age may trust the clock: as far as the kernel knows, and by what was taken last."""

import ctypes
from datetime import UTC, datetime
from pathlib import Path

import pytest
from photos import add_photo
from pictures import picture
from series_on_disk import created, shoot

from stillcam.capture.library_writer.clock_trust import ClockTrust, Reading, longest_gap_s
from stillcam.common import clock

NOON_S = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
HOUR_S, DAY_S, YEAR_S = 3600.0, 86_400.0, 365 * 86_400.0


def photo(root: Path, time_s: float) -> None:
    add_photo(root, time_s, picture())


class Machine:
    """A library and series, and a clock that is put forward and back."""

    def __init__(self, folder: Path) -> None:
        self.library, self.series = folder / "library", folder / "series"
        self.right = True
        self.clock = ClockTrust(self.library, self.series, lambda: self.right)
        self.now_s, self.steady_s = NOON_S, 1000.0

    def pass_(self, seconds: float) -> None:
        self.now_s += seconds
        self.steady_s += seconds

    def waits(self, due: bool = True) -> bool:
        return self.clock.must_wait("library", due, Reading(self.right, self.now_s, self.steady_s))


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_a_clock_that_no_time_server_has_set_deletes_nothing(machine, caplog):
    photo(machine.library, NOON_S)
    machine.right = False
    assert machine.waits()
    assert machine.waits()
    assert "no time server has set the clock: sudo timedatectl set-ntp true" in str(machine.clock.reason)
    assert caplog.text.count("deletion by age waits") == 1
    machine.right = True
    assert not machine.waits()
    assert machine.clock.reason is None


def test_nothing_is_said_to_wait_that_is_not_due(machine):
    machine.right = False
    assert not machine.waits(due=False)
    assert machine.clock.reason is None


@pytest.mark.parametrize(
    ("gap_days", "silent_days", "waits"),
    [
        pytest.param(0, 29, False, id="a month without a picture"),
        pytest.param(0, 32, True, id="more than that"),
        pytest.param(100, 128, False, id="hardly longer than ever before"),
        pytest.param(100, 132, True, id="much longer than ever before"),
        pytest.param(0, 3650, True, id="ten years ahead"),
        pytest.param(0, -3650, False, id="ten years behind"),
    ],
)
def test_a_clock_that_is_far_beyond_the_newest_item_is_not_believed(machine, gap_days, silent_days, waits):
    photo(machine.library, NOON_S - gap_days * DAY_S)
    photo(machine.library, NOON_S)
    machine.now_s += silent_days * DAY_S
    assert machine.waits() == waits
    assert ("take a photo" in str(machine.clock.reason)) == waits


def test_a_shot_of_a_series_is_an_item_too(machine):
    photo(machine.library, NOON_S - YEAR_S)
    assert machine.waits()
    shoot(created(machine.series, now_ms=int(NOON_S * 1000) - 60_000), int(NOON_S * 1000))
    (machine.series / "Broken").mkdir()
    assert not machine.waits()


def test_an_empty_library_says_nothing_about_the_clock(machine):
    assert not machine.waits()


def test_a_picture_that_a_wrong_clock_has_dated_proves_nothing(machine):
    """It is ahead while a photo is taken, which deletes the oldest at once: it has to be right for a day first."""
    photo(machine.library, NOON_S)
    assert not machine.waits(due=False)
    machine.pass_(HOUR_S)
    machine.now_s += YEAR_S
    photo(machine.library, machine.now_s)
    assert machine.waits()
    assert str(machine.clock.reason).startswith("the clock jumped ahead by 365 days 0 h")
    machine.pass_(23 * HOUR_S)
    assert machine.waits()
    machine.pass_(2 * HOUR_S)
    assert not machine.waits()


def test_a_clock_that_a_time_server_puts_right_after_the_start_is_believed(machine):
    """A Pi without an RTC has slept for a week: each start would else cost a day."""
    photo(machine.library, NOON_S)
    machine.right = False
    assert machine.waits()
    machine.right = True
    machine.now_s += 7 * DAY_S
    assert not machine.waits()


def test_a_clock_that_is_put_right_by_minutes_or_back_is_believed(machine):
    photo(machine.library, NOON_S)
    for by_s in (0.0, 1800.0, -YEAR_S):
        machine.now_s += by_s
        assert not machine.waits()


def test_the_longest_gap_is_between_days_with_items():
    assert longest_gap_s([]) == longest_gap_s(["2026-11-20"]) == 0
    assert longest_gap_s(["2026-11-20", "2026-11-19", "2026-02-31", "2026-10-20"]) == 30 * DAY_S


@pytest.mark.parametrize(
    ("answer", "error_us", "right"),
    [
        pytest.param(0, 120_000, True, id="a time server has set it"),
        pytest.param(5, 900_000, True, id="chrony, which keeps the kernel from writing to an RTC"),
        pytest.param(5, 16_000_000, False, id="nobody has"),
        pytest.param(-1, 0, False, id="the kernel may not be asked"),
    ],
)
def test_the_kernel_knows_whether_the_clock_is_right(monkeypatch, answer, error_us, right):
    class Library:
        """The C library of such a machine."""

        def adjtimex(self, told):
            assert told.modes == 0  # nothing is set
            told.maxerror = error_us
            return answer

    monkeypatch.setattr(clock, "_libc", Library())
    monkeypatch.setattr(ctypes, "byref", lambda told: told)
    assert clock.synchronised() == right


def test_the_kernel_of_this_machine_answers():
    """Whatever it says: the begin of its answer is where we read it."""
    told = clock._Timex()
    assert ctypes.CDLL(None).adjtimex(ctypes.byref(told)) >= 0
    assert 0 <= told.maxerror <= clock.SYNCHRONISED_US
