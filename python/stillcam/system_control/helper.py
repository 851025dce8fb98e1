"""`python -m stillcam.system_control.helper`: the program that systemd starts as root for each request.

Its standard input is the connection. It accepts one of the verbs, no arguments, and one action at a time; a web server
that an attacker controls can do these actions, no faster than the limits allow, and nothing else.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from stillcam.common.atomic_write import replace_file
from stillcam.system_control import status
from stillcam.system_control.request import RefusedError, encode_answer
from stillcam.system_control.verbs import PAUSE_S, SINCE_BOOT_S, VERBS, Verb

LINE_S = 5.0  # for the whole verb to arrive
MAX_VERB_BYTES = 16
ANSWERED_S = 1.0  # for the web server to send its answer before it is stopped
PROGRAM_S = 150.0  # for a restart; systemd gives each service 60 s


class Helper:
    """Carries out one verb.

    Args:
        folder: for the status and the limits; only root can write there.
        uptime_s: seconds since the machine started.
    """

    def __init__(self, folder: Path, uptime_s: float) -> None:
        self._folder = folder
        self._uptime_s = uptime_s

    def serve(self, connection: socket.socket) -> None:
        """Read a verb, answer, and carry it out.

        Raises:
            OSError: the client sent no verb in time.
        """
        name = read_verb(connection)
        try:
            with status.exclusive(self._folder):
                verb = self._accept(name)
                begun = status.started(name, "")
                status.write(self._folder, begun)
                self._answer_accepted(connection, begun)
                self._carry_out(verb, begun)
        except RefusedError as error:
            logging.warning("refused %r: %s", name, error)
            connection.sendall(encode_answer(str(error), error.wait_s))
        except status.BusyError:
            now = status.read(self._folder)
            logging.warning("refused %r: busy with %s", name, now and now.verb)
            connection.sendall(encode_answer("another action is running: wait until it has ended", PAUSE_S))

    def _accept(self, name: str) -> Verb:
        """The verb, if the limits allow it, and note that."""
        verb = VERBS.get(name)
        if verb is None:
            raise RefusedError("the system helper of this version does not know this action: reload the page", 0.0)
        waits = [self._last_s(name) + verb.pause_s - self._uptime_s]
        waits += [self._last_s(other) + PAUSE_S - self._uptime_s for other in VERBS]
        if verb.ends_machine:
            waits.append(SINCE_BOOT_S - self._uptime_s)
        if (wait_s := max(waits)) > 0:
            raise RefusedError(
                f"too soon after the last action or the start of the machine: wait {wait_s:.0f} s", wait_s
            )
        replace_file(self._folder / f"last-{name}", repr(self._uptime_s).encode(), durable=False)
        return verb

    def _last_s(self, name: str) -> float:
        """The uptime at which a verb was last accepted."""
        try:
            return float((self._folder / f"last-{name}").read_text())
        except FileNotFoundError:
            return float("-inf")

    def _answer_accepted(self, connection: socket.socket, begun: status.Status) -> None:
        """Nothing is done for a client that has left."""
        try:
            connection.sendall(encode_answer())
            connection.close()
        except OSError:
            status.write(self._folder, replace(begun, state=status.FAILED, text="the web server left too early"))
            raise

    def _carry_out(self, verb: Verb, begun: status.Status) -> None:
        time.sleep(ANSWERED_S)
        logging.info("%s: %s", begun.verb, " ".join(verb.argv))
        failed = run(verb.argv)
        if failed:
            logging.error("%s failed: %s", begun.verb, failed)
            status.write(self._folder, replace(begun, state=status.FAILED, text=failed))
        elif not verb.reports:
            status.write(self._folder, replace(begun, state=status.DONE))


def read_verb(connection: socket.socket) -> str:
    """The line that the client sends; what is longer, or no text, is no verb.

    Raises:
        OSError: it does not come in time.
    """
    until_s, data = time.monotonic() + LINE_S, b""
    while not data.endswith(b"\n") and len(data) <= MAX_VERB_BYTES:
        if (left_s := until_s - time.monotonic()) <= 0:
            raise TimeoutError(f"only {len(data)} bytes came within {LINE_S:g} s")
        connection.settimeout(left_s)
        part = connection.recv(MAX_VERB_BYTES + 1 - len(data))
        if not part:
            break
        data += part
    connection.settimeout(LINE_S)  # for the answer
    return data.removesuffix(b"\n").decode("ascii", "replace")


def run(argv: tuple[str, ...]) -> str:
    """Run a program; returns why it failed, or nothing."""
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=PROGRAM_S,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"{' '.join(argv)} took longer than {PROGRAM_S:.0f} s"
    except OSError as error:
        return f"{argv[0]} cannot be started: {error.strerror}"
    if not done.returncode:
        return ""
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"{' '.join(argv)} ended with status {done.returncode}"


def main() -> int:
    """Serve the connection that systemd passes as standard input."""
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    connection = socket.socket(fileno=os.dup(0))
    try:
        Helper(Path(os.environ["RUNTIME_DIRECTORY"]), time.monotonic()).serve(connection)
    except OSError as error:
        logging.warning("no request: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
