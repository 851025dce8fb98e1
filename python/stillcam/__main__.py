"""`python -m stillcam`: what a person on SSH asks."""

from __future__ import annotations

import argparse
import os
import sys

from stillcam import __version__
from stillcam.accounts import commands as accounts
from stillcam.addresses import urls
from stillcam.errors import StillcamError
from stillcam.link import ask
from stillcam.paths import Paths
from stillcam.settings_file import load_in_force


def main() -> int:
    """Carry out one command; exit status 0 done, 1 failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="stillcam", description="Ask the camera server.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (
        ("status", "say how the capture daemon does"),
        ("snapshot", "take a snapshot now, and print the frame's path"),
        ("reload", "read the settings again"),
        ("addresses", "print the addresses to open in a browser, and the set-up code until an owner has registered"),
    ):
        commands.add_parser(name, help=text, description=text)
    accounts.add_to(commands)
    arguments = parser.parse_args()
    paths = Paths.from_environ(os.environ)
    try:
        if "accounts" in arguments:
            lines = accounts.carry_out(paths.data, arguments)
        elif arguments.command == "addresses":
            lines = urls(os.environ, tls=_speaks_tls(paths)) + accounts.welcome(paths.data)
        else:
            lines = answer(paths, arguments.command)
        print("".join(f"{line}\n" for line in lines), end="")
    except StillcamError as error:
        print(f"stillcam: {error}", file=sys.stderr)
        return 1
    return 0


def _speaks_tls(paths: Paths) -> bool:
    try:
        return bool(load_in_force(paths.settings)[0].server.tls_certificate)
    except StillcamError:
        return False  # what is wrong with the settings, both programs say when they start


def answer(paths: Paths, command: str) -> list[str]:
    """Ask the daemon, and put its answer in lines.

    Raises:
        StillcamError: it does not run, or could not do it.
    """
    told = ask(paths.socket, {"command": command}, timeout_s=40.0)
    if command == "snapshot":
        return [str(paths.images / told["frame"])]
    if command == "reload":
        return ["the settings are in force" if told["in_force"] else "the settings count from the next picture on"]
    camera = told["camera"]
    lines = [f"running (pid {told['pid']}) since {told['started']}, {told['driver']} camera"]
    lines.append(f"camera: {camera['index']} ({camera['model']})" if camera else "camera: none")
    lines.append(f"mode: {told['mode']} since {told['since']}" + (f": {told['reason']}" if told["reason"] else ""))
    lines.append(f"frames: {told['captures']['ok']}, failed: {told['captures']['failed']}, newest: {told['frame']}")
    lines += [f"camera program started again ({cause}): {count}" for cause, count in told["restarts"].items()]
    return lines + ([f"notice: {told['notice']}"] if told["notice"] else [])


if __name__ == "__main__":
    sys.exit(main())
