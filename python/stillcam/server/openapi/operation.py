"""What is told of a route that its table does not hold."""

from __future__ import annotations

from dataclasses import dataclass, field

from stillcam.server.openapi.shapes import Schema


@dataclass(frozen=True, slots=True)
class Operation:
    """One route.

    Args:
        tag: its chapter.
        text: what it does, in a sentence.
        answers: status -> name of the schema of its JSON, a media type, or empty: no body.
        body: name of the schema of what is sent; empty: nothing.
        errors: statuses beside those that its access and its body bring about.
        query: name -> what it is.
        rest: for a route that ends in a slash: what follows is called.
        headers: request headers that it knows, name -> what they do.
    """

    tag: str
    text: str
    answers: dict[int, str]
    body: str = ""
    errors: tuple[int, ...] = ()
    query: dict[str, tuple[Schema, str]] = field(default_factory=dict)
    rest: str = ""
    headers: dict[str, str] = field(default_factory=dict)
