"""Series over HTTP: what is read of folders, what the daemon is asked, and what is refused."""

import io
import json
import time
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from api_calls import STATUS, Api
from pictures import picture
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from series_folders import DEFINITION, file_of, make_series, thin

from stillcam.frames.files import Publisher
from stillcam.ipc.protocol import Message

NEW = {"name": "Roof", "interval_s": 5}
SERIES: Message = {
    "name": "Roof", "state": "running", "why": None, "since": "2026-11-20T08:00:00.000Z", "kind": "photo",
    "created": "2026-11-20T08:00:00.000Z", "taken": 0, "missed": 0, "shots": 0, "bytes": 0, "first": None, "last": None,
    "next": None, "ends": None, "planned": None, "definition": NEW, "forecast": {"bytes_per_day": 0, "full": None},
}  # fmt: skip
# Names as addresses decode them: what a slash, an escape or a dot could make of one is tested at the socket.
STRANGE = ["", ".", "..", "...", ".Garden", "Garden ", " Garden", "Garden.", "garden", "GARDEN", "Garden/frames",
           "Garden/..", "Garden/../Garden", "Garden//", "/Garden", "~", "~R2FyZGVu", "G\u0430rden", "Garden\u202e",
           "Garden\u200b", "e\u0301", "x" * 61, "-rf", "series.json", "frames", "*",
           "Gard?n", "%47arden", "Garden%00"]  # fmt: skip


@pytest.fixture
def api(tmp_path):
    with Api(tmp_path) as api:
        yield api


@pytest.fixture
def garden(api):
    """A series with three shots and a gap of two."""
    return make_series(api.paths.series, 3, missed=2)


def asked(api):
    """The last message about a series that the daemon got."""
    return api.messages[-1]


# --- looking


def test_all_series_are_listed_without_a_daemon(tmp_path):
    with Api(tmp_path, daemon=False) as lonely:
        make_series(lonely.paths.series, 3, missed=2)
        make_series(lonely.paths.series, 0, state="failed", why="the disk is full", name="Roof 2", kind="raw")
        status, answer = lonely.call("GET", "api/series")
        assert status == 200
        garden, roof = sorted(answer["series"], key=lambda one: one["name"])
        assert (garden["name"], garden["taken"], garden["missed"]) == ("Garden", 3, 2)
        assert (garden["first"]["n"], garden["last"]["n"]) == (1, 3)
        assert garden["last"]["time"] == "2026-11-20T08:02:00.000Z"
        assert (roof["state"], roof["why"], roof["kind"]) == ("failed", "the disk is full", "raw")
        assert lonely.call("GET", "api/series/Roof 2")[1]["name"] == "Roof 2"


def test_there_need_be_no_series(api):
    assert api.call("GET", "api/series")[1]["series"] == []


@pytest.mark.parametrize("end", ["", "/shots", "/timeline"])
def test_a_series_that_is_not_there_is_not_found(api, garden, end):
    status, answer = api.call("GET", f"api/series/Gone{end}")
    assert status == 404
    assert answer["error"]


@pytest.mark.parametrize("name", STRANGE)
def test_no_name_leads_anywhere_else(api, garden, name):
    """Neither to another folder, nor to the same one by another name, nor to the daemon."""
    (api.paths.series / "series.json").write_text("{}")
    (api.paths.series.parent / "frames").mkdir()
    before = sorted(api.paths.data.rglob("*"))
    for path in (f"api/series/{name}/shots", f"api/series/{name}/timeline", f"series/{name}/shots/1"):
        assert api.answer("GET", path).status == 404, path
    api.answers["series"] = {"error": "there is no such series", "cause": "unknown"}
    assert api.answer("POST", f"api/series/{name}/state", {"do": "finish"}).status in (404, 405)
    if name:
        assert api.answer("GET", f"api/series/{name}").status == 404
        assert api.answer("PATCH", f"api/series/{name}", {"shots": 1}).status in (404, 405)
        assert api.answer("DELETE", f"api/series/{name}").status in (404, 405)
    assert sorted(api.paths.data.rglob("*")) == before


def test_shots_come_in_pages(api):
    make_series(api.paths.series, 5)
    first = api.call("GET", "api/series/Garden/shots?limit=3")[1]
    rest = api.call("GET", f"api/series/Garden/shots?limit=3&start={first['rest']}")[1]
    assert [shot["n"] for shot in first["shots"] + rest["shots"]] == [1, 2, 3, 4, 5]
    assert (first["rest"], rest["rest"]) == (4, None)
    assert first["shots"][1]["time"] == "2026-11-20T08:01:00.000Z"
    assert first["shots"][1]["metadata"]["ExposureTime"] == 10000
    assert api.call("GET", "api/series/Garden/shots?start=999999999")[1] == {"shots": [], "rest": None}


def test_the_first_shot_from_a_number_on_is_found_where_some_are_gone(api):
    folder = make_series(api.paths.series, 5)
    thin(folder, 1, 3)
    for start, n in ((0, 2), (1, 2), (3, 4)):
        [shot] = api.call("GET", f"api/series/Garden/shots?start={start}&limit=1")[1]["shots"]
        assert shot["n"] == n
    assert api.answer("GET", "series/Garden/shots/1").status == 404


@pytest.mark.parametrize(
    "query",
    ["shots?start=-1", "shots?start=x", "shots?start=٣", "shots?start=99999999999", "shots?limit=0", "shots?limit=501",
     "shots?limit=1.5", "timeline?buckets=0", "timeline?buckets=1001", "timeline?buckets="],
)  # fmt: skip
def test_a_number_that_makes_no_sense_is_refused(api, garden, query):
    assert api.answer("GET", f"api/series/Garden/{query}").status == 400


def test_the_timeline_counts_what_was_taken_and_missed(api, garden):
    timeline = api.call("GET", "api/series/Garden/timeline?buckets=100")[1]
    assert len(timeline["taken"]) == len(timeline["missed"]) == len(timeline["planned"]) <= 100
    assert (sum(timeline["taken"]), sum(timeline["missed"])) == (3, 2)
    assert timeline["from"] <= "2026-11-20T08:00:00.000Z"


# --- pictures


def content(answer):
    return answer.body.read(0, len(answer.body))


def test_a_shot_s_picture_is_its_file(api, garden):
    answer = api.answer("GET", "series/Garden/shots/1")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert content(answer) == (garden / "frames" / file_of(1)).read_bytes()
    assert content(api.answer("GET", "series/Garden/shots/000001")) == content(answer)
    assert len(content(api.answer("GET", "series/Garden/shots/1", range="bytes=0-9"))) == 10
    assert api.answer("GET", "series/Garden/shots/1", if_none_match=answer.headers["ETag"]).status == 304
    assert "Garden_000001_" in api.answer("GET", "series/Garden/shots/1?download").headers["Content-Disposition"]


def test_only_an_address_that_is_never_used_again_is_kept_for_ever(api, garden):
    for thumbnail in ("", "&thumbnail"):
        kept = api.answer("GET", f"series/Garden/shots/1?v=2026-11-20T08:00:00.000Z{thumbnail}")
        asked_again = api.answer("GET", f"series/Garden/shots/1?{thumbnail}")
        assert "immutable" in kept.headers["Cache-Control"]
        assert "no-cache" in asked_again.headers["Cache-Control"]
        assert not any("public" in answer.headers["Cache-Control"] for answer in (kept, asked_again))


def test_a_thumbnail_is_small_and_nothing_is_kept_of_it(api, garden):
    (garden / "frames" / file_of(1)).write_bytes(picture((1600, 1200)))
    before = sorted(api.paths.data.rglob("*"))
    answer = api.answer("GET", "series/Garden/shots/1?thumbnail")
    with Image.open(io.BytesIO(bytes(answer.body))) as image:
        assert image.size == (320, 240)
    assert sorted(api.paths.data.rglob("*")) == before
    (garden / "frames" / file_of(2)).write_bytes(b"\xff\xd8 nothing")
    assert api.answer("GET", "series/Garden/shots/2?thumbnail").status == 404


def test_the_raw_of_a_shot_is_there_where_one_was_taken(api, garden):
    make_series(api.paths.series, 1, name="Sky", kind="raw")
    answer = api.answer("GET", "series/Sky/shots/1?file=raw")
    assert (answer.headers["Content-Type"], content(answer)) == ("image/x-adobe-dng", b"II*\0 raw")
    assert api.answer("GET", "series/Sky/shots/1").headers["Content-Type"] == "image/jpeg"
    assert api.answer("GET", "series/Garden/shots/1?file=raw").status == 404
    assert api.answer("GET", "series/Garden/shots/1?file=series.json").status == 400


@pytest.mark.parametrize("number", ["0", "4", "-1", "1.5", "x", "", "٣", "1/", "1/..", "1" * 12, "1" * 5000])
def test_a_shot_that_is_not_there_is_not_found(api, garden, number):
    assert api.answer("GET", f"series/Garden/shots/{number}").status == 404


@pytest.mark.parametrize("name", ["../series.json", "../../../settings.json", "/etc/hostname", "000/../../state.json",
                                  "000/000001_x.jpg", "", "000"])  # fmt: skip
def test_a_manifest_that_lies_hands_out_nothing_else(api, garden, name):
    api.write("{}")
    manifest = garden / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace(file_of(1), name))
    for query in ("", "?thumbnail"):
        answer = api.answer("GET", f"series/Garden/shots/1{query}")
        # The folder is the last word: whether the picture is found without the manifest is as may be.
        assert answer.status == 404 or answer.headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("manifest.jsonl", '"due":"2026-11-20T08:01', '"due":"2O26-11-20T08:01'),
        ("manifest.jsonl", '"n":2,', '"n":"2",'),
        ("manifest.jsonl", '"n":2,', '"m":2,'),
        ("manifest.jsonl", '"files":["000/000002', '"files":[0,"000/000002'),
        ("manifest.jsonl", "\n{", "\n\0\0{"),
        ("manifest.jsonl", '"missed":2', '"missed":"2"'),
        ("state.json", '"first": {"n": 1', '"first": {"n": "1"'),
        ("state.json", '"taken": 3', '"taken": "3"'),
        ("state.json", "{", ""),
    ],
)
def test_a_damaged_line_costs_no_more_than_itself(api, garden, file, old, new):
    text = (garden / file).read_text()
    assert old in text
    (garden / file).write_text(text.replace(old, new))
    for path in ("api/series", "api/series/Garden", "api/series/Garden/timeline", "series/Garden/shots/1"):
        assert api.answer("GET", path).status == 200, path
    numbers = [shot["n"] for shot in api.call("GET", "api/series/Garden/shots")[1]["shots"]]
    assert numbers in ([1, 2, 3], [1, 3], [1])


@pytest.mark.parametrize("text", ["", "{}", "[]", "\0" * 200, '{"version": 1, "created": "x"}'])
def test_a_damaged_definition_hides_its_series_and_no_other(api, garden, text):
    make_series(api.paths.series, 1, name="Roof")
    (garden / "series.json").write_text(text)
    assert [one["name"] for one in api.call("GET", "api/series")[1]["series"]] == ["Roof"]
    status, answer = api.call("GET", "api/series/Garden")
    assert (status, "series.json is damaged" in answer["error"]) == (404, True)


def test_a_disk_that_does_not_answer_is_no_fault_of_ours(api, monkeypatch):
    make_series(api.paths.series, 1)

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    for name in ("summaries", "summary", "shots", "timeline"):
        monkeypatch.setattr(f"stillcam.series.reader.{name}", fail)
    for path in ("api/series", "api/series/Garden", "api/series/Garden/shots", "api/series/Garden/timeline"):
        status, answer = api.call("GET", path)
        assert (status, "Input/output error" in answer["error"]) == (503, True), path


def test_a_link_among_the_shots_leads_nowhere(api, garden, tmp_path):
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(picture())
    shot = garden / "frames" / file_of(1)
    shot.unlink()
    shot.symlink_to(secret)
    for query in ("", "?thumbnail"):
        assert api.answer("GET", f"series/Garden/shots/1{query}").status == 404


# --- changing


def test_a_series_is_made_by_the_daemon(api):
    api.answers["series"] = {"series": SERIES}
    assert api.call("POST", "api/series", NEW) == (201, SERIES)
    assert asked(api) == {"command": "series", "do": "create", "definition": NEW}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "../etc"}, "name"),
        ({"name": None}, "name"),
        ({"name": ["Roof"]}, "name"),
        ({"name": "Garden\n"}, "name"),
        ({"interval_s": 0.5}, "interval_s"),
        ({"interval_s": "60"}, "interval_s"),
        ({"start": "tomorrow"}, "start"),
        ({"start": 12}, "start"),
        ({"shots": 0}, "shots"),
        ({"window": {"from": "8", "to": "9"}}, "window"),
        ({"window": {"from": "sunrise", "to": "sunset"}}, "plan"),
        ({"place": {"latitude": 91, "longitude": 0}}, "latitude"),
        ({"kind": "film"}, "kind"),
        ({"vary": {"control": "Brightness", "values": [0, 1]}}, "vary"),
        ({"start": "2026-11-20T08:00", "end": "2026-11-20T07:00"}, "plan"),
        ({"command": "status"}, "command"),
    ],
)
@pytest.mark.parametrize("path", ["api/series", "api/series/check"])
def test_a_wrong_definition_is_named_and_the_daemon_not_asked(api, path, wrong, field):
    if path.endswith("check") and "name" in wrong and not wrong["name"]:
        return  # the form may have none yet
    status, answer = api.call("POST", path, {**NEW, **wrong})
    assert (status, answer["field"]) == (422, field)
    assert not api.asked["series"]


@pytest.mark.parametrize(
    ("sketch", "warning"),
    [
        pytest.param({"interval_s": 2, "smooth": {}}, "choose an interval of 2.3 s or more", id="too short"),
        pytest.param({"interval_s": 60, "smooth": {}}, "", id="long enough"),
        pytest.param({"interval_s": 2}, "", id="without a smooth exposure"),
    ],
)
def test_an_interval_that_is_too_short_for_a_smooth_exposure_is_told(api, sketch, warning):
    status, answer = api.call("POST", "api/series/check", sketch)
    assert status == 200
    assert (answer["warning"] or "").endswith(warning)
    assert bool(answer["warning"]) is bool(warning)


def test_a_change_is_merged_into_what_there_is(api, garden):
    api.answers["series"] = {"series": SERIES}
    changes = {"interval_s": 90, "start": None, "weekdays": [0], "name": "Garden"}
    assert api.call("PATCH", "api/series/Garden", changes) == (200, SERIES)
    sent = asked(api)
    assert (sent["do"], sent["name"]) == ("change", "Garden")
    assert sent["definition"]["interval_s"] == 90
    assert sent["definition"]["weekdays"] == [0]
    assert sent["definition"]["kind"] == "photo"
    assert "start" not in sent["definition"]


@pytest.mark.parametrize(("changes", "field"), [({"name": "Other"}, "name"), ({"interval_s": 0}, "interval_s")])
def test_a_change_that_cannot_be_is_refused(api, garden, changes, field):
    status, answer = api.call("PATCH", "api/series/Garden", changes)
    assert (status, answer["field"]) == (422, field)
    assert not api.asked["series"]


@pytest.mark.parametrize("do", ["start", "pause", "resume", "finish"])
def test_its_state_is_changed_by_the_daemon(api, garden, do):
    api.answers["series"] = {"series": SERIES}
    assert api.call("POST", "api/series/Garden/state", {"do": do}) == (200, SERIES)
    assert asked(api) == {"command": "series", "do": do, "name": "Garden"}


@pytest.mark.parametrize("do", [None, "delete", "create", ["pause"], {}])
def test_no_other_order_is_handed_on(api, garden, do):
    status, answer = api.call("POST", "api/series/Garden/state", {"do": do})
    assert (status, answer["field"]) == (422, "do")
    assert not api.asked["series"]


def test_a_series_is_deleted_by_the_daemon(api, garden):
    api.answers["series"] = {"series": None}
    assert api.call("DELETE", "api/series/Garden") == (204, None)
    assert asked(api) == {"command": "series", "do": "delete", "name": "Garden"}


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        ({"cause": "unknown"}, 404),
        ({"cause": "taken", "field": "name"}, 409),
        ({"cause": "state"}, 409),
        ({"cause": "wrong", "field": "vary"}, 422),
        ({"field": "interval_s"}, 422),
        ({"cause": "disk"}, 507),
        ({}, 503),
    ],
)
def test_a_refusal_of_the_daemon_keeps_its_words_and_field(api, garden, refusal, status):
    api.answers["series"] = {"error": "in its own words", **refusal}
    for method, path, body in (
        ("POST", "api/series", NEW),
        ("PATCH", "api/series/Garden", {"shots": 5}),
        ("POST", "api/series/Garden/state", {"do": "pause"}),
    ):
        api.judging = (path, status) != ("api/series", 404)
        answer = api.answer(method, path, body)
        told = json.loads(bytes(answer.body))
        assert (answer.status, told["error"], told["field"]) == (status, "in its own words", refusal.get("field"))
        assert ("Retry-After" in answer.headers) is (status == 503)


def test_without_a_daemon_nothing_is_changed_and_one_is_told_to_start_it(tmp_path):
    with Api(tmp_path, daemon=False) as lonely:
        make_series(lonely.paths.series, 1)
        for method, path, body in (
            ("POST", "api/series", NEW),
            ("PATCH", "api/series/Garden", {"shots": 5}),
            ("POST", "api/series/Garden/state", {"do": "pause"}),
            ("DELETE", "api/series/Garden", None),
        ):
            status, answer = lonely.call(method, path, body)
            assert status == 503
            assert "start_camera_server.sh" in answer["error"]


# --- the preview


def test_a_preview_counts_ahead_and_keeps_nothing(api):
    before = sorted(api.paths.data.rglob("*"))
    status, preview = api.call("POST", "api/series/check", {"interval_s": 60, "shots": 3})
    assert status == 200
    assert (preview["shots_per_day"], preview["shots"]) == (1440, 3)
    assert len(preview["next"]) == 3
    assert preview["ends"] == preview["next"][-1] > datetime.now(UTC).isoformat()
    assert (preview["bytes_per_shot"], preview["bytes_per_day"], preview["full"]) == (None, None, None)
    assert sorted(api.paths.data.rglob("*")) == before
    assert not api.asked["series"]


@pytest.mark.parametrize("name", [None, "", "Garden", "garden"])
def test_a_preview_needs_no_name_and_takes_one_that_is_in_use(api, garden, name):
    assert api.call("POST", "api/series/check", {"name": name, "interval_s": 60})[0] == 200


def until_known(api, definition):
    """The preview, once the server has seen a frame to go by."""
    deadline = time.monotonic() + 60
    while (preview := api.call("POST", "api/series/check", definition)[1])["bytes_per_shot"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return preview


def test_a_preview_says_how_large_shots_will_be_and_when_the_disk_is_full(api):
    data = picture((320, 240))
    still = api.paths.images / ".still.jpg"
    still.write_bytes(data)
    Publisher(api.paths.images).publish(still, 1_795_161_600.0)
    api.answers["status"] = {**STATUS, "camera": {"index": 0, "model": "imx708", "size": [640, 480]}}
    photo = until_known(api, {"interval_s": 1})
    raw = api.call("POST", "api/series/check", {"interval_s": 1, "kind": "raw"})[1]
    bracket = {"control": "ExposureValue", "values": [-1, 0, 1], "bracket": True}
    bracketed = api.call("POST", "api/series/check", {"interval_s": 1, "vary": bracket})[1]
    assert photo["bytes_per_shot"] == 4 * len(data)  # four times the pixels
    assert photo["bytes_per_day"] == 86400 * 4 * len(data)
    assert raw["bytes_per_shot"] == photo["bytes_per_shot"] + 2 * 640 * 480
    assert bracketed["bytes_per_day"] == 3 * photo["bytes_per_day"]
    assert raw["full"] > datetime.now(UTC).isoformat()
    assert api.call("POST", "api/series/check", {"interval_s": 1, "shots": 1})[1]["full"] is None
    assert api.call("POST", "api/series/check", {"interval_s": 1, "keep": {"rule": "thin"}})[1]["full"] is None


def test_a_preview_of_a_change_goes_by_the_shots_that_there_are(api, garden):
    size = (garden / "frames" / file_of(1)).stat().st_size
    preview = api.call("POST", "api/series/check", {**DEFINITION, "shots": 5})[1]
    assert preview["bytes_per_shot"] == size
    assert len(preview["next"]) == 2


def test_names_in_addresses_are_percent_encoded(api):
    make_series(api.paths.series, 1, name="Höhe 2-a.b")
    assert api.call("GET", "api/series/Höhe 2-a.b")[1]["name"] == "Höhe 2-a.b"
    disposition = api.answer("GET", "series/Höhe 2-a.b/shots/1?download").headers["Content-Disposition"]
    assert quote("Höhe 2-a.b", safe="") in disposition


# --- metrics


def test_prometheus_gets_each_series_by_name_without_a_daemon(tmp_path):
    with Api(tmp_path, daemon=False) as lonely:
        garden = make_series(lonely.paths.series, 3, missed=2)
        make_series(lonely.paths.series, 0, state="failed", why='no "disk"', name="Roof 2")
        told = lonely.answer("GET", "metrics").body
    assert isinstance(told, bytes)
    families = {family.name: family for family in text_string_to_metric_families(told.decode())}
    shots = {
        (sample.labels["series"], sample.labels["result"]): sample.value
        for sample in families["stillcam_series_shots"].samples
    }
    states = {
        (sample.labels["series"], sample.labels["state"])
        for sample in families["stillcam_series_state"].samples
        if sample.value
    }
    assert shots == {
        ("Garden", "taken"): 3,
        ("Garden", "missed"): 2,
        ("Roof 2", "taken"): 0,
        ("Roof 2", "missed"): 0,
    }
    assert states == {("Garden", "running"), ("Roof 2", "failed")}
    size = sum(file.stat().st_size for file in garden.glob("frames/*/*.jpg"))
    assert size in {sample.value for sample in families["stillcam_series_bytes"].samples}
