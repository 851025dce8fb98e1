"""The documents say what the code does: names, addresses, settings, commands, links and examples.

`PYTHONPATH=python .venv/bin/python tests/unit/project/test_docs.py` updates the tables in docs/reference.
"""

import argparse
import json
import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from test_drivers_doc import DOCUMENT as DRIVERS
from test_drivers_doc import drivers_table

from stillcam.__main__ import program
from stillcam.capture.daemon import PRIORITIES
from stillcam.cli.overview import TASKS
from stillcam.common.paths import Paths
from stillcam.server.camera_context import CameraContext
from stillcam.server.routes.metrics import FAMILIES
from stillcam.server.wiring import build
from stillcam.settings.controls import CONTROLS, Control
from stillcam.settings.document import describe, from_json
from stillcam.settings.receivers import EVENTS

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = ROOT / "docs/reference"
SETTINGS = ROOT / "docs/reference/settings.md"
CONTROLS_REFERENCE = ROOT / "docs/reference/controls.md"
COMMANDS = ROOT / "docs/reference/command-line.md"
METRICS = ROOT / "docs/reference/metrics.md"
PRIORITIES_REFERENCE = ROOT / "docs/reference/priorities.md"
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), ROOT / "tests/README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")]
)
MAX_WORDS = 30  # in a sentence
# Pages of version 0.1.0 that are in a folder now.
OLD_PAGES = (
    "accounts", "api", "architecture", "cameras", "drivers", "integrations", "library", "performance", "reliability",
    "reverse-proxy", "security", "series", "settings",
)  # fmt: skip
OLD_SETTINGS = {"motion.latitude", "motion.longitude"}  # they still work, see settings/document.py
PROGRAMS = sorted([*ROOT.glob("*.sh"), *ROOT.glob("python/**/*.py")])

each_document = pytest.mark.parametrize("document", [pytest.param(d, id=str(d.relative_to(ROOT))) for d in DOCUMENTS])


def said(value):
    """A value as one writes it into the settings file; nothing for an empty one."""
    return f"`{json.dumps(value, ensure_ascii=False)}`" if value not in ("", None, {}, (), []) else ""


def allowed(low, high, choices, unit):
    """The values that there are, in words."""
    if choices:
        text = ", ".join(f"`{choice}`" for choice in choices)
    elif low is not None and high is not None:
        text = f"{low:g} to {high:g}" if max(low, high) < 1e6 else f"{low:.0f} to {high:.0f}"
    else:
        text = ""
    return f"{text} {unit}".strip()


def settings_table():
    """docs/reference/settings.md's table of settings, as lines."""
    lines = ["| setting | default | values | description |", "| --- | --- | --- | --- |"]
    for name, about in describe().items():
        kind = {"bool": "`true`, `false`", "list": "a list"}.get(about["type"], "")
        values = kind or allowed(about["low"], about["high"], about["choices"], about["unit"])
        lines.append(f"| `{name}` | {said(about['default'])} | {values} | {about['text']} |")
    return lines


def control_row(control: Control) -> str:
    """One line of the table of controls."""
    kind = {
        "bool": "`true`, `false`",
        "pair": "two of",
        "matrix": "nine of",
        "crop": "`[x, y, width, height]`",
        "windows": "a list of `[x, y, width, height]`",
    }.get(control.type, "")
    choices = [choice.value for choice in control.choices]
    numbers = control.type in ("int", "float", "choice", "pair", "matrix")
    values = allowed(control.low, control.high, choices, control.unit) if numbers else control.unit
    text = f"{control.text} Not with rpicam: {control.reason}." if control.reason else control.text
    return f"| `{control.name}` | {said(control.default)} | {f'{kind} {values}'.strip()} | {text} |"


def controls_table():
    """docs/reference/controls.md's table, as lines."""
    return [
        "| control | default | values | description |",
        "| --- | --- | --- | --- |",
        *map(control_row, CONTROLS.values()),
    ]


def parsers(name: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The commands, without those that only have sub-commands."""
    for action in parser._actions:
        if isinstance(action.choices, dict):
            for child, its in action.choices.items():
                yield from parsers(f"{name} {child}", its)
            return
    yield name, parser


EACH_COMMAND = list(parsers("stillcam", program()))


def options_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """But for --help and --json, which all have."""
    return [action for action in parser._actions if action.option_strings and action.dest not in ("help", "json")]


def value_of(action: argparse.Action) -> str:
    """What is typed for an option or an argument, as its help shows it."""
    if action.choices:
        return f"{{{','.join(action.choices)}}}"
    metavar = " ".join(action.metavar) if isinstance(action.metavar, tuple) else action.metavar or ""
    return {"?": f"[{metavar}]", "+": f"{metavar} ..."}.get(str(action.nargs), metavar)


def commands_table():
    """docs/reference/command-line.md's table of commands, as lines."""
    lines = ["| command | what it does |", "| --- | --- |"]
    for name, parser in EACH_COMMAND:
        typed = " ".join([name, *(value_of(action) for action in parser._actions if not action.option_strings)])
        lines.append(f"| `{typed}` | {(parser.description or '').rstrip('.')} |")
    return lines


def options_table():
    """docs/reference/command-line.md's table of options, as lines."""
    lines = ["| command | option | what it does |", "| --- | --- | --- |"]
    for name, parser in EACH_COMMAND:
        for action in options_of(parser):
            typed = f"{', '.join(action.option_strings)} {value_of(action)}".strip()
            lines.append(f"| `{name}` | `{typed}` | {action.help} |")
    return lines


def metrics_table():
    """docs/reference/metrics.md's table, as lines."""
    lines = ["| metric | type | labels | description |", "| --- | --- | --- | --- |"]
    for name, (kind, text, labels) in FAMILIES.items():
        suffix = {"counter": "_total", "info": "_info"}.get(kind, "")
        names = ", ".join(f"`{label}`" for label in labels.split())
        lines.append(f"| `{name}{suffix}` | {kind} | {names} | {text} |")
    return lines


def priorities_table():
    """docs/reference/priorities.md's table, as lines."""
    lines = ["| | use | interrupts | waits for | picture meanwhile |", "| --- | --- | --- | --- | --- |"]
    for number, mode in enumerate(PRIORITIES, 1):
        interrupted = ", ".join(other.title for other in PRIORITIES[number:] if not other.finishes)
        before = [
            other for other in PRIORITIES if other is not mode and (other.finishes or other in PRIORITIES[:number])
        ]
        waits = ", ".join(other.title for other in before) if mode is not PRIORITIES[-1] else "all others"
        lines.append(f"| {number} | {mode.title} | {interrupted} | {waits} | {mode.picture} |")
    return lines


def tables(document: Path) -> list[list[str]]:
    """The tables of a document, each as its lines."""
    blocks = re.findall(r"(?:^\|.*\n)+", document.read_text(), re.MULTILINE)
    return [block.splitlines() for block in blocks]


def spans(text: str) -> list[str]:
    """What stands in `back quotes`."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def fences(document: Path, language: str) -> list[str]:
    """The examples in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL)


def first_column(document: Path) -> list[str]:
    """The words in back quotes in the first column of a document's tables."""
    return [span for table in tables(document) for line in table[2:] for span in spans(line.split("|")[1])]


@pytest.mark.parametrize(("document", "expected"), [(SETTINGS, settings_table), (CONTROLS_REFERENCE, controls_table)])
def test_the_tables_of_settings_are_the_code_s(document, expected):
    assert tables(document) == [expected()], f"run it as {__doc__}"


def test_the_table_of_metrics_is_the_code_s():
    assert tables(METRICS) == [metrics_table()], f"run it as {__doc__}"


def test_the_table_of_priorities_is_the_code_s():
    assert tables(PRIORITIES_REFERENCE) == [priorities_table()], f"run it as {__doc__}"


def test_each_name_is_documented_once():
    """No second table that goes out of date: settings, environment, metrics, commands with their options."""
    rows = [row.split(" | ") for document in DOCUMENTS for table in tables(document) for row in table[2:]]
    named = Counter(row[0].removeprefix("| ") for row in rows)
    settings = [f"`{name}`" for name in describe()]
    environment = [f"`{name}`" for name in first_column(REFERENCE / "environment.md") if name.startswith("STILLCAM_")]
    metrics = [line.split(" | ")[0].removeprefix("| ") for line in metrics_table()[2:]]
    assert {name: named[name] for name in (*settings, *set(environment), *metrics) if named[name] != 1} == {}
    lines = Counter(" | ".join(row[:2]) for row in rows)
    commands = [" | ".join(line.split(" | ")[:2]) for line in (*commands_table()[2:], *options_table()[2:])]
    assert {line: lines[line] for line in commands if lines[line] != 1} == {}


def test_the_readme_names_only_settings_that_there_are():
    known = set(describe())
    sections = {name.partition(".")[0] for name in known}
    named = {
        span
        for document in DOCUMENTS
        for span in spans(document.read_text())
        if re.fullmatch(r"[a-z]+\.(?!sh$)[a-z_]+", span) and span.partition(".")[0] in sections
    }
    assert named
    assert named <= known | OLD_SETTINGS | EVENTS.keys()


def test_the_environment_is_the_code_s():
    name = re.compile(r"STILLCAM_[A-Z]+(?:_[A-Z]+)*")
    used = {found for program in PROGRAMS for found in name.findall(program.read_text())}
    assert {*first_column(REFERENCE / "environment.md")} == used
    for document in DOCUMENTS:
        assert set(name.findall(document.read_text())) <= used, document


def test_the_addresses_are_the_servers(tmp_path):
    """docs/reference/api.md lists the addresses for programs; nobody types those of the page's files."""
    paths = Paths(images=tmp_path / "images", data=tmp_path / "data")
    with closing(CameraContext(paths)) as context:
        routes = {f"/{route.path}" for route in build([context]).routes}
    files = {f"/{file.relative_to(paths.web)}" for file in paths.web.rglob("*") if file.is_file()}
    named = {re.sub(r"[?…].*", "", address) for address in first_column(REFERENCE / "addresses.md")}
    for_programs = {route for route in routes if route.startswith(("/api/", "/library/", "/series/", "/films/"))}
    assert routes - files - for_programs <= named <= routes | {"/api/"}


@pytest.mark.parametrize("expected", [commands_table, options_table])
def test_the_tables_of_commands_are_the_code_s(expected):
    assert expected() in tables(COMMANDS), f"run it as {__doc__}"


def test_each_command_is_in_the_overview_once():
    named = [name for names in TASKS.values() for name in names]
    assert sorted(named) == sorted(program().commands.choices)


@pytest.mark.parametrize(("name", "parser"), EACH_COMMAND)
def test_each_option_says_more_than_its_name(name, parser):
    for action in options_of(parser):
        own = set(re.findall(r"[a-z]+", " ".join([*action.option_strings, action.dest]).lower()))
        assert set(re.findall(r"[a-z]+", (action.help or "").lower())) - own, f"{name} {action.option_strings}"


def test_the_command_line_is_called_stillcam_everywhere():
    """Not by the module that it runs."""
    texts = [*DOCUMENTS, *PROGRAMS, *ROOT.glob("deploy/**/*"), *ROOT.glob("web/**/*.js")]
    called = re.compile(r"python3? -m stillcam [a-z]")
    assert [file for file in texts if file.is_file() and called.search(file.read_text())] == []


@each_document
def test_examples_of_the_command_line_are_understood(document):
    for line in "".join(fences(document, "bash")).splitlines():
        if called := re.match(r"(?:sudo )?(?:\./)?stillcam ([^|<>#&;]+)", line):
            program().parse_args(shlex.split(called[1]))


@pytest.mark.parametrize("document", sorted(ROOT.glob("docs/use/*.md")), ids=lambda document: document.stem)
def test_options_that_a_guide_names_are_those_of_a_command(document):
    actions = [action for _, parser in EACH_COMMAND for action in options_of(parser)]
    for option, value in re.findall(r"^(--[a-z-]+)(?: (\S+))?$", "\n".join(spans(document.read_text())), re.MULTILINE):
        found = [action for action in actions if option in action.option_strings]
        assert any(not value or (one.nargs != 0 and value in (one.choices or [value])) for one in found), option


@pytest.mark.parametrize("script", sorted(ROOT.glob("*.sh")), ids=lambda script: script.name)
def test_the_options_of_a_script_are_in_its_help(script):
    """Those in the README are, too."""
    usage = subprocess.run([script, "-h"], capture_output=True, text=True, check=True).stdout
    text = " ".join(
        [*(s for d in DOCUMENTS for s in spans(d.read_text())), *(f for d in DOCUMENTS for f in fences(d, "bash"))]
    )
    for option in re.findall(rf"(?<!\w){re.escape(script.name)} (--?[a-z]+)", text):
        assert re.search(rf"(?<![\w-]){option}(?!\w)", usage), option


@each_document
def test_files_that_are_named_exist(document):
    text = document.read_text()
    named = set(re.findall(r"(?<![\w/.])(?:tests|benchmarks|deploy|docs|python)/[\w./-]*\w", " ".join(spans(text))))
    named |= {f"{name}.sh" for name in re.findall(r"\./(\w+)\.sh", text)}
    for name in named:
        assert (ROOT / name).exists(), name


@each_document
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.is_relative_to(ROOT), target
        assert file.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, target


@pytest.mark.parametrize("name", OLD_PAGES)
def test_the_address_of_a_page_that_moved_leads_to_its_new_one(name):
    """Other pages and bookmarks have the addresses of version 0.1.0."""
    lines = (ROOT / f"docs/{name}.md").read_text().splitlines()
    assert len(lines) == 3
    (target,) = re.findall(r"^This page has moved to \[[^]]+\]\(([^)]+)\)\.$", lines[2])
    assert (ROOT / "docs" / target).is_file()


def test_every_package_is_in_the_table_of_packages():
    packages = {path.parent.name for path in (ROOT / "python/stillcam").glob("*/__init__.py")}
    table = (ROOT / "docs/internals/architecture.md").read_text().partition("\n## Packages\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"(?m)^\| `(\w+)` \|", table)) == packages


def test_every_page_is_in_the_table_of_contents():
    contents = (ROOT / "docs/README.md").read_text()
    pages = {str(page.relative_to(ROOT / "docs")) for page in ROOT.glob("docs/**/*.md")}
    listed = set(re.findall(r"\]\(([\w/-]+\.md)\)", contents))
    assert pages - {f"{name}.md" for name in OLD_PAGES} - {"README.md"} == listed


@each_document
def test_sentences_are_short(document):
    """Names in back quotes count as one word; semicolons and colons separate."""
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", re.sub(r"`[^`]*`", "X", text))
    sentences = [part for line in text.splitlines() for part in re.split(r"(?<=[.!?:;])\s+|\|", line)]
    assert [sentence for sentence in sentences if len(re.findall(r"[\w'’%-]+", sentence)) > MAX_WORDS] == []


@each_document
def test_examples_hold(document):
    """JSON is JSON, settings are accepted, and the shell understands commands."""
    for example in fences(document, "json"):
        value = json.loads(example)
        if isinstance(value, dict) and "version" in value and value.keys() & {"camera", "snapshot", "access", "server"}:
            from_json(value)
    for example in fences(document, "bash"):
        subprocess.run(["bash", "-n"], input=example, text=True, check=True)


def test_every_script_asks_the_same_what_an_interpreter_needs():
    for script in [*ROOT.glob("*.sh"), *ROOT.glob("deploy/*.sh")]:
        assert "python/check_interpreter.py" in script.read_text(), script


def write() -> None:
    """Put the tables of today into docs/reference."""
    for document, made in (
        (SETTINGS, (settings_table(),)),
        (CONTROLS_REFERENCE, (controls_table(),)),
        (COMMANDS, (commands_table(), options_table())),
        (METRICS, (metrics_table(),)),
        (PRIORITIES_REFERENCE, (priorities_table(),)),
        (DRIVERS, (drivers_table(),)),
    ):
        text = document.read_text()
        for new in made:
            (old,) = (table for table in tables(document) if table[0] == new[0])
            text = text.replace("\n".join(old), "\n".join(new))
        document.write_text(text)


if __name__ == "__main__":
    write()
