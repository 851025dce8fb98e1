"""The order in which the tests run, which of them get a second try, and what drives their browsers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Playwright


HERE = Path(__file__).parent
SLOWEST = (HERE / "slowest.txt").read_text().split()  # each takes more than a hundredth of the whole run


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """One for all tests of a process: the synchronous API allows only one at a time."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


def folder(item: pytest.Item) -> str:
    """Below tests/: "browser", "unit", …"""
    return item.path.relative_to(HERE).parts[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files, then one file of each folder after the other, those of tests/unit last.

    `tests/run` has eight files run beside each other: the last ones should be short, and eight browsers at a time would
    be too many for two cores.
    """
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    rank = {name: number for number, name in enumerate(SLOWEST)}
    position = {
        id(file): number
        for _, files_of_folder in groupby(files, key=lambda file: folder(file[0]))
        for number, file in enumerate(files_of_folder)
    }
    files.sort(
        key=lambda file: (
            rank.get(file[0].path.stem, len(rank)),
            folder(file[0]) == "unit",
            position[id(file)],
        )
    )
    items[:] = [item for file in files for item in file]


def pytest_itemcollected(item: pytest.Item) -> None:
    """A browser test that fails beside other files runs once more: two cores may keep a browser waiting for too long.

    Nothing else is repeated: a camera or a server that is late has a fault.
    """
    if folder(item) == "browser" and hasattr(item.config, "workerinput"):
        item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A warning for each test that was run again."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.write_line(f"WARNING: {report.nodeid} failed and was run again", yellow=True)
