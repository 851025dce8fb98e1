"""In which order the tests run."""

from itertools import groupby

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One file of each folder after the other, those of tests/unit last.

    `tests/run` has six files run beside each other: six browsers at a time would be too many for two cores, and
    a file that takes long should not be the last.
    """
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    position = {
        id(file): number
        for _, folder in groupby(files, key=lambda file: file[0].path.parent)
        for number, file in enumerate(folder)
    }
    files.sort(key=lambda file: (file[0].path.parent.name == "unit", position[id(file)]))
    items[:] = [item for file in files for item in file]
