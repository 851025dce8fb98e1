"""The commands of the command socket: checked, queued for the camera's thread, and answered."""

from __future__ import annotations

from collections.abc import Callable

from stillcam.capture.command_queue import CommandQueue
from stillcam.capture.status import Status
from stillcam.common.errors import CameraError, StillcamError
from stillcam.common.validate import number_error
from stillcam.ipc.protocol import Message

MAX_LEASE_S = 30.0
PICTURE_S = 30.0  # for a picture, whatever the settings
SCANS = 3  # pictures that a scan may need, and what ran before
LISTING_S = 45.0  # the camera program's time to answer, once another daemon has had its turn
RELOAD_TIMEOUT_S = 30.0
SERIES_TIMEOUT_S = 30.0
MAX_COUNT = 100  # photos of a burst
MAX_DELAY_S = 3600.0
MAX_VIDEO_S = 86400


class CommandHandler:
    """Answers the messages of the command socket, each in the thread of its connection.

    Args:
        commands: takes what only the camera's thread may do.
        status: the camera's.
        describe: gives the whole status of the daemon.
        picture_s: gives how long a picture that is requested now may take, in seconds.
        series_summary: gives the summary of the series of a name.
        films: answers the commands for films.
    """

    def __init__(
        self,
        commands: CommandQueue,
        status: Status,
        describe: Callable[[], Message],
        picture_s: Callable[[], float],
        series_summary: Callable[[str], Message],
        films: Callable[[Message], Message],
    ) -> None:
        self._commands = commands
        self._status = status
        self._picture_s = picture_s
        self._series_summary = series_summary
        self._verbs: dict[str, Callable[[Message], Message]] = {
            "status": lambda _message: describe(),
            "snapshot": self._snapshot,
            "reload": self._reload,
            "focus": self._focus,
            "cameras": self._cameras,
            "lease": self._lease,
            "photo": self._photo,
            "cancel": self._wait_for_answer,
            "video": self._video,
            "stop": self._wait_for_answer,
            "series": self._series,
            "film": films,
        }

    def handle(self, message: Message) -> Message:
        """Answer one message.

        Raises:
            StillcamError: refused or failed; the text says why.
        """
        if message["command"] not in self._verbs:
            raise StillcamError(f"unknown command {message['command']!r}: it may be {', '.join(self._verbs)}")
        return self._verbs[message["command"]](message)

    def _snapshot(self, message: Message) -> Message:
        """Answers with the name of a frame that was begun after the question; refuses after `wait_s` at the latest."""
        timeout_s, status = self._timeout_s(message, self._picture_s()), self._status.to_json()
        if status["recording"] and not status["abilities"].get("stills_in_videos"):
            raise CameraError("busy", "a video is being made: there is no new picture before it ends")
        with self._status.next_frame() as frame:
            self._commands.post("snapshot")
            try:
                name = frame(timeout_s)
            except TimeoutError as error:
                raise self._late("picture", timeout_s) from error
        if name is None:
            raise StillcamError(self._status.to_json()["reason"] or "the capture failed: see data/logs/capture.log")
        return {"frame": name}

    def _reload(self, _message: Message) -> Message:
        """Answers once a picture has been made with the settings, or newer ones have come.

        `in_force` is false where no picture says so: there are newer settings (`superseded`), there
        is no camera now, or it takes long (a long exposure).
        """
        late = {"reloaded": True, "revision": None, "in_force": False, "frame": None}
        return self._commands.post("reload").wait(RELOAD_TIMEOUT_S) or late

    def _focus(self, message: Message) -> Message:
        """Answers with what one scan found: `state` (focused, failed), `lens_position` (dioptres), `distance_m`.

        Refuses after `wait_s` at the latest; the scan goes on.
        """
        timeout_s = self._timeout_s(message, SCANS * self._picture_s())
        answer = self._commands.post("focus").wait(timeout_s)
        if answer is None:
            raise self._late("result of the scan", timeout_s)
        return answer

    def _cameras(self, message: Message) -> Message:
        """Answers with the cameras of the last listing; `again` lists them now, which disturbs the camera in use.

        Refuses after `wait_s` at the latest; they are listed all the same.
        """
        if not message.get("again"):
            return self._status.cameras()
        timeout_s = self._timeout_s(message, LISTING_S + self._picture_s())
        answer = self._commands.post("detect").wait(timeout_s)
        if answer is None:
            raise self._late("list of cameras", timeout_s)
        return answer

    def _lease(self, message: Message) -> Message:
        seconds = message.get("seconds", 5.0)
        number("a lease's seconds", seconds, 0, MAX_LEASE_S)
        self._commands.renew_lease(seconds)
        return {"mode": self._status.to_json()["mode"]}

    def _photo(self, message: Message) -> Message:
        """Answers with the `items` once all are taken; before, after `wait_s`, with how far it is (`taking`)."""
        if message.get("kind", "photo") not in ("photo", "raw"):
            raise StillcamError("kind must be photo or raw")
        number("count", message.get("count", 1), 1, MAX_COUNT, whole=True)
        number("delay_s", message.get("delay_s", 0), 0, MAX_DELAY_S)
        answer = self._wait_for_answer(message)
        return answer or {"taking": self._status.to_json()["taking"]}

    def _video(self, message: Message) -> Message:
        """Answers once it runs, or after `wait_s` (`recording`); with `wait` once it has ended, with the `items`."""
        if message.get("seconds") is not None:
            number("seconds", message["seconds"], 1, MAX_VIDEO_S, whole=True)
        return self._wait_for_answer(message) or {"recording": self._status.to_json()["recording"]}

    def _series(self, message: Message) -> Message:
        """Answers with the `series` as it is then, null for one that is gone; a refusal has `cause` and `field`."""
        answer = self._commands.post("series", message).wait(SERIES_TIMEOUT_S)
        if answer is None:
            raise StillcamError("the camera is busy: look again whether it was done")
        return {"series": self._series_summary(answer["series"])} if answer.get("series") else answer

    def _timeout_s(self, message: Message, needed_s: float) -> float:
        if (wait_s := message.get("wait_s")) is None:
            return needed_s
        number("wait_s", wait_s, 0, MAX_VIDEO_S)
        return float(min(wait_s, needed_s))

    def _late(self, what: str, timeout_s: float) -> CameraError:
        """The time-out error."""
        status = self._status.to_json()
        why = status["reason"] or f"the exposure is long, or the camera is busy (mode {status['mode']})"
        return CameraError("late", f"no {what} within {timeout_s:g} s: {why}; try again later")

    def _wait_for_answer(self, message: Message) -> Message:
        """The answer of the camera's thread; nothing after `wait_s`."""
        wait_s = message.get("wait_s")
        if wait_s is not None:
            number("wait_s", wait_s, 0, MAX_VIDEO_S)
        return self._commands.post(message["command"], message).wait(wait_s) or {}


def number(name: str, value: object, low: float, high: float, *, whole: bool = False) -> None:
    """Check a number of a message.

    Raises:
        StillcamError: it is no number, or out of range.
    """
    if whole and not isinstance(value, int):
        value = None
    if error := number_error(value, low, high, whole=whole):
        raise StillcamError(f"{name} {error}")
