"""`tests/run --hardware` on the simulated camera, by either driver: what somebody with a Pi is asked to run."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stillcam.settings.controls import CONTROLS

ROOT = Path(__file__).resolve().parents[3]
HARDWARE = ROOT / "tests/hardware"
SIMULATED, PICAMERA2 = {"STILLCAM_CAMERA": "simulated"}, {"STILLCAM_CAMERA": "picamera2"}
BY_THE_DAEMON = {
    *("capture daemon", "live view and back", "burst of photos", "rotation 90 and back", "series", "motion"),
    *("video while somebody watches", "film of the series", "privacy mask", "smooth exposure", "stamp", "profile"),
    *("restarts of the camera", "end of the daemon", "the camera is free"),
}
LONG = {
    *("burst of photos", "rotation 90 and back", "series", "film of the series", "smooth exposure", "motion"),
    *("privacy mask", "profile"),
}
DRIVERS = [
    pytest.param(SIMULATED, {"AfPause", "AeConstraintMode", "ColourTemperature"}, set(), id="rpicam"),
    pytest.param(PICAMERA2, set(), LONG, id="picamera2"),
]
MODES = {"1280:720:10", "1920:1080:10", "2328:1748:10", "3840:2160:10", "4656:3496:10"}
CHANGES = {
    *("start of the daemon to picture", "picture to live view", "live view to picture", "photo to picture"),
    *("live view to video", "video to picture", "picture to first shot of a series", "series to picture"),
    *("picture to motion detection", "motion detection to picture"),
}
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffprobe"), reason="needs ffmpeg")


def command(folder: Path, environ: dict[str, str], *more: str, **faults: object) -> tuple[list[str], dict[str, str]]:
    """The command line of the check, and its environment."""
    (folder / "faults.json").write_text(json.dumps({"speed": 4, **faults}))
    python = os.pathsep.join(map(str, (ROOT / "python", ROOT / "benchmarks", ROOT / "tests/standin")))
    env = os.environ | {"PYTHONPATH": python, "STILLCAM_SIMULATED_DIR": str(folder), "TMPDIR": str(folder)} | environ
    return [sys.executable, str(HARDWARE / "check_hardware.py"), "--quick", "--width", "320", *more], env


def check(folder: Path, environ: dict[str, str], *more: str, **faults: object) -> tuple[int, str]:
    """The exit status and what is printed."""
    argv, env = command(folder, environ, *more, **faults)
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=280, check=False)
    assert left_of(folder) == []
    return done.returncode, done.stdout + done.stderr


def left_of(folder: Path) -> list[str]:
    """The files of a check, and the processes that it has left."""
    files = [path.name for path in folder.iterdir() if path.name.startswith("stillcam-hardware")]
    wanted, processes = f"STILLCAM_SIMULATED_DIR={folder}\0".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes():
                processes.append(process.name)
        except OSError:  # another user's, or it has just ended
            continue
    return files + processes


def rows(said: str, result: str = "ok") -> dict[str, str]:
    """The names of the steps with this result, and their remarks."""
    steps: list[tuple[str, str, list[str]]] = []
    for line in said.splitlines():
        assert line.startswith("- ") or len(line) <= 80, line
        if match := re.match(r"(ok|FAILED|skipped) +(\S.*)", line):
            name, *cells = re.split("  +", re.sub(r"  +[\d.]+ s$", "", match[2]))
            steps.append((match[1], name, cells))
        elif line.startswith(" " * 9) and steps:
            steps[-1][2].append(line.strip())
    return {name: " ".join(remark) for found, name, remark in steps if found == result}


@needs_ffmpeg
@pytest.mark.parametrize(("environ", "without", "skipped"), DRIVERS)
def test_the_hardware_check_goes_through_every_mode_and_control(tmp_path, environ, without, skipped):
    skip = [argument for name in sorted(skipped) for argument in ("--skip", name)]
    status, said = check(tmp_path, environ, "--camera", "0", *skip)
    assert status == 0, said
    done = rows(said)
    assert {what.split(" = ")[0] for what in done if " = " in what} == CONTROLS.keys() - without
    assert {what for what in done if what.startswith("sensor mode")} == {f"sensor mode {mode}" for mode in MODES}
    others = {"snapshots", "live view", "raw photo", "photo, jpg", "video, mp4", "video, h264", "video, mjpeg"}
    assert others | {"picture during a video"} <= done.keys()
    assert done.keys() & BY_THE_DAEMON == BY_THE_DAEMON - skipped
    assert "the picture went on at" in done["video while somebody watches"]
    assert "a photo meanwhile after" in done["video while somebody watches"]
    assert "\n- Camera programs: " in said
    assert said.splitlines()[-2] == "Everything that was tried works."
    assert said.splitlines()[-1].startswith(f"{len(done)} ok, 0 failed, ")
    if not skipped:
        assert done["burst of photos"].startswith("3 different photos, 320x240")
        assert "video h264 320x180, rotated by 90°" in done["rotation 90 and back"]
        assert done["series"].startswith("3 shots, one every 2 s, none missed")
        assert "libx264: " in done["film of the series"]
        assert "the event on request: h264 320x240" in done["motion"]
        assert "seen in picture, photo, live frame, video (mp4)" in done["privacy mask"]
        assert "the camera exposed the first one" in done["smooth exposure"]
        assert {re.split("  +", line.strip())[0] for line in said.splitlines()} >= CHANGES


@pytest.mark.parametrize(
    ("only", "faults", "said"),
    [
        pytest.param("burst", {"frozen": True}, "only 1 of 3 photos differ from each other", id="identical photos"),
        pytest.param("video, h264", {"die_after": 1}, "rpicam-vid ended with status 255; stderr: [", id="dead camera"),
    ],
)
def test_a_step_that_fails_says_what_was_seen(tmp_path, only, faults, said):
    status, report = check(tmp_path, SIMULATED, "--camera", "0", "--only", only, speed=20, **faults)
    failed = rows(report, "FAILED")
    assert (status, any(said in remark for remark in failed.values())) == (1, True), report
    assert all(only in name for name in failed)
    assert "Traceback" not in report
    assert f" {len(failed)} failed, " in report


def test_ctrl_c_ends_everything_with_the_report_so_far(tmp_path):
    argv, env = command(tmp_path, SIMULATED, "--camera", "0", "--only", "live view and back", speed=20)
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        begun = next(line for line in process.stdout if line.startswith("ok       capture daemon"))
        assert left_of(tmp_path)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == 130, begun + rest
    assert "interrupted: 1 ok, 0 failed, 0 skipped, in " in rest
    assert left_of(tmp_path) == []


def test_the_script_hands_its_arguments_on():
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # where there is no .venv yet
    done = subprocess.run(
        [ROOT / "tests/run", "--hardware", "--help"],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--quick" in done.stdout


def test_without_a_camera_it_says_so(tmp_path):
    status, said = check(tmp_path, {"STILLCAM_CAMERA": "simulated"}, no_camera=True)
    assert (status, "check the cable" in said) == (1, True)


def test_what_nobody_has_foreseen_is_a_failure_with_its_place_and_ends_no_other_step(hardware):
    from hardware_report import MOST_FAILURES, Report, Step

    lines: list[str] = []
    report = Report(lines.append)
    bad = Step("bad", lambda: dict[str, str]()["this | that"])
    report.run([bad, Step("good", lambda: "it is"), Step("far", "no")], lambda: ["one", " ", "two"], lambda: None)
    said = "\n".join(lines)
    assert rows(said, "FAILED")["bad"].startswith("KeyError: 'this | that' (test_hardware_check.py:")
    assert rows(said, "FAILED")["bad"].endswith("; stderr: one / two")
    assert lines[0].startswith("FAILED   bad  ") and lines[0].endswith(" s")
    assert rows(said)["good"] == "it is"
    assert rows(said, "skipped")["far"] == "no"
    report.run([bad] * (MOST_FAILURES + 1), list, lambda: None)
    report.run([Step("first", bad.act, needed=True), Step("good", lambda: "it is")], list, lambda: None)
    report.end(interrupted=False)
    said = "\n".join(lines)
    assert rows(said, "skipped")["bad"] == f"after {MOST_FAILURES} failures in a row"
    assert rows(said, "skipped")["good"] == "without: first"
    assert "\n- first\n" in said
    assert report.failed == MOST_FAILURES + 2


@pytest.fixture
def hardware(monkeypatch):
    monkeypatch.syspath_prepend(HARDWARE)


@pytest.fixture
def complaint(hardware):
    import hardware_attempts

    return hardware_attempts.complaint


@pytest.mark.parametrize(
    ("controls", "metadata", "said"),
    [
        ({"ExposureTime": 1000}, {"ExposureTime": 1004}, None),
        ({"ExposureTime": 20_000}, {"ExposureTime": 10_000}, "asked for ExposureTime 20000, the camera says 10000"),
        ({"ExposureTime": 20_000}, {}, None),
        ({"ColourGains": [1.5, 1.5]}, {"ColourGains": [1.5, 2.0]}, "asked for ColourGains"),
        ({"ScalerCrop": [1152, 648, 2304, 1296]}, {"ScalerCrop": [1126, 648, 2356, 1296]}, None),
        ({"ScalerCrop": [1152, 648, 2304, 1296]}, {"ScalerCrop": [0, 0, 4608, 2592]}, None),
        ({"ScalerCrop": [0, 0, 2304, 1296]}, {"ScalerCrop": [0, 0, 4608, 2592]}, "asked for ScalerCrop"),
    ],
)
def test_a_camera_that_does_otherwise_is_found_out(complaint, controls, metadata, said):
    found = complaint(controls, metadata)
    assert found is None if said is None else said in found
