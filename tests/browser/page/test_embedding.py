"""Pages of other sites that show the camera, in Chromium: what Mainsail and dashboards of Home Assistant do."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pictures import picture
from serving import ROOT, Site
from signed_in import add_owner, add_owner_to, sign_in

DOCUMENT = ROOT / "docs/integrate/https-and-proxies.md"
# Mainsail's adaptive service fetches pictures, its other one reads the parts of the stream.
FETCHED = "async (url) => { const r = await fetch(url); return [r.status, r.headers.get('X-Frame-Time') !== null]; }"
STREAMED = """async (url) => {
  const reader = (await fetch(url)).body.getReader();
  let text = "";
  while (!text.includes("image/jpeg")) text += new TextDecoder("latin1").decode((await reader.read()).value);
  await reader.cancel();
  return "read";
}"""
DRAWN = """async (url) => {
  const image = new Image();
  image.crossOrigin = "anonymous";
  image.src = url;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  return canvas.getImageData(0, 0, 1, 1).data[0] > 200;
}"""


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>Dashboard</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def dashboard() -> Iterator[str]:
    """A page of another program; its address, at a host that is another site than the camera's 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Blank)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def outer():
    with dashboard() as address:
        yield address


def frame(page, url):
    """Show `url` in a frame of the page; the frame."""
    page.evaluate("(url) => { const f = document.createElement('iframe'); f.src = url; document.body.append(f); }", url)
    return page.frame_locator("iframe")


def test_any_page_reads_what_anyone_may_watch(tmp_path, page, outer):
    with Site(tmp_path) as site:
        site.publish(picture(colour="red"))
        url = f"http://127.0.0.1:{site.port}/"
        page.goto(outer)
        assert page.evaluate(FETCHED, url + "snapshot?t=1") == [200, True]
        assert page.evaluate(STREAMED, url + "stream") == "read"
        assert page.evaluate(DRAWN, url + "snapshot?t=2")


def test_the_polling_page_of_the_documentation(tmp_path, page, outer):
    """It shows each new picture, and receives none twice."""
    (example,) = re.findall(r"```html\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    address = "https://camera.example.org/webcam/"
    assert address in example
    with Site(tmp_path, {"server": {"access_log": True}}) as site:
        site.publish(picture((320, 240)))
        page.goto(outer)
        page.set_content(example.replace(address, f"http://127.0.0.1:{site.port}/"))
        page.wait_for_function("document.images[0].naturalWidth === 320")
        site.until(lambda: "?width=640 304 " in site.said())
        site.publish(picture((160, 120)))
        page.wait_for_function("document.images[0].naturalWidth === 160")


def test_a_listed_page_shows_the_camera_s_page_in_a_frame(tmp_path, page, outer):
    with Site(tmp_path, {"access": {"embed": [outer], "watch": "anyone"}}) as site:
        site.publish(picture())
        add_owner_to(f"http://127.0.0.1:{site.port}/", site.data)
        page.goto(outer)
        frame(page, f"http://127.0.0.1:{site.port}/").locator("canvas").wait_for()


def test_a_listed_page_of_the_same_host_shows_the_page_of_who_has_signed_in(tmp_path, page, outer):
    """Another port of a host is the same site: the session's cookie is sent in the frame."""
    outer = outer.replace("localhost", "127.0.0.1")
    add_owner(tmp_path / "data")
    with Site(tmp_path, {"access": {"embed": [outer]}}) as site:
        url = f"http://127.0.0.1:{site.port}/"
        sign_in(page, url)
        page.goto(outer)
        frame(page, url).locator("#tabs a:has-text('Settings')").wait_for()
        read = "async (url) => (await (await fetch(url, { credentials: 'include' })).json()).user.name"
        assert page.evaluate(read, f"{url}api/session") == "Ann"


def test_no_other_page_shows_the_camera_s_page_in_a_frame(tmp_path, browser, outer):
    with Site(tmp_path, {"access": {"embed": ["http://localhost:1"]}}) as site:
        context = browser.new_context()
        page = context.new_page()
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(outer)
        frame(page, f"http://127.0.0.1:{site.port}/")
        page.wait_for_function("() => document.querySelector('iframe')?.contentDocument === null")
        for _ in range(600):
            if any("frame-ancestors" in text for text in said):
                break
            page.wait_for_timeout(100)
        assert any("frame-ancestors" in text for text in said)
        context.close()
