"""The settings that were requested, those that the camera runs with, and the last ones that gave a picture.

New settings are on trial until the first picture made with them. If the camera fails before, they are
rolled back to the last that worked, and the reload command is answered with the reason.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from stillcam.capture.command_queue import Command
from stillcam.capture.settings_in_force.profile_watch import ProfileWatch
from stillcam.capture.status import Status
from stillcam.common.errors import CameraError, SettingsError, StillcamError
from stillcam.common.threads import start
from stillcam.settings.document import to_json
from stillcam.settings.file import STAY, load, save_last_good
from stillcam.settings.schema import Settings

CAMERA_SECTIONS = ("camera", "snapshot", "live", "controls")  # sections that the camera program depends on
OUTSIDE = ("busy", "disk", "missing")  # causes that no setting can have


class PendingSettings:
    """The settings of the camera's thread; the status shows the revision in force, and what is refused.

    Args:
        path: the settings file.
        settings: in force at the start.
        status: of the camera.
        profiles: what changes the settings of the file.
        taken: called with the settings before, once there are others, and before any answer says so.
    """

    def __init__(
        self,
        path: Path,
        settings: Settings,
        status: Status,
        profiles: ProfileWatch,
        taken: Callable[[Settings], None] = lambda _: None,
    ) -> None:
        self.wanted = settings
        self.running = settings
        self.confirmed = False  # the camera program that runs has given a picture
        self._path = path
        self._status = status
        self._profiles = profiles
        self._taken = taken
        self._mode = ""
        self._worked: dict[str, Settings] = {}  # mode -> those with which it gave a picture
        self._healthy = False  # pictures come, as far as is known
        self._number = 0
        self._waiting: Command | None = None
        self._doubted: Settings | None = None  # failed once with an error that may be transient
        self._keep_last_good()

    @property
    def outdated(self) -> bool:
        """Whether the camera program runs with other settings than are wanted."""
        return self.running is not self.wanted

    @property
    def healthy(self) -> bool:
        """Whether pictures come, as far as is known."""
        return self._healthy

    def reload(self, command: Command, unsupported: Callable[[Settings], SettingsError | None]) -> bool:
        """Read the files again, and answer `command` now or once a picture is there.

        Args:
            unsupported: gives the setting that this board or camera does not support. A new one is refused;
                one that was there before is a notice.

        Returns:
            whether the next picture will be another one.

        Raises:
            StillcamError: the file is wrong; the settings stay as they were.
        """
        try:
            new = self._profiles.settings(load(self._path))
        except StillcamError as failure:
            self._status.notice = f"{failure}; {STAY}"
            raise StillcamError(self._status.notice) from failure
        self._status.notice = None
        self._keep_last_good()
        return self._take(command, new, unsupported)

    def follow_profiles(self, command: Command, unsupported: Callable[[Settings], SettingsError | None]) -> bool:
        """As `reload`, with the profile that is to be in force now, and without reading files."""
        return self._take(command, self._profiles.chosen() or self.wanted, unsupported)

    def _take(self, command: Command, new: Settings, unsupported: Callable[[Settings], SettingsError | None]) -> bool:
        """Have the camera work with new settings; see `reload`."""
        if error := unsupported(new):
            before = unsupported(self.wanted)
            if before is None or str(before) != str(error):
                command.finish(self._refusal(str(error), error.field))
                if not self._profiles.trial:
                    self._status.notice = f"{self._path}: {error.field}: {error}"
                    self._profiles.undo()
                    return False
                command, new = Command(""), self._profiles.refuse(f"{error.field}: {error}")
            else:
                self._status.notice = f"{self._path}: {error.field}: {error}"
        old = self.wanted
        if new == old:
            self._confirm_profile()
            if self._waiting:
                self._supersede(command)
            else:
                command.finish(self._answer(in_force=self._healthy))
            return False
        self.wanted = new
        self._taken(old)
        self._number += 1
        if command.verb == "reload":
            logging.info("new settings from %s", self._path)
        if self._healthy and picture_settings(new) != picture_settings(old):
            self._supersede(command)
            return True
        if picture_settings(self.running) == picture_settings(new):
            self.running = new
            self._confirm_profile()
        command.finish(self._answer(in_force=self._healthy and not self._waiting))
        return picture_settings(new) != picture_settings(old)

    def start(self, mode: str) -> Settings:
        """Begin a mode: the settings for its camera program."""
        self._mode, self.running, self.confirmed = mode, self.wanted, False
        return self.running

    def adopt(self) -> None:
        """The running camera program already has the wanted settings."""
        self.running = self.wanted

    def have_worked(self, mode: str) -> bool:
        """Whether a picture has been made with the wanted settings in this mode."""
        return self._worked.get(mode) == self.wanted

    def defer(self) -> None:
        """Answer the pending reload: no picture with the new settings comes soon."""
        self._answer_waiting(self._answer(in_force=False))

    def confirm(self, frame: str) -> None:
        """A picture was made with the running settings."""
        self.confirmed = self._healthy = True
        self._worked[self._mode] = self.running
        if not self.outdated:
            self._status.revision = self._number
            self._profiles.confirm()
            self._answer_waiting(self._answer(in_force=True, frame=frame))

    def roll_back(self, error: CameraError) -> bool:
        """The camera has failed. True: new settings were on trial; start again with those now wanted."""
        good = self._worked.get(self._mode)
        if good is None and error.cause == "options" and self._profiles.active:  # since the start of the daemon
            self.wanted = self._profiles.refuse(error.reason)
            return True
        if good is None or not self._healthy or self.confirmed or not self._suspect(good, error):
            self._healthy = False
            self._answer_waiting(self._answer(in_force=False))
            return False
        if self.outdated:  # newer ones have come meanwhile: they may be better
            return True
        if error.cause in ("died", "short") and self._doubted is not self.running:
            self._doubted = self.running
            logging.warning("the camera failed with new settings, retrying once: %s", error)
            return True
        changed = _changed(good, self.wanted)
        if self._profiles.trial:
            self.wanted = self._profiles.refuse(error.reason)
            self._number += 1
            self._answer_waiting(self._refusal(error.reason, changed[0] if len(changed) == 1 else None))
            return True
        self.wanted = replace(self.wanted, **{name: getattr(good, name) for name in CAMERA_SECTIONS})
        self._profiles.undo()
        self._number += 1
        self._status.notice = f"the camera refused {', '.join(changed)} of {self._path}: {error.reason}"
        logging.warning("the camera refused %s; keeping the last settings that worked: %s", ", ".join(changed), error)
        field = changed[0] if len(changed) == 1 else None
        self._answer_waiting(self._refusal(error.reason, field))
        return True

    def _confirm_profile(self) -> None:
        """What the profile changes needs no other picture than those that come."""
        if self.confirmed and not self.outdated:
            self._profiles.confirm()

    def _keep_last_good(self) -> None:
        with suppress(RuntimeError):  # no memory for a thread, which is there as the disk may hang
            start(partial(save_last_good, self._path), "last good settings")

    def _suspect(self, good: Settings, error: CameraError) -> bool:
        if error.cause == "absent":
            old, new = good.camera, self.running.camera
            return (old.index, old.tuning_file) != (new.index, new.tuning_file)
        return error.cause not in OUTSIDE and bool(_changed(good, self.running))

    def _supersede(self, command: Command) -> None:
        """Let `command` wait for the next picture, and answer the one that waited before."""
        self._answer_waiting(self._answer(in_force=False) | {"superseded": True})
        self._waiting = command

    def _answer_waiting(self, answer: dict[str, Any]) -> None:
        if self._waiting:
            self._waiting.finish(answer)
            self._waiting = None

    def _refusal(self, reason: str, field: str | None) -> dict[str, Any]:
        return {"error": reason, "cause": "refused", "field": field, "settings": to_json(self.wanted)}

    def _answer(self, *, in_force: bool, frame: str | None = None) -> dict[str, Any]:
        answer = {"reloaded": True, "revision": self._number, "in_force": in_force, "frame": frame}
        return answer | self._profiles.overlay()


def picture_settings(settings: Settings) -> tuple[object, ...]:
    """What pictures depend on."""
    snapshot, live = replace(settings.snapshot, interval_s=1.0), replace(settings.live, auto=False, webrtc="")
    return settings.camera, snapshot, live, settings.controls, settings.privacy, settings.stamp


def _changed(old: Settings, new: Settings) -> list[str]:
    before, after = to_json(old), to_json(new)
    return [
        f"{section}.{name}"
        for section in CAMERA_SECTIONS
        for name in before[section] | after[section]
        if before[section].get(name) != after[section].get(name)
    ]
