"""What the steps after set-up say of the machine, and what is kept of them."""

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from stillcam.accounts.first_steps import STEPS, FirstSteps
from stillcam.server.routes.first_steps import boot_command, runs_as_service


@pytest.mark.parametrize(
    ("cgroup", "service"),
    [
        pytest.param("0::/system.slice/stillcam-server.service\n", True, id="a service of the system"),
        pytest.param("12:cpu:/\n1:name=systemd:/system.slice/cron.service\n", True, id="cron, on the older hierarchy"),
        pytest.param("0::/user.slice/user-1000.slice/session-3.scope\n", False, id="somebody on SSH"),
        pytest.param(
            "0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n",
            False,
            id="while somebody is there",
        ),
        pytest.param("0::/\n", False, id="a container"),
    ],
)
def test_a_service_is_told_from_a_terminal(tmp_path, cgroup, service):
    (tmp_path / "cgroup").write_text(cgroup)
    assert runs_as_service(tmp_path / "cgroup") is service


def test_the_command_can_be_pasted(tmp_path):
    folder = tmp_path / "my camera"
    assert boot_command(folder) == "sudo systemctl enable --now stillcam.target"
    (folder / "deploy").mkdir(parents=True)
    (folder / "deploy/install.sh").touch()
    assert boot_command(folder) == f"sudo '{folder}/deploy/install.sh'"


def test_a_step_that_is_done_is_gone_for_good(tmp_path):
    path = tmp_path / "first-steps.json"
    steps = FirstSteps(path)
    assert steps.left("Ann") == []
    steps.begin("Ann")
    assert (steps.left("Ann"), steps.left("Olga")) == (list(STEPS), [])
    steps.finish("Olga", "watch")
    steps.finish("Ann", "boot")
    for kept in (steps, FirstSteps(path)):
        assert kept.left("Ann") == ["watch", "storage"]
    for step in ("watch", "storage", "storage", "unknown"):
        steps.finish("Ann", step)
    assert not path.exists()
    assert FirstSteps(path).left("Ann") == []


def test_steps_may_be_done_at_the_same_time(tmp_path):
    """The page sends all that are left at once when it is closed."""
    steps = FirstSteps(tmp_path / "first-steps.json")
    for _ in range(20):
        steps.begin("Ann")
        with ThreadPoolExecutor(len(STEPS)) as pool:
            list(pool.map(partial(steps.finish, "Ann"), STEPS))
        assert steps.left("Ann") == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"user": "Ann", "steps": 3}', "\x00"])
def test_a_damaged_file_shows_no_steps_and_is_logged(tmp_path, caplog, content):
    (tmp_path / "first-steps.json").write_text(content)
    assert FirstSteps(tmp_path / "first-steps.json").left("Ann") == []
    assert "first-steps.json cannot be read" in caplog.text
    assert caplog.records[0].levelno == logging.WARNING


def test_what_cannot_be_written_is_logged_and_counts_until_the_next_restart(tmp_path, caplog):
    steps = FirstSteps(tmp_path / "missing" / "first-steps.json")
    steps.begin("Ann")
    assert steps.left("Ann") == list(STEPS)
    assert steps.left("Olga") == []
    steps.finish("Ann", "boot")
    assert steps.left("Ann") == ["watch", "storage"]
    texts = [record.getMessage() for record in caplog.records]
    assert ["first-steps.json (No such file" in text for text in texts] == [True, True]
