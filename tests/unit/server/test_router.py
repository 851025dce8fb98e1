"""Which route an address leads to."""

import pytest

from stillcam.http.messages import Answer, Refused
from stillcam.server.route import Access, Route
from stillcam.server.router import Router

PATHS = [
    ("GET", ""),
    ("GET", "series"),
    ("GET", "api/series"),
    ("POST", "api/series/check"),
    ("GET", "api/series/"),
    ("DELETE", "api/series/"),
    ("GET", "api/series/{name}/shots"),
    ("POST", "api/series/{name}/state"),
    ("GET", "series/{name}/shots/"),
    ("GET", "library/"),
    ("GET", "library/zip/"),
]
TABLE = Router([Route(method, path, Access.OPEN, lambda _: Answer(204)) for method, path in PATHS])


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        pytest.param("GET", "", ("", "", ""), id="the page"),
        pytest.param("GET", "api/series", ("api/series", "", ""), id="as it stands"),
        pytest.param("POST", "api/series/check", ("api/series/check", "", ""), id="as it stands before a name"),
        pytest.param("GET", "api/series/check", ("api/series/", "", "check"), id="a series called check"),
        pytest.param("DELETE", "api/series/Garden 1", ("api/series/", "", "Garden 1"), id="what follows"),
        pytest.param("GET", "api/series/check/shots", ("api/series/{name}/shots", "check", ""), id="a name"),
        pytest.param("GET", "api/series/a/shots/", ("api/series/", "", "a/shots/"), id="a slash too many"),
        pytest.param("GET", "api/series//shots", ("api/series/", "", "/shots"), id="a name is never empty"),
        pytest.param("GET", "api/series/a/b/shots", ("api/series/", "", "a/b/shots"), id="a name is one part"),
        pytest.param("GET", "api/series/{name}/shots", ("api/series/{name}/shots", "{name}", ""), id="braces"),
        pytest.param("GET", "series/a/shots/12", ("series/{name}/shots/", "a", "12"), id="a name, and what follows"),
        pytest.param("GET", "series/a/shots/1/2", ("series/{name}/shots/", "a", "1/2"), id="all that follows"),
        pytest.param("GET", "library/zip/x", ("library/zip/", "", "x"), id="the longest"),
        pytest.param("GET", "library/2026/x/" + "/" * 9000, ("library/", "", "2026/x/" + "/" * 9000), id="slashes"),
    ],
)
def test_ok__an_address_leads_to_the_most_exact_route(method, path, found):
    route, named, rest = TABLE.find(method, path)
    assert (route.path, named, rest) == found


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        pytest.param("GET", "nope", 404, None, id="no route"),
        pytest.param("GET", "series/a", 404, None, id="the middle is missing"),
        pytest.param("GET", "series/a/shots", 404, None, id="the end is missing"),
        pytest.param("POST", "api/series", 405, "GET, HEAD", id="another method"),
        pytest.param("PUT", "api/series/check", 405, "DELETE, GET, POST, HEAD", id="of all that lead there"),
        pytest.param("PUT", "api/series/a/state", 405, "DELETE, GET, POST, HEAD", id="of all below"),
    ],
)
def test_fail__no_route_or_another_method(method, path, status, allowed):
    with pytest.raises(Refused) as caught:
        TABLE.find(method, path)
    assert (caught.value.status, caught.value.headers.get("Allow")) == (status, allowed)
