"""docs/reference/api.md and api/openapi.json name every address, no other, and describe its answers."""

import json
import re
import subprocess
import time
from pathlib import Path, PurePath
from typing import Any

import pytest
from capture_daemon import CaptureDaemon
from described import DOCUMENT, ROOT, ROUTES, judge, operation, validator
from openapi_spec_validator import validate
from photos import add_photo
from serving import Site

from stillcam.server.openapi.route import ApiRoute
from stillcam.server.static_files import OVERVIEW, TYPES, VERSIONED

GUIDE = (ROOT / "docs/reference/api.md").read_text()
SECTION = re.compile(r"^### ([A-Z]+) (/\S*)\n(.*?)(?=^##|\Z)", re.DOTALL | re.MULTILINE)
BASH, JSON = (re.compile(rf"^```{language}\n(.*?)^```$", re.DOTALL | re.MULTILINE) for language in ("bash", "json"))
TABS = {"", "live", "photos", "timelapse", "series", "motion", "config", "info", "settings"}
SECTIONS = [(match[1], match[2], match[3]) for match in SECTION.finditer(GUIDE)]
DEADLINE_S = 100
SMALL: dict[str, Any] = {
    "snapshot": {"interval_s": 0.2, "width": 320},
    "live": {"width": 800, "framerate": 1},  # the simulated camera is 20 times as fast
    "photo": {"width": 320},
    "video": {"width": 320, "framerate": 1},
}  # pictures: the example of a scaled stream needs larger ones


def known(method: str, path: str) -> Any:
    """What is described for an address."""
    found = operation(method, path)
    assert found is not None
    return found


def test_the_description_is_openapi():
    validate(DOCUMENT)


def test_the_description_names_each_route_but_the_page_and_its_files():
    others = {route.path for route in ROUTES if not isinstance(route, ApiRoute)}
    assert {path for path in others if PurePath(path).suffix not in TYPES} == {*TABS, OVERVIEW, VERSIONED}
    routes = {(route.method, route.path) for route in ROUTES if isinstance(route, ApiRoute)}
    told = [(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods]
    assert sorted((method, re.sub(r"\{\w+\}$", "", path.lstrip("/"))) for method, path in told) == sorted(routes)


def test_the_check_knows_all_that_the_schemas_of_checked_requests_demand():
    """`openapi/check.py` knows a part of JSON Schema; anything else in a schema would be ignored without a word."""
    known = {"type", "enum", "pattern", "minimum", "maximum", "items", "minItems"}
    notes = {"description", "examples", "default"}
    lengths = {"minLength", "maxLength"}  # the rules of accounts and backups see to these
    described = [route for route in ROUTES if isinstance(route, ApiRoute)]
    schemas = [parameter.schema for one in described for parameter in one.query.values()]
    for body in [one.body for one in described if one.body and one.body.checked]:
        schema = DOCUMENT["components"]["schemas"][body.schema]
        assert schema.keys() <= {"type", "properties", "required", "additionalProperties", "minProperties"}
        assert schema["additionalProperties"] is False
        schemas += schema["properties"].values()
    assert len(schemas) > 30
    for schema in schemas:
        assert schema.keys() <= known | notes | lengths, schema
        assert schema.get("items", {}).keys() <= known | notes, schema


def test_the_guide_names_each_route_and_no_other():
    told = [(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods]
    assert sorted((method, path) for method, path, _ in SECTIONS) == sorted(told)


@pytest.mark.parametrize(("method", "path", "text"), SECTIONS, ids=[f"{method} {path}" for method, path, _ in SECTIONS])
def test_each_address_has_an_example_and_answers_as_described(method, path, text):
    examples = " ".join(BASH.findall(text))
    assert f"$camera{path.partition('{')[0]}" in examples
    responses = known(method, path)["responses"]
    good = [responses[status] for status in responses if status[0] == "2" and "content" in responses[status]]
    for answer in JSON.findall(text):
        [schema] = [one["content"]["application/json"]["schema"] for one in good]
        validator(json.dumps(schema)).validate(json.loads(answer))


@pytest.mark.timeout(300)
def test_the_examples_run_and_are_answered_as_described(tmp_path):
    """The guide, from its first line to its last, on a real server with a real daemon."""
    daemon = CaptureDaemon(tmp_path)
    daemon.fault()
    daemon.set(**SMALL)
    daemon.start()
    try:
        daemon.frames()
        add_photo(tmp_path / "data" / "library", time.time(), (daemon.images / "current.jpg").read_bytes())
        with Site(tmp_path, SMALL) as site:
            site.until(lambda: site.ask("/images/current.jpg")[0].status == 200)
            said = run_examples(site)
    finally:
        daemon.end()
    assert len(said) == len(SECTIONS)
    for (method, path, _), words in zip(SECTIONS, said, strict=True):
        done = next(status for status in known(method, path)["responses"] if status[0] == "2")
        for line in filter(lambda line: line.startswith("{"), words.splitlines()):
            status = "202" if line.startswith('{"taking"') else done  # a busy machine is still at it after 20 s
            judge(method, path, int(status), "application/json", line.encode())


def run_examples(site: Site) -> list[str]:
    """Run all of them in one shell, as a reader would; what each section's has said."""
    mark = "-- next --"
    head = f'set -eu\ncurl() {{ command curl --silent --show-error --fail-with-body --max-time {DEADLINE_S} "$@"; }}\n'
    head += f"camera=http://127.0.0.1:{site.port}\n"
    script = head + f"echo; echo '{mark}'\n".join("\n".join(BASH.findall(text)) for _, _, text in SECTIONS)
    folder = site.data.parent  # its data/ has the setup code
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr}"
    assert Path(folder / "current.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert (folder / "stream.mjpeg").stat().st_size == 100000
    return done.stdout.split(f"{mark}\n")
