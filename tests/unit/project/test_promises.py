"""docs/operate/security.md and docs/operate/reliability.md name tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LEAST = {"security": 20, "reliability": 15}
ROWS = {
    name: re.findall(r"^\| (.+?) \|.*\| (`tests/.*`) \|$", (ROOT / f"docs/operate/{name}.md").read_text(), re.MULTILINE)
    for name in LEAST
}


@pytest.mark.parametrize(("subject", "tests"), [row for rows in ROWS.values() for row in rows])
def test_each_attack_and_each_fault_has_its_tests(subject, tests):
    for test in tests.split(", "):
        file, _, name = test.strip("`").partition("::")
        text = (ROOT / file).read_text()
        assert not name or re.search(rf"^def {re.escape(name)}\(", text, re.MULTILINE), (subject, test)


@pytest.mark.parametrize("name", LEAST)
def test_the_table_is_all_there(name):
    assert len(ROWS[name]) >= LEAST[name]
