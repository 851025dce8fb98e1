"""docs/operate/performance.md has a table of each benchmark, and benchmarks/run replaces it."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import until

ROOT = Path(__file__).resolve().parents[3]
TITLE = "| work | Stillcam | the other | result | target | met |\n| --- | --- | --- | --- | --- | --- |"
DEADLINE_S = 90.0
OWN_PAGE = {"soak"}  # docs/operate/reliability.md
PASSES = f"print({TITLE!r})\nprint('| a | 1 | 2 | 0.50 × | ≥ 1 × | **no** |')"
FAILS = {
    "ends with an error": PASSES + "\nraise SystemExit(3)",
    "prints something else": PASSES + "\nprint('done')",
    "prints no row": f"print({TITLE!r})",
    "prints nothing": "",
}


def blocks(text):
    """The commands of a document's blocks, and what is in them."""
    return re.findall(r"^<!-- (benchmarks/.+?) -->\n(.*?)^<!-- end -->$", text, re.MULTILINE | re.DOTALL)


def rows(text):
    """Of the table in a block, without its title."""
    return [line for line in text.splitlines() if line.startswith("|")][2:]


def command(root, *arguments, busy=0.0):
    """Of benchmarks/run in another folder, while other programs use so much of the processors (percent)."""
    (root / "benchmarks/main.py").write_text(
        f"import sys\nsys.path[:0] = [{str(ROOT / 'benchmarks')!r}, {str(ROOT / 'python')!r}]\n"
        f"from pathlib import Path\nimport performance\nperformance.busy_percent = lambda seconds: {busy}\n"
        f"sys.exit(performance.main(sys.argv[1:], Path({str(root)!r})))"
    )
    return [sys.executable, root / "benchmarks/main.py", *arguments]


def run(root, *arguments, busy=0.0):
    """Run it to its end."""
    return subprocess.run(command(root, *arguments, busy=busy), capture_output=True, text=True, check=False)


def is_running(pid):
    """Not if only its exit status is left, for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def installation(tmp_path):
    """A document with two blocks, and their benchmarks."""
    document = tmp_path / "docs/operate/performance.md"
    document.parent.mkdir(parents=True)
    document.write_text(
        "# Title\nby hand\n\n<!-- benchmarks/first -->\nold\n<!-- end -->\n\nby hand, too\n\n"
        "<!-- benchmarks/second part -->\nold, too\n<!-- end -->\nlast\n"
    )
    for name in "first", "second":
        (tmp_path / "benchmarks" / name).mkdir(parents=True)
        (tmp_path / "benchmarks" / name / "__main__.py").write_text(PASSES)
    return tmp_path


def test_each_benchmark_has_its_place():
    there_are = {path.parent.name for path in ROOT.glob("benchmarks/*/__main__.py")}
    text = (ROOT / "docs/operate/performance.md").read_text()
    named = [command.split()[0].removeprefix("benchmarks/") for command, _ in blocks(text)]
    assert len(blocks(text)) == text.count("<!-- benchmarks/") == text.count("<!-- end -->")
    assert {*named} == there_are - OWN_PAGE


def test_each_place_has_a_table_with_its_machine_and_its_date():
    for command, text in blocks((ROOT / "docs/operate/performance.md").read_text()):
        assert re.match(r"Measured \d{4}-\d\d-\d\d \d\d:\d\d UTC; .*Linux .*Stillcam .*Python .*\n\n\|", text), command
        assert TITLE in text, command
        assert rows(text), command


def test_the_parts_of_serve_are_all_in_the_document():
    """A part that has no place would be measured by nobody."""
    usage = subprocess.run(
        [sys.executable, "benchmarks/serve", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    [groups] = re.findall(r"or a group of parts: ([\w, ]+);", " ".join(usage.split()))
    text = (ROOT / "docs/operate/performance.md").read_text()
    assert [command for command, _ in blocks(text) if "/serve" in command] == [
        f"benchmarks/serve {group}" for group in groups.split(", ")
    ]


def test_the_tables_are_replaced_and_the_rest_stays(installation):
    document = installation / "docs/operate/performance.md"
    ended = run(installation)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "missed targets: 2\n" in ended.stdout
    text = document.read_text()
    assert [rows(block) for _, block in blocks(text)] == [["| a | 1 | 2 | 0.50 × | ≥ 1 × | **no** |"]] * 2
    assert "old" not in text
    assert text.startswith("# Title\nby hand\n\n<!-- benchmarks/first -->\nMeasured ")
    assert "<!-- end -->\n\nby hand, too\n\n<!-- benchmarks/second part -->\nMeasured " in text
    assert text.endswith("<!-- end -->\nlast\n")


@pytest.mark.parametrize("program", FAILS.values(), ids=FAILS)
def test_a_benchmark_that_fails_is_named_and_leaves_its_old_table(installation, program):
    (installation / "benchmarks/first/__main__.py").write_text(program)
    ended = run(installation)
    assert ended.returncode == 1
    assert "benchmarks/run: failed: benchmarks/first\n" in ended.stderr
    texts = [text for _, text in blocks((installation / "docs/operate/performance.md").read_text())]
    assert texts[0] == "old\n"
    assert rows(texts[1])


def test_only_what_is_named_is_run_and_a_quick_run_writes_nothing(installation):
    document = installation / "docs/operate/performance.md"
    before = document.read_text()
    program = installation / "benchmarks/second/__main__.py"
    program.write_text(f"import sys\nassert sys.argv[1:] == ['part', '--quick'], sys.argv\n{PASSES}")
    ended = run(installation, "--quick", "second")
    assert ended.returncode == 0, ended.stderr
    assert "| a | 1 | 2 |" in ended.stdout
    assert document.read_text() == before
    program.write_text(PASSES)
    assert run(installation, "second").returncode == 0
    texts = [text for _, text in blocks(document.read_text())]
    assert texts[0] == "old\n"
    assert rows(texts[1])


def test_an_unknown_name_is_refused(installation):
    ended = run(installation, "third")
    assert ended.returncode == 2
    assert "there is no benchmark third: there are first, second" in ended.stderr


def test_a_busy_machine_is_refused(installation):
    before = (installation / "docs/operate/performance.md").read_text()
    ended = run(installation, busy=34.4)
    assert ended.returncode == 1
    assert "other programs use 34 % of the processors" in ended.stderr
    assert (installation / "docs/operate/performance.md").read_text() == before
    assert run(installation, "--busy", busy=34.4).returncode == 0
    assert "other programs before: 34 %" in (installation / "docs/operate/performance.md").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_ends_the_benchmark_and_all_that_it_has_started(installation, number):
    pids = installation / "pids"
    (installation / "benchmarks/first/__main__.py").write_text(
        "import os, pathlib, subprocess\n"
        "load = subprocess.Popen(['sleep', '300'])\n"
        f"new = pathlib.Path({str(pids)!r} + '.new')\n"
        "new.write_text(f'{os.getpid()} {load.pid}')\n"
        f"new.rename({str(pids)!r})\n"
        "load.wait()\n"
    )
    with subprocess.Popen(command(installation), process_group=0) as ended:
        until(pids.exists)
        ended.send_signal(number)
        assert ended.wait(DEADLINE_S)
    benchmark_and_load = pids.read_text().split()
    until(lambda: not any(is_running(pid) for pid in benchmark_and_load))
    assert "old" in (installation / "docs/operate/performance.md").read_text()
