"""A power cut never leaves torn settings: the process is killed in the middle of a thousand saves."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from stillcam.settings.document import from_json
from stillcam.settings.file import load, save

ROOT = Path(__file__).resolve().parents[3]
SAVES = """
import sys
from pathlib import Path
from stillcam.settings.file import save
from stillcam.settings.document import from_json

for number in range(1000):
    save(Path(sys.argv[1]), from_json({"snapshot": {"quality": 1 + number % 100, "width": 1 + number % 100}}))
    print(number, flush=True)
"""


@pytest.mark.parametrize("saves", [1, 10, 40, 100])
def test_the_file_is_the_old_or_the_new_one(tmp_path, saves):
    file = tmp_path / "settings.json"
    environ = os.environ | {"PYTHONPATH": str(ROOT / "python")}
    with subprocess.Popen([sys.executable, "-c", SAVES, file], env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = b""
        while said.count(b"\n") < saves:
            assert select.select([process.stdout], [], [], 90)[0]
            said += os.read(process.stdout.fileno(), 65536)
        process.kill()
        said += process.stdout.read()
    last = int(said.split()[-1])
    settings = load(file)
    assert settings.snapshot.quality == settings.snapshot.width
    assert settings.snapshot.quality - 1 in (last % 100, (last + 1) % 100)
    save(file, from_json({}))
    assert json.loads(file.read_text()) == {"version": 1}
    assert os.listdir(tmp_path) == ["settings.json"]
