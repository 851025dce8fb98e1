"""The Settings and Config tabs on the real camera server: what is set is in force, is kept, and follows others."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from own_certificate import make
from playwright.sync_api import Page, Route, expect
from real_camera import RealCamera, owned_camera
from signed_in import NAME, open_tab, signed_in

pytestmark = pytest.mark.timeout(300)

SET_BRIGHTNESS = """() => fetch("api/settings", {
  method: "PATCH", headers: { "Content-Type": "application/json" },
  body: '{"controls": {"Brightness": 0.25}}',
})"""


@pytest.fixture
def page(same_page: Page) -> Page:
    return same_page


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[RealCamera]:
    """The real daemon and server, with an owner, for a test that restarts them."""
    with owned_camera(tmp_path) as real:
        yield real


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCamera]:
    """The same for all tests that leave the settings as they are."""
    folder = tmp_path_factory.mktemp("shared")
    with owned_camera(folder) as real:
        yield real


@pytest.fixture
def owned(shared: RealCamera, same_page: Page) -> Iterator[RealCamera]:
    """The same for tests that change settings: each begins and ends with the defaults."""
    signed_in(same_page, shared.url)
    yield shared
    settings = same_page.request.get(f"{shared.url}api/settings").json()["settings"]
    answer = same_page.request.patch(
        f"{shared.url}api/settings", data=dict.fromkeys(settings), headers={"Origin": shared.url.rstrip("/")}
    )
    assert answer.ok, answer.text()


def setting(page: Page, name: str) -> Any:
    return page.locator(f"[data-setting='{name}'] :is(input, select)")


def set_to(page: Page, name: str, value: str) -> None:
    """Type a value, and wait until the server has answered."""
    field = setting(page, name)
    field.fill(value)
    field.blur()
    page.wait_for_selector(f"[data-setting='{name}']:is([data-state=saved], [data-state=refused])")


def kept(real: RealCamera) -> Any:
    return json.loads((real.folder / "data" / "settings.json").read_text())


def test_a_setting_is_kept_and_shown_again(page, alone):
    open_tab(page, alone.url, "settings")
    set_to(page, "snapshot.quality", "70")
    page.select_option("[data-setting='camera.rotation'] select", "90")
    page.wait_for_selector("[data-setting='camera.rotation'][data-state=saved]")
    assert kept(alone)["snapshot"]["quality"] == 70
    alone.end("server")
    alone.start("server")
    page.click("#tabs a:has-text('Live')")
    page.wait_for_function("() => document.querySelector('.camera').dataset.state === 'fresh'")
    page.reload()
    page.click("#tabs a:has-text('Settings')")
    page.wait_for_function("() => document.querySelector(`[data-setting='camera.rotation'] select`)?.value === '90'")
    assert setting(page, "snapshot.quality").input_value() == "70"
    page.click("[data-setting='snapshot.quality'] .reset")
    page.wait_for_selector("[data-setting='snapshot.quality'][data-state=saved]")
    assert setting(page, "snapshot.quality").input_value() == "85"
    page.click("#tabs a:has-text('Live')")
    page.wait_for_function("() => { const c = document.querySelector('canvas'); return c.height > c.width; }")


def test_what_is_wrong_is_told_beside_it_and_springs_back(page, owned):
    open_tab(page, owned.url, "settings")
    set_to(page, "snapshot.interval_s", "0")
    assert "must be from 0.1 to 86400" in page.inner_text("[data-setting='snapshot.interval_s'] .problem")
    assert setting(page, "snapshot.interval_s").input_value() == "2"
    set_to(page, "access.hosts", "camera.example")
    assert kept(owned)["access"]["hosts"] == ["camera.example"]
    set_to(page, "webhooks.urls", "ftp://example.org/")
    assert "must be an address like" in page.inner_text("[data-setting='webhooks.urls'] .problem")
    assert setting(page, "webhooks.urls").input_value() == "ftp://example.org/"  # to be corrected


def test_a_list_is_rows_with_add_and_remove(page, owned):
    open_tab(page, owned.url, "settings")
    row = page.locator("[data-setting='webhooks.urls']")
    for name in "abc":
        setting(page, "webhooks.urls").fill(f"http://127.0.0.1:9/{name},1")  # a comma is a part of it
        row.get_by_role("button", name="Add to Webhooks").click()
        expect(row.get_by_role("listitem").filter(has_text=f"/{name},1")).to_be_visible()
        expect(row.get_by_role("status")).to_have_text(f"http://127.0.0.1:9/{name},1 was added.")
    assert kept(owned)["webhooks"]["urls"] == [f"http://127.0.0.1:9/{name},1" for name in "abc"]
    setting(page, "webhooks.urls").fill("http://127.0.0.1:9/a,1")
    page.keyboard.press("Enter")
    expect(row.get_by_role("status")).to_have_text("http://127.0.0.1:9/a,1 is in the list already.")
    row.get_by_role("button", name="Remove http://127.0.0.1:9/b,1").focus()
    page.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Remove http://127.0.0.1:9/c,1")).to_be_focused()  # the next one
    expect(row.get_by_role("status")).to_have_text("http://127.0.0.1:9/b,1 was removed.")
    expect(row.get_by_role("listitem")).to_have_count(2)
    assert kept(owned)["webhooks"]["urls"] == ["http://127.0.0.1:9/a,1", "http://127.0.0.1:9/c,1"]
    row.get_by_role("button", name="Reset Webhooks").click()
    expect(row.get_by_role("listitem")).to_have_count(0)
    expect(row).not_to_have_attribute("data-changed", "")


def test_the_sections_are_in_the_order_of_need(page, shared):
    open_tab(page, shared.url, "settings")
    page.wait_for_selector(".entries li")
    assert page.locator("#settings-panel h2").all_inner_texts() == [
        "Camera", "Snapshots", "Who may watch", "Privacy", "Stamp", "Storage", "Profiles", "Motion",
        "Notifications", "Users",
        "Access tokens", "Network", "Page", "Backup", "This machine",
    ]  # fmt: skip


def test_a_default_is_in_words_and_an_emptied_field_is_automatic_again(page, owned):
    open_tab(page, owned.url, "settings")
    height, reserve = setting(page, "snapshot.height"), setting(page, "files.floor_mb")
    expect(height).to_have_attribute("placeholder", "Automatic (960)")
    assert height.input_value() == ""
    expect(reserve).to_have_attribute("placeholder", re.compile(r"^Automatic \([\d.]+ MB\)$"))
    expect(setting(page, "retention.max_age_days")).to_have_attribute("placeholder", "No limit")
    expect(setting(page, "server.tls_certificate")).to_have_attribute("placeholder", "None (plain HTTP)")
    set_to(page, "snapshot.height", "480")
    row = page.locator("[data-setting='snapshot.height']")
    expect(row).to_have_attribute("data-changed", "")
    expect(row.locator(".hint")).to_have_text("Before the rotation. Up to 16,384 px. Default: automatic.")
    assert kept(owned)["snapshot"] == {"height": 480}
    set_to(page, "snapshot.height", "")
    expect(row.locator(".hint")).to_have_text("Before the rotation. Up to 16,384 px.")
    page.click("#tabs a:has-text('Config')")
    set_to(page, "live.framerate", "")  # its default is not the automatic one
    assert kept(owned)["live"] == {"framerate": 0}
    expect(setting(page, "live.framerate")).to_have_attribute("placeholder", "Automatic")
    expect(page.locator("[data-setting='live.framerate'] .hint")).to_have_text("Up to 240 fps. Default: 15 fps.")
    page.get_by_label("Live view", exact=True).get_by_role("button", name="Reset Frame rate").click()
    expect(setting(page, "live.framerate")).to_have_value("15")
    assert "live" not in kept(owned)


def test_a_restart_applies_what_waits_for_it(page, alone):
    open_tab(page, alone.url, "settings")
    network = page.get_by_label("Network", exact=True)
    setting(page, "server.max_connections").wait_for()
    expect(network.get_by_role("button", name="Restart")).to_be_hidden()
    set_to(page, "server.max_connections", "100")
    expect(
        network.get_by_role("status").filter(has_text="Restart the server to apply: Maximum connections.")
    ).to_be_visible()
    network.get_by_role("button", name="Restart").click()
    expect(page.get_by_role("status").filter(has_text="The server has been restarted.")).to_be_visible()
    expect(network.get_by_role("button", name="Restart")).to_be_hidden()
    assert kept(alone)["server"] == {"max_connections": 100}
    page.click("#tabs a:has-text('Live')")  # with the same session
    page.wait_for_function("() => document.querySelector('.camera').dataset.state === 'fresh'")


def test_a_restart_that_is_refused_says_why(page, alone):
    open_tab(page, alone.url, "settings")
    certificate, key = make(alone.folder, "camera")
    certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
    set_to(page, "server.tls_certificate", str(certificate))
    network = page.get_by_label("Network", exact=True)
    moved = certificate.rename(alone.folder / "moved.pem")
    network.get_by_role("button", name="Restart").click()
    expect(network.get_by_role("alert").filter(has_text="cannot read")).to_be_visible()
    moved.rename(certificate)
    page.route("**/api/restart", lambda route: route.fulfill(status=202, json={"restart": []}))  # it stays reachable
    network.get_by_role("button", name="Restart").click()
    secure = f"{alone.url.replace('http:', 'https:')}settings"
    expect(network.get_by_role("link", name=secure)).to_have_attribute("href", secure)


def shown(page: Page) -> list[str]:
    """The labels of the settings that the tab shows."""
    return [
        text.strip(" ✓") for text in page.locator(".panel:not([hidden]) .setting > label:visible").all_inner_texts()
    ]


def test_the_search_finds_settings_by_their_words(page, shared):
    open_tab(page, shared.url, "settings")
    page.wait_for_selector(".entries li")
    search = page.get_by_role("searchbox", name="Search settings")
    search.fill("mirror LEFT")
    assert shown(page) == ["Mirror left and right"]
    assert page.locator(".settings-card:visible h2").all_inner_texts() == ["Camera"]
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("1 setting")
    search.fill("storage")  # the whole section
    assert len(shown(page)) == 6
    search.fill("password")  # no setting, but what is there
    assert page.locator(".settings-card:visible h2").all_inner_texts() == ["Users"]
    search.fill("tls_key")  # its name in the file
    assert shown(page) == ["TLS private key"]
    search.fill("sensor of the moon")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("No setting has all these words.")
    page.get_by_role("button", name="Show all settings").click()
    expect(search).to_be_focused()
    assert len(page.locator(".settings-card:visible h2").all()) == 15
    search.fill("mirror")
    page.keyboard.press("Escape")
    expect(search).to_have_value("")
    assert "Interval" in shown(page)


def test_only_changed_settings_can_be_shown(page, owned):
    open_tab(page, owned.url, "config")
    setting(page, "photo.quality").wait_for()
    page.get_by_role("checkbox", name="Changed only").check()
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("Every setting has its default.")
    page.get_by_role("checkbox", name="Changed only").uncheck()
    set_to(page, "photo.quality", "80")
    page.get_by_role("checkbox", name="Changed only").check()
    assert shown(page) == ["JPEG quality"]
    assert page.locator(".settings-card:visible h2").all_inner_texts() == ["Photo"]
    page.get_by_role("button", name="Reset JPEG quality").click()  # it stays until the search is another one
    expect(setting(page, "photo.quality")).to_have_value("93")
    page.get_by_role("checkbox", name="Changed only").uncheck()
    assert shown(page).count("JPEG quality") == 4


@pytest.mark.parametrize("tab", ["settings", "config"])
def test_a_finger_hits_every_field_and_button(page, shared, tab):
    """44 px high and wide, with the label of a box; on a phone."""
    page.set_viewport_size({"width": 360, "height": 740})
    open_tab(page, shared.url, tab)
    page.wait_for_selector(".entries li" if tab == "settings" else "[data-case=video]")
    small = page.evaluate("""() => [...document.querySelectorAll(".panel:not([hidden]) :is(input, select, button, a)")]
      .filter((one) => one.checkVisibility({ visibilityProperty: true }))
      .filter((one) => {
        const { width, height } = one.getBoundingClientRect();
        one.scrollIntoView({ block: "center" });
        if (one.type !== "checkbox") return width < 44 || height < 44;
        const box = one.getBoundingClientRect();
        const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
        return [[-20, 0], [0, -20], [0, 20]].some(([dx, dy]) => {
          const hit = document.elementFromPoint(x + dx, y + dy);
          return hit !== one && !one.labels[0].contains(hit);
        });
      })
      .map((one) => one.outerHTML)""")
    assert small == []


def test_two_people_see_each_other_s_changes(page, new_page: Callable[..., Page], owned):
    first, second = page, new_page()
    for one in (first, second):
        open_tab(one, owned.url, "settings")
        one.wait_for_selector("[data-setting='page.histogram'] input")
    first.check("[data-setting='page.histogram'] input")
    second.wait_for_function("() => document.querySelector(`[data-setting='page.histogram'] input`).checked")


def test_a_change_that_came_too_late_says_so(page, owned):
    """The page has not heard yet of the other change: it names the version that it has seen, and is refused."""
    page.route("**/api/events", lambda route: route.abort())
    page.route("**/api/status?*", lambda route: route.abort())
    open_tab(page, owned.url, "settings")
    setting(page, "snapshot.quality").wait_for()
    other = page.request.patch(
        f"{owned.url}api/settings", data={"snapshot": {"width": 640}}, headers={"Origin": owned.url.rstrip("/")}
    )
    assert other.ok, other.text()
    set_to(page, "snapshot.quality", "70")
    row = page.locator("[data-setting='snapshot.quality']")
    expect(row).to_contain_text("Someone else has just changed the settings: check the current ones, then repeat")
    expect(page.get_by_role("alert").filter(has_text="your change was not saved")).to_be_visible()
    assert setting(page, "snapshot.width").input_value() == "640"
    set_to(page, "snapshot.quality", "70")
    assert kept(owned)["snapshot"] == {"width": 640, "quality": 70}


def test_people_and_programs_come_and_go(page, shared):
    open_tab(page, shared.url, "settings")
    users = page.locator("section[aria-label=Users]")
    users.locator("input[name=name]").fill("Bob")
    users.locator("input[name=password]").fill("another long password")
    users.locator("button.primary").click()
    page.wait_for_selector("section[aria-label=Users] li:has-text('Bob')")
    tokens = page.locator("section[aria-label='Access tokens']")
    tokens.locator("input[name=name]").fill("Kitchen")
    tokens.locator("button.primary").click()
    token = page.input_value("dialog input[aria-label=Token]")
    assert re.fullmatch(r"stillcam_[\w-]{30,}", token)
    page.evaluate("delete Navigator.prototype.clipboard")  # only a page with HTTPS has it
    page.get_by_role("dialog").get_by_role("button", name="Copy").click()
    page.get_by_text("Copied.").wait_for()
    page.keyboard.press("Escape")
    page.click("section[aria-label='Access tokens'] li:has-text('Kitchen') button")
    page.click("dialog button.primary")
    page.wait_for_selector("section[aria-label='Access tokens'] li:has-text('No program has a token.')")
    users.get_by_role("button", name="Remove Bob").click()
    page.get_by_role("dialog", name="Remove Bob?").get_by_role("button", name="Remove").click()
    page.wait_for_selector("section[aria-label=Users] li:has-text('Bob')", state="detached")
    assert NAME in users.inner_text()


def test_a_back_up_brings_everything_back(page, owned):
    open_tab(page, owned.url, "settings")
    set_to(page, "snapshot.quality", "60")
    with page.expect_download() as download:
        page.click("a:has-text('Download')")
    card = page.locator("section[aria-label=Backup]")
    card.locator("input[name=name]").fill("before")
    card.locator(".form button.primary").click()
    page.wait_for_selector("section[aria-label=Backup] li:has-text('before')")
    page.click("button:has-text('Reset to defaults')")
    page.click("dialog button.primary")
    page.wait_for_function("() => document.querySelector(`[data-setting='snapshot.quality'] input`).value === '85'")
    page.click("section[aria-label=Backup] li:has-text('before') button:has-text('Restore')")
    page.click("dialog button.primary")
    page.wait_for_function("() => document.querySelector(`[data-setting='snapshot.quality'] input`).value === '60'")
    set_to(page, "snapshot.quality", "50")
    page.set_input_files("input[type=file]", download.value.path())
    page.click("dialog button.primary")
    page.wait_for_function("() => document.querySelector(`[data-setting='snapshot.quality'] input`).value === '60'")


def test_it_is_told_that_deletion_waits_for_the_clock(page, shared):
    def doubtful(route: Route) -> None:
        answer = route.fetch()
        document = answer.json()
        document["capture"]["library"]["waits"] = "no time server has set the clock: sudo timedatectl set-ntp true"
        route.fulfill(response=answer, json=document)

    page.route("**/api/events", lambda route: route.abort())  # so that it is asked for
    page.route("**/api/status?*", doubtful)
    open_tab(page, shared.url, "settings")
    card = page.get_by_label("Storage", exact=True)
    expect(card).to_contain_text("Deletion by age waits: no time server has set the clock")
    page.unroute("**/api/status?*")
    expect(card).not_to_contain_text("Deletion by age waits")


def test_each_use_case_has_its_configuration(page, owned):
    open_tab(page, owned.url, "config")
    page.select_option("[data-setting='photo.sensor_mode'] select", "2328:1748:10")
    page.wait_for_selector("[data-setting='photo.sensor_mode'][data-state=saved]")
    set_to(page, "photo.width", "1152")
    page.select_option("[data-case=raw] select[aria-label='Copy from']", "photo")
    page.wait_for_function("() => document.querySelector(`[data-setting='raw.width'] input`).value === '1152'")
    document = kept(owned)
    assert document["photo"]["sensor_mode"] == document["raw"]["sensor_mode"] == "2328:1748:10"
    page.evaluate(SET_BRIGHTNESS)
    controls = page.locator("[data-case=photo]").get_by_role("group", name="Controls")
    controls.get_by_role("button", name="Add the controls of the Live tab", disabled=False).click()
    expect(controls.get_by_role("listitem")).to_have_text(re.compile("Brightness: 0.25"))
    controls.get_by_role("button", name="Remove Brightness").click()
    expect(controls.get_by_role("listitem")).to_have_text(re.compile("None"))
    assert kept(owned)["controls"] == {"Brightness": 0.25}
    page.locator("[data-setting='photo.width']").get_by_role("button", name="Reset Width").click()
    expect(setting(page, "photo.width")).to_have_value("")
    expect(setting(page, "photo.width")).to_have_attribute("placeholder", re.compile("^Automatic"))
    expect(page.locator("[data-setting='photo.width']")).not_to_have_attribute("data-changed", "")
    expect(page.locator("[data-setting='photo.sensor_mode']")).to_have_attribute("data-changed", "")


def test_a_video_over_the_encoders_limit_is_refused_where_it_is_set(page, shared):
    open_tab(page, shared.url, "config")
    expect(page.locator("[data-case=video] > .hint")).to_contain_text("up to 1920 pixels on a side and 1920 × 1080")
    set_to(page, "video.width", "3840")
    row = page.locator("[data-setting='video.width']")
    expect(row).to_contain_text("choose 1920x1080")
    assert "video" not in kept(shared)


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_there_is_nothing_to_scroll_for_sideways(page, shared, width):
    page.set_viewport_size({"width": width, "height": 800})
    for tab, there in (
        ("settings", "[data-setting]"),
        ("config", "[data-case]"),
        ("info", ".info-card:not([hidden])"),
        ("live", ".control"),
    ):
        if tab == "settings":
            open_tab(page, shared.url, tab)
        else:
            page.click(f"#tabs a[href$={tab}]")
        page.wait_for_selector(there)
        assert page.evaluate("document.documentElement.scrollWidth") == width, tab


def test_the_preview_of_the_stamp_follows_what_is_typed_and_saves_nothing(page, shared):
    open_tab(page, shared.url, "settings")
    asked: list[Any] = []
    page.on("request", lambda request: asked.append(request) if "stamp/preview" in request.url else None)
    page.get_by_role("button", name="Preview", exact=True).click()
    picture = page.locator(".stamp-preview + img")
    expect(picture).to_be_visible()
    before = picture.get_attribute("src")
    field = setting(page, "stamp.text")
    field.focus()
    page.keyboard.type(" {tim")
    problem = page.locator(".stamp-preview .problem")
    expect(problem).to_contain_text("Text has a brace without its other one")
    page.keyboard.type("e}!")
    expect(problem).to_be_empty()
    expect(picture).not_to_have_attribute("src", str(before))
    assert asked[-1].post_data_json["text"] == "{date} {time} {time}!"
    page.select_option(".stamp-preview select", "video")
    expect(picture).to_have_attribute("alt", "The newest picture with this stamp, as in videos")
    assert asked[-1].url.endswith("?shape=1920x1080")
    assert picture.evaluate("image => image.naturalWidth / image.naturalHeight") == pytest.approx(16 / 9, 0.01)
    saved = page.evaluate("async () => (await (await fetch('api/settings')).json()).settings.stamp.text")
    assert saved == "{date} {time}"
