"""Names and passwords: what is accepted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.accounts.rules import InvalidError, check_name, check_password, folded


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param("ann", "ann", id="plain"),
        pytest.param(" Ann Example ", "Ann Example", id="spaces around"),
        pytest.param("Jose\u0301", "José", id="composed"),
        pytest.param("安娜", "安娜", id="any script"),
        pytest.param("a" * 64, "a" * 64, id="64 characters"),
        pytest.param("ann@example.org", "ann@example.org", id="a mail address"),
    ],
)
def test_names(name, kept):
    assert check_name(name) == kept


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=why)
        for why, name in {
            "empty": "",
            "spaces alone": "   ",
            "65 characters": "a" * 65,
            "a line end": "ann\nbob",
            "a null": "ann\0",
            "an invisible one": "ann\u200b",
            "writes backwards": "ann\u202e",
            "another kind of space": "ann\u00a0b",
            "half a character": "\ud800",
            "a slash": "a/b",
            "a backslash": "a\\b",
            "a parent folder": "..",
        }.items()
    ],
)
def test_names_refused(name):
    with pytest.raises(InvalidError) as refused:
        check_name(name)
    assert refused.value.field == "name"


@given(st.text(max_size=80))
def test_a_name_that_is_kept_stays_what_it_is(text):
    try:
        name = check_name(text)
    except InvalidError:
        return
    assert check_name(name) == name
    assert folded(folded(name)) == folded(name)


@pytest.mark.parametrize(
    "password",
    ["12 45 78", "correct horse battery staple", "pässwörd!", "  spaces  ", "x1" * 510 + "äöüß", "🦊🐻🐼🐨🐯🦁🐮🐷"],
)
def test_passwords(password):
    assert check_password(password, "ann") == password


@pytest.mark.parametrize(
    ("password", "why"),
    [
        pytest.param("1234567", "8 to 1024", id="short"),
        pytest.param("abcd" * 257, "8 to 1024", id="long"),
        pytest.param("line\nline", "control", id="a line end"),
        pytest.param("12345\ud8006789", "control", id="half a character"),
        pytest.param("Raspberry", "too common", id="the Pi's old one"),
        pytest.param("ANN EXAMPLE", "too common", id="the name"),
        pytest.param("aaaabbbbaaaa", "different characters", id="two letters"),
    ],
)
def test_passwords_refused(password, why):
    with pytest.raises(InvalidError, match=why) as refused:
        check_password(password, "Ann Example")
    assert refused.value.field == "password"
