"""A route of the API: its handler, its description in OpenAPI, and the check of its requests, in one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar

from stillcam.http.messages import MAX_JSON_BYTES, Answer
from stillcam.server.openapi.check import check_body, check_query
from stillcam.server.openapi.shapes import SCHEMAS, TEXT, Schema
from stillcam.server.route import Access, Request, Route

_T = TypeVar("_T")

_UNCHECKED = {"type", "description", "examples"}  # parts of a schema that any text of a query fits


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value in the query of an address.

    Args:
        text: what it does.
        schema: what it may be; enumerations, patterns and ranges are checked.
        error: the answer to a wrong value; empty: made of the schema.
        required: whether it must be there.
    """

    text: str
    schema: Schema = field(default_factory=lambda: TEXT)
    error: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """The JSON object that a request sends.

    Args:
        schema: its name.
        max_bytes: how large it may be.
        required: False: a request without Content-Type counts as `{}`.
        checked: it is checked against its schema before the handler runs; False: the handler does that by the table
            of its subject (settings, series, films).
    """

    schema: str
    max_bytes: int = MAX_JSON_BYTES
    required: bool = True
    checked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRoute(Route):
    """A route that is described in OpenAPI; made by `api`.

    Args:
        tag: its chapter.
        summary: what it does, in a sentence.
        answers: status -> name of the schema of its JSON, a media type, or empty: no body.
        body: of the request.
        errors: statuses beside those that its access and its body bring about.
        query: by name.
        rest: the name of what follows the path of a route that ends in a slash.
        headers: request headers that it knows, name -> what they do.
    """

    tag: str
    summary: str
    answers: dict[int, str]
    body: Body | None = None
    errors: tuple[int, ...] = ()
    query: dict[str, Parameter] = field(default_factory=dict)
    rest: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def api(
    tag: str,
    method: str,
    path: str,
    access: Access,
    handler: Callable[..., Answer],
    summary: str,
    answers: dict[int, str],
    **more: Any,
) -> ApiRoute:
    """A route whose requests are checked before its handler runs.

    Args:
        handler: gets the request, and its JSON object if there is a `body`.
        more: see `Route` and `ApiRoute`.
    """
    route = ApiRoute(method, path, access, handler, tag=tag, summary=summary, answers=answers, **more)
    return replace(route, handler=_checked(handler, route), quick=route.quick and _checked(route.quick, route))


def _checked(handler: Callable[..., _T], route: ApiRoute) -> Callable[[Request], _T]:
    body = route.body
    parameters = {name: one for name, one in route.query.items() if one.schema.keys() - _UNCHECKED or one.required}

    @wraps(handler)
    def checked(request: Request) -> _T:
        for name, parameter in parameters.items():
            value = request.value(name)
            if value is not None or parameter.required:
                check_query(name, value or "", parameter.schema, parameter.error)
        if body is None:
            return handler(request)
        document = request.json(body.max_bytes) if body.required or "content-type" in request.headers else {}
        if body.checked:
            check_body(document, SCHEMAS[body.schema])
        return handler(request, document)

    return checked
