"""docs/reference/drivers.md says of each driver and control what the tables in the code say."""

from stillcam.settings.capabilities import COMBINED_OPTIONS, DOCUMENT, FEATURES, control_table, updated
from stillcam.settings.controls import CONTROLS


def test_the_tables_are_the_code_s():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert updated(text) == text, "run: PYTHONPATH=python python3 -m stillcam.settings.capabilities"


def test_each_control_has_its_place_in_each_column():
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in control_table()[2:]]
    assert [row[0] for row in rows] == [f"`{name}`" for name in CONTROLS]
    assert all(len(row) == 3 and all(row) for row in rows)
    assert all(map(all, FEATURES))
    alone = {name for name, control in CONTROLS.items() if control.option or control.reason}
    assert not alone & COMBINED_OPTIONS.keys()
