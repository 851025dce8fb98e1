"""Receivers that Apprise knows: mail, Telegram, ntfy, Signal, Matrix and many others, by their address."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.notifications.addresses import Addresses
from stillcam.notifications.apprise_send import MISSING
from stillcam.notifications.events import Message
from stillcam.notifications.receiver import DeliveryError, picture_of_message

TIMEOUT_S = 45.0  # for one message
_PROGRAM = Path(__file__).with_name("apprise_send.py")


class AppriseChannel:
    """The channel to the receiver of this name."""

    kind = "notification"
    pictures = True

    def __init__(self, name: str, addresses: Addresses) -> None:
        self.name = name
        self._addresses = addresses

    @property
    def problem(self) -> str:
        """Why it cannot work yet, and what to do; empty: nothing is missing."""
        try:
            if not self._addresses.get(self.name):
                return f"it has no address yet: enter one, or run `stillcam receiver address {self.name}`"
        except StillcamError as error:
            return str(error)
        return "" if find_spec("apprise") else MISSING

    def close(self) -> None:
        """See `Channel`."""

    def deliver(self, message: Message) -> str:
        """See `Channel`."""
        if problem := self.problem:
            raise DeliveryError(problem)
        name, content = picture_of_message(message)
        request = {
            "address": self._addresses.get(self.name), "title": message.title, "text": message.text, "picture": name
        }  # fmt: skip
        argv = [sys.executable, "-P", str(_PROGRAM)]  # -P: the modules beside it are not for it
        try:
            done = subprocess.run(
                argv, input=json.dumps(request).encode() + b"\n" + content, capture_output=True, timeout=TIMEOUT_S,
                check=True,
            )  # fmt: skip
            answer = json.loads(done.stdout)
        except subprocess.TimeoutExpired as error:
            raise DeliveryError(f"the service has not answered within {TIMEOUT_S:g} s") from error
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            raise DeliveryError(f"Apprise cannot be run ({type(error).__name__})") from error
        if answer["error"]:
            raise DeliveryError(answer["error"])
        return answer["note"] or ""
