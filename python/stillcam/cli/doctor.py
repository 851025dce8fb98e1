"""`doctor`: each check, with what was found and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from stillcam.cli import Arguments, Told, add
from stillcam.common.paths import Paths

if TYPE_CHECKING:
    from stillcam.checks.finding import Finding


def add_to(commands: Any) -> None:
    """Add this command."""
    add(commands, "doctor", "check everything, and say what to do; exit status 1 when something does not work", doctor)


def doctor(paths: Paths, environ: Mapping[str, str], _arguments: Arguments) -> Told:
    """Warnings alone are no failure."""
    from stillcam import checks  # with all the drivers, which only this command needs
    from stillcam.checks.finding import FAULT

    findings = checks.run_checks(checks.this_installation(paths, environ))
    well = all(finding.state != FAULT for finding in findings)
    return Told(
        [line for finding in findings for line in _lines(finding)],
        {"well": well, "checks": [asdict(finding) for finding in findings]},
        well,
    )


def _lines(finding: Finding) -> list[str]:
    line = f"{finding.state:7}  {finding.check + ':':16} {finding.found}"
    return [line, f"{'':26}-> {finding.advice}"] if finding.advice else [line]
