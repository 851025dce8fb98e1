"""Series on a real server: who may, and no address that leads anywhere else."""

import http.client
import io
import zipfile

import pytest
from people import Client, program, register, viewer
from series_folders import make_series
from serving import DEADLINE_S, Site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Site(tmp_path_factory.mktemp("site")) as site:
        make_series(site.data / "series", 2)
        make_series(site.data / "series", 1, name="Höhe 2")
        (site.data / "secret.jpg").write_bytes(b"\xff\xd8 nobody else's")
        yield site


@pytest.fixture(scope="module")
def owner(site):
    return register(site)


def test_looking_is_for_who_may_open_the_library_and_changing_for_who_may_control(site, owner):
    looking = ("api/series", "api/series/Garden", "api/series/Garden/shots", "api/series/Garden/timeline",
               "api/series/Garden/zip")  # fmt: skip
    changing: tuple[tuple[str, str, dict[str, object] | None], ...] = (
        ("POST", "api/series", {"name": "Roof"}),
        ("POST", "api/series/check", {}),
        ("PATCH", "api/series/Garden", {"shots": 5}),
        ("POST", "api/series/Garden/state", {"do": "pause"}),
        ("DELETE", "api/series/Garden", None),
    )
    guest, seeing, controlling = viewer(owner), program(owner, "library"), program(owner, "control")
    watching = program(owner, "view")
    for path in (*looking, "series/Garden/shots/1", "series/Garden/shots/1?thumbnail", "series/Garden/zip"):
        assert Client(site).ask(f"/{path}")[0].status == 401, path
        for one in (guest, seeing, controlling, owner):
            assert one.ask(f"/{path}")[0].status == 200, path
        assert watching.ask(f"/{path}")[0].status == 403, path
    for method, path, body in changing:
        assert Client(site).ask(f"/{path}", method, body)[0].status == 401, path
        for one in (guest, seeing):
            assert one.ask(f"/{path}", method, body)[0].status == 403, path
        for one in (controlling, owner):
            assert one.ask(f"/{path}", method, body)[0].status in (200, 503), path  # there is no daemon
    assert (site.data / "series" / "Garden").is_dir()


@pytest.mark.parametrize("name", ["H%C3%B6he%202", "H%c3%b6he%202", "%48%C3%B6he%202"])
def test_an_address_has_the_name_percent_encoded(owner, name):
    assert owner.call(f"/api/series/{name}")[1]["name"] == "Höhe 2"
    assert owner.ask(f"/series/{name}/shots/1")[0].status == 200


@pytest.mark.parametrize(
    "path",
    [
        *("../secret.jpg", "%2e%2e/secret.jpg", "..%2fsecret.jpg", "%2e%2e%2fsecret.jpg", "..%5csecret.jpg"),
        *("Garden%2f..%2f..%2fsecret.jpg", "Garden/../../secret.jpg", "Garden%00", "Garden%0a", "Garden%2fshots"),
        *("Garden+", "Garden%20", "Garden.", "Garden%2e", ".Garden", "garden", "GARDEN", "%e2%80%aeGarden"),
        *("%67arden", "%c0%ae%c0%ae", "%252e%252e", "H%F6he%202", "Ho%CC%88he%202", "-rf", "~", "*", "%", "%zz"),
        *("Garden/frames", "Garden//", "/Garden", "Garden;x", "Garden%3fx"),
    ],
)
def test_no_encoding_of_a_name_leads_out_of_the_folder(site, owner, path):
    link = http.client.HTTPConnection("127.0.0.1", site.port, timeout=DEADLINE_S)
    try:
        for address in (
            f"/api/series/{path}",
            f"/api/series/{path}/shots",
            f"/api/series/{path}/zip",
            f"/series/{path}/zip",
            f"/series/{path}/shots/1",
            f"/series/{path}",
        ):
            link.putrequest("GET", address, skip_accept_encoding=True)  # as it stands, without mending it
            for name, value in owner.headers.items():
                link.putheader(name, value)
            link.endheaders()
            response = link.getresponse()
            body = response.read()
            assert response.status in (400, 404), address
            assert b"nobody else" not in body
            if response.will_close:
                link.close()
    finally:
        link.close()


def test_an_invalid_name_reaches_neither_log_nor_daemon(site, owner):
    """The error names nothing that was sent: it cannot forge a line."""
    status, answer = owner.call("/api/series/%1b%5b31m")
    assert status == 400
    status, answer = owner.call("/api/series/~Garden~")
    assert (status, answer["error"]) == (404, "there is no such series")
    assert "Garden~" not in site.said()


def test_a_zip_is_resumed_where_it_was_cut(owner):
    found = owner.call("/api/series/H%C3%B6he%202/zip")[1]
    assert (found["shots"], found["files"], found["first"], found["last"]) == (1, 3, 1, 1)
    response, whole = owner.ask(f"/{found['zip']}")
    assert (response.status, len(whole), response.headers["Content-Length"]) == (200, found["bytes"], str(len(whole)))
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''H%C3%B6he%202_1-1.zip"
    with zipfile.ZipFile(io.BytesIO(whole)) as read:
        assert read.testzip() is None
    response, rest = owner.ask(f"/{found['zip']}", Range="bytes=1000-", If_Range=response.headers["ETag"])
    assert (response.status, rest) == (206, whole[1000:])
    assert response.headers["Content-Range"] == f"bytes 1000-{len(whole) - 1}/{len(whole)}"
    response, part = owner.ask(f"/{found['zip']}", Range="bytes=10-19")
    assert (response.status, part) == (206, whole[10:20])
    response, again = owner.ask(f"/{found['zip']}", Range="bytes=1000-", If_Range='"other"')
    assert (response.status, again) == (200, whole)
    response, _ = owner.ask(f"/{found['zip']}", Range="bytes=9999999-")
    assert (response.status, response.headers["Content-Range"]) == (416, f"bytes */{len(whole)}")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("first=1&last=2&from=2026-11-20T08:00Z", 200, id="numbers and times"),
        pytest.param("first=3", 404, id="no shot"),
        pytest.param("first=-1", 400, id="no number"),
        pytest.param("from=soon", 422, id="no time"),
    ],
)
def test_the_range_of_a_zip_is_checked(owner, query, status):
    assert owner.call(f"/api/series/Garden/zip?{query}")[0] == status
    assert owner.ask(f"/series/Garden/zip?{query}")[0].status == status
