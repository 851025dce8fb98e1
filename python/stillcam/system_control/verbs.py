"""What root does for the web server: a fixed list, without arguments."""

from __future__ import annotations

from dataclasses import dataclass

PAUSE_S = 10.0  # between any two
SINCE_BOOT_S = 120.0  # before a reboot or a shutdown: a web server that an attacker controls cannot reboot for ever


@dataclass(frozen=True, slots=True)
class Verb:
    """One of them."""

    argv: tuple[str, ...]  # the program that carries it out
    pause_s: float  # between two of them
    reports: bool = False  # what `argv` starts writes the status itself
    ends_machine: bool = False  # it is refused for `SINCE_BOOT_S` after the boot


def _start(verb: str) -> tuple[str, ...]:
    return ("systemctl", "start", "--no-block", f"stillcam-update@{verb}.service")


VERBS = {
    # All are named: systemctl waits only for the units in its arguments.
    "restart": Verb(("systemctl", "restart", "stillcam.target"), 30.0),
    "reboot": Verb(("systemctl", "reboot"), 60.0, ends_machine=True),
    "poweroff": Verb(("systemctl", "poweroff"), 60.0, ends_machine=True),
    "check": Verb(_start("check"), 10.0, reports=True),
    "update": Verb(_start("update"), 60.0, reports=True),
}
