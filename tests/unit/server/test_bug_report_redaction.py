"""What is removed from a bug report."""

import pytest
from series_folders import make_series

from stillcam.accounts import Accounts
from stillcam.common.errors import SettingsError
from stillcam.server.bug_report.redaction import Redactor, names_here
from stillcam.server.bug_report.text import changed, doctor_findings
from stillcam.settings.document import describe, from_json
from stillcam.settings.schema import Settings


def test_what_identifies_somebody_goes_and_the_rest_stays():
    hide = Redactor({"Ann", "7", "pi"}).redacted
    table = {
        "a sign-in from 192.168.1.20 failed": "a sign-in from 192.168.1.20 failed",
        "from 2001:db8:85a3::8a2e:370:7334 at 12:34:56": "from (address) at 12:34:56",
        "from ::ffff:8.8.8.8": "from (address)",
        "8.8.8.8: refused, 8.8.8.8:443, [2001:db8::1]:443, 2001:db8::1: refused, host:8.8.8.8.":
            "(address): refused, (address):443, [(address)]:443, (address): refused, host:(address).",
        "[0:12:34.5] of 12:34:56: version 1.2.3.4.5": "[0:12:34.5] of 12:34:56: version 1.2.3.4.5",
        "GET https://example.org/x?key=1 failed": "GET (address) failed",
        "ann's Pi: 7 of 7, ffmpeg 5.1.4": "(name)'s Pi: 7 of 7, ffmpeg 5.1.4",
        "anna took 7": "anna took 7",
        "/home/ann/stillcam: ext4 on /dev/mmcblk0p2": "/home/(name)/stillcam: ext4 on /dev/mmcblk0p2",
        "/home/bob/stillcam: ext4": "/home/(name)/stillcam: ext4",
        "/mnt: nfs4 on nas.example.org:/export/ann, 3 GB free": "/mnt: nfs4 on (address) 3 GB free",
        "b8:27:eb:12:34:56 is the card": "(address) is the card",
        "key 4f1c9d3e8a7b4f1c9d3e8a7b4f1c9d3e8a7b refused": "key (key) refused",
        "cannot delete 20261120T120000.000Z_photo_imx708_Aunt May.jpg":
            "cannot delete 20261120T120000.000Z_photo_imx708_(title).jpg",
        "imx708, /base/soc/i2c0mux/i2c@1/imx708@1a": "imx708, /base/soc/i2c0mux/i2c@1/imx708@1a",
        'settings.json, line 3: access.hosts: must be a host name, not "hunter2\\n1"': (
            "settings.json, line 3: access.hosts: must be a host name, not (value)"
        ),
        "libcamera v0.3.0+65-6ddd79b5": "libcamera v0.3.0+65-6ddd79b5",
        "from fd12:3456:789a:1:ba27:ebff:fe12:3456": "from (address)",  # with a MAC address in it
        "hooks.item: /opt/my upload: ended with status 22: no such key: hunter2":
            "hooks.item: (name): ended with status 22",
        "hooks.item: upload: was stopped after 600 s: hunter2": "hooks.item: (name): was stopped after 600 s",
        "hooks.item: /opt/upload: cannot be started: Permission denied":
            "hooks.item: (name): cannot be started: Permission denied",
        "webhook: dropped item.taken, bed.example:8443 has not accepted it: it answered 500":
            "webhook: dropped item.taken, (address) has not accepted it: it answered 500",
        "webhook: bed.example does not accept item.taken (timed out): trying again":
            "webhook: (address) does not accept item.taken (timed out): trying again",
        "webhook: too many messages are waiting for bed.example: dropped item.taken":
            "webhook: too many messages are waiting for (address): dropped item.taken",
        "cannot delete /data/library/2026-11-20/Aunt May.at home.jpg (Permission denied)":
            "cannot delete /data/library/2026-11-20/(title).jpg (Permission denied)",
        "ERROR series Baby room has failed: the disk is full": "ERROR series (name) has failed: the disk is full",
        "ERROR series Bed.2: its state could not be written": "ERROR series (name): its state could not be written",
        "cannot delete shots of series Bed (No such file)": "cannot delete shots of series (name) (No such file)",
        "cannot delete /data/series/My bed/frames/1/a.jpg": "cannot delete /data/series/(name)/frames/1/a.jpg",
        'File "/opt/stillcam/python/stillcam/series/reader.py", line 3':
            'File "/opt/stillcam/python/stillcam/series/reader.py", line 3',
        "cannot read the series in /data/series: Input/output error":
            "cannot read the series in /data/series: Input/output error",
    }  # fmt: skip
    assert {text: hide(text) for text in table} == table


def test_all_names_that_this_installation_knows_go(tmp_path):
    accounts = Accounts(tmp_path)
    accounts.users.add("Ann", "a long password", "owner")
    accounts.tokens.add("porch display", "view")
    make_series(tmp_path / "series", name="Nursery")
    settings = from_json({
        "access": {"hosts": ["shed.example"], "embed": ["http://frame.example"]},
        "webhooks": {"urls": ["http://hook.example/x"]},
    })  # fmt: skip
    names = names_here(accounts, settings, tmp_path / "series", ["greenhouse"])
    expected = {"Ann", "porch display", "Nursery", "shed.example", "frame.example", "hook.example", "greenhouse"}
    assert expected - names == set()


def test_the_certificate_s_path_goes_and_series_on_a_failed_disk_do_not_stop_the_report(tmp_path):
    settings = from_json({"server": {"tls_certificate": "/etc/letsencrypt/live/bed.example/chain.pem"}})
    series = tmp_path / "series"
    series.touch()  # it cannot be listed, like that of a disk that fails
    names = names_here(Accounts(tmp_path), settings, series, {"my camera"})
    text = "server.tls_certificate: cannot read /etc/letsencrypt/live/bed.example/chain.pem: check; GET /my%20camera"
    assert Redactor(names).redacted(text) == "server.tls_certificate: cannot read (name): check; GET /(name)"


@pytest.mark.parametrize(
    ("script", "finding"),
    [
        pytest.param("echo 'no memory' >&2; exit 3", "the doctor failed with status 3: no memory", id="it fails"),
        pytest.param(None, "the doctor cannot be started: ", id="there is no interpreter"),
    ],
)
def test_a_doctor_that_cannot_be_asked_is_a_finding(tmp_path, monkeypatch, script, finding):
    python = tmp_path / "python"
    if script:
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    [(state, text)] = doctor_findings({})
    assert state == "fault"
    assert text.startswith(finding)


PRIVATE = ("http://hunter2.example/", "http://hunter2.example", "hunter2", "203.0.113.7")


def takes(section: str, field: str, value: object) -> bool:
    """Whether a setting may have this value."""
    try:
        from_json({section: {field: value}})
    except SettingsError:
        return False
    return True


def test_a_setting_that_is_a_free_text_is_never_shown():
    """Whatever settings there will be: a text may be a name, an address or a key."""
    document: dict[str, dict[str, object]] = {}

    def as_value(text: str) -> object:
        return [text] if about["type"] == "list" else text

    for name, about in describe().items():
        section, _, field = name.partition(".")
        if about["type"] in ("text", "list") and field not in ("sensor_mode", "tuning_file"):
            value = next((value for value in map(as_value, PRIVATE) if takes(section, field, value)), None)
            if value is not None:  # other texts have a form of their own, which can hold no secret
                document.setdefault(section, {})[field] = value
    rows = changed(from_json(document))
    assert len(rows) == sum(map(len, document.values()))
    assert not [row for row in rows if "hunter2" in row[1] or "203.0.113.7" in row[1]]
    shown = {name for name, _ in rows}
    assert {"webhooks.urls", "notifications.receivers", "access.hosts", "access.proxies", "hooks.item"} <= shown
    assert changed(Settings()) == []
