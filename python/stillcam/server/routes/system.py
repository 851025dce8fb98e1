"""`api/system`: what an owner may have the machine do, and how far it is.

The server only passes on one word of a fixed list; what runs as root decides (stillcam.system_control). Without that
helper, a restart is one of this server alone.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from stillcam import __version__
from stillcam.accounts.rules import CredentialsError, RetryLaterError
from stillcam.accounts.sign_in import SignIn
from stillcam.accounts.tokens import digest
from stillcam.common.formats import utc_text
from stillcam.http.messages import Answer, Refused, as_json
from stillcam.server.openapi.route import Body, Document, api
from stillcam.server.openapi.shapes import define, maybe, one_of, record, shape
from stillcam.server.route import Access, Request, Route
from stillcam.server.routes.restart import followed_by
from stillcam.server.security.access import Guard
from stillcam.system_control import request as helper
from stillcam.system_control import status
from stillcam.system_control.verbs import VERBS

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_VERB = one_of(*VERBS)
_WHY = shape("text?", "why the action is not possible here, and what to do; null: it is possible")

define(
    System=record(
        version="text",
        instance=shape("text", "another text after each start of the web server"),
        boot=shape("text", "another text after each start of the machine"),
        verbs=record(**dict.fromkeys(VERBS, _WHY)),
        alone=shape("flag", "whether a restart is one of the web server alone"),
        action=maybe("SystemAction", "the newest action since the machine started"),
    ),
    SystemAction=record(
        verb=_VERB,
        state=one_of(status.RUNNING, status.DONE, status.FAILED),
        text=shape("text", "the step, the result, or the reason of a failure"),
        started="time",
        found=maybe(record(version="text", changed="time", changes="count"), "by `check` and `update`"),
    ),
    SystemRequest=record(verb=_VERB, password=shape("text", "that of the owner who asks")),
)


class SystemRoutes:
    """The routes of restart, reboot, shutdown and update.

    Args:
        guard: knows the session.
        sign_in: verifies the password; failures count as at a sign-in.
        restart: ends this server, and starts it again.
        environ: of this process.
    """

    def __init__(
        self, guard: Guard, sign_in: SignIn, restart: Callable[[], None], environ: Mapping[str, str] = os.environ
    ) -> None:
        self._guard = guard
        self._sign_in = sign_in
        self._restart = restart
        self._folder = helper.folder_of(environ)
        self._instance = os.urandom(8).hex()

    def routes(self) -> list[Route]:
        return [
            api("System", "GET", "api/system", Access.OWNER, self._describe,
                "What the machine can be asked to do, and the progress of the newest action.", {200: "System"}),
            api("System", "POST", "api/system", Access.OWNER, self._act,
                "Restart Stillcam, reboot or shut down the machine, check for a new version, or install it.",
                {202: "System"}, body=Body("SystemRequest"), errors=(409, 422, 429, 503)),
        ]  # fmt: skip

    def _describe(self, _request: Request) -> Document:
        why = helper.unavailable(self._folder)
        verbs: dict[str, str | None] = dict.fromkeys(VERBS, why or None)
        if not why and (no_update := helper.no_update()):
            verbs["check"] = verbs["update"] = no_update
        verbs["restart"] = None
        return {
            "version": __version__,
            "instance": self._instance,
            "boot": BOOT_ID.read_text().strip(),
            "verbs": verbs,
            "alone": bool(why),
            "action": self._action() if self._folder else None,
        }

    def _action(self) -> Document | None:
        assert self._folder is not None
        newest = status.read(self._folder)
        if newest is None:
            return None
        found = newest.found
        return {
            "verb": newest.verb,
            "state": newest.state,
            "text": newest.text,
            "started": utc_text(newest.started_s),
            "found": found
            and {"version": found.version, "changed": utc_text(found.changed_s), "changes": found.changes},
        }

    def _act(self, request: Request, fields: Document) -> Answer:
        person, verb = request.person, fields["verb"]
        assert person is not None  # by the route's Access
        try:
            session = digest(self._guard.session_key(request))
            self._sign_in.verify_again(person.name, fields["password"], session)
        except CredentialsError as error:
            logging.warning("a wrong password for %s of the system came from %s", verb, request.address)
            raise Refused(422, "is wrong", "password") from error
        before = self._describe(request)
        if why := before["verbs"][verb]:
            raise Refused(409, why)
        logging.warning("system: %s has asked for %s, from %s", person.name, verb, request.address)
        if before["alone"]:
            return followed_by(as_json(202, before), self._restart)
        assert self._folder is not None
        try:
            helper.send(self._folder, verb)
        except helper.RefusedError as error:
            if error.wait_s:
                raise RetryLaterError(str(error), error.wait_s) from error
            raise Refused(409, str(error)) from error
        return as_json(202, before)
