"""Changes of the settings over HTTP: one at a time, each complete or not at all.

A change is merged into the current content of the file, and is kept only if the camera accepts it. The answer says
that all of it is in force, or why it is not.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stillcam.common.errors import SettingsError, StillcamError
from stillcam.http.messages import Refused
from stillcam.http.tls import Certificate
from stillcam.ipc.protocol import Message, Refusal, ask
from stillcam.server.camera_context import CameraContext
from stillcam.server.errors import RETRY
from stillcam.server.profile_edit import ProfileChange, ProfileEdit, check_profiles
from stillcam.server.security.host_check import check_host
from stillcam.settings import tuning_files
from stillcam.settings.controls import Values, reason_against
from stillcam.settings.document import to_json
from stillcam.settings.file import file_version, load, save
from stillcam.settings.in_force import NO_OVERLAY, Overlay, overlay_of, with_overlay
from stillcam.settings.mask_camera import with_mask_camera
from stillcam.settings.schema import SHARED_SECTIONS, ServerSettings, Settings

RELOAD_TIMEOUT_S = 40.0  # the daemon itself gives up after 30
LOCK_TIMEOUT_S = 20.0  # timeout for another client's change to finish
HAND_EDITS = 10  # attempts while the file is edited by hand at the same time

if TYPE_CHECKING:
    from stillcam.server.profile_edit import Profiles

_USE_CASES = ("live", "photo", "raw", "video")

Change = Callable[[Settings], Settings]


@dataclass(frozen=True, slots=True)
class SettingsState:
    """Settings, what keeps them from being in force, and the frame made with them if this server does not have it."""

    settings: Settings  # of the file
    notice: str | None = None
    wait_for: str | None = None
    overlay: Overlay = NO_OVERLAY  # the active profile

    @property
    def in_force(self) -> Settings:
        """The settings with the changes of the active profile."""
        return with_overlay(self.settings, self.overlay)

    @property
    def tag(self) -> str:
        from hashlib import sha256

        text = json.dumps([to_json(self.settings), self.overlay.name, self.overlay.changes], sort_keys=True)
        return f'"{sha256(text.encode()).hexdigest()[:16]}"'


class Outdated(Exception):
    """The settings have changed since the client read them; they are now as in `state`."""

    def __init__(self, state: SettingsState) -> None:
        super().__init__()
        self.state = state


class SettingsService:
    """Reads and changes the settings of a camera; safe to use from any thread.

    The primary camera's file, the first of `contexts`, holds the sections that count for all: they are `hidden` for
    the others. No camera belongs to two daemons.
    """

    def __init__(
        self, context: CameraContext, contexts: Sequence[CameraContext], names: Callable[[], frozenset[str]]
    ) -> None:
        self._context = context
        self._others = [other for other in contexts if other is not context]
        self._path = context.paths.settings
        self._follower = context.follower
        self._names = names
        self._primary = context is contexts[0]
        self.hidden: tuple[str, ...] = () if self._primary else SHARED_SECTIONS
        self._lock = threading.Lock()

    def read(self) -> SettingsState:
        """The settings of the file, what is wrong with it, and the active profile."""
        return SettingsState(self._follower.current(), self._follower.error, overlay=self._follower.overlay)

    def revision(self) -> str:
        """The ETag of the settings, and behind it what is wrong with their file."""
        state = self.read()
        return f"{state.tag} {state.notice}" if state.notice else state.tag

    def change(
        self,
        change: Change,
        host: str,
        wanted_tag: str | None = None,
        *,
        restoring: bool = False,
        profiles: ProfileChange | None = None,
    ) -> SettingsState:
        """Change the settings, and apply them to server and camera.

        Args:
            change: returns the new settings from the old ones, or raises SettingsError.
            profiles: returns the new profiles from the old ones and the new settings, or raises SettingsError; None:
                they stay as they are.
            host: the host name or address of the request: the server must stay reachable there.
            wanted_tag: an If-Match header; None: whatever the settings are.
            restoring: keep controls that this camera does not support.

        Raises:
            Outdated: `wanted_tag` is not theirs.
            SettingsError: the change is wrong, or the camera refuses it.
            Refused: the file is wrong (409), or others are changing it (503).
            StillcamError: the file cannot be written. The settings are unchanged in all of these cases.
        """
        if not self._lock.acquire(timeout=LOCK_TIMEOUT_S):
            raise Refused(503, "another change is still being applied: try again in a few seconds", headers=RETRY)
        try:
            old, new = self._save(change, host, wanted_tag, restoring)
            edit = (
                ProfileEdit(self._path.parent, partial(self._new_profiles, profiles, new, restoring))
                if profiles
                else None
            )
            try:
                if edit:
                    edit.save()
            except (StillcamError, Refused):
                self._restore(old, new)
                raise
            self._follower.replace(new)
            try:
                notice, wait_for = self._reload_daemon(new)
                return SettingsState(new, notice, wait_for, self._follower.overlay)
            except Refusal as refusal:
                if edit:
                    edit.undo()
                self._roll_back(old, new)
                field = refusal.answer.get("field")
                raise SettingsError(f"the camera refuses this: {refusal}", field or "") from refusal
        finally:
            self._lock.release()

    def arm(self, armed: bool, host: str = "127.0.0.1") -> SettingsState:
        """Arm or disarm the camera; as `change`. An address of this machine stays allowed whatever the settings are."""

        def changed(old: Settings) -> Settings:
            return replace(old, motion=replace(old.motion, armed=armed))

        if "armed" in self._follower.overlay.changes.get("motion", {}):
            answer = self.command_profile({"action": "arm", "armed": armed})
            if answer["changed"]:
                return self.read()
        return self.change(changed, host)

    def command_profile(self, message: Message) -> Message:
        """Send the command `profile` to the daemon, and follow what it applies.

        Raises:
            SettingsError: the daemon or the camera refuses it.
            StillcamError: the daemon does not answer.
        """
        try:
            answer = ask(self._context.paths.socket, {"command": "profile", **message}, RELOAD_TIMEOUT_S)
        except Refusal as refusal:
            if refusal.cause != "refused":
                raise
            raise SettingsError(str(refusal), refusal.answer.get("field") or "") from refusal
        finally:
            self._context.daemon.invalidate()
        self._follow(self._follower.current(), answer)
        return answer

    def arm_by_message(self, armed: bool) -> None:
        """As `arm`, for a command that no HTTP request brings. Raises StillcamError: it has not taken effect."""
        try:
            state = self.arm(armed)
        except Refused as refused:
            raise StillcamError(str(refused)) from refused
        if state.notice:
            raise StillcamError(state.notice)

    def _save(self, change: Change, host: str, wanted_tag: str | None, restoring: bool) -> tuple[Settings, Settings]:
        """Write the file; returns the settings before and after. Starts over if the file is edited meanwhile."""
        for _ in range(HAND_EDITS):
            version = file_version(self._path)
            try:
                old = load(self._path)
            except StillcamError as error:
                raise Refused(409, f"{error}: correct or delete this file, then try again") from error
            state = SettingsState(old, overlay=self._follower.overlay)
            if wanted_tag is not None and not _matches(wanted_tag, state.tag):
                raise Outdated(state)
            new = self._new_settings(old, change, host, restoring)
            if file_version(self._path) == version:
                if new != old:
                    save(self._path, new)
                return old, new
        raise Refused(503, f"another program keeps changing {self._path}: try again", headers=RETRY)

    def _new_settings(self, old: Settings, change: Change, host: str, restoring: bool) -> Settings:
        new = change(old)
        if new.hooks != old.hooks and not restoring:
            raise SettingsError("can only be set on the camera's machine, in data/settings.json", "hooks")
        new = replace(new, hooks=old.hooks)  # a backup does not restore commands that run on this machine either
        if not self._primary:
            new = replace(new, access=old.access, server=old.server)
        index = new.camera.index
        if index != old.camera.index and any(index == other.settings().camera.index for other in self._others):
            raise SettingsError("is used on another camera's page: choose another number", "camera.index")
        if self._primary:
            _check_host_stays_allowed(new, host, self._names())
            _check_certificate(old, new, self._path.parent)
        if not restoring:
            self._check_controls(old, new)
        return with_mask_camera(new, lambda: self._context.daemon.status().get("camera"))

    def _new_profiles(self, change: ProfileChange, settings: Settings, restoring: bool, old: Profiles) -> Profiles:
        new = change(settings, old)
        if not restoring:
            check_profiles(new, old, settings, self._check_controls)
        return new

    def _check_controls(self, old: Settings, new: Settings) -> None:
        """Refuse controls that this camera does not support; those that were set before may stay."""
        if old.camera.index != new.camera.index:
            return  # the controls of the other camera are not known yet
        status = self._context.daemon.status()
        modes = tuning_files.modes(new.camera.tuning_file, status.get("camera"))
        before, after = _controls(old), _controls(new)
        for section, values in after.items():
            for name, value in values.items():
                if before[section].get(name) != value and (
                    reason := reason_against(name, value, status.get("abilities"), status.get("camera"), modes)
                ):
                    raise SettingsError(reason, f"{section}.{name}")

    def _follow(self, settings: Settings, answer: Message) -> None:
        """Use the profile that the daemon has just applied, without waiting for the file that it writes."""
        if overlay := answer.get("overlay"):
            self._follower.replace(settings, overlay_of(overlay))

    def _reload_daemon(self, new: Settings) -> tuple[str | None, str | None]:
        """Have the daemon reload the files; returns what keeps the settings from being in force, and `wait_for`.

        Raises:
            Refusal: the camera does not work with these settings.
        """
        try:
            answer = ask(self._context.paths.socket, {"command": "reload"}, RELOAD_TIMEOUT_S)
        except StillcamError as error:
            if isinstance(error, Refusal) and error.cause == "refused":
                raise
            return f"the settings are saved, but: {error}", None
        finally:
            self._context.daemon.invalidate()
        self._follow(new, answer)
        if answer.get("in_force", True):
            return None, self._context.cache.catch_up()
        reason = self._context.daemon.status().get("reason") or "it is busy"
        return f"the settings are saved, but the camera has taken no picture with them yet: {reason}", None

    def _restore(self, old: Settings, new: Settings) -> None:
        if new != old and load(self._path) == new:
            save(self._path, old)

    def _roll_back(self, old: Settings, new: Settings) -> None:
        """Restore the previous settings, unless the file has been edited meanwhile, and reload the daemon."""
        try:
            self._restore(old, new)
            self._follower.reload()
            ask(self._context.paths.socket, {"command": "reload"}, RELOAD_TIMEOUT_S)
        except StillcamError as error:
            logging.warning("settings that the camera refused: %s", error)


def _matches(if_match: str, tag: str) -> bool:  # RFC 9110, section 13.1.1
    return if_match.strip() == "*" or tag in (part.strip() for part in if_match.split(","))


def _controls(settings: Settings) -> dict[str, Values]:
    """Those that are set, by their dotted section."""
    return {"controls": settings.controls} | {
        f"{name}.controls": getattr(settings, name).controls for name in _USE_CASES
    }


def _check_host_stays_allowed(new: Settings, host: str, names: frozenset[str]) -> None:
    """Refuse settings with which the host name of this request would no longer be accepted."""
    try:
        check_host(host, names, new.access.hosts)
    except Refused as refused:
        text = f"must contain {host}, the name of this page's address: without it you would lock yourself out"
        raise SettingsError(text, "access.hosts") from refused


def _check_certificate(old: Settings, new: Settings, data: Path) -> None:
    before, files = ((each.server.tls_certificate, each.server.tls_key) for each in (old, new))
    if files != before:
        check_certificate(new.server, data)


def check_certificate(server: ServerSettings, data: Path) -> None:
    """Refuse certificate settings with which the server could not start.

    Raises:
        SettingsError: they name files that cannot be used.
    """
    try:
        Certificate.of(server.tls_certificate, server.tls_key, data)
    except StillcamError as error:
        name, found, text = str(error).partition(": ")
        field = name if found and name in ("server.tls_certificate", "server.tls_key") else "server.tls_certificate"
        raise SettingsError(text if field == name else str(error), field) from error
