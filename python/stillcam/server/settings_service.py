"""Where settings are changed over HTTP: one change after the other, each whole or not at all.

A change is merged into what the file holds at that moment, whoever wrote it, and is kept only
if the camera takes it. Who is answered knows: all of it is in force, or the reason why not.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from stillcam.common.errors import SettingsError, StillcamError
from stillcam.http.messages import Refused
from stillcam.http.tls import Certificate
from stillcam.ipc.daemon_client import DaemonClient
from stillcam.ipc.protocol import Refusal, ask
from stillcam.server.live.cache import FrameCache
from stillcam.server.security.host_check import check_host
from stillcam.server.security.own_names import own_names
from stillcam.server.shared_settings import HouseRules
from stillcam.settings import tuning_files
from stillcam.settings.controls import Values, reason_against
from stillcam.settings.document import to_json
from stillcam.settings.file import load, save
from stillcam.settings.live import SettingsInForce, file_version
from stillcam.settings.schema import Settings

RELOAD_TIMEOUT_S = 40.0  # the daemon itself gives up after 30
TURN_S = 20.0  # how long one waits for somebody else's change
HAND_EDITS = 10  # so many running, and we give up

_USE_CASES = ("live", "photo", "raw", "video")

Change = Callable[[Settings], Settings]


@dataclass(frozen=True, slots=True)
class Held:
    """The settings.

    Args:
        notice: what a person should know about them; None: nothing.
        wait_for: the frame that has been made with them, where this server does not have it yet.
    """

    settings: Settings
    notice: str | None = None
    wait_for: str | None = None

    @property
    def tag(self) -> str:
        """An ETag: another one for other settings."""
        text = json.dumps(to_json(self.settings), sort_keys=True)
        return f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


class Outdated(Exception):
    """The change was meant for other settings.

    Args:
        held: those that there are now.
    """

    def __init__(self, held: Held) -> None:
        super().__init__()
        self.held = held


class SettingsDesk:
    """Reads and changes the settings; safe to use from any thread.

    Args:
        path: the settings file.
        in_force: what the web server itself goes by.
        link: to the daemon.
        commands: the daemon's socket.
        frames: this server's: who is answered sees the picture with the new settings.
        rules: what several cameras have to keep to.
        names: gives this machine's names.
    """

    def __init__(
        self,
        path: Path,
        in_force: SettingsInForce,
        link: DaemonClient,
        commands: Path,
        frames: FrameCache,
        rules: HouseRules = HouseRules(),  # noqa: B008 - frozen
        names: Callable[[], frozenset[str]] = own_names,
    ) -> None:
        self._path = path
        self._in_force = in_force
        self._link = link
        self._commands = commands
        self._frames = frames
        self.rules = rules
        self._names = names
        self._turn = threading.Lock()

    def read(self) -> Held:
        """The settings in force, and what is wrong with the file."""
        return Held(self._in_force(), self._in_force.wrong)

    def revision(self) -> str:
        """The ETag of the settings, and behind it what is wrong with their file."""
        held = self.read()
        return f"{held.tag} {held.notice}" if held.notice else held.tag

    def change(self, change: Change, host: str, wanted_tag: str | None = None, *, restoring: bool = False) -> Held:
        """Change the settings, and have server and camera go by them.

        Args:
            change: gives the new settings from the old ones, or raises SettingsError.
            host: by which name or address the server was called: it must stay reachable there.
            wanted_tag: an If-Match header; None: whatever the settings are.
            restoring: keep controls that this camera has not got: they wait for one that has.

        Raises:
            Outdated: `wanted_tag` is not theirs.
            Refused: the change is wrong (422), the file is (409), or it cannot be written now (503).
                The settings are as they were.
        """
        if not self._turn.acquire(timeout=TURN_S):
            raise Refused(503, "somebody else's change is not done yet: try again", headers={"Retry-After": "5"})
        try:
            old, new = self._saved(change, host, wanted_tag, restoring)
            self._in_force.take(new)
            try:
                return Held(new, *self._camera_takes_it())
            except Refusal as refusal:
                self._put_back(old, new)
                field = refusal.answer.get("field")
                raise Refused(422, f"the camera refuses this: {refusal}", field) from refusal
        finally:
            self._turn.release()

    def _saved(self, change: Change, host: str, wanted_tag: str | None, restoring: bool) -> tuple[Settings, Settings]:
        """The settings before and after, the latter written; started over when the file is edited meanwhile."""
        for _ in range(HAND_EDITS):
            version = file_version(self._path)
            try:
                old = load(self._path)
            except StillcamError as error:
                raise Refused(409, f"{error}: mend this file, or remove it, then try again") from error
            if wanted_tag is not None and not _names(wanted_tag, Held(old).tag):
                raise Outdated(Held(old))
            new = self._checked(old, change, host, restoring)
            if file_version(self._path) != version:
                continue
            try:
                if new != old:
                    save(self._path, new)
            except StillcamError as error:
                raise Refused(503, str(error)) from error
            return old, new
        raise Refused(503, f"{self._path} is being changed again and again: try again", headers={"Retry-After": "5"})

    def _checked(self, old: Settings, change: Change, host: str, restoring: bool) -> Settings:
        try:
            new = change(old)
            if new.hooks != old.hooks and not restoring:
                raise SettingsError("can be set on the camera's machine only: in data/settings.json", "hooks")
            new = replace(new, hooks=old.hooks)  # what runs here comes out of no back-up either
            new = self.rules.applied(old, new)
            if self.rules.first:
                _check_way_back(new, host, self._names())
                _check_certificate(old, new, self._path.parent)
            if not restoring:
                self._check_controls(old, new)
        except SettingsError as error:
            raise Refused(422, str(error), error.field or None) from error
        return new

    def _check_controls(self, old: Settings, new: Settings) -> None:
        """Refuse controls that this camera has not got; those that were there before may stay."""
        if old.camera.index != new.camera.index:
            return  # which the other camera has is not known yet
        status = self._link.status()
        modes = tuning_files.modes(new.camera.tuning_file, status.get("camera"))
        before, after = _controls(old), _controls(new)
        for section, values in after.items():
            for name, value in values.items():
                if before[section].get(name) != value and (
                    reason := reason_against(name, value, status.get("abilities"), status.get("camera"), modes)
                ):
                    raise SettingsError(reason, f"{section}.{name}")

    def _camera_takes_it(self) -> tuple[str | None, str | None]:
        """Have the daemon read the file.

        Returns:
            why no picture has been made with the settings yet (None: one has), and see `Held.wait_for`.

        Raises:
            Refusal: the camera does not work with them.
        """
        try:
            answer = ask(self._commands, {"command": "reload"}, RELOAD_TIMEOUT_S)
        except Refusal as refusal:
            if refusal.cause == "refused":
                raise
            return f"the settings are saved, but: {refusal}", None
        except StillcamError as error:
            return f"the settings are saved, but: {error}", None
        finally:
            self._link.forget()
        if answer.get("in_force", True):
            return None, self._frames.catch_up()
        reason = self._link.status().get("reason") or "it is busy"
        return f"the settings are saved, but the camera has made no picture with them yet: {reason}", None

    def _put_back(self, old: Settings, new: Settings) -> None:
        """The settings from before, unless somebody has edited the file meanwhile."""
        try:
            if load(self._path) == new:
                save(self._path, old)
            self._in_force.look()
            ask(self._commands, {"command": "reload"}, RELOAD_TIMEOUT_S)
        except StillcamError as error:
            logging.warning("settings that the camera refused: %s", error)


def _names(if_match: str, tag: str) -> bool:
    """Whether an If-Match header names this tag (RFC 9110, section 13.1.1)."""
    return if_match.strip() == "*" or tag in (part.strip() for part in if_match.split(","))


def _controls(settings: Settings) -> dict[str, Values]:
    """All controls that are set, by their dotted section."""
    return {"controls": settings.controls} | {
        f"{name}.controls": getattr(settings, name).controls for name in _USE_CASES
    }


def _check_way_back(new: Settings, host: str, names: frozenset[str]) -> None:
    """Refuse to forget the name by which we were called just now."""
    try:
        check_host(host, names, new.access.hosts)
    except Refused as refused:
        text = f"must keep {host}, or you lock yourself out: that is how this page was opened"
        raise SettingsError(text, "access.hosts") from refused


def _check_certificate(old: Settings, new: Settings, data: Path) -> None:
    """Refuse what would keep the server from its next start."""
    server = new.server
    files = server.tls_certificate, server.tls_key
    if files == (old.server.tls_certificate, old.server.tls_key) or not any(files):
        return
    try:
        Certificate.of(server, data)
    except StillcamError as error:
        name, found, text = str(error).partition(": ")
        field = name if found and name in ("server.tls_certificate", "server.tls_key") else "server.tls_certificate"
        raise SettingsError(text if field == name else str(error), field) from error
