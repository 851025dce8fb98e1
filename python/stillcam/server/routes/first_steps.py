"""`api/first-steps`: what the page shows once after set-up: run at boot, and what fills the disk."""

from __future__ import annotations

import re
import shlex
from functools import partial
from pathlib import Path

from stillcam.accounts.first_steps import STEPS, FirstSteps
from stillcam.common.disk_space import Disk
from stillcam.common.kernel_files import text_of
from stillcam.common.paths import ROOT
from stillcam.server.camera_context import CameraContext
from stillcam.server.openapi.route import Document, api
from stillcam.server.openapi.shapes import define, one_of, record, shape
from stillcam.server.route import Access, Request, Route
from stillcam.server.series_preview import estimated_bytes
from stillcam.system_info.storage import kind_of

_KIND = one_of("memory", "card", "disk", "network", "unknown")
_SERVICE = re.compile(r":/system\.slice/[^/\n]+\.service")  # in /proc/self/cgroup (systemd.special(7))

define(
    FirstSteps=record(
        boot=record(
            service=shape("flag", "Stillcam runs as a service of the system, which starts it at boot"),
            command=shape("text", "makes it one"),
        ),
        storage=record(
            images=shape(_KIND, "where frames are"), frames_a_day=shape("count?", "bytes of frames in a day"),
            library=shape(_KIND, "where photos, videos and series are"),
            free_bytes="count?", floor_bytes=shape("count?", "free space below which nothing is taken"),
            photo_bytes=shape("count?", "an estimate"),
        ),
    ),
)  # fmt: skip


class FirstStepsRoutes:
    """The routes of the steps after set-up, for the owner who has registered first."""

    def __init__(self, steps: FirstSteps, context: CameraContext) -> None:
        self._steps = steps
        self._context = context

    def routes(self) -> list[Route]:
        account = partial(api, "Accounts")
        return [
            account("GET", "api/first-steps", Access.OWNER, self._facts,
                    "Facts for the steps that the page shows after set-up.", {200: "FirstSteps"}),
            account("DELETE", "api/first-steps/", Access.OWNER, self._finish,
                    f"A step ({', '.join(STEPS)}) is done or skipped: the page does not show it again.", {204: ""},
                    rest="step"),
        ]  # fmt: skip

    def _facts(self, _request: Request) -> Document:
        return {"boot": {"service": runs_as_service(), "command": boot_command()}, "storage": self._storage()}

    def _finish(self, request: Request) -> None:
        assert request.person is not None  # by the route's Access
        self._steps.finish(request.person.name, request.rest)

    def _storage(self) -> Document:
        context, paths, frame_bytes = self._context, self._context.paths, self._context.frame_bytes_a_day()
        disk = Disk(paths.library, lambda: context.settings().files.floor_mb)
        return {
            "images": kind_of(paths.images),
            "frames_a_day": frame_bytes and round(frame_bytes),
            "library": kind_of(paths.library),
            **disk.to_json(),
            "photo_bytes": estimated_bytes(context, "photo"),
        }


def runs_as_service(cgroup: Path = Path("/proc/self/cgroup")) -> bool:
    """Whether this process belongs to a system service of systemd, and not to a user's terminal."""
    return bool(_SERVICE.search(text_of(cgroup)))


def boot_command(root: Path = ROOT) -> str:
    """The command that makes Stillcam start at boot."""
    installer = root / "deploy/install.sh"  # the Debian package has none
    return (
        f"sudo {shlex.quote(str(installer))}" if installer.exists() else "sudo systemctl enable --now stillcam.target"
    )
