"""The profiles of the daemon: a thread follows their conditions, and the camera's thread applies what they choose.

What decides is `stillcam.profiles`, which is imported once there are profiles.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillcam.camera.metadata import Metadata
from stillcam.capture.command_queue import Command, CommandQueue
from stillcam.common.clock import local_zone, synchronised
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.threads import start_restarting
from stillcam.ipc.protocol import Message
from stillcam.settings.file import load_or_last_good
from stillcam.settings.schema import Settings

if TYPE_CHECKING:
    from stillcam.profiles.switch import ProfileSwitch

LOOK_S = 2.0  # from one look at clock and brightness to the next
APPLY_S = 30.0  # for a picture with another profile
FILE = "profiles.json"
VERB = "profile"


class ProfileWatch:
    """Which profile is in force.

    Args:
        settings: the settings file; the profiles are beside it.
        commands: of the camera's thread.
        metadata: gives those of the newest frame; empty: none comes.
        healthy: whether pictures come.
    """

    def __init__(
        self,
        settings: Path,
        commands: CommandQueue,
        metadata: Callable[[], Metadata],
        healthy: Callable[[], bool],
    ) -> None:
        self._path = settings
        self._commands = commands
        self._metadata = metadata
        self._healthy = healthy
        self._switch: ProfileSwitch | None = None
        self._wake = threading.Event()
        self._unsaved = False  # it was logged that the state cannot be written

    def begin(self) -> None:
        """Follow the profiles that there are at the start of the daemon."""
        if self._exist():
            self._begin(load_or_last_good(self._path)[0])
            self._commands.post(VERB)

    def settings(self, stored: Settings) -> Settings:
        """Read the profiles again, and return the settings to apply for those of the settings file."""
        if self._switch is None and self._exist():
            return self._begin(stored)
        return self._switch.settings(stored) if self._switch else stored

    def chosen(self) -> Settings | None:
        """The settings to apply now, without reading files; None: there are no profiles."""
        return self._switch.chosen() if self._switch else None

    @property
    def trial(self) -> str | None:
        """The profile that has been applied, and has not given a picture yet."""
        return self._switch.trial if self._switch else None

    def confirm(self) -> None:
        """A picture was made with the settings that were applied last."""
        if self._switch and self._switch.confirm():
            self._wake.set()

    def overlay(self) -> Message:
        """For the answer to `reload`: the name and the changes of the applied profile; empty: there are none."""
        return {"overlay": self._switch.overlay} if self._switch else {}

    def undo(self) -> None:
        """The settings of the file are refused: the last ones that worked stay in force."""
        if self._switch:
            self._switch.undo()

    @property
    def active(self) -> str | None:
        """The profile that is applied."""
        return self._switch.active if self._switch else None

    def refuse(self, why: str) -> Settings:
        """The applied profile gives no picture; returns the settings to apply instead."""
        assert self._switch is not None
        logging.warning("the camera refused profile %s: %s", self._switch.active, why)
        self._switch.refuse(why)
        self._wake.set()
        return self._switch.chosen()

    @property
    def notice(self) -> str | None:
        """A problem for the owner; None: there is none."""
        return self._switch.notice if self._switch else None

    def to_json(self) -> dict[str, Any] | None:
        """For the status; None: there are no profiles."""
        return self._switch.to_json() if self._switch and self._switch.in_use else None

    def handle(self, message: Message) -> Message:
        """Answer the command `profile`; called by the command socket's threads.

        Its `action` is `use` (with `name`, without one for the plain settings, and `until`), `auto`, or `arm` (with
        `armed`). Answers as `reload`, with the `profile` of the status.

        Raises:
            StillcamError: it is refused.
        """
        switch, action, changed, before = self._switch, message.get("action"), True, None
        if switch is None or not switch.in_use:
            raise StillcamError("there are no profiles: add one first")
        try:
            if action == "use":
                before = switch.use(message.get("name"), message.get("until"))
            elif action == "auto":
                switch.automatic()
            elif action == "arm":
                changed = switch.arm(message.get("armed") is True)
            else:
                raise StillcamError("action must be use, auto or arm")
        except SettingsError as error:
            return {"error": str(error), "cause": "refused", "field": error.field}
        except OSError as error:
            raise StillcamError(f"the choice cannot be saved: {error.strerror}") from error
        answer = self._commands.post(VERB).wait(APPLY_S) or {"in_force": False}
        if "error" in answer and action == "use":
            switch.choose_again(before)
        return {**answer, "changed": changed, "profile": switch.to_json()}

    def _exist(self) -> bool:
        return self._path.with_name(FILE).exists()

    def _begin(self, stored: Settings) -> Settings:
        from stillcam.profiles.switch import Clocks, ProfileSwitch

        clocks = Clocks(
            lambda: int(time.time() * 1000),
            lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
            lambda: local_zone(os.environ),
            synchronised,
        )
        self._switch = ProfileSwitch(self._path.parent, clocks, self._healthy)
        settings = self._switch.settings(stored)
        start_restarting(self._follow, "profiles")
        return settings

    def _follow(self) -> None:
        """Look, and have the camera's thread apply what is chosen; save what has changed."""
        assert self._switch is not None
        posted: Command | None = None
        while True:
            self._save(self._switch)
            self._wake.wait(LOOK_S)
            self._wake.clear()
            metadata = self._metadata() if self._healthy() else {}
            if self._switch.look(metadata) and (posted is None or posted.wait(0) is not None):
                posted = self._commands.post(VERB)

    def _save(self, switch: ProfileSwitch) -> None:
        try:
            switch.save()
            self._unsaved = False
        except OSError as error:
            if not self._unsaved:
                logging.warning("the state of the profiles cannot be saved: %s", error.strerror)
            self._unsaved = True
