"""Programs that run with a low priority, and have no right to another one: nice(1) before the start script."""

import shutil

import pytest

NICE = ["nice", "-n", "15"]


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_videos_are_finished_with_a_low_priority(idle_daemon):
    """Whoever may set any priority (CAP_SYS_NICE) loses that here: so it is for an ordinary user."""
    idle_daemon.prefix = [*NICE, "setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"]
    idle_daemon.open()
    assert idle_daemon.film().suffix == ".mp4"
    assert idle_daemon.ask("status")["threads"] == []
    assert "Traceback" not in idle_daemon.log.read_text()
