"""The page's files as a browser and the caches before it get them: packed, by version, and revalidated."""

import gzip
import re
from collections.abc import Iterator

import pytest
from serving import ROOT, Site, installed

WEB = ROOT / "web"
GZIP = "gzip, deflate, br"
VERSIONED = re.compile(r'(?:href|src)="(assets/[0-9a-f]{8}/)([\w./-]+)"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site")) as site:
        yield site


def version(site: Site) -> str:
    """The folder of the page's files."""
    found = VERSIONED.search(site.ask("/")[1].decode())
    assert found
    return found[1]


@pytest.mark.parametrize(
    "path", ["/", "/live", "/cameras", "/page/main.js", "/base/base.css", "/icon.svg", "/manifest.webmanifest"]
)
def test_a_file_is_packed_for_a_client_that_unpacks_it(site, path):
    plain, body = site.ask(path)
    packed, short = site.ask(path, Accept_Encoding=GZIP)
    assert (plain.status, packed.status) == (200, 200)
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(short) == body
    assert len(short) < len(body)
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        *(("gzip", True), ("GZIP;q=0.5", True), ("x-gzip", True), ("br, *", True), ("identity, gzip;q=1", True)),
        *(("br", False), ("gzip;q=0", False), ("gzip; q=0.000", False), ("*;q=0", False), ("*, gzip;q=0", False)),
    ],
)
def test_packed_only_where_it_is_accepted(site, accepted, packed):
    assert (site.ask("/page/main.js", Accept_Encoding=accepted)[0].headers["Content-Encoding"] == "gzip") is packed


@pytest.mark.parametrize("path", ["/", "/page/main.js"])
def test_each_form_of_a_file_has_an_etag_of_its_own(site, path):
    plain, packed = (site.ask(path, Accept_Encoding=coding)[0].headers["ETag"] for coding in ("identity", GZIP))
    assert plain != packed
    for coding, own, other in (("identity", plain, packed), (GZIP, packed, plain)):
        same, nothing = site.ask(path, Accept_Encoding=coding, If_None_Match=own)
        assert (same.status, same.headers["ETag"], nothing) == (304, own, b"")
        assert "Accept-Encoding" in same.headers["Vary"]
        assert site.ask(path, Accept_Encoding=coding, If_None_Match=other)[0].status == 200


@pytest.mark.parametrize("path", ["/", "/cameras"])
def test_the_page_refers_to_files_that_never_change(site, path):
    answer, body = site.ask(path)
    assert answer.headers["Cache-Control"] == "no-cache"
    found = VERSIONED.findall(body.decode())
    assert {"base/base.css", "icon.svg", "server/api.js"} <= {name for _, name in found}
    for folder, name in found:
        file, data = site.ask(f"/{folder}{name}")
        assert (file.status, data) == (200, (WEB / name).read_bytes())
        assert "immutable" in file.headers["Cache-Control"]
        assert "max-age=31536000" in file.headers["Cache-Control"]


def test_no_shared_cache_keeps_the_page_of_somebody_who_signed_in(site):
    """It names them."""
    for credentials in ({"Cookie": "stillcam_1=x"}, {"Authorization": "Bearer x"}):
        assert site.ask("/", **credentials)[0].headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("name", ["page/main.js", "base/base.css", "icon.svg"])
def test_the_plain_addresses_are_revalidated(site, name):
    assert site.ask(f"/{name}")[0].headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["000000000000/page/main.js", "", "000000000000", "page/main.js", "{version}nope.js", "{version}"]
)
def test_another_version_is_not_there(site, path):
    answer, _ = site.ask(f"/assets/{path.replace('{version}', version(site).removeprefix('assets/'))}")
    assert answer.status == 404
    assert "immutable" not in (answer.headers["Cache-Control"] or "")


def test_the_status_names_the_version(site):
    assert f'"page": "{version(site).split("/")[1]}"'.encode() in site.ask("/api/status")[1]


def test_the_version_is_that_of_what_the_files_hold(tmp_path):
    """An update while the server runs comes into force with its next start, all of it at once."""
    root = installed(tmp_path / "program")
    with Site(tmp_path, root=root) as site:
        old = version(site)
        (root / "web/tabs/live/recent.js").write_text("// @ts-check\n/** Another one. */\n")
        assert site.ask(f"/{old}tabs/live/recent.js")[1] == (WEB / "tabs/live/recent.js").read_bytes()
        assert version(site) == old
        site.end()
        site.start()
        new = version(site)
        assert new != old
        assert site.ask(f"/{new}tabs/live/recent.js")[1].endswith(b"Another one. */\n")
        assert site.ask(f"/{old}tabs/live/recent.js")[0].status == 404
