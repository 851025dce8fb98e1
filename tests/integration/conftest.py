"""What the tests of several processes share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server without a daemon."""
    with Site(tmp_path) as site:
        yield site
