"""The commands of the command socket: checked, queued for the camera's thread, and answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stillcam.capture.command_queue import CommandQueue
from stillcam.capture.status import Status
from stillcam.common import log
from stillcam.common.errors import CameraError, StillcamError
from stillcam.common.validate import number_error
from stillcam.ipc.protocol import Message

SCANS = 3  # multiple of the time for a picture that is allowed for a scan
LISTING_S = 45.0  # the camera program's time to answer, once another daemon has had its turn
RELOAD_TIMEOUT_S = 30.0
SERIES_TIMEOUT_S = 30.0
LEASE_S = 5.0  # where the message names no time
DAY_S = 86400
# The least and the most of each number in a message, and whether it must be whole, by command.
NUMBERS: Mapping[str, Mapping[str, tuple[float, float, bool]]] = {
    "lease": {"seconds": (0, 30, False)},
    "photo": {"count": (1, 100, True), "delay_s": (0, 3600, False)},
    "video": {"seconds": (1, DAY_S, True)},
    "trigger": {"seconds": (1, 3600, False)},
    "keep": {"seconds": (1, 30, False)},
    "level": {"after": (0, 1e9, True)},
}

Verb = Callable[[Message], Message]


class CommandHandler:
    """Answers the messages of the command socket, each in the thread of its connection.

    With `wait_s` in it, a command is answered after so many seconds at the latest, and carried out all the same.

    Args:
        picture_s: gives how long a picture that is requested now may take, in seconds.
        series_summary: gives the summary of the series of a name.
        others: further commands.
    """

    def __init__(
        self,
        commands: CommandQueue,
        status: Status,
        picture_s: Callable[[], float],
        series_summary: Callable[[str], Message],
        others: Mapping[str, Verb],
    ) -> None:
        self._commands = commands
        self._status = status
        self._picture_s = picture_s
        self._series_summary = series_summary
        self._verbs: dict[str, Verb] = {
            "snapshot": self._snapshot,
            "reload": self._reload,
            "focus": lambda message: self._result("focus", message, "result of the scan", SCANS * picture_s()),
            "cameras": self._cameras,
            "lease": self._lease,
            "photo": self._photo,
            "cancel": self._post_and_wait,
            "video": self._video,
            "stop": self._post_and_wait,
            "series": self._series,
            "trigger": self._post_and_wait,
            "keep": self._post_and_wait,
            "warnings": lambda _message: {"lines": log.recent_warnings()},
            **others,
        }

    def handle(self, message: Message) -> Message:
        """Answer one message.

        Raises:
            StillcamError: refused or failed; the text says why.
        """
        verb = message["command"]
        if verb not in self._verbs:
            raise StillcamError(f"unknown command {verb!r}: known commands are {', '.join(self._verbs)}")
        message = {name: value for name, value in message.items() if value is not None}
        for name, (low, high, whole) in {"wait_s": (0.0, DAY_S, False), **NUMBERS.get(verb, {})}.items():
            if name in message:
                value = None if whole and not isinstance(message[name], int) else message[name]
                if error := number_error(value, low, high, whole=whole):
                    raise StillcamError(f"{name} {error}")
        return self._verbs[verb](message)

    def _snapshot(self, message: Message) -> Message:
        """Answers with the name of a frame that was begun after the question."""
        timeout_s, status = _timeout_s(message, self._picture_s()), self._status
        if status.recording and not status.recording["picture"]:
            raise CameraError("busy", "a video is being recorded: there are no new pictures until it ends")
        try:
            name = status.wait_for_frame(lambda: self._commands.post("snapshot"), timeout_s)
        except TimeoutError as error:
            raise self._late("picture", timeout_s) from error
        if name is None:
            raise StillcamError(status.reason or "the capture failed: see `stillcam log`")
        return {"frame": name}

    def _reload(self, _message: Message) -> Message:
        """Answers once a picture has been made with the settings, or newer ones have come.

        `in_force` is false where no picture says so: there are newer settings (`superseded`), there
        is no camera now, or it takes long (a long exposure).
        """
        late = {"reloaded": True, "revision": None, "in_force": False, "frame": None}
        return self._commands.post("reload").wait(RELOAD_TIMEOUT_S) or late

    def _cameras(self, message: Message) -> Message:
        """Answers with the cameras of the last listing; `again` lists them now, which disturbs the camera in use."""
        if not message.get("again"):
            return self._status.cameras_to_json()
        return self._result("detect", message, "list of cameras", LISTING_S + self._picture_s())

    def _lease(self, message: Message) -> Message:
        self._commands.renew_lease(message.get("seconds", LEASE_S))
        return {"mode": self._status.mode}

    def _photo(self, message: Message) -> Message:
        """Answers with the `items` once all are taken; before, after `wait_s`, with how far it is (`taking`).

        With `wait_s`, a raw photo that must wait for the end of a video (`waits_for`) is answered at once.
        """
        if message.get("kind", "photo") not in ("photo", "raw"):
            raise StillcamError("kind must be photo or raw")
        return self._post_and_wait(message) or {"taking": self._status.taking}

    def _video(self, message: Message) -> Message:
        """Answers once it runs, or after `wait_s` (`recording`); with `wait` once it has ended, with the `items`."""
        return self._post_and_wait(message) or {"recording": self._status.recording}

    def _series(self, message: Message) -> Message:
        """Answers with the `series` as it is then, null if it was deleted; a refusal has `cause` and `field`."""
        answer = self._commands.post("series", message).wait(SERIES_TIMEOUT_S)
        if answer is None:
            raise StillcamError("the camera is busy: check later whether the command was carried out")
        return {"series": self._series_summary(answer["series"])} if answer.get("series") else answer

    def _post_and_wait(self, message: Message) -> Message:
        """The answer of the camera's thread; empty after `wait_s`."""
        return self._commands.post(message["command"], message).wait(message.get("wait_s")) or {}

    def _result(self, verb: str, message: Message, what: str, needed_s: float) -> Message:
        """The answer of the camera's thread to a command that takes `needed_s` at most."""
        timeout_s = _timeout_s(message, needed_s)
        answer = self._commands.post(verb).wait(timeout_s)
        if answer is None:
            raise self._late(what, timeout_s)
        return answer

    def _late(self, what: str, timeout_s: float) -> CameraError:
        why = self._status.reason or f"the exposure is long, or the camera is busy (mode {self._status.mode})"
        return CameraError("late", f"no {what} within {timeout_s:g} s: {why}; try again later")


def _timeout_s(message: Message, needed_s: float) -> float:
    return float(min(message.get("wait_s", needed_s), needed_s))
