"""All checks, in the order in which a person makes them: from the camera to the browser."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from stillcam.checks import Check, Finding, Patient, camera, machine, programs, series, server
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
    camera.daemon,
    camera.picture,
    camera.restarts,
    machine.services,
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
)


def examine(patient: Patient) -> list[Finding]:
    """All that is found."""
    return [finding for check in CHECKS for finding in check(patient)]


def patient(paths: Paths, environ: Mapping[str, str]) -> Patient:
    """The installation, with what its daemon says now."""
    status: dict[str, Any] = {}
    with contextlib.suppress(StillcamError):  # that is a finding of its own
        status = ask(paths.socket, {"command": "status"})
    return Patient(paths, environ, status)
