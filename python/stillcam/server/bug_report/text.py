"""The text of a bug report: what somebody needs who has never seen this installation, and nothing that identifies it.

Each text goes through a `Redactor`. Settings that are free texts are never in it, whatever they hold.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from stillcam.common.formats import utc_text
from stillcam.server.bug_report.redaction import Redactor
from stillcam.settings.document import describe
from stillcam.settings.schema import Settings
from stillcam.system_info import Row, Section

DOCTOR_TIMEOUT_S = 20.0  # below `ANSWER_S`
# The server may not use the camera, nor write frames, so it would find these wrong; the certificate has names of hosts.
LEFT_OUT = {"group video", "images folder", "disk of images", "certificate"}
_SHOWN_TEXTS = ("sensor_mode", "tuning_file")  # all other free texts may be names, addresses or keys


def bug_report(
    sections: Sequence[Section],
    settings: Settings,
    findings: Sequence[Row],
    warnings: Sequence[str],
    redactor: Redactor,
    now_s: float,
) -> str:
    """The report, in the form of an issue on GitHub.

    Args:
        sections: facts about machine, software and cameras.
        findings: of the doctor, as state and text.
        warnings: lines of the log, oldest first.
    """
    parts = [
        Section("Report of Stillcam", [("Created", utc_text(now_s)), ("What happened", ""), ("What I expected", "")]),
        *sections,
        Section("Settings that differ from the defaults", changed(settings) or [("All", "defaults")]),
        Section("Findings of the doctor", list(findings)),
    ]
    texts = [
        f"## {section.title}\n" + "".join(
            f"{label}: {redactor.redacted(value)}".rstrip() + "\n"
            for label, value in section.rows
        )
        for section in parts
    ]  # fmt: skip
    log = "\n".join(redactor.redacted(line) for line in warnings) or "none since the start of the programs"
    return "\n".join([*texts, f"## Last warnings in the log\n{log}\n"])


def changed(settings: Settings) -> list[Row]:
    """Each setting that differs from its default; of a free text only that it is set."""
    now, default = asdict(settings), asdict(Settings())
    rows = []
    for name, about in describe().items():
        section, _, field = name.partition(".")
        value, usual = (values[section][field] if field else values[section] for values in (now, default))
        if value != usual:
            rows.append((name, _shown(field, about["type"], value)))
    return rows


def _shown(field: str, kind: str, value: Any) -> str:
    if kind == "list":
        return f"{len(value)} (hidden)"
    if kind == "text":
        return value.rpartition("/")[2] if field in _SHOWN_TEXTS else "set (hidden)"
    return json.dumps(value)


def doctor_findings(environ: Mapping[str, str]) -> list[Row]:
    """What `stillcam doctor` finds, worst first; it runs as a process of its own, as it imports all drivers."""
    argv = [sys.executable, "-m", "stillcam", "doctor", "--json"]
    try:
        done = subprocess.run(argv, env=environ, capture_output=True, timeout=DOCTOR_TIMEOUT_S, check=False)
        found = json.loads(done.stdout)["checks"]
    except subprocess.TimeoutExpired:
        return [("fault", f"the doctor took longer than {DOCTOR_TIMEOUT_S:g} s")]
    except OSError as error:
        return [("fault", f"the doctor cannot be started: {error}")]
    except ValueError:
        last = done.stderr.decode(errors="replace").rstrip().rpartition("\n")[2]
        return [("fault", f"the doctor failed with status {done.returncode}: {last}")]
    found = [one for one in found if one["check"] not in LEFT_OUT]
    ill = sorted((one for one in found if one["state"] != "ok"), key=lambda one: str(one["state"]))
    well = ", ".join(dict.fromkeys(one["check"] for one in found if one["state"] == "ok"))
    return [(one["state"], f"{one['check']}: {one['found']}") for one in ill] + [("ok", well)]
