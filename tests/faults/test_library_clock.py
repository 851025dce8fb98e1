"""The clock under the library is set back by a day, and put right again: nothing is lost, mixed up or overwritten."""

from typing import Any

import pytest
from doctor_command import doctor
from installation import Installation
from people import Client, register
from test_clock_jumps import Clock

from stillcam.library.names import parse_stem

DAY_S = 86_400


def taken(owner: Client) -> str:
    """Take a photo; its address. A busy machine may still be at it when the answer comes."""
    before = {item["id"] for item in shown(owner)}
    status, answer = owner.call("/api/photos", "POST", {"kind": "photo"})
    assert status in (201, 202), answer
    items = (
        answer["items"] if status == 201 else owner.site.until(lambda: {item["id"] for item in shown(owner)} - before)
    )
    (id_,) = items
    return str(id_)


def shown(owner: Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = owner.call("/api/library")[1]["items"]
    return items


def time_of(id_: str) -> float:
    said = parse_stem(id_.partition("/")[2].rpartition(".")[0])
    assert said
    return said[0]


def test_photos_of_a_clock_that_was_set_back_by_a_day(tmp_path):
    clock = Clock(tmp_path)
    with Installation(tmp_path, **clock.environ) as camera:
        owner = register(camera.site)
        today = taken(owner)
        clock.jump(-DAY_S)
        yesterday = [taken(owner), taken(owner)]
        deleted = owner.call("/api/library/delete", "POST", {"items": [yesterday[0]]})[1]
        clock.jump(0)
        later = taken(owner)
        assert [item["id"] for item in shown(owner)] == [later, today, yesterday[1]]
        assert today < later
        assert DAY_S / 2 < time_of(today) - time_of(yesterday[1]) < DAY_S * 2
        assert yesterday[1][:10] < today[:10]
        gone = owner.call("/api/library/delete", "POST", {"items": [today]})[1]
        clock.jump(-DAY_S)  # what was deleted lies in the future of this clock
        trash = owner.call("/api/library/trash")[1]["items"]
        assert [(one["deleted"], one["id"]) for one in trash] == [
            (gone["deleted"], today), (deleted["deleted"], yesterday[0]),
        ]  # fmt: skip
        for one in (gone, deleted):
            assert owner.call("/api/library/restore", "POST", {"deleted": one["deleted"]})[1]["failed"] == []
        assert {item["id"] for item in shown(owner)} == {later, today, *yesterday}
        for id_ in (later, *yesterday):
            assert owner.ask(f"/library/{id_}?thumbnail")[0].status == 200
        days = owner.call(f"/api/library/calendar?year={today[:4]}")[1]["days"]
        assert days[today[:10]] + days.get(yesterday[1][:10], 0) >= 2
        assert "Traceback" not in camera.logged() + camera.site.said()


@pytest.mark.parametrize(
    ("synchronised", "why"),
    [
        pytest.param(False, "no time server has set the clock", id="and the kernel knows it"),
        pytest.param(True, "the clock jumped ahead by 3650 days", id="and the kernel believes it"),
    ],
)
def test_a_clock_that_is_ahead_for_a_while_deletes_nothing(tmp_path, synchronised, why):
    """Neither the library, nor the trash, nor what a series is to keep: also if a photo is taken meanwhile."""
    clock = Clock(tmp_path)
    with Installation(tmp_path, **clock.environ) as camera:
        owner = register(camera.site)
        old, deleted = taken(owner), taken(owner)
        assert owner.call("/api/library/delete", "POST", {"items": [deleted]})[0] == 200
        assert owner.call("/api/settings", "PATCH", {"retention": {"max_age_days": 30}})[0] == 200
        clock.jump(3650 * DAY_S, synchronised=synchronised)
        (ahead,) = camera.daemon.ask("photo", kind="photo")["items"]  # nobody is signed in for ten years
        camera.daemon.until(lambda status: why in str(status["library"]["waits"]))
        assert f"waits: {why}" in doctor(tmp_path, camera.site.port).stdout
        clock.jump(0)
        later = taken(owner)
        camera.daemon.until(lambda status: status["library"]["waits"] is None)
        assert {item["id"] for item in shown(owner)} == {old, ahead, later}
        assert [one["id"] for one in owner.call("/api/library/trash")[1]["items"]] == [deleted]


def test_items_deleted_for_their_age_can_be_restored(tmp_path):
    clock = Clock(tmp_path)
    with Installation(tmp_path, **clock.environ) as camera:
        owner = register(camera.site)
        clock.jump(-DAY_S * 9, synchronised=False)  # until a time server puts it right
        old = taken(owner)
        clock.jump(0)
        assert owner.call("/api/settings", "PATCH", {"retention": {"max_age_days": 5}})[0] == 200
        new = taken(owner)
        camera.site.until(lambda: [item["id"] for item in shown(owner)] == [new])
        (trashed,) = owner.call("/api/library/trash")[1]["items"]
        assert trashed["id"] == old
        assert owner.call("/api/library/restore", "POST", {"deleted": trashed["deleted"]})[1]["failed"] == []
