"""`api/openapi.json`: the OpenAPI document, made of the routes themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from stillcam import __version__
from stillcam.http.messages import Answer, as_json
from stillcam.server.openapi.route import ApiRoute, Body, api
from stillcam.server.openapi.schemas import schemas
from stillcam.server.openapi.shapes import TEXT, Schema, ref
from stillcam.server.route import Access, Request, Route

_WORD = re.compile(r"\W+")
_NAMED = re.compile(r"\{(\w+)\}")
_TOKEN: list[dict[str, list[str]]] = [{"session": []}, {"token": []}, {"basic": []}]
_SECURITY: dict[Access, list[dict[str, list[str]]]] = {
    Access.OPEN: [],
    Access.WATCH: [{}, *_TOKEN, {"address": []}],
    Access.LIBRARY: _TOKEN,
    Access.SIGNED_IN: [{"session": []}],
    Access.CONTROL: _TOKEN,
    Access.OWNER: [{"session": []}],
}
_ERRORS = {
    400: "malformed",
    401: "sign in first",
    403: "not allowed",
    404: "there is none",
    409: "not as things are now",
    413: "too large",
    415: "send JSON",
    416: "there is no such range",
    422: "a value is wrong: `field` names it",
    429: "too often: see Retry-After",
    503: "temporarily unavailable: see Retry-After",
    507: "the disk is nearly full",
}
_DONE = {
    200: "done",
    201: "made",
    202: "begun",
    204: "done, nothing to say",
    206: "a part",
    304: "as before",
    409: "changed meanwhile",
    503: "the picture is stale",
}
_OF_A_BODY = (400, 413, 415)
_OF_ACCESS = {
    Access.OPEN: (),
    Access.WATCH: (401, 403, 503),
    Access.LIBRARY: (401, 403, 503),
    Access.SIGNED_IN: (401, 403, 503),
    Access.CONTROL: (401, 403, 503),
    Access.OWNER: (401, 403, 503),
}


class OpenApiRoutes:
    """The route of the document; it is made at the first request.

    Args:
        routes: all others.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self._described = routes

    def routes(self) -> list[Route]:
        """The document has the version; the rest of it is public in the source."""
        return [
            api("State", "GET", "api/openapi.json", Access.WATCH, self._answer,
                "This description of the API, in OpenAPI 3.1.", {200: "OpenApi"}),
        ]  # fmt: skip

    @cached_property
    def document(self) -> dict[str, Any]:
        """The OpenAPI document of all routes, this one included."""
        return document([*self._described, *self.routes()])

    def _answer(self, _request: Request) -> Answer:
        return as_json(200, self.document)


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """The OpenAPI document of the API routes among these."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if isinstance(route, ApiRoute):
            rest = route.operation.rest
            path = f"/{route.path}" + (f"{{{rest}}}" if rest else "")
            paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Stillcam",
            "version": __version__,
            "description": "A camera server. Addresses are relative to where the page is. See docs/api.md.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [
            {"url": "."},
            {"url": "./camera/{number}", "description": "one of several", "variables": {"number": {"default": "0"}}},
        ],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas(),
            "responses": {str(status): _error(status) for status in _ERRORS},
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "stillcam_ID",
                    "description": "ID is the installation ID; over TLS the name begins with __Host- or __Secure-",
                },
                "token": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "any name, a token as the password"},
                "address": {"type": "apiKey", "in": "query", "name": "token", "description": "a token of scope view"},
            },
        },
    }


def _operation(route: ApiRoute) -> dict[str, Any]:
    operation, body = route.operation, route.operation.body
    statuses = {*operation.errors, *_OF_ACCESS[route.access]}
    if route.method != "GET":
        statuses.add(403)  # sent by a page of another server
    if body:
        statuses.update(_OF_A_BODY)
    names = _NAMED.findall(route.path) + ([operation.rest] if operation.rest else [])
    if names or operation.query:
        statuses.add(400)  # an address that cannot be read
    answers = {status: _answer(status, kind) for status, kind in operation.answers.items()}
    for status in statuses:
        answers[status] = _either(answers[status], _error(status)) if status in answers else _shared(status)
    parameters = [_parameter(name, "path", TEXT, "which one") for name in names]
    parameters += [
        _parameter(name, "query", one.schema, one.text, required=one.required) for name, one in operation.query.items()
    ]
    parameters += [_parameter(name, "header", TEXT, text) for name, text in operation.headers.items()]
    return {
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": f"For: {route.access.value}.",
        "operationId": _WORD.sub("_", f"{route.method.lower()} {route.path}{operation.rest}"),
        "security": _SECURITY[route.access],
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": _body(body)} if body else {}),
        "responses": {str(status): answers[status] for status in sorted(answers)},
    }


def _answer(status: int, kind: str) -> dict[str, Any]:
    if not kind:
        return {"description": _DONE[status]}
    content = {kind: {}} if "/" in kind else {"application/json": {"schema": ref(kind)}}
    return {"description": _DONE[status], "content": content}


def _error(status: int) -> dict[str, Any]:
    return {"description": _ERRORS[status], "content": {"application/json": {"schema": ref("Error")}}}


def _shared(status: int) -> dict[str, Any]:
    return {"$ref": f"#/components/responses/{status}"}


def _either(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The answers of one status: of two media types, or one schema or the other."""
    content = {**other["content"], **one["content"]}
    if one["content"].keys() == other["content"].keys():
        both = [answer["content"]["application/json"]["schema"] for answer in (one, other)]
        content = {"application/json": {"schema": {"anyOf": both}}}
    return {"description": f"{one['description']}, or {other['description']}", "content": content}


def _parameter(name: str, place: str, schema: Schema, text: str, *, required: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": required or place == "path",
        "schema": schema,
        "description": text,
    }


def _body(body: Body) -> dict[str, Any]:
    return {"required": body.required, "content": {"application/json": {"schema": ref(body.schema)}}}
