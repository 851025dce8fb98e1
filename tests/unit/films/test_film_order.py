"""Orders for films: what is accepted, and what is refused by which field."""

import pytest
from series_folders import START_MS

from stillcam.common.errors import SettingsError
from stillcam.films.order import Order, from_document, to_document


def test_missing_fields_have_their_defaults():
    assert from_document({}, "UTC") == Order("film")
    assert from_document({"kind": "sheet", "width": None, "from": None}, "UTC") == Order("sheet")


def test_an_order_survives_its_document():
    document = {"kind": "film", "series": "Garden", "fps": 30, "width": 640,
                "crop": [0, 0.25, 1, 0.5], "deflicker": True, "stamp": True,
                "from": "2026-11-20T08:00:00.000Z", "to": "2026-11-20T09:00:00.000Z"}  # fmt: skip
    order = from_document(document, "UTC")
    assert to_document(order) == {**document, "day": None}
    assert order.from_ms == START_MS


def test_times_without_an_offset_are_local():
    order = from_document({"from": "2026-11-20T09:00", "to": "2026-11-20T09:00+01:00"}, "Europe/Berlin")
    assert order.from_ms == order.to_ms == START_MS


@pytest.mark.parametrize(
    ("document", "field"),
    [
        pytest.param([], "", id="no object"),
        pytest.param({"speed": 2}, "speed", id="an unknown field"),
        pytest.param({"kind": "gif"}, "kind", id="an unknown kind"),
        pytest.param({"series": ".."}, "series", id="a name that leads elsewhere"),
        pytest.param({"series": 5}, "series", id="a name that is a number"),
        pytest.param({"fps": 0}, "fps", id="no picture a second"),
        pytest.param({"fps": 61}, "fps", id="too many"),
        pytest.param({"fps": 24.5}, "fps", id="half a picture"),
        pytest.param({"fps": True}, "fps", id="a flag for a number"),
        pytest.param({"width": 63}, "width", id="too narrow"),
        pytest.param({"width": 7681}, "width", id="too wide"),
        pytest.param({"crop": [0, 0, 1]}, "crop", id="three of four"),
        pytest.param({"crop": [0.5, 0, 0.6, 1]}, "crop", id="beyond the edge"),
        pytest.param({"crop": [0, 0, 0, 1]}, "crop", id="nothing of it"),
        pytest.param({"crop": ["0", 0, 1, 1]}, "crop", id="texts"),
        pytest.param({"stamp": "yes"}, "stamp", id="a text for a flag"),
        pytest.param({"kind": "sheet", "fps": 25}, "fps", id="a sheet with a speed"),
        pytest.param({"kind": "keogram", "stamp": True}, "stamp", id="a keogram with dates"),
        pytest.param({"kind": "trails", "deflicker": True}, "deflicker", id="trails without flicker"),
        pytest.param({"from": "yesterday"}, "from", id="no time"),
        pytest.param({"from": "2026-11-20", "to": "2026-11-19"}, "to", id="backwards"),
        pytest.param({"day": "2026-11-20"}, "day", id="what only the daemon orders"),
    ],
)
def test_an_invalid_order_names_the_field(document, field):
    with pytest.raises(SettingsError) as caught:
        from_document(document, "UTC")
    assert caught.value.field == field
