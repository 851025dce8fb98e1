"""`api/stamp/preview`: the newest picture with a stamp that is not saved, made by a process of its own."""

import io
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from people import Client, program, register, viewer
from pictures import picture
from PIL import Image
from serving import Site

from stillcam.frames.files import UNSTAMPED
from stillcam.http.messages import Refused
from stillcam.server.stamp_preview import StampPreview

ADDRESS = "/api/stamp/preview"
GREY, GREEN = (128, 128, 128), (0, 128, 0)


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The owner of a server that has a grey picture."""
    with Site(tmp_path_factory.mktemp("site")) as site:
        owner = register(site)
        site.publish(picture((640, 360), "#808080"), cookie=owner.headers["Cookie"])
        yield owner


def preview(owner: Client, patch: dict[str, Any], shape: str = "") -> Image.Image:
    response, body = owner.ask(f"{ADDRESS}?shape={shape}" if shape else ADDRESS, "POST", patch)
    assert (response.status, response.headers["Content-Type"]) == (200, "image/jpeg"), body
    return Image.open(io.BytesIO(body)).convert("RGB")


def near(image: Image.Image, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    pixel = image.getpixel(place)
    assert isinstance(pixel, tuple)
    return all(abs(one - other) < 12 for one, other in zip(pixel, colour, strict=True))


def test_a_preview_has_the_stamp_that_is_asked_for_and_saves_nothing(owner):
    before = owner.call("/api/settings")
    plain, large = preview(owner, {}), preview(owner, {"text": "x", "corner": "top-right", "size": 20})
    assert plain.size == large.size == (640, 360)
    assert not near(plain, (3, 357), GREY)
    assert near(plain, (636, 3), GREY)
    assert near(large, (3, 357), GREY)
    assert not near(large, (636, 60), GREY)
    assert near(large, (636, 90), GREY)
    assert owner.call("/api/settings") == before


def test_the_shape_crops_the_picture_to_other_proportions(owner):
    assert preview(owner, {}, "3000x3000").size == (360, 360)
    assert preview(owner, {}, "9x16").size == (202, 360)
    status, answer = owner.call(f"{ADDRESS}?shape=0x3", "POST", {})
    assert (status, answer["error"]) == (400, "shape must be a width and a height in pixels, like 4056x3040")


@pytest.mark.parametrize(
    "patch", [{"text": "{tim}"}, {"text": " "}, {"size": 21}, {"size": "4"}, {"corner": "middle"}, {"colour": 1}]
)
def test_a_wrong_setting_is_refused_in_the_same_words_as_when_it_is_saved(owner, patch):
    refused = owner.call(ADDRESS, "POST", patch)
    assert refused == owner.call("/api/settings", "PATCH", {"stamp": patch})
    assert refused[0] == 422
    assert refused[1]["field"].startswith("stamp.")


def test_only_an_owner_on_a_page_may_ask(owner):
    for other in (viewer(owner), program(owner, "control")):
        assert other.ask(ADDRESS, "POST", {})[0].status == 403


def test_a_stamp_in_force_is_not_below_the_one_that_is_edited(owner):
    (owner.site.images / UNSTAMPED).write_bytes(picture((640, 360), "#008000"))
    assert near(preview(owner, {}), (320, 100), GREY)
    owner.site.write_settings({"stamp": {"uses": ["live"]}})
    owner.site.until(lambda: owner.call("/api/settings")[1]["settings"]["stamp"]["uses"])
    assert near(preview(owner, {}), (320, 100), GREEN)


def test_a_newer_request_ends_the_older_one():
    previews = StampPreview(SimpleNamespace())  # type: ignore[arg-type]
    caught: list[Refused] = []

    def older() -> None:
        with pytest.raises(Refused) as refused:
            previews._run(["sleep", "300"])
        caught.append(refused.value)

    thread = threading.Thread(target=older)
    thread.start()
    while previews._child is None:
        assert thread.is_alive()
    assert previews._run(["echo", "newer"]) == b"newer\n"
    thread.join(60)
    assert [refused.status for refused in caught] == [409]
    with pytest.raises(Refused, match="cannot be stamped: why"):
        previews._run(["sh", "-c", "echo why >&2; exit 1"])
