"""What `stillcam` alone and `stillcam --help` print: the commands by task."""

from __future__ import annotations

import argparse
from typing import Any

TASKS = {
    "Look": ("status", "addresses", "cameras", "snapshot"),
    "Take": ("photo", "raw", "video"),
    "Timelapse": ("series", "film"),
    "Motion": ("motion",),
    "Settings": ("settings", "profile", "reload"),
    "Accounts": ("user", "token", "code"),
    "Installation": ("doctor", "log", "wait", "certificate", "receiver", "webhooks", "completion"),
}


class Program(argparse.ArgumentParser):
    """The parser of the whole command line."""

    def __init__(self, version: str) -> None:
        super().__init__(prog="stillcam", usage="%(prog)s [--camera N] COMMAND ...")
        self.add_argument("--camera", metavar="N", help="the number of one of several cameras (default: the first one)")
        self.add_argument("--version", action="version", version=version, help="print the version")
        self.commands: Any = self.add_subparsers(
            dest="command", metavar="COMMAND", prog=self.prog, parser_class=argparse.ArgumentParser
        )

    def format_help(self) -> str:
        """The overview."""
        texts = {name: parser.description.rstrip(".") for name, parser in self.commands.choices.items()}
        width = max(map(len, texts))
        lines = ["Stillcam: a camera server for the Raspberry Pi.", "", self.format_usage().strip()]
        for task, names in TASKS.items():
            lines += ["", task, *(f"  {name:{width}}  {texts[name]}" for name in names)]
        lines += ["", "`stillcam COMMAND --help` lists the options of a command.",
                  "`--camera N` before the command selects one of several cameras."]  # fmt: skip
        return "\n".join(lines) + "\n"
