"""`stillcam completion bash` in a real bash: what Tab offers."""

import subprocess
import sys

import pytest
from filming import FilmDaemon
from series_folders import make_series
from serving import DEADLINE_S
from terminal import environment

from stillcam.films.order import Order
from stillcam.films.record import Film

FILM = "20261120T084500.000Z_film"
# As readline calls the function: the words as COMP_WORDBREAKS separates them, and the word at the cursor.
ASK = """
source /dev/stdin
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_stillcam "$1" "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """With two series, a film, and the command `stillcam`."""
    folder = tmp_path_factory.mktemp("installation")
    daemon = FilmDaemon(folder)
    make_series(daemon.data / "series", 0, name="Front door")
    make_series(daemon.data / "series", 0, name="Roof")
    daemon.store.add(Film(FILM, Order("film", "Roof")))
    program = folder / "stillcam"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m stillcam "$@"\n')
    program.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def script(installation):
    return subprocess.run(
        [installation / "stillcam", "completion", "bash"], env=environment(installation), capture_output=True,
        text=True, timeout=DEADLINE_S, check=True,
    ).stdout  # fmt: skip


def offered(installation, script, *words):
    done = subprocess.run(
        ["bash", "-c", ASK, "bash", str(installation / "stillcam"), *words], input=script, capture_output=True,
        text=True, env=environment(installation), timeout=DEADLINE_S, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(["st"], ["status"], id="a command"),
        pytest.param(["--ca"], ["--camera"], id="an option of all commands"),
        pytest.param(["--camera", "1", "series", "s"], ["show", "set", "start"], id="a sub-command after an option"),
        pytest.param(["series", "create", "Roof", "--we"], ["--weekdays"], id="an option after an argument"),
        pytest.param(["user", "add", "Ann", "--role", ""], ["owner", "viewer"], id="the values of an option"),
        pytest.param(["user", "add", "Ann", "--role", "="], ["owner", "viewer"], id="after ="),
        pytest.param(["user", "add", "Ann", "--role", "=", "o"], ["owner"], id="a value after ="),
        pytest.param(["user", "role", "Ann", ""], ["owner", "viewer"], id="the second argument"),
        pytest.param(["film", "make", "--kind", "k"], ["keogram"], id="a kind"),
        pytest.param(["settings", "get", "snapshot.int"], ["snapshot.interval_s"], id="a setting"),
        pytest.param(["settings", "set", "controls.Bri"], ["controls.Brightness"], id="a control"),
        pytest.param(["settings", "set", "access.watch", "any"], ["anyone"], id="the value of a setting"),
        pytest.param(["settings", "set", "page.histogram", ""], ["true", "false"], id="a switch"),
        pytest.param(["series", "show", ""], ["Front\\ door", "Roof"], id="series"),
        pytest.param(["series", "pause", "Front\\ d"], ["Front\\ door"], id="a series with a space"),
        pytest.param(["film", "make", "R"], ["Roof"], id="the series of a film"),
        pytest.param(["film", "show", ""], [FILM], id="films"),
        pytest.param(["video", ""], [""], id="nothing"),
    ],
)
def test_tab_offers_what_may_follow(installation, script, words, expected):
    assert offered(installation, script, *words) == expected


def test_tab_runs_nothing_of_what_is_typed(installation, script):
    for word in (f"$(touch${{IFS}}{installation}/run)", f"a[$(touch${{IFS}}{installation}/run)]", "']"):
        for words in ([word, ""], ["series", word, ""], ["user", "add", word, ""], ["series", "show", word]):
            assert "run" not in offered(installation, script, *words)
    assert not (installation / "run").exists()


def test_tab_completes_the_command_under_each_of_its_names(script):
    """`stillcam`, `./stillcam` and /usr/local/bin/stillcam: bash looks for the last part of a path."""
    done = subprocess.run(
        ["bash", "-c", "source /dev/stdin; complete -p stillcam"], input=script, capture_output=True, text=True,
        timeout=DEADLINE_S, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("complete -F _stillcam stillcam\n", "")
