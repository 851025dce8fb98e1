#!/usr/bin/env python3
"""Has Stillcam record an event while a motion sensor (PIR) on a GPIO pin is active.

It needs gpiozero, and reads its settings from the environment; docs/integrate/gpio.md explains them. Status 2: the
settings are wrong, or the pin cannot be used.
"""

import json
import os
import sys
import time
from http.client import HTTPException
from typing import NoReturn
from urllib.error import HTTPError
from urllib.request import Request, urlopen

LEAST_S, MOST_S = 1.0, 3600.0  # of an event
RETRY_S = 2.0
TIMEOUT_S = 20.0  # the server answers within 16 s


def main() -> None:
    pin, seconds = setting("GPIO_PIN"), length(setting("EVENT_SECONDS", "10"))
    camera = Camera(setting("CAMERA_URL", "http://127.0.0.1:8080"), setting("CAMERA_TOKEN"), seconds)
    try:
        from gpiozero import MotionSensor
    except ImportError as error:
        die(f"gpiozero cannot be imported ({error}): sudo apt install -y python3-gpiozero python3-lgpio")
    try:
        sensor = MotionSensor(pin)
    except Exception as error:  # noqa: BLE001 - the libraries below gpiozero have no common class of errors
        die(f"GPIO {pin} cannot be used ({error}): check GPIO_PIN, and that python3-lgpio is installed")
    say(f"waiting for motion on GPIO {pin}")
    while True:
        sensor.wait_for_motion()
        # While the sensor stays active, the event goes on: the next request comes before its end.
        time.sleep(seconds / 2 if camera.trigger() else RETRY_S)


class Camera:
    """Requests events.

    Args:
        url: of the page, without a slash at the end.
        token: with the scope control.
        seconds: length of an event.
    """

    def __init__(self, url: str, token: str, seconds: float) -> None:
        if not url.startswith(("http://", "https://")):
            die(f"CAMERA_URL must begin with http:// or https://, not {url}")
        body = json.dumps({"seconds": seconds}).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._request = Request(f"{url.rstrip('/')}/api/motion/trigger", body, headers)  # noqa: S310 - as checked above
        self._failure = ""  # of the last request; each is logged once

    def trigger(self) -> bool:
        """Begin an event, or have the one that lasts go on; whether the camera does so."""
        failure = self._ask()
        if failure and failure != self._failure:
            say(f"no event: {failure}; retrying every {RETRY_S:g} s while the sensor is active")
        elif self._failure and not failure:
            say("events are recorded again")
        self._failure = failure
        return not failure

    def _ask(self) -> str:
        """Send the request; why it failed, else nothing."""
        try:
            with urlopen(self._request, timeout=TIMEOUT_S):  # noqa: S310
                return ""
        except HTTPError as error:
            with error:
                return reason(error)
        except (OSError, HTTPException) as error:
            return f"{self._request.full_url} does not answer ({getattr(error, 'reason', error)})"


def reason(error: HTTPError) -> str:
    """Why the server has refused."""
    if address := error.headers["Location"]:
        return f"the server is at {address}: change CAMERA_URL"
    if error.code in (401, 403):
        return "the server refuses CAMERA_TOKEN; make another one by sudo stillcam token add gpio --scope control"
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError):
        return f"the server answers {error.code} {error.reason}"


def setting(name: str, default: str = "") -> str:
    """The value of an environment variable."""
    return os.environ.get(name) or default or die(f"{name} is missing: set it in /etc/default/stillcam-gpio")


def length(text: str) -> float:
    """The length of an event in seconds."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not LEAST_S <= seconds <= MOST_S:
        die(f"EVENT_SECONDS must be from {LEAST_S:g} to {MOST_S:g}, not {text}")
    return seconds


def say(text: str) -> None:
    print(f"motion_sensor.py: {text}", file=sys.stderr, flush=True)


def die(text: str) -> NoReturn:
    say(text)
    sys.exit(2)


if __name__ == "__main__":
    main()
