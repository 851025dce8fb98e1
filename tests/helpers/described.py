"""api/openapi.json as a judge: whether an answer is one that it describes."""

import json
import re
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from stillcam.common.paths import Paths
from stillcam.server.camera_context import CameraContext
from stillcam.server.route import Request, Route
from stillcam.server.wiring import build

ROOT = Path(__file__).resolve().parents[2]


def _routes() -> list[Route]:
    with TemporaryDirectory() as folder:
        paths = Paths(Path(folder) / "images", Path(folder) / "data")
        with closing(CameraContext(paths)) as context:
            return build([context]).routes


ROUTES = _routes()
[_route] = [route for route in ROUTES if route.path == "api/openapi.json"]
DOCUMENT = json.loads(bytes(_route.handler(Request("GET", _route.path)).body))  # type: ignore[arg-type]
ANYWHERE = {404, 405, 421, 500}  # whatever is asked; 500 is never right, and a test says so in its own words


def operation(method: str, path: str) -> dict[str, Any] | None:
    """What is described for a request; None: no such address."""
    asked = "/" + path.partition("?")[0].lstrip("/")
    fitting = [template for template in DOCUMENT["paths"] if _pattern(template).fullmatch(asked)]
    knowing = [template for template in fitting if method.lower() in DOCUMENT["paths"][template]]
    # The most exact one; with a name within it is more so than with all that follows.
    known = asked if asked in knowing else max(knowing, key=lambda one: (not one.endswith("}"), len(one)), default="")
    found: dict[str, Any] | None = DOCUMENT["paths"].get(known, {}).get(method.lower())
    return found


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """A part in braces is any text; a slash is in it only at the end."""
    middle = re.sub(r"\\\{\w+\\\}$", "(.*)", re.escape(template))
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", middle), re.DOTALL)


def response(known: dict[str, Any], status: int | str) -> dict[str, Any]:
    """What is described of a status of an operation; many share theirs."""
    found: dict[str, Any] = known["responses"][str(status)]
    return DOCUMENT["components"]["responses"][str(status)] if "$ref" in found else found


def judge(method: str, path: str, status: int, content_type: str, body: bytes) -> None:
    """Fail if the answer is not as described."""
    known = operation(method, path)
    if known is None:
        assert status in ANYWHERE, f"{method} {path} is not described, and answers {status}"
        return
    if str(status) not in known["responses"]:
        assert status in ANYWHERE, f"{method} {path} answers {status}, which is not described: {body[:200]!r}"
        return
    content = response(known, status).get("content", {})
    kind = content_type.partition(";")[0]
    if not content:
        assert not body
        return
    assert kind in content or "*/*" in content, f"{method} {path} answers {status} with {kind}"
    if kind == "application/json":
        validator(json.dumps(content[kind]["schema"])).validate(json.loads(body))


@cache
def validator(schema: str) -> Any:
    """For a schema of the document, as JSON."""
    return Draft202012Validator({**json.loads(schema), "components": DOCUMENT["components"]})
