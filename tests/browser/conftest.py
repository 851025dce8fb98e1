"""What the browser tests stand on: Debian's Chromium, a stand-in camera, the real one."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from camera_standin import StandIn
from playwright.sync_api import Browser, Page, Playwright, expect
from real_camera import RealCamera
from signed_in import add_owner_to

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
    """The same with an owner, for all tests of a file: each sets back what it changes."""
    folder = tmp_path_factory.mktemp("shared")
    with RealCamera(folder, "simulated") as real:
        add_owner_to(real.url, folder / "data")
        yield real


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Iterator[Page]:
    """A page to import modules in, one for all tests of a file."""
    with StandIn().serving() as standin:
        page = browser.new_page()
        page.goto(standin.url)
        yield page
        page.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages of their own; afterwards none of them may have complained.

    A browser logs each request that fails as an error of its own; those are the
    tests' doing. Anything else (an exception, a breach of the content security
    policy) fails the test.
    """
    contexts, complaints = [], []

    def new_page(**options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1000, "height": 700}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(DEADLINE_MS)
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

    yield new_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(new_page):
    return new_page()


@pytest.fixture
def failing_page(browser: Browser) -> Iterator[Page]:
    """A page that may complain, as its modules fail in the test."""
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(DEADLINE_MS)
        yield page
