"""The controls of the Live tab on the real camera: what each does to the picture."""

import json
from collections.abc import Callable, Iterator

import pytest
from live_driver import (
    api,
    control,
    controls_set,
    enter,
    measured,
    open_as_at_first,
    wait_for_controls,
    wait_for_measure,
    wait_until_set,
)
from playwright.sync_api import Page, expect
from real_camera import RealCamera, owned_camera


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Iterator[RealCamera]:
    """One camera for all tests here: each begins with all controls left to it."""
    folder = tmp_path_factory.mktemp("live")
    with owned_camera(folder) as camera:
        yield camera


@pytest.fixture
def open_live(real: RealCamera, same_page: Page) -> Callable[..., Page]:
    """Opens the Live tab on a screen of that size."""

    def open_live(width: int, height: int) -> Page:
        same_page.set_viewport_size({"width": width, "height": height})
        open_as_at_first(same_page, real.url)
        return same_page

    return open_live


@pytest.fixture
def live(open_live) -> Page:
    """The Live tab on a wide screen."""
    page: Page = open_live(1280, 800)
    return page


@pytest.mark.parametrize(
    ("name", "text", "measure", "low", "high"),
    [
        pytest.param("Brightness", "0.3", "luma", 1.25, 3, id="brightness"),
        pytest.param("Contrast", "2", "spread", 1.3, 5, id="contrast"),
        pytest.param("Saturation", "0", "chroma", 0, 0.1, id="saturation"),
        pytest.param("Sharpness", "0", "detail", 0, 0.9, id="sharpness"),
        pytest.param("ExposureValue", "-2", "luma", 0, 0.8, id="compensation"),
        pytest.param("LensPosition", "10", "detail", 0, 0.6, id="focus"),
    ],
)
def test_a_number_changes_the_picture(live, name, text, measure, low, high):
    """And its reset brings back the picture as it was."""
    usual = measured(live)[measure]
    enter(live, name, text)
    wait_for_measure(live, measure, usual * low, usual * high)
    assert wait_until_set(live, name) == pytest.approx(float(text))
    control(live, name).get_by_role("button", name="Reset").click()
    wait_for_measure(live, measure, usual * 0.92, usual * 1.08)
    expect(live.locator(".control[aria-busy]")).to_have_count(0)
    assert controls_set(live).keys() <= {"AfMode"}


def test_a_slider_sets_what_it_is_moved_to(live):
    usual = measured(live)["luma"]
    control(live, "Brightness").locator("input[type=range]").fill("-0.4")
    wait_for_measure(live, "luma", 0, usual * 0.7)
    assert wait_until_set(live, "Brightness") == pytest.approx(-0.4)
    expect(control(live, "Brightness").locator("input.number")).to_have_value("-0.4")


def test_an_exposure_is_typed_as_photographers_write_it(live):
    usual = measured(live)["luma"]
    enter(live, "AnalogueGain", "1")
    enter(live, "ExposureTime", "1/1000")
    wait_for_measure(live, "luma", 0, usual * 0.6)
    assert wait_until_set(live, "ExposureTime") == 1000
    expect(control(live, "ExposureTime").locator("input.number")).to_have_value("1/1000 s")


def test_colour_gains_make_the_picture_warmer(live):
    usual = measured(live)["warmth"]
    control(live, "ColourGains").locator("input[type=checkbox]").check()
    wait_until_set(live, "ColourGains")
    enter(live, "ColourGains", "5")
    wait_for_measure(live, "warmth", usual * 1.2, 100)


def test_a_choice_changes_the_picture(live):
    usual = measured(live)["warmth"]
    control(live, "AwbMode").locator("select").select_option("Incandescent")
    wait_for_measure(live, "warmth", 0, usual * 0.9)
    assert wait_until_set(live, "AwbMode") == "Incandescent"


def test_a_mode_of_the_tuning_file_s_own_is_offered_with_that_file(live, real):
    option = control(live, "AwbMode").get_by_role("option", name="From the tuning file")
    expect(option).to_have_count(0)
    own = real.folder / "own.json"
    own.write_text(json.dumps({"rpi.awb": {"modes": {"auto": {}, "daylight": {}, "custom": {}}}}))
    api(live, "PATCH", "api/settings", {"camera": {"tuning_file": str(own)}})
    expect(option).to_have_count(1)
    expect(control(live, "AwbMode").get_by_role("option")).to_have_text(["Auto", "Daylight", "From the tuning file"])
    api(live, "PATCH", "api/settings", {"camera": {"tuning_file": None}})
    expect(option).to_have_count(0)


def test_manual_exposure_stays_as_it_is(live):
    """Off needs a time and a gain: the page sends those of the newest frame along."""
    expect(control(live, "AnalogueGain").locator("input.number")).not_to_have_value("")
    control(live, "AeEnable").get_by_role("radio", name="Manual").check()
    assert wait_until_set(live, "AeEnable") is False
    assert {"ExposureTime", "AnalogueGain"} <= controls_set(live).keys()
    control(live, "AeEnable").get_by_role("radio", name="Automatic").check()
    expect(control(live, "ExposureTime").locator(".note")).to_have_text("Waits: automatic exposure is on.")


def test_a_refused_value_springs_back_with_the_reason(live):
    """The server says no: the control shows what is in force, and why."""
    live.route("**/api/settings", lambda route: (
        route.continue_(post_data=route.request.post_data.replace("0.5", "7.5"))
        if route.request.method == "PATCH" else route.continue_()
    ))  # fmt: skip
    enter(live, "Brightness", "0.5")
    expect(control(live, "Brightness").locator(".problem")).to_contain_text("from -1 to 1")
    expect(control(live, "Brightness").locator("input.number")).to_have_value("0")
    expect(control(live, "Brightness").locator("input[type=checkbox]")).not_to_be_checked()
    assert controls_set(live) == {}
    live.unroute("**/api/settings")
    enter(live, "Brightness", "0.2")
    expect(control(live, "Brightness").locator(".problem")).to_have_text("")
    assert wait_until_set(live, "Brightness") == 0.2


def test_what_the_camera_cannot_is_disabled_with_the_reason(live, real):
    if real.driver == "picamera2":
        pytest.skip("this driver can do all of it")
    row = control(live, "ColourTemperature")
    expect(row.locator("input.number")).to_be_disabled()
    expect(row.locator(".note")).to_contain_text("no option for it")


def test_a_group_and_all_are_reset_at_once(live):
    enter(live, "Brightness", "0.1")
    enter(live, "Contrast", "1.5")
    enter(live, "ExposureValue", "1")
    wait_until_set(live, "ExposureValue")
    expect(live.locator("[data-group=Image] .count")).to_have_text("2 set")
    live.get_by_role("button", name="Reset Image").click()
    expect(live.locator("[data-group=Image] .count")).to_have_text("")
    expect(live.locator("[data-group=Image] [aria-busy]")).to_have_count(0)
    assert controls_set(live) == {"ExposureValue": 1}
    live.get_by_role("button", name="Reset all controls").click()
    expect(control(live, "ExposureValue").locator("input[type=checkbox]")).not_to_be_checked()
    expect(live.locator(".control[aria-busy]")).to_have_count(0)
    assert controls_set(live) == {}


def test_a_second_browser_sees_what_the_first_one_sets(live, new_page, real):
    other = new_page()
    open_as_at_first(other, real.url)
    enter(live, "Contrast", "1.8")
    expect(control(other, "Contrast").locator("input.number")).to_have_value("1.8")
    enter(other, "Brightness", "0.2")
    expect(control(live, "Brightness").locator("input.number")).to_have_value("0.2")
    assert controls_set(live) == {"Contrast": 1.8, "Brightness": 0.2}


def test_what_the_camera_did_is_readable_and_raw(live):
    facts = live.locator(".facts")
    expect(facts).to_contain_text("1/")
    expect(facts).to_contain_text("K")
    live.locator(".raw-metadata summary").click()
    expect(live.locator(".raw")).to_contain_text('"ExposureTime"')


def test_the_metadata_is_copied_without_https_too(live):
    live.evaluate("delete Navigator.prototype.clipboard")  # only a page with HTTPS has it
    live.get_by_role("button", name="Copy JSON").click()
    live.get_by_text("Copied.").wait_for()
    live.evaluate("document.body.append(document.createElement('textarea'))")
    live.locator("body > textarea").focus()
    live.keyboard.press("Control+V")
    assert "ExposureTime" in json.loads(live.locator("body > textarea").input_value())


def test_groups_are_open_or_closed_as_they_were_left(live):
    image = live.locator("[data-group=Image]")
    image.locator("summary").click()
    expect(image).not_to_have_attribute("open", "")
    live.wait_for_function("() => Object.values(localStorage).some((kept) => kept.includes('\"Image\":false'))")
    live.reload()
    live.wait_for_selector(".groups .control", state="attached")
    expect(live.locator("[data-group=Image]")).not_to_have_attribute("open", "")
    expect(live.locator("[data-group=Exposure]")).to_have_attribute("open", "")


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_nothing_is_wider_than_the_screen(open_live, width):
    """And the picture stays in sight at the last control."""
    page = open_live(width, 780)
    page.locator(".controls .raw-metadata").scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("""() => {
      const { top, bottom } = document.querySelector("#canvas").getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    }""")
    cut = page.evaluate("""() => [...document.querySelectorAll(".controls, .live-rest, .control")]
      .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className + each.dataset.name)""")
    assert cut == []


def test_every_field_and_button_has_a_name(live):
    """For those who hear the page."""
    live.get_by_role("button", name="Centre", exact=True).click()
    wait_until_set(live, "AfWindows")
    nameless = live.evaluate("""() => {
      const text = (id) => document.getElementById(id)?.textContent ?? "";
      const named = (each) => each.getAttribute("aria-label") || each.textContent.trim()
        || each.closest("label")?.textContent
        || (each.getAttribute("aria-labelledby") ?? "").split(" ").map(text).join("");
      const all = ".live-rest :is(button, input, select, [role=application]), .overlay [tabindex]";
      return [...document.querySelectorAll(all)]
        .filter((each) => !named(each)).map((each) => each.outerHTML);
    }""")
    assert nameless == []


def test_the_settings_outlive_the_page(live):
    enter(live, "Saturation", "1.4")
    wait_until_set(live, "Saturation")
    live.reload()
    wait_for_controls(live)
    expect(control(live, "Saturation").locator("input.number")).to_have_value("1.4")
    assert api(live, "GET", "api/settings")["settings"]["controls"] == {"Saturation": 1.4}
