"""docs/reference/drivers.md says how each driver sets each control."""

from pathlib import Path

from stillcam.settings.capabilities import PICAMERA2, RPICAM
from stillcam.settings.controls import CONTROLS, Control

DOCUMENT = Path(__file__).resolve().parents[3] / "docs/reference/drivers.md"

# Controls that no option sets alone, and what sets them.
COMBINED_OPTIONS = {
    "AfMetering": "with `--autofocus-window`",
    "AfWindows": "`--autofocus-window`, one",
    "AfTrigger": "`--autofocus-on-capture`",
    "AeEnable": "by `--shutter`, `--gain`",
    "AeFlickerMode": "by `--flicker-period`",
    "AeFlickerPeriod": "`--flicker-period`",
    "FrameDurationLimits": "`--framerate`, one time",
    "AwbEnable": "by `--awbgains`",
}
# Controls that picamera2 does not set live, or not always.
NOT_ALWAYS_LIVE = {
    "AfTrigger": "`autofocus_cycle`, of stills",
    "HdrMode": "live; `Sensor` opens the camera again",
}


def rpicam(control: Control) -> str:
    if control.name in RPICAM.refused:
        return f"no: {RPICAM.refused[control.name]}"
    return f"`{control.option}`" if control.option else COMBINED_OPTIONS[control.name]


def picamera2(name: str) -> str:
    if name in PICAMERA2.refused:
        return f"no: {PICAMERA2.refused[name]}"
    return NOT_ALWAYS_LIVE.get(name, "live")


def drivers_table() -> list[str]:
    """The document's table of controls, as lines; test_docs.py writes it."""
    rows = (f"| `{name}` | {rpicam(control)} | {picamera2(name)} |" for name, control in CONTROLS.items())
    return ["| control | rpicam | picamera2 |", "| --- | --- | --- |", *rows]


def test_the_table_of_controls_is_the_one_of_the_code():
    assert "\n".join(["", *drivers_table(), ""]) in DOCUMENT.read_text(encoding="utf-8"), "run test_docs.py"


def test_the_comparison_has_the_number_of_focus_windows():
    assert f"| focus windows | {RPICAM.windows} | {PICAMERA2.windows} |" in DOCUMENT.read_text(encoding="utf-8")


def test_no_control_with_an_option_of_its_own_is_called_combined():
    assert not COMBINED_OPTIONS.keys() & {
        name for name, control in CONTROLS.items() if control.option or control.reason
    }
