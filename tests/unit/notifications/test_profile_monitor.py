"""Another active profile in the daemon's status, as an event."""

from typing import Any

from stillcam.notifications.events import Facts
from stillcam.notifications.sources import ProfileMonitor


def test_each_change_of_the_active_profile_is_one_event() -> None:
    status: dict[str, Any] = {}
    monitor = ProfileMonitor(Facts(lambda: None, lambda: b"newest", lambda: status, dict, dict, lambda: None))

    def polled(active: str | None = None, why: str = "", **more: Any) -> list[tuple[str, str, Any]]:
        nonlocal status
        profile = {"active": active, "by": "conditions", "why": why}
        status = {"running": True, "profile": profile} | more
        return [(event.title, event.text, event.data["before"]) for event in monitor.poll(0.0, 1.0)]

    assert polled(running=False) == []
    assert polled("Day") == []  # at the first look
    assert polled("Day") == []
    night = ("profile Night", "The profile Night is active: it is between 22:00 and 06:00.", "Day")
    assert polled("Night", "it is between 22:00 and 06:00") == [night]
    assert polled(running=False) == []
    assert polled("Night") == []
    assert polled() == [("no profile", "The profile Night is no longer active.", "Night")]
    assert polled(profile=None) == []
