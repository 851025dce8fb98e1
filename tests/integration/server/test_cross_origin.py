"""Pages of other origins: they show and read what anyone may watch, and more only where the owner has listed them."""

import pytest
from people import PASSWORD, program, register
from pictures import picture
from serving import Site
from strangers import connect

PATHS = ("/images/current.jpg", "/snapshot", "/snapshot.jpg", "/?action=snapshot")
LISTED, OTHER = "http://homeassistant.local:8123", "http://evil.example"
SHARED_HOST = "garden.local"  # of the camera, and of another program


@pytest.fixture(scope="module")
def listing(tmp_path_factory):
    """A server that lists an origin, and anyone may watch."""
    with listing_origin(tmp_path_factory.mktemp("listing")) as site:
        site.publish(picture())
        yield site


@pytest.fixture(scope="module")
def listing_owner(tmp_path_factory):
    """The owner of a server that lists an origin."""
    with listing_origin(tmp_path_factory.mktemp("owned")) as site:
        site.publish(picture())
        yield register(site)


def listing_origin(folder):
    return Site(folder, {"access": {"embed": [LISTED.upper().replace("HTTP", "http")]}})


def cross_origin(headers):
    """What an answer says of other origins."""
    names = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Cross-Origin-Resource-Policy")
    return tuple(headers[name] for name in names)


def stream_headers(site, *lines):
    """The head of a stream's answer."""
    with connect(site.port) as link:
        link.sendall("\r\n".join(["GET /stream HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""]).encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += link.recv(4096)
        return data.partition(b"\r\n\r\n")[0].decode()


def asked_before(site, path, origin, method="GET"):
    """The answer to a browser that asks whether a page may."""
    headers = {
        "Origin": origin,
        "Access_Control_Request_Method": method,
        "Access_Control_Request_Headers": "authorization",
    }
    return site.ask(path, "OPTIONS", **headers)[0]


def test_what_anyone_may_watch_any_page_may_read(site):
    site.publish(picture())
    for path in PATHS:
        for headers in ({}, {"Origin": OTHER}):  # a cache in between asks for nobody in particular
            response, _ = site.ask(path, **headers)
            assert (response.status, cross_origin(response.headers)) == (200, ("*", None, "cross-origin")), path
        response, _ = site.ask(path, If_None_Match=response.headers["ETag"])
        assert (response.status, cross_origin(response.headers)) == (304, ("*", None, "cross-origin"))
    assert "Access-Control-Allow-Origin: *" in stream_headers(site, f"Origin: {OTHER}")
    permitted = asked_before(site, "/stream", OTHER)
    assert (permitted.status, cross_origin(permitted.headers)) == (204, ("*", None, "cross-origin"))
    assert permitted.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert "Authorization" in permitted.headers["Access-Control-Allow-Headers"]


def test_nothing_else_is_read_by_any_page(listing):
    for path in ("/api/status", "/", "/api/session", "/api/library", "/nope"):
        assert cross_origin(listing.ask(path, Origin=OTHER)[0].headers) == (None, None, None), path
        assert asked_before(listing, path, OTHER).status in (404, 405)
    assert asked_before(listing, "/snapshot", OTHER, "POST").status == 405
    assert listing.ask("/snapshot", "OPTIONS")[0].status == 405


def test_what_only_some_may_watch_no_other_page_reads(site):
    site.publish(picture())
    owner = register(site)
    token = program(owner, "view")
    assert cross_origin(owner.ask("/snapshot", Origin=OTHER)[0].headers) == (None, None, "same-site")
    assert cross_origin(token.ask("/snapshot", Origin=OTHER)[0].headers) == (None, None, "cross-origin")
    assert cross_origin(site.ask("/snapshot", Origin=OTHER)[0].headers) == (None, None, None)
    assert asked_before(site, "/snapshot", OTHER).status == 401


def test_a_listed_origin_reads_with_a_session_or_a_token_and_no_other_does(listing_owner):
    site, clients = listing_owner.site, (listing_owner, program(listing_owner, "view"))
    for client in clients:
        for path in ("/snapshot", "/api/status", "/nope"):
            response, _ = client.ask(path, Origin=LISTED)
            assert cross_origin(response.headers)[:2] == (LISTED, "true"), path
            assert "Origin" in ", ".join(response.headers.get_all("Vary", []))
            for origin in (OTHER, "null", f"{LISTED}0", LISTED.replace("http", "https"), f"{LISTED}.evil.example"):
                assert cross_origin(client.ask(path, Origin=origin)[0].headers)[:2] == (None, None), origin
    response, _ = site.ask("/snapshot", Origin=LISTED)
    assert (response.status, cross_origin(response.headers)[:2]) == (401, (LISTED, "true"))
    permitted = asked_before(site, "/api/snapshot", LISTED, "POST")
    assert (permitted.status, cross_origin(permitted.headers)[:2]) == (204, (LISTED, "true"))
    assert asked_before(site, "/api/snapshot", OTHER, "POST").status == 405


def test_a_listed_origin_writes_with_a_token_and_never_with_a_session(listing_owner):
    control = program(listing_owner, "control")
    for site_word in ({}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}):
        assert control.ask("/api/snapshot", "POST", {}, Origin=LISTED, **site_word)[0].status == 503  # no daemon here
        assert control.ask("/api/snapshot", "POST", {}, Origin=OTHER, **site_word)[0].status == 403
        assert listing_owner.ask("/api/snapshot", "POST", {}, **{"Origin": LISTED} | site_word)[0].status == 403
        assert listing_owner.site.ask("/api/session", "POST", b"{}", Origin=LISTED, **site_word)[0].status == 403


@pytest.mark.parametrize("port", ["", ":8080"])
def test_a_listed_origin_of_the_same_host_writes_with_no_session_through_a_proxy_either(tmp_path, port):
    """The proxy leaves the port out, so that another port of the host could be ours."""
    neighbour, own = f"http://{SHARED_HOST}:8123", f"http://{SHARED_HOST}{port}"
    with Site(tmp_path, {"access": {"embed": [neighbour], "proxies": ["127.0.0.1"]}}) as site:
        proxied = {"Host": SHARED_HOST, "X_Forwarded_For": "192.0.2.1"}
        owner = register(site)
        eve = {"name": "Eve", "password": PASSWORD, "role": "owner"}
        assert owner.call("/api/users", "POST", eve, **proxied | {"Origin": neighbour})[0] == 403
        assert owner.call("/api/users", "POST", eve, **proxied | {"Origin": own})[0] == 201
        control = program(owner, "control")
        assert control.ask("/api/snapshot", "POST", {}, **proxied, Origin=neighbour)[0].status == 503  # no daemon here


def test_a_listed_origin_is_named_where_anyone_may_watch_too(listing):
    """A page that sends a cookie along may not read what is meant for any page."""
    response, _ = listing.ask("/snapshot", Origin=LISTED)
    assert cross_origin(response.headers) == (LISTED, "true", "cross-origin")
    assert cross_origin(listing.ask("/snapshot", Origin=OTHER)[0].headers) == ("*", None, "cross-origin")


def test_frames_are_for_listed_origins_as_soon_as_they_are_listed(site):
    headers = site.ask("/")[0].headers
    assert "frame-ancestors 'self';" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    site.write_settings({"access": {"embed": ["https://ha.example:443", LISTED]}})
    ancestors = f"frame-ancestors 'self' https://ha.example {LISTED};"
    site.until(lambda: ancestors in site.ask("/")[0].headers["Content-Security-Policy"])
    assert site.ask("/")[0].headers["X-Frame-Options"] is None


@pytest.mark.parametrize(
    "value",
    ["*", "null", "ha.example", "https://ha.example/", "https://*.example", "https://ha.example; script-src *", "file://",
     "https://ha.example:0", "https://[::1]:8123", "https://ha.example https://b.example", "ftp://ha.example"],
)  # fmt: skip
def test_what_is_no_origin_is_refused_with_the_reason(listing_owner, value):
    status, answer = listing_owner.call("/api/settings", "PATCH", {"access": {"embed": [value]}})
    assert (status, answer["field"]) == (422, "access.embed")
    assert "http://homeassistant.local:8123" in answer["error"]
