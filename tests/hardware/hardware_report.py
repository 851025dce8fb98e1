"""The report of the hardware check: a line for each step, as it is done, with its remark; and the sums at the end.

Columns are two spaces apart or more. A remark that is too long for the line of its step follows, indented.
"""

import textwrap
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

WIDTH = 80  # of a terminal
RESULT, NAME, TIME = 9, 34, 8  # characters of the columns
LAST_LINES = 4  # of stderr, in the remark of a step that failed
LINE_CHARACTERS = 200
MOST_FAILURES = 5  # in a row; the steps behind them would fail as well, each after half a minute


class Wrong(Exception):
    """The camera, or Stillcam, did something else than was asked; the text says what was seen."""


class Skipped(Exception):
    """A step cannot be done here; the text says why."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is tried.

    Attributes:
        act: does it, and returns a remark with the numbers; a text instead is why it is skipped.
        needed: without it, no other step can be done.
    """

    name: str
    act: Callable[[], str] | str
    needed: bool = False


class Report:
    """Writes the report while the check runs.

    Args:
        write: prints a line.
        doing: is given the name of the step that begins, and an empty one when it has ended.
        only, skip: do only steps with one of these texts in their names, and none with one of those; what is needed is
            always done.

    Attributes:
        failed: the number of steps that failed.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        only: Sequence[str] = (),
        skip: Sequence[str] = (),
        doing: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.say, self._only, self._skip, self._doing = write, only, skip, doing
        self._counts: Counter[str] = Counter()
        self._failures: list[str] = []
        self._began_s = time.monotonic()
        self._title = ""  # of the section that has no step yet

    @property
    def failed(self) -> int:
        return self._counts["failed"]

    def section(self, title: str) -> None:
        """Begin a section, with its first step."""
        self._title = title

    def run(self, steps: Iterable[Step], seen: Callable[[], Sequence[str]], clear: Callable[[], object]) -> None:
        """Do each step. One that fails does not end the others.

        Args:
            seen: gives what the camera program, or the daemon, has printed on stderr.
            clear: called after a step that failed, or found that it cannot be done.
        """
        in_a_row, pointless = 0, ""
        for step in steps:
            if not (step.needed or self.is_wanted(step.name)):
                continue
            if pointless or isinstance(step.act, str):
                self._row("skipped", step.name, pointless or str(step.act))
                continue
            began_s = time.monotonic()
            self._doing(step.name)
            try:
                result, remark = "ok", step.act()
            except Skipped as reason:
                result, remark = "skipped", str(reason)
                clear()
            except Exception as error:  # noqa: BLE001 - a camera may do anything; the report says what
                result, remark = "failed", _described(error) + _last(seen())
                clear()
            self._doing("")
            self._row(result, step.name, remark, f"{time.monotonic() - began_s:.1f} s")
            in_a_row = in_a_row + 1 if result == "failed" else 0
            if result == "failed" and step.needed:
                pointless = f"without: {step.name}"
            elif in_a_row >= MOST_FAILURES:
                pointless = f"after {MOST_FAILURES} failures in a row"

    def is_wanted(self, name: str) -> bool:
        """Whether a step of this name is to be done."""
        name = name.lower()
        return (not self._only or any(text.lower() in name for text in self._only)) and not any(
            text.lower() in name for text in self._skip
        )

    def end(self, interrupted: bool) -> None:
        """What failed, and the sums."""
        self._doing("")
        if self._failures:
            self.say("\nFailed, with what was seen above:")
            for name in self._failures:
                self.say(f"- {name}")
            self.say("Please attach this report to an issue.")
        elif not interrupted:
            self.say("\nEverything that was tried works.")
        counts = ", ".join(f"{self._counts[result]} {result}" for result in ("ok", "failed", "skipped"))
        took_s = time.monotonic() - self._began_s
        self.say(f"{'interrupted: ' if interrupted else ''}{counts}, in {took_s // 60:.0f} min {took_s % 60:.0f} s")

    def _row(self, result: str, name: str, remark: str, took: str = "") -> None:
        if self._title:
            self.say(f"\n{self._title}\n{'-' * len(self._title)}")
        self._title, shown = "", "FAILED" if result == "failed" else result
        self._counts[result] += 1
        if result == "failed":
            self._failures.append(name)
        remark, room = " ".join(remark.split()), WIDTH - RESULT - NAME - TIME - 2
        fits = len(name) <= NAME and len(remark) <= room
        text = f"{name:<{NAME}}  {remark}" if fits else name
        self.say(f"{shown:<{RESULT}}{text:<{WIDTH - RESULT - TIME}}{took:>{TIME}}".rstrip())
        if not fits:
            for line in textwrap.wrap(remark, WIDTH - RESULT, break_long_words=False, break_on_hyphens=False):
                self.say(f"{' ' * RESULT}{line}")


def _described(error: Exception) -> str:
    """A reason in one line; an error that nobody has foreseen with its place in the code."""
    text = f"{error}" if isinstance(error, Wrong) else f"{type(error).__name__}: {error}"
    if type(error).__module__ == "builtins" and (frames := traceback.extract_tb(error.__traceback__)):
        text += f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})"
    return text


def _last(lines: Sequence[str]) -> str:
    shown = [line.strip()[:LINE_CHARACTERS] for line in lines if line.strip()][-LAST_LINES:]
    return f"; stderr: {' / '.join(shown)}" if shown else ""
