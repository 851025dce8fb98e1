"""What the tests of faults share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from taking import Studio


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """A capture daemon with a library, not started yet."""
    studio = Studio(tmp_path)
    yield studio
    if studio.process and studio.process.poll() is None:
        studio.kill()
