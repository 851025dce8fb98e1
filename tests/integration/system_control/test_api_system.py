"""`api/system`: what an owner may have the machine do, with the real helper and a stand-in for systemctl alone."""

import json
import re
import socket
import time

import pytest
from people import PASSWORD, Client, program, register, viewer
from serving import Site
from system_site import SystemSite, act, state

from stillcam.system_control.verbs import VERBS


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with SystemSite(tmp_path_factory.mktemp("system")) as site:
        yield site


@pytest.fixture(scope="module")
def owner(site):
    return register(site)


@pytest.fixture(autouse=True)
def no_limits(request):
    """The limits of the test before do not count."""
    if "site" in request.fixturenames:
        for file in request.getfixturevalue("site").run.glob("last-*"):
            file.unlink()


def test_what_is_off_does_nothing_and_says_how_to_turn_it_on(tmp_path):
    """As after an installation: nothing listens. A restart is then one of the web server alone."""
    site = SystemSite(tmp_path)
    site.start(STILLCAM_SYSTEM=str(site.run))
    try:
        owner = register(site)
        before = state(owner)
        assert before["alone"]
        assert "sudo stillcam settings set system.control true" in before["verbs"]["reboot"]
        for verb in set(VERBS) - {"restart"}:
            status, document = act(owner, verb)
            assert (status, document["error"]) == (409, before["verbs"][verb])
        assert act(owner, "restart")[0] == 202
        site.until(lambda: len(re.findall("listens on", site.said())) == 2)
        assert state(owner)["instance"] != before["instance"]
        assert state(owner)["boot"] == before["boot"]
        assert not site.told.exists()
    finally:
        site.end()


def test_without_systemd_the_page_is_told_why(tmp_path):
    with Site(tmp_path) as site:
        found = state(register(site))
    assert found["verbs"]["restart"] is None
    assert "does not run as a systemd service" in found["verbs"]["poweroff"]


@pytest.mark.parametrize("verb", ["restart", "reboot", "poweroff"])
def test_root_has_systemd_do_it(site, owner, verb):
    asked = len(site.asked())
    status, before = act(owner, verb)
    assert (status, before["verbs"][verb]) == (202, None)
    site.until(lambda: (state(owner)["action"] or {}).get("state") == "done")
    assert site.asked()[asked:] == [" ".join(VERBS[verb].argv[1:])]
    assert state(owner)["action"]["verb"] == verb
    assert re.search(rf"WARNING system: Ann has asked for {verb}, from 127\.0\.0\.1", site.said())


def test_an_update_needs_a_clone(site, owner):
    for verb in ("check", "update"):
        assert "git clone" in act(owner, verb)[1]["error"]


def test_too_soon_is_429_with_the_time_to_wait(site, owner):
    assert act(owner, "restart")[0] == 202
    site.until(lambda: state(owner)["action"]["state"] == "done")
    response, body = owner.ask("/api/system", "POST", {"verb": "reboot", "password": PASSWORD})
    assert response.status == 429
    assert 0 < int(response.headers["Retry-After"]) <= 10
    assert "too soon" in json.loads(body)["error"]


@pytest.mark.parametrize(
    ("document", "status", "field"),
    [
        pytest.param({"verb": "reboot", "password": "wrong"}, 422, "password", id="a wrong password"),
        pytest.param({"verb": "reboot"}, 422, "password", id="no password"),
        pytest.param({"verb": "halt", "password": PASSWORD}, 422, "verb", id="another verb"),
        pytest.param({"verb": "reboot", "password": PASSWORD, "when": 0}, 422, "when", id="an argument"),
        pytest.param({"verb": ["reboot"], "password": PASSWORD}, 422, "verb", id="a list"),
    ],
)
def test_fail__what_is_refused(site, owner, document, status, field):
    asked = site.asked()
    found, refusal = owner.call("/api/system", "POST", document)
    assert (found, refusal["field"]) == (status, field)
    assert site.asked() == asked


def test_neither_a_token_nor_a_viewer_nor_another_page_may(site, owner):
    request = {"verb": "reboot", "password": PASSWORD}
    asked = site.asked()
    for who, status in ((program(owner, "control"), 403), (viewer(owner), 403), (Client(site), 401)):
        assert who.call("/api/system", "POST", request)[0] == status
        assert who.call("/api/system")[0] == status
    assert owner.call("/api/system", "POST", request, Origin="http://evil.example.org")[0] == 403
    assert owner.call("/api/system", "POST", request, Host="evil.example.org")[0] == 421
    assert site.asked() == asked


def test_a_helper_that_is_gone_is_an_error_and_no_success(tmp_path):
    with SystemSite(tmp_path) as site:
        owner = register(site)
        site.turn_off()
        with socket.socket(socket.AF_UNIX) as dead:  # its file is left by a helper that was killed
            dead.bind(str(site.run / "control.sock"))
        status, document = act(owner, "reboot")
        assert status == 503
        assert "the system helper does not answer" in document["error"]


def test_a_restart_that_fails_is_reported_with_the_reason(tmp_path):
    with SystemSite(tmp_path, then="echo 'Unit stillcam.target not found.' >&2; exit 5") as site:
        owner = register(site)
        assert act(owner, "restart")[0] == 202
        site.until(lambda: (state(owner)["action"] or {}).get("state") == "failed")
        assert state(owner)["action"]["text"] == "Unit stillcam.target not found."


def test_wrong_passwords_count_as_those_of_a_sign_in(tmp_path):
    """Somebody at an unlocked screen guesses no password here, nor at the change of the password afterwards."""
    with SystemSite(tmp_path) as site:
        owner = register(site)
        guess = {"verb": "reboot", "password": "a guess"}
        wait_s, guesses = 0.0, 0
        while wait_s < 2:
            response, _ = owner.ask("/api/system", "POST", guess)
            guesses += response.status == 422
            wait_s = float(response.headers.get("Retry-After", 0))
            time.sleep(wait_s / 2)
        assert guesses < 15
        assert owner.call("/api/password", "POST", {"old": "a guess", "new": "a new password"})[0] == 429
        assert act(owner, "reboot")[0] == 429
        assert site.asked() == []
        assert site.said().count("a wrong password for reboot of the system came from 127.0.0.1") == guesses
