"""What a Raspberry Pi says of itself."""

import pytest

from stillcam.system_info import board


@pytest.fixture
def vcgencmd(tmp_path, monkeypatch):
    """Puts a program of this name on PATH, which says what it is called with."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))

    def install(says: str) -> None:
        (programs / "vcgencmd").write_text(f"#!/bin/sh\n[ \"$*\" = get_throttled ] && printf '%b' '{says}'\n")
        (programs / "vcgencmd").chmod(0o755)

    return install


@pytest.mark.parametrize(
    ("text", "celsius"), [("48312\n", 48.312), ("-1500\n", -1.5), ("", None), ("hot\n", None), (None, None)]
)
def test_temperature(tmp_path, text, celsius):
    if text is not None:
        (tmp_path / "class/thermal/thermal_zone0").mkdir(parents=True)
        (tmp_path / "class/thermal/thermal_zone0/temp").write_text(text)
    assert board.temperature_c(tmp_path) == celsius


@pytest.mark.parametrize("platform", ["soc/soc:firmware", "soc@107c000000/soc@107c000000:firmware"])
def test_throttled_by_the_firmware_s_driver(tmp_path, vcgencmd, platform):
    vcgencmd("throttled=0x0\\n")
    (tmp_path / "devices/platform" / platform).mkdir(parents=True)
    (tmp_path / "devices/platform" / platform / "get_throttled").write_text("50005\n")
    assert board.throttled(tmp_path) == 0x50005


@pytest.mark.parametrize(
    ("says", "bits"),
    [
        pytest.param("throttled=0x50005\\n", 0x50005, id="undervoltage, throttled"),
        pytest.param("throttled=0x0\\n", 0, id="all is well"),
        pytest.param("VCHI initialization failed\\n", None, id="no permission"),
        pytest.param(None, None, id="not installed"),
    ],
)
def test_throttled_by_vcgencmd(tmp_path, vcgencmd, says, bits):
    if says is not None:
        vcgencmd(says)
    assert board.throttled(tmp_path) == bits


def test_what_the_bits_mean():
    """0x50005: undervoltage and throttling, both now and since the start."""
    now = [condition.name for condition in board.CONDITIONS if condition.is_now(0x50005)]
    since = [condition.name for condition in board.CONDITIONS if condition.was_since_boot(0x50005)]
    assert now == since == ["under_voltage", "throttled"]
