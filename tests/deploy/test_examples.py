"""What docs/install.md and deploy/ show is what there is."""

import re
import subprocess

import pytest
from serving import ROOT

INSTALL = (ROOT / "docs/install.md").read_text()
CRON = [line for line in (ROOT / "deploy/cron.example").read_text().splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("line", CRON)
def test_a_line_of_the_crontab_is_one(line):
    """crontab(5): a time, then what sh runs up to the end of the line or a percent sign."""
    match = re.fullmatch(r"(@reboot|(?:[\d*/,-]+ ){4}[\d*/,-]+) +(.*)", line)
    assert match
    assert "%" not in match[2]
    subprocess.run(["sh", "-n"], input=match[2], text=True, check=True)
    for script in re.findall(r"\./(\S+)", match[2]):
        assert (ROOT / script).exists()


def test_the_places_are_those_of_the_units():
    units = "".join(unit.read_text() for unit in (ROOT / "deploy/systemd").glob("*.*"))
    named = set(re.findall(r"`(/(?:run|var|etc/default)/\S*?)`", INSTALL))
    assert named >= {"/var/lib/stillcam", "/run/stillcam/images", "/etc/default/stillcam"}
    for place in named:
        written = re.sub(r"(?<=[-/])\d$", "%i", place)
        assert written in units or re.sub("^/(run|var/lib)/", " ", written) in units, place
    for unit in re.findall(r"`/etc/systemd/system/(\S*?)`", INSTALL):
        assert (ROOT / "deploy/systemd" / unit).exists()


def test_the_options_are_the_installer_s():
    usage = subprocess.run([ROOT / "deploy/install.sh", "--help"], capture_output=True, text=True, check=True).stdout
    named = set(re.findall(r"(?:install\.sh |`)(--[a-z-]+)", INSTALL))
    assert named == {"--dry-run", "--back", "--uninstall", "--purge", "--patience", "--without-ffmpeg"}
    for option in named:
        assert f"  {option} " in usage
