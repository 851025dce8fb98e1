"""The names of this machine: from its host name, the suffixes of home networks, and its resolver's search list."""

import pytest
from waiting import until

from stillcam.server.security import host_check as module
from stillcam.server.security.host_check import OwnNames, own_names, search_list


@pytest.mark.parametrize("host_name", ["Raspberry", "raspberry.local", "raspberry.fritz.box"])
def test_names_of_home_networks(monkeypatch, host_name):
    monkeypatch.setattr("socket.gethostname", lambda: host_name)
    suffixes = ("local", "fritz.box", "lan", "localdomain", "home.arpa", "internal")
    assert {"localhost", "raspberry", *(f"raspberry.{suffix}" for suffix in suffixes)} <= own_names()


def test_a_full_host_name_and_the_suffixes_of_the_resolver(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "cam.garden.example.org")
    names = own_names(("corp.example",))
    assert {"cam", "cam.garden.example.org", "cam.corp.example", "cam.lan"} <= names
    assert "garden.example.org" not in names and "corp.example" not in names


@pytest.mark.parametrize("suffix", ["", ".", "*", "*.example.org", "-x", "a..b", "ex ample", "b\u00fccher.example"])
def test_what_is_no_suffix_adds_nothing(suffix):
    assert own_names((suffix,)) == own_names()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", (), id="an empty file"),
        pytest.param("nameserver 192.168.178.1\nsearch fritz.box\n", ("fritz.box",), id="one suffix"),
        pytest.param("search Garden.Example.org. corp.example\n", ("garden.example.org", "corp.example"), id="two"),
        pytest.param("domain a.example\n", ("a.example",), id="the old keyword"),
        pytest.param("domain a.example\nsearch\tb.example\n", ("b.example",), id="the last line counts"),
        pytest.param("search a.example\nsearch\n", (), id="an empty list"),
        pytest.param("# search a.example\n;search b.example\noptions edns0\nsearching c.example\n", (), id="comments"),
        pytest.param("search .\n", ("",), id="the root, as systemd-resolved writes it"),
    ],
)
def test_the_search_list_of_a_resolver(text, expected):
    assert search_list(text) == expected


def test_another_networks_suffix_counts_from_the_next_reload(tmp_path, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "pi")
    file = tmp_path / "resolv.conf"
    names = OwnNames(file)
    assert "pi.lan" in names.current() and "pi.one.example" not in names.current()
    file.write_bytes(b"search one.example\n\xff\n")
    assert "pi.one.example" not in names.current()  # a request reads no file
    names.reload()
    assert "pi.one.example" in names.current()
    file.write_text("search two.example\n")
    names.reload()
    assert "pi.two.example" in names.current() and "pi.one.example" not in names.current()


def test_the_resolver_file_is_read_periodically(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RESOLVER_CHECK_S", 0.01)
    monkeypatch.setattr("socket.gethostname", lambda: "pi")
    file = tmp_path / "resolv.conf"
    names = OwnNames(file)
    names.follow()
    file.write_text("search one.example\n")
    until(lambda: "pi.one.example" in names.current())


def test_the_environment_replaces_the_resolver_s_list(tmp_path, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "pi")
    file = tmp_path / "resolv.conf"
    file.write_text("search one.example\n")
    assert {"pi.a.example", "pi.b.example"} <= OwnNames(file, "a.example b.example").current() - own_names(
        ("one.example",)
    )
