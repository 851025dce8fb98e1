"""Series: those that cannot go on."""

from __future__ import annotations

from stillcam.doctor import FAULT, OK, WARNING, Finding, Patient
from stillcam.series import read


def series(patient: Patient) -> list[Finding]:
    """Whether all that should run can; one that is missing shots is worth a look."""
    try:
        found = read.states(patient.paths.series)
    except OSError as error:
        advice = f"see that {patient.paths.series} is a folder that can be read"
        return [Finding("series", FAULT, f"cannot be read: {error.strerror}", advice)]
    if failed := [one for one in found if one["state"] == "failed"]:
        told = "; ".join(f"{one['name']}: {one['why']}" for one in failed)
        first = failed[0]["name"]
        return [Finding("series", FAULT, f"failed: {told}", f"then: python -m stillcam series resume {first!r}")]
    running = [one for one in found if one["state"] == "running"]
    gaps = [one for one in running if one["missed"] > one["taken"]]
    if gaps:
        told = "; ".join(f"{one['name']}: {one['taken']} taken, {one['missed']} missed" for one in gaps)
        return [Finding("series", WARNING, told, "its timeline on the page says when; the log says why")]
    return [Finding("series", OK, f"{len(running)} running, of {len(found)}" if found else "there are none")]
