"""A route of the API: its handler, its description in OpenAPI, and the check of its requests, in one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from stillcam.http.messages import MAX_JSON_BYTES, Answer, as_json
from stillcam.server.openapi.check import check_body, check_query
from stillcam.server.openapi.shapes import SCHEMAS, TEXT, Schema
from stillcam.server.route import Access, Request, Route

Document = dict[str, Any]  # of JSON
Quick = Callable[[Request], Answer | None]

_UNCHECKED = {"type", "description", "examples"}  # parts of a schema that any text of a query fits


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value in the query of an address."""

    text: str  # what it does
    schema: Schema = field(default_factory=lambda: TEXT)  # enumerations, patterns and ranges are checked
    error: str = ""  # the answer to a wrong value; empty: made of the schema
    required: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """The JSON object that a request sends."""

    schema: str  # its name
    max_bytes: int = MAX_JSON_BYTES
    required: bool = True  # False: a request without Content-Type counts as `{}`
    checked: bool = True  # before the handler runs; False: the handler does that by the table of its subject


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRoute(Route):
    """A route that is described in OpenAPI; made by `api`."""

    tag: str  # its chapter
    summary: str  # what it does, in a sentence
    answers: dict[int, str]  # status -> name of the schema of its JSON, a media type, or empty: no body
    body: Body | None = None
    errors: tuple[int, ...] = ()  # statuses beside those that its access, its body and its address bring about
    query: dict[str, Parameter] = field(default_factory=dict)  # by name
    rest: str = ""  # the name of what follows the path of a route that ends in a slash
    headers: dict[str, str] = field(default_factory=dict)  # request headers that it knows, name -> what they do


def api(
    tag: str,
    method: str,
    path: str,
    access: Access,
    handler: Callable[..., Any],
    summary: str,
    answers: dict[int, str],
    **more: Any,
) -> ApiRoute:
    """A route whose requests are checked before its handler runs.

    Args:
        handler: gets the request, and its JSON object if there is a `body`. It returns an Answer; or the document of
            the first of `answers`, None if that has no body.
        more: see `Route` and `ApiRoute`.
    """
    route = ApiRoute(method, path, access, handler, tag=tag, summary=summary, answers=answers, **more)
    return replace(route, handler=_checked_handler(route), quick=route.quick and _checked_quick(route, route.quick))


def _checked_handler(route: ApiRoute) -> Callable[[Request], Answer]:
    handler: Callable[..., Any] = route.handler
    body, check, status = route.body, _query_check(route), next(iter(route.answers))

    def answer(request: Request) -> Answer:
        check(request)
        if body is None:
            result = handler(request)
        else:
            document = request.json(body.max_bytes) if body.required or "content-type" in request.headers else {}
            if body.checked:
                check_body(document, SCHEMAS[body.schema])
            result = handler(request, document)
        if isinstance(result, Answer):
            return result
        return Answer(status) if result is None else as_json(status, result)

    return answer


def _checked_quick(route: ApiRoute, quick: Quick) -> Quick:
    check = _query_check(route)

    def answer(request: Request) -> Answer | None:
        check(request)
        return quick(request)

    return answer


def _query_check(route: ApiRoute) -> Callable[[Request], None]:
    parameters = {name: one for name, one in route.query.items() if one.schema.keys() - _UNCHECKED or one.required}

    def check(request: Request) -> None:
        for name, parameter in parameters.items():
            value = request.value(name)
            if value is not None or parameter.required:
                check_query(name, value or "", parameter.schema, parameter.error)

    return check
