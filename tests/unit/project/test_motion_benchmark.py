"""benchmarks/motion compares what is found in clips with what there is to be found."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CLIP = "a person at some distance hurries, day"
LIMIT_S = 300.0


@pytest.fixture
def scoring(monkeypatch):
    """The module, which finds others as the benchmark does."""
    for folder in "benchmarks", "benchmarks/motion":
        monkeypatch.syspath_prepend(ROOT / folder)
    return importlib.import_module("scoring")


@pytest.fixture
def clip(monkeypatch, scoring):
    """Something moves from 20 s to 30 s of it."""
    return importlib.import_module("clips").Clip("something", 120.0, truth=((20.0, 30.0),))


def run(*arguments):
    """The rows that the benchmark prints."""
    done = subprocess.run(
        [sys.executable, "benchmarks/motion", *arguments], cwd=ROOT, env=os.environ | {"PYTHONPATH": "python"},
        capture_output=True, text=True, check=False, timeout=LIMIT_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()[2:]]


@pytest.mark.parametrize(
    ("times", "delay_s", "alarms"),
    [
        pytest.param([21.0, 21.2, 29.8], 1.0, 0, id="found"),
        pytest.param([], None, 0, id="missed"),
        pytest.param([10.0, 14.8, 19.4, 24.0], 4.0, 1, id="found, after one false alarm"),
        pytest.param([32.9, 40.0, 50.0], 12.9, 2, id="found late, and two false alarms"),
        pytest.param([28.0, 32.0, 36.0, 40.0], 8.0, 0, id="found, and for longer than something moves"),
        pytest.param([60.0, 64.9, 69.8, 75.0], None, 2, id="missed, and false alarms that are 5 s apart"),
    ],
)
def test_a_clip_is_judged_by_what_moves_in_it(scoring, clip, times, delay_s, alarms):
    judgement = scoring.judged(clip, times)
    assert judgement.delays_s == (pytest.approx(delay_s) if delay_s else None,)
    assert len(judgement.false_s) == alarms


def test_what_stillcam_finds_in_a_clip_is_shown():
    [row] = run("--alone", "--only", CLIP)
    assert row[0] == "a person at some distance, day: hurries"
    assert row[1].startswith("after ")


@pytest.mark.skipif(not shutil.which("motion") or not shutil.which("faketime"), reason="needs motion and faketime")
def test_what_motion_finds_in_a_clip_is_shown():
    first, *others = run("--only", CLIP)
    assert first[2].startswith("defaults: after ")
    assert "recommended: after " in first[2]
    assert [row[1:3] for row in others if row[0].startswith("motions found of 1, motion (")] == [["1", "1"]] * 2
