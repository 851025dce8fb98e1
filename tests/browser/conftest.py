"""What the browser tests stand on: Debian's Chromium, a stand-in camera, the real one."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from camera_standin import StandIn
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from real_camera import SMALL, RealCamera, owned_camera

# The first of them has no windows, which takes half the processor time; its pages are the same.
CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DEADLINE_MS = 60_000  # for a condition to come true; a test that passes never waits so long
POLLING_MS = 50  # between two looks at a condition; at each frame, as by default, the page would draw 60 a second
VIEWPORT = {"width": 1000, "height": 700}
expect.set_options(timeout=DEADLINE_MS)


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def camera() -> Iterator[StandIn]:
    """A stand-in with one red frame."""
    standin = StandIn()
    standin.publish("red")
    with standin.serving():
        yield standin


@pytest.fixture
def camera_server(tmp_path, request: pytest.FixtureRequest) -> Iterator[RealCamera]:
    """The real capture daemon and server, with the simulated camera; a parameter names another driver for it."""
    with RealCamera(tmp_path, getattr(request, "param", "")) as real:
        yield real


@pytest.fixture(scope="module")
def shared_camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCamera]:
    """The same with small pictures and an owner, for all tests of a file: each sets back what it changes."""
    folder = tmp_path_factory.mktemp("shared")
    with owned_camera(folder, "simulated", {"snapshot": SMALL, "live": SMALL}) as real:
        yield real


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Iterator[Page]:
    """A page to import modules in, one for all tests of a file."""
    with StandIn().serving() as standin:
        page = browser.new_page()
        page.goto(standin.url)
        yield page
        page.close()


def opened(context: BrowserContext, complaints: list[str]) -> Page:
    """A page that adds to `complaints` what it complains about.

    A browser logs each request that fails as an error of its own; those are the
    tests' doing. Anything else (an exception, a breach of the content security
    policy) fails the test.
    """
    page = context.new_page()
    page.set_default_timeout(DEADLINE_MS)
    page.wait_for_function = partial(page.wait_for_function, polling=POLLING_MS)  # type: ignore[method-assign]
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type in ("error", "warning") and "Failed to load resource" not in message.text
            else None
        ),
    )
    return page


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages of their own; afterwards none of them may have complained."""
    contexts, complaints = list[BrowserContext](), list[str]()

    def new_page(**options: Any) -> Page:
        contexts.append(browser.new_context(**{"viewport": VIEWPORT, **options}))
        return opened(contexts[-1], complaints)

    yield new_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(new_page):
    return new_page()


@pytest.fixture(scope="module")
def _kept(browser: Browser) -> Iterator[dict[str, tuple[Page, list[str]]]]:
    kept = dict[str, tuple[Page, list[str]]]()
    yield kept
    for page, _ in kept.values():
        page.context.close()


@pytest.fixture
def kept_page(browser: Browser, _kept: dict[str, tuple[Page, list[str]]]) -> Iterator[Callable[..., Page]]:
    """The page of a file for such options: the browser has its modules and who signed in, for half of the time.

    Its storage, routes, further pages, size and colours are as at first. A test that installs a clock or a script, or
    signs in as somebody else, needs a new page.
    """
    used = dict[str, tuple[Page, list[str]]]()

    def kept_page(**options: Any) -> Page:
        name = repr(sorted(options.items()))
        if name not in _kept:
            complaints = list[str]()
            context = browser.new_context(**{"viewport": VIEWPORT, **options})
            _kept[name] = opened(context, complaints), complaints
        used[name] = _kept[name]
        return used[name][0]

    yield kept_page
    found = list[str]()
    for page, complaints in used.values():
        _as_at_first(page)
        found += complaints
        complaints.clear()
    assert found == []


def _as_at_first(page: Page) -> None:
    page.unroute_all(behavior="ignoreErrors")
    for other in page.context.pages[1:]:
        other.close()
    if page.url != "about:blank":
        page.evaluate("localStorage.clear(), sessionStorage.clear()")
    page.goto("about:blank")
    page.set_viewport_size(VIEWPORT)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")


@pytest.fixture
def same_page(kept_page: Callable[..., Page]) -> Page:
    return kept_page()


@pytest.fixture
def failing_page(browser: Browser) -> Iterator[Page]:
    """A page that may complain, as its modules fail in the test."""
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(DEADLINE_MS)
        yield page
