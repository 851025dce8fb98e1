"""The table that every benchmark prints, in Markdown, and what its rows are computed from.

A script in a folder of benchmarks/ finds this module by:

    sys.path.append(str(Path(__file__).resolve().parents[1]))
"""

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `met` is None where there is no target."""

    work: str
    ours: str
    theirs: str = ""
    result: str = ""
    target: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        met = {None: "", True: "yes", False: "**no**"}[self.met]
        return f"| {self.work} | {self.ours} | {self.theirs} | {self.result} | {self.target} | {met} |"


TITLE = "| work | Stillcam | the other | result | target | met |\n| --- | --- | --- | --- | --- | --- |"


def print_table(rows: Iterable[Row]) -> None:
    """On standard output, each row as soon as it is measured."""
    print(TITLE, flush=True)
    for row in rows:
        print(row, flush=True)


def compared(
    work: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    form: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Row:
    """A row of rounds in turn: the medians, each as `form` writes it ("{:.1f} ms"), and the ratio with its target."""
    result = ratio(ours, theirs)
    target, met = _target("{:g} ×", result, at_least, at_most)
    our_median, their_median = (form.format(statistics.median(side)) for side in (ours, theirs))
    return Row(work, our_median, their_median, f"{result:.2f} ×" if result < 100 else f"{result:,.0f} ×", target, met)


def measured(work: str, value: float, form: str, *, at_least: float | None = None, at_most: float | None = None) -> Row:
    """A row of one value, as `form` writes it, and its target."""
    target, met = _target(re.sub(r"\{.*?\}", "{:,g}", form), value, at_least, at_most)
    return Row(work, form.format(value), "", "", target, met)


def _target(form: str, value: float, at_least: float | None, at_most: float | None) -> tuple[str, bool | None]:
    if at_least is not None:
        return f"≥ {form.format(at_least)}", value >= at_least
    if at_most is not None:
        return f"≤ {form.format(at_most)}", value <= at_most
    return "", None


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the rounds' ratios: what drifts from round to round strikes both sides of one."""
    return statistics.median(our / max(their, 1e-9) for our, their in zip(ours, theirs, strict=True))


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
