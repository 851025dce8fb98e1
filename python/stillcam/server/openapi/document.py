"""`api/openapi.json`: the OpenAPI 3.1 document, made of the routes themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from stillcam import __version__
from stillcam.server.openapi.route import ApiRoute, api
from stillcam.server.openapi.shapes import SCHEMAS, TEXT, Schema, define, record, shape
from stillcam.server.route import Access, Route

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
    404: "not found",
    409: "conflicts with the current state",
    413: "too large",
    415: "send JSON",
    416: "range not satisfiable",
    422: "a value is wrong: `field` names it",
    429: "too many requests: see Retry-After",
    503: "temporarily unavailable: see Retry-After",
    507: "the disk is nearly full",
}
_DONE = {
    200: "done",
    201: "created",
    202: "in progress",
    204: "done, no body",
    206: "partial content",
    304: "not modified",
    409: "changed by another client meanwhile",
    503: "the picture is stale",
}
_SECURITY_SCHEMES = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "stillcam_ID",
        "description": "ID is the installation ID; over TLS the name begins with __Host- or __Secure-",
    },
    "token": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic", "description": "any name, a token as the password"},
    "address": {"type": "apiKey", "in": "query", "name": "token", "description": "a token of scope view"},
}

define(
    Error=record(
        error=shape("text", "what is wrong and what to do, as a sentence"),
        field=shape("text?", "the value that is wrong"),
    ),
    OpenApi=shape("object", "an OpenAPI 3.1 document"),
)


def openapi_route(others: Sequence[Route]) -> Route:
    """The route of the document, which is made at the first request. It has the version; the rest is public.

    Args:
        others: all other routes.
    """
    route = api("State", "GET", "api/openapi.json", Access.WATCH, lambda _request: whole(),
                "This description of the API, in OpenAPI 3.1.", {200: "OpenApi"})  # fmt: skip
    whole = cache(lambda: _document([*others, route]))
    return route


def _document(routes: Sequence[Route]) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if isinstance(route, ApiRoute):
            path = f"/{route.path}" + (f"{{{route.rest}}}" if route.rest else "")
            paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Stillcam",
            "version": __version__,
            "description": "A camera server. Addresses are relative to where the page is. See docs/reference/api.md.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [
            {"url": "."},
            {"url": "./camera/{number}", "description": "one of several", "variables": {"number": {"default": "0"}}},
        ],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": SCHEMAS,
            "responses": {str(status): _answer(text, shape("Error")) for status, text in _ERRORS.items()},
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


def _operation(route: ApiRoute) -> dict[str, Any]:
    names = _NAMED.findall(route.path) + ([route.rest] if route.rest else [])
    parameters = [_parameter(name, "path", TEXT, "which one", required=True) for name in names]
    parameters += [
        _parameter(name, "query", one.schema, one.text, required=one.required) for name, one in route.query.items()
    ]
    parameters += [_parameter(name, "header", TEXT, text) for name, text in route.headers.items()]
    operation = {
        "tags": [route.tag],
        "summary": route.summary,
        "description": f"For: {route.access.value}.",
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()} {route.path}{route.rest}"),
        "security": _SECURITY[route.access],
        "responses": _responses(route, named=bool(names)),
    }
    if parameters:
        operation["parameters"] = parameters
    if route.body:
        content = {"application/json": {"schema": shape(route.body.schema)}}
        operation["requestBody"] = {"required": route.body.required, "content": content}
    return operation


def _responses(route: ApiRoute, *, named: bool) -> dict[str, Any]:
    errors = set(route.errors)
    if route.access is not Access.OPEN:
        errors |= {401, 403, 503}
    if route.method != "GET":
        errors.add(403)  # sent by a page of another server
    if route.body:
        errors |= {400, 413, 415, 422}
    if named:
        errors |= {400, 404}
    if route.query:
        errors.add(400)
    answers = {}
    for status, kind in route.answers.items():
        answers[status] = _answer(_DONE[status], shape(kind) if kind and "/" not in kind else None, kind)
    for status in errors:
        shared = {"$ref": f"#/components/responses/{status}"}
        answers[status] = _either(answers[status], status) if status in answers else shared
    return {str(status): answers[status] for status in sorted(answers)}


def _answer(text: str, schema: Schema | None, kind: str = "") -> dict[str, Any]:
    """An answer of JSON, of another media type, or without a body."""
    if schema:
        return {"description": text, "content": {"application/json": {"schema": schema}}}
    return {"description": text, **({"content": {kind: {}}} if kind else {})}


def _either(answer: dict[str, Any], status: int) -> dict[str, Any]:
    """An answer of two media types, or one schema or the other: the status is also that of an error."""
    error = shape("Error")
    if same_type := answer["content"].get("application/json"):
        error = {"anyOf": [same_type["schema"], error]}
    content = {**answer["content"], "application/json": {"schema": error}}
    return {"description": f"{answer['description']}, or {_ERRORS[status]}", "content": content}


def _parameter(name: str, place: str, schema: Schema, text: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema, "description": text}
