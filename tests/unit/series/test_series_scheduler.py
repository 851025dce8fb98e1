"""Series as they run, by a clock that the test sets: what is open, what is missed and why, whose turn it is."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from series_on_disk import START_MS, minutes, shoot
from test_series_schedule import schedules

from stillcam.series.commands import CommandError, SeriesCommands
from stillcam.series.definition import Definition
from stillcam.series.folder import Series
from stillcam.series.manifest import Gap, ms_to_text
from stillcam.series.manifest_search import gaps
from stillcam.series.recovery import open_series
from stillcam.series.running import NEVER, RunningSeries, grace_ms
from stillcam.series.schedule import due_between
from stillcam.series.scheduler import Scheduler

HOUR_MS, YEAR_MS = 3_600_000, 365 * 86_400_000


@dataclass
class Clock:
    """Two clocks: one that can be set, and one that cannot."""

    now_ms: int = START_MS
    steady_ms: int = 5_000_000


class Camera:
    """An scheduler with a camera that takes every shot at once, unless it is away."""

    def __init__(self, root: Path) -> None:
        self.clock = Clock()
        self.scheduler = Scheduler(root)
        self.commands = SeriesCommands(self.scheduler, lambda: "UTC", lambda folder: None, lambda definition: 0)
        self.away = ""

    def make(self, name: str = "Garden", **document: Any) -> RunningSeries:
        self.ask("create", definition={"name": name, **document})
        running = self.scheduler.find(name)
        assert running is not None
        return running

    def ask(self, do: str, **message: Any) -> str | None:
        return self.commands.execute({"do": do, **message}, self.clock.now_ms)

    def look(self) -> None:
        self.scheduler.update(self.clock.now_ms, self.clock.steady_ms, self.away or "busy")
        while not self.away and (running := self.scheduler.first) and running.due_ms is not None:
            running.flush_gap()
            shoot(running.series, running.due_ms, late_ms=self.clock.now_ms - running.due_ms)
            running.complete(self.clock.now_ms)
            self.scheduler.reorder()

    def live(self, until_ms: int, tick_ms: int = 500) -> None:
        """Look again and again until then."""
        self.look()
        while self.clock.now_ms < until_ms:
            self.clock.now_ms += tick_ms
            self.clock.steady_ms += tick_ms
            self.look()

    def restart(self, after_ms: int = 0) -> None:
        """The daemon dies without a word, and comes back."""
        self.clock.now_ms += after_ms
        self.scheduler = Scheduler(self.scheduler.root)
        self.commands = SeriesCommands(self.scheduler, lambda: "UTC", lambda folder: None, lambda definition: 0)
        for folder in sorted(self.scheduler.root.iterdir()):
            self.scheduler.add(RunningSeries(open_series(folder), self.clock.now_ms))
        self.look()


@pytest.fixture
def camera(tmp_path):
    return Camera(tmp_path / "series")


def counted(running: RunningSeries) -> tuple[int, int]:
    """What is on disk: moments taken and missed."""
    running.flush_gap()
    progress = Series.open(running.series.folder).state.tally
    return progress.taken, progress.missed


def test_every_shot_is_taken_at_its_due_time(camera):
    garden = camera.make()
    camera.live(minutes(10))
    assert counted(garden) == (11, 0)
    assert camera.scheduler.status() == [
        {"name": "Garden", "state": "running", "taken": 11, "next": ms_to_text(minutes(11))},
    ]


def test_a_year_of_days_from_sunrise_to_sunset_has_no_gap(camera):
    place = {"latitude": 48.14, "longitude": 11.58}
    window = {"from": "sunrise", "to": "sunset"}
    garden = camera.make(interval_s=3 * 3600, window=window, place=place, start=ms_to_text(START_MS))
    while garden.earliest_ms <= START_MS + YEAR_MS:
        camera.clock.steady_ms += garden.earliest_ms - camera.clock.now_ms
        camera.clock.now_ms = garden.earliest_ms
        camera.look()
    schedule = garden.series.definition.schedule
    assert counted(garden) == (due_between(schedule, START_MS - 1, START_MS + YEAR_MS).count, 0)
    assert counted(garden)[0] > 3 * 365


@given(schedules, st.lists(st.integers(0, 2 * HOUR_MS), max_size=20))
def test_every_due_time_is_taken_or_missed_once_at_any_rate_of_updates(schedule, pauses):
    now_ms, taken = schedule.starts_ms - 1, []
    with TemporaryDirectory() as folder:
        series = Series.create(Path(folder), Definition("Garden", schedule), schedule.zone.key, now_ms)
        garden = RunningSeries(series, now_ms)
        for pause in pauses:
            now_ms += pause
            garden.update(now_ms, "busy")
            if garden.due_ms is not None:
                assert 0 <= now_ms - garden.due_ms <= grace_ms(schedule)
                taken.append(garden.due_ms)
                shoot(series, garden.due_ms)
                garden.complete(now_ms)
        assert taken == sorted(set(taken))
        assert counted(garden) == (len(taken), due_between(schedule, schedule.starts_ms - 1, now_ms).count - len(taken))


@pytest.mark.parametrize(("more_ms", "missed"), [(0, 0), (1, 1)], ids=["just in time", "too late"])
def test_a_shot_may_be_late_by_its_grace(camera, more_ms, missed):
    garden = camera.make(interval_s=600)
    camera.away = "busy"
    camera.look()
    camera.clock.now_ms += grace_ms(garden.series.definition.schedule) + more_ms
    camera.clock.steady_ms += grace_ms(garden.series.definition.schedule) + more_ms
    camera.look()
    camera.away = ""
    camera.look()
    assert counted(garden) == (1 - missed, missed)


def test_an_outage_is_one_gap_with_its_reason(camera):
    garden = camera.make()
    camera.live(minutes(3))
    camera.away = "camera"
    camera.live(minutes(8) + 40_000)
    camera.away = ""
    camera.live(minutes(12))
    assert counted(garden) == (8, 5)
    assert sum(gap.missed for gap in gaps(garden.series.folder)) == 5
    assert {gap.why for gap in gaps(garden.series.folder)} == {"camera"}
    assert gaps(garden.series.folder)[0].from_ms == minutes(4)
    assert gaps(garden.series.folder)[-1].to_ms == minutes(8)


def test_what_is_missed_on_a_full_disk_is_missed_for_that(camera):
    """Also when a slow camera had no time to look: it said `busy`."""
    garden, other = camera.make(interval_s=10), camera.make("Roof", interval_s=10)
    camera.clock.now_ms += 60_000
    camera.clock.steady_ms += 60_000
    camera.scheduler.update(camera.clock.now_ms, camera.clock.steady_ms, "busy", {"Garden"})
    for running, why in ((garden, "disk"), (other, "busy")):
        running.flush_gap()
        assert {gap.why for gap in gaps(running.series.folder)} == {why}


def test_a_long_outage_is_recorded_while_it_lasts_in_few_lines(camera):
    garden = camera.make(interval_s=10)
    camera.away = "disk"
    camera.live(START_MS + 10 * HOUR_MS, tick_ms=10_000)
    found = gaps(garden.series.folder)
    assert 2 <= len(found) <= 12
    assert sum(gap.missed for gap in found) > 1700
    assert counted(garden) == (0, 3600)  # the last moment is still open


@pytest.mark.parametrize("tick_ms", [1000, 7000])
def test_a_crash_is_a_gap_until_the_restart(camera, tick_ms):
    garden = camera.make()
    camera.live(minutes(5), tick_ms)
    taken = garden.series.state.tally.taken
    camera.restart(after_ms=HOUR_MS - 20_000)
    camera.live(minutes(70), tick_ms)
    garden = camera.scheduler.find("Garden")
    assert [gap.why for gap in gaps(garden.series.folder)] == ["off"]
    assert taken + counted(garden)[1] + (garden.series.state.tally.taken - taken) == 71
    assert garden.series.state.tally.sequence == garden.series.state.tally.taken


def test_a_series_with_a_number_of_shots_is_finished_after_them(camera):
    garden = camera.make(shots=3)
    camera.live(minutes(9))
    assert garden.series.state.state == "finished"
    assert counted(garden) == (3, 0)
    assert camera.scheduler.first is None
    camera.restart()
    assert camera.scheduler.first is None


def test_a_series_finishes_at_its_end_even_if_the_last_shots_were_missed(camera):
    garden = camera.make(end=ms_to_text(minutes(4)))
    camera.live(minutes(2))
    camera.away = "camera"
    camera.live(minutes(9))
    assert garden.series.state.state == "finished"
    assert counted(garden) == (3, 1)


def test_a_planned_series_runs_when_its_start_comes(camera):
    garden = camera.make(start=ms_to_text(minutes(5)))
    assert garden.series.state.state == "planned"
    camera.live(minutes(4))
    camera.restart()
    garden = camera.scheduler.find("Garden")
    assert garden.series.state.state == "planned"
    camera.live(minutes(6))
    assert garden.series.state.state == "running"
    assert counted(garden) == (2, 0)


def test_a_planned_series_can_be_started_now(camera):
    garden = camera.make(start=ms_to_text(minutes(500)))
    camera.live(minutes(5))
    camera.ask("start", name="Garden")
    camera.live(minutes(7))
    assert garden.series.state.state == "running"
    assert counted(garden) == (3, 0)


@pytest.mark.parametrize("restart", [False, True], ids=["", "over a restart"])
def test_due_times_during_a_pause_are_not_missed(camera, restart):
    garden = camera.make()
    camera.live(minutes(3))
    camera.ask("pause", name="Garden")
    camera.live(minutes(10))
    if restart:
        camera.restart()
        garden = camera.scheduler.find("Garden")
    camera.ask("resume", name="Garden")
    camera.live(minutes(14) + 1)
    assert counted(garden) == (8, 0)
    assert gaps(garden.series.folder) == [Gap(minutes(4), minutes(10), 7, "paused")]


def test_a_paused_series_finishes_at_its_end(camera):
    garden = camera.make(end=ms_to_text(minutes(5)))
    camera.ask("pause", name="Garden")
    camera.live(minutes(6))
    assert garden.series.state.state == "finished"


def test_a_failed_series_continues_when_it_is_resumed(camera):
    garden = camera.make()
    camera.live(minutes(1))
    garden.set_state("failed", camera.clock.now_ms, "no such mode")
    camera.scheduler.reorder()
    camera.live(minutes(5))
    assert (garden.earliest_ms, garden.series.state.why) == (NEVER, "no such mode")
    camera.ask("resume", name="Garden")
    camera.live(minutes(6))
    assert (garden.series.state.state, garden.series.state.why) == ("running", None)
    assert counted(garden) == (3, 4)


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS, 10 * YEAR_MS, -10 * YEAR_MS])
def test_a_clock_that_jumps_stops_nothing_and_no_number_is_reused(camera, jump_ms):
    garden = camera.make(start="2010-01-01T00:00:00Z")
    camera.live(minutes(3))
    before = garden.series.state.tally.taken
    camera.clock.now_ms += jump_ms
    camera.live(camera.clock.now_ms + 3 * 60_000)
    assert garden.series.state.tally.taken - before in (3, 4)
    assert garden.series.state.tally.sequence == garden.series.state.tally.taken
    assert {gap.why for gap in gaps(garden.series.folder)} <= {"clock"}
    camera.restart()
    garden = camera.scheduler.find("Garden")
    camera.live(camera.clock.now_ms + 3 * 60_000)
    assert garden.series.state.tally.taken - before in (6, 7, 8)


def test_shots_taken_before_a_clock_was_set_back_are_not_missed_afterwards(camera):
    """A Pi without a clock starts in the past, until a time server tells it better."""
    garden = camera.make()
    camera.live(minutes(30))
    camera.clock.now_ms -= 10 * 60_000
    camera.live(minutes(22))
    camera.clock.now_ms += 10 * 60_000
    camera.live(minutes(35))
    assert counted(garden)[1] <= 1


def test_the_earlier_series_is_first_and_ties_are_broken_by_name(camera):
    for name, seconds in (("B", 10), ("A", 10), ("C", 5)):
        camera.make(name, start=ms_to_text(START_MS + 1000 * seconds))
    camera.away = "busy"
    camera.live(START_MS + 12_000)
    order = []
    while (first := camera.scheduler.first) and first.due_ms is not None:
        order.append(first.name)
        first.complete(START_MS)
        camera.scheduler.reorder()
    assert order == ["C", "A", "B"]


def test_an_incomplete_bracket_does_not_count_as_missed(camera):
    garden = camera.make()
    camera.away = "camera"
    camera.look()
    shoot(garden.series, garden.due_ms)
    garden.miss(camera.clock.now_ms, "camera")
    assert counted(garden) == (1, 0)


def test_a_changed_schedule_applies_from_now_on(camera):
    garden = camera.make()
    camera.live(minutes(5))
    document = {"name": "Garden", "interval_s": 10, "start": ms_to_text(START_MS), "keep": {"rule": "thin"}}
    camera.ask("change", name="Garden", definition=document)
    camera.live(minutes(6))
    assert counted(garden) == (6 + 6, 0)
    assert Series.open(garden.series.folder).definition.retention.rule == "thin"


def test_a_changed_time_zone_moves_the_window_of_a_running_series(camera):
    """It is noon by UTC, and one o'clock in Berlin, where the window is over."""
    for name in ("Garden", "Paused", "Finished"):
        camera.make(name, interval_s=600, window={"from": "08:00", "to": "12:35"})
    camera.ask("pause", name="Paused")
    camera.ask("finish", name="Finished")
    camera.live(minutes(5))
    camera.scheduler.set_zone("Europe/Berlin", camera.clock.now_ms)
    camera.live(minutes(40))
    garden = camera.scheduler.find("Garden")
    assert counted(garden) == (1, 0)
    assert ms_to_text(garden.earliest_ms) == "2026-11-21T07:00:00.000Z"
    camera.restart()
    zones = {running.name: running.series.zone for running in camera.scheduler}
    assert zones == {"Garden": "Europe/Berlin", "Paused": "Europe/Berlin", "Finished": "UTC"}
    camera.scheduler.set_zone("UTC", camera.clock.now_ms)
    camera.live(minutes(60))
    assert counted(camera.scheduler.find("Garden")) == (1, 0)  # it is past 12:35 by now
    assert ms_to_text(camera.scheduler.find("Garden").earliest_ms) == "2026-11-21T08:00:00.000Z"


@pytest.mark.parametrize(
    ("other", "field"),
    [({"kind": "raw"}, "kind"), ({"vary": {"control": "LensPosition", "values": [1, 2]}}, "vary"),
     ({"start": "2030-01-01"}, "start"), ({"name": "Other"}, "name"), ({"interval_s": 0}, "interval_s")],
)  # fmt: skip
def test_a_field_that_cannot_be_changed_is_named(camera, other, field):
    garden = camera.make()
    camera.live(minutes(1))
    definition = garden.series.definition
    with pytest.raises(CommandError) as error:
        camera.ask("change", name="Garden", definition={"name": "Garden", "start": ms_to_text(START_MS), **other})
    assert error.value.field == field
    assert garden.series.definition == definition


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ({"do": "create", "definition": {"name": "garden"}}, "taken"),
        ({"do": "create", "definition": {"name": "../x"}}, "wrong"),
        ({"do": "create"}, "wrong"),
        ({"do": "pause", "name": "Nobody"}, "unknown"),
        ({"do": "resume", "name": "Garden"}, "state"),
        ({"do": "start", "name": "Garden"}, "state"),
        ({"do": "dance", "name": "Garden"}, "wrong"),
        ({}, "unknown"),
    ],
)
def test_an_invalid_command_is_refused(camera, message, cause):
    camera.make()
    with pytest.raises(CommandError) as error:
        camera.commands.execute(message, camera.clock.now_ms)
    assert error.value.cause == cause


def test_a_deleted_series_is_gone_and_its_name_free(camera):
    camera.make()
    camera.ask("delete", name="Garden")
    assert camera.scheduler.first is None
    camera.make()
    camera.live(minutes(1))
    assert camera.scheduler.find("Garden").series.state.tally.taken == 2


def test_a_gap_that_cannot_be_written_now_is_recorded_later(camera, monkeypatch):
    """A disk that is full."""
    garden = camera.make()
    camera.live(minutes(1))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(garden.series, "append", full)
        camera.away = "disk"
        camera.live(minutes(6))
        camera.away = "camera"
        camera.live(minutes(9))
    camera.away = ""
    camera.live(minutes(12))
    assert sum(counted(garden)) == 13
