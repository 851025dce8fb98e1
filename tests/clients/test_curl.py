"""curl, as in a cron job: whole pictures, parts, only what is new, on one connection or many."""

import json

import pytest
from pictures import picture
from programs import run
from serving import Site

WRITE = "%{http_code} %{http_version} %{num_connects} %{size_download}\\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server with a picture, which stays."""
    with Site(tmp_path_factory.mktemp("site")) as site:
        site.publish(picture())
        yield site


def url(site: Site, path: str = "images/current.jpg") -> str:
    return f"http://127.0.0.1:{site.port}/{path}"


def test_the_picture_in_a_file(site, tmp_path):
    run("curl", "--fail", "--silent", "--output", tmp_path / "now.jpg", url(site))
    assert (tmp_path / "now.jpg").read_bytes() == picture()


def test_one_connection_for_many_requests(site):
    """Of `curl URL URL URL` only the first connects, whatever is asked."""
    urls = [url(site, path) for path in ("images/current.jpg", "snapshot", "api/status", "nope", "picture/viewer.js")]
    outputs = [argument for address in urls for argument in ("--output", "/dev/null", address)]
    said = [line.split() for line in run("curl", "--silent", "--write-out", WRITE, *outputs).splitlines()]
    assert [(status, version, connects) for status, version, connects, _ in said] == [
        ("200", "1.1", "1"),
        ("200", "1.1", "0"),
        ("200", "1.1", "0"),
        ("404", "1.1", "0"),
        ("200", "1.1", "0"),
    ]


def test_http_1_0_ends_with_the_answer(site):
    out = ["--output", "/dev/null", url(site)]
    said = run("curl", "--http1.0", "--silent", "--write-out", WRITE, *out, *out).splitlines()
    assert said == [f"200 1.1 1 {len(picture())}"] * 2


def test_http_1_0_goes_on_where_it_is_asked_to(site):
    out = ["--output", "/dev/null", url(site)]
    said = run(
        "curl", "--http1.0", "--header", "Connection: keep-alive", "--silent", "--write-out", WRITE, *out, *out
    ).splitlines()
    assert [line.split()[2] for line in said] == ["1", "0"]


def test_an_upgrade_to_http_2_is_not_taken(site):
    said = run("curl", "--http2", "--silent", "--write-out", WRITE, "--output", "/dev/null", url(site))
    assert said == f"200 1.1 1 {len(picture())}\n"


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        pytest.param("0-0", 0, 1, id="the first byte"),
        pytest.param("10-19", 10, 20, id="some in the middle"),
        pytest.param("100-", 100, None, id="all from there"),
        pytest.param("-20", -20, None, id="the last ones"),
        pytest.param("0-999999", 0, None, id="more than there are"),
    ],
)
def test_a_range(site, tmp_path, wanted, start, end):
    part = tmp_path / "part"
    head = run("curl", "--silent", "--range", wanted, "--output", part, "--dump-header", "-", url(site))
    assert head.startswith("HTTP/1.1 206 ")
    assert part.read_bytes() == picture()[start:end]


def test_a_download_goes_on_where_it_was_cut(site, tmp_path):
    half = tmp_path / "half.jpg"
    half.write_bytes(picture()[:300])
    run("curl", "--fail", "--silent", "--continue-at", "-", "--output", half, url(site))
    assert half.read_bytes() == picture()


def test_a_range_beyond_the_end_is_refused(site):
    said = run("curl", "--silent", "--range", "999999-", "--include", url(site))
    assert said.startswith("HTTP/1.1 416 ")
    assert f"Content-Range: bytes */{len(picture())}" in said


def test_only_what_is_new(tmp_path):
    """With the ETag kept in a file, as in a cron job that mirrors the picture."""
    tag, out = tmp_path / "etag", tmp_path / "now.jpg"

    def mirror(site: Site) -> str:
        return run(
            "curl", "--silent", "--etag-save", tag, "--etag-compare", tag, "--output", out, "--write-out", WRITE,
            url(site),
        ).split()[0]  # fmt: skip

    tag.touch()
    with Site(tmp_path) as site:
        for colour in ("red", "blue"):
            site.publish(picture(colour=colour))
            assert [mirror(site), mirror(site)] == ["200", "304"]
    assert out.read_bytes() == picture(colour="blue")


def test_head_tells_the_size_without_the_picture(site):
    said = run("curl", "--silent", "--head", url(site))
    assert said.startswith("HTTP/1.1 200 ")
    assert f"Content-Length: {len(picture())}\r\n" in said


def test_an_upload_is_refused_before_it_is_sent(site, tmp_path):
    """curl asks first (`Expect: 100-continue`) and gets the answer, not a broken connection."""
    film = tmp_path / "film"
    film.write_bytes(bytes(3_000_000))
    said = run("curl", "--silent", "--expect100-timeout", "60", "--upload-file", film, "--include", url(site))
    head, _, body = said.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 405 ")
    assert json.loads(body)["error"]
