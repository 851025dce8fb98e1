"""docs/security.md names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = re.findall(r"^\| (.+?) \|(.*?)\| (`tests/.*`) \|$", (ROOT / "docs/security.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize(("attack", "tests"), [(attack, tests) for attack, _, tests in ROWS])
def test_each_attack_has_its_tests(attack, tests):
    for test in tests.split(", "):
        file, _, name = test.strip("`").partition("::")
        assert re.search(rf"^def {re.escape(name)}\(", (ROOT / file).read_text(), re.MULTILINE), (attack, test)


def test_the_table_is_all_there():
    assert len(ROWS) >= 20
