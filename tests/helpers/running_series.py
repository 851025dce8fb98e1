"""A series on the real daemon."""

from pathlib import Path
from typing import Any

from capture_daemon import IdleDaemon

from stillcam.series import reader
from stillcam.series.manifest_search import gaps

AS_SNAPSHOTS = {"width": 320, "quality": 85}


class Series:
    """One that the test has made."""

    def __init__(self, idle_daemon: IdleDaemon, **definition: Any) -> None:
        self.idle_daemon = idle_daemon
        self.name = definition.setdefault("name", "Garden")
        self.made = idle_daemon.ask("series", do="create", definition=definition)["series"]
        self.root = idle_daemon.data / "series"
        self.folder = self.root / self.name

    def summary(self) -> dict[str, Any]:
        return reader.summary(self.root, self.name, 1)

    def shots(self) -> list[dict[str, Any]]:
        return reader.shots(self.root, self.name, 0, 1000)

    def picture(self, number: int) -> Path:
        return reader.picture(self.root, self.name, number)

    def taken(self, number: int) -> "Series":
        """Wait until so many have been taken."""
        self.idle_daemon.until(lambda _: self.summary()["taken"] >= number)
        return self

    def over(self, state: str = "finished") -> "Series":
        self.idle_daemon.until(lambda _: self.summary()["state"] == state)
        return self

    def missed(self, why: str) -> "Series":
        """Wait until there is a gap for this reason."""
        self.idle_daemon.until(lambda _: any(gap.why == why for gap in gaps(self.folder)))
        return self

    def ask(self, do: str) -> Any:
        return self.idle_daemon.ask("series", do=do, name=self.name)["series"]
