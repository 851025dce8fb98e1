"""The checks of `doctor`, in the order in which a person would make them: from the camera to the browser.

A check is a function of an `Installation` that returns findings. It changes nothing, never raises, and takes a few
seconds at most. The facts are those of `stillcam.system_info`.

Reading order: `finding`, then one file a subject.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from stillcam.checks import camera, machine, profiles, programs, series, server, system_control
from stillcam.checks.finding import Check, Installation
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.ipc.protocol import ask

CHECKS: tuple[Check, ...] = (
    programs.versions,
    camera.software,
    machine.devices,
    camera.cameras,
    machine.permissions,
    server.settings,
    profiles.profiles,
    camera.daemon,
    camera.picture,
    camera.restarts,
    camera.privacy,
    camera.motion,
    machine.services,
    system_control.system_control,
    series.series,
    server.port,
    server.certificate,
    server.accounts,
    machine.absent,
    machine.disk,
    machine.card,
    machine.clock,
    machine.ages,
    machine.heat,
    programs.helpers,
    server.receivers,
)


def this_installation(paths: Paths, environ: Mapping[str, str]) -> Installation:
    """The installation, with the present status of its daemon."""
    status: dict[str, Any] = {}
    with contextlib.suppress(StillcamError):  # has a check of its own
        status = ask(paths.socket, {"command": "status"})
    return Installation(paths, environ, status)
