"""`doctor`: the findings of all checks, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from stillcam.cli import Arguments, Result, add_command
from stillcam.common.paths import Paths

if TYPE_CHECKING:
    from stillcam.checks.finding import Finding


def add_to(commands: Any) -> None:
    """Add this command."""
    add_command(
        commands, "doctor", "check everything, and say what to do; exit status 1 when something does not work", doctor
    )


def doctor(paths: Paths, environ: Mapping[str, str], _arguments: Arguments) -> Result:
    """Run all checks. Only faults give exit status 1, not warnings."""
    from stillcam import checks  # with all the drivers, which only this command needs
    from stillcam.checks.finding import FAULT

    findings = checks.run_checks(checks.this_installation(paths, environ))
    ok = all(finding.state != FAULT for finding in findings)
    return Result(
        [line for finding in findings for line in _lines(finding)],
        {"well": ok, "checks": [asdict(finding) for finding in findings]},
        ok,
    )


def _lines(finding: Finding) -> list[str]:
    line = f"{finding.state:7}  {finding.check + ':':16} {finding.found}"
    return [line, f"{'':26}-> {finding.advice}"] if finding.advice else [line]
