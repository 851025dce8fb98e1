"""What each route is for, takes and answers: the part of the description that no other table holds."""

from __future__ import annotations

from stillcam.server.openapi.films import FILM_OPERATIONS
from stillcam.server.openapi.library import LIBRARY_OPERATIONS
from stillcam.server.openapi.operation import Operation
from stillcam.server.openapi.series import SERIES_OPERATIONS
from stillcam.server.openapi.shapes import TEXT
from stillcam.server.openapi.takes import TAKE_OPERATIONS

JPEG = "image/jpeg"
_EMPTY = ""
_WIDTH = {"width": ({"enum": ["320", "640", "1280"]}, "in pixels; a wider picture is scaled down to it")}

_CURRENT = Operation(
    "Pictures", "The newest frame; with `after`, the first that has another name, or 204 after 25 s.",
    {200: JPEG, 204: _EMPTY, 304: _EMPTY}, errors=(400, 503),
    query={"t": (TEXT, "anything: keeps caches away"), "after": (TEXT, "name of the frame that one has"), **_WIDTH},
    headers={"If-None-Match": "the ETag of the frame that one has"},
)  # fmt: skip
_SNAPSHOT = Operation(
    "Pictures", "The newest frame; once it is stale, a picture that says so.",
    {200: JPEG, 304: _EMPTY, 503: JPEG}, errors=(400,),
    query={
        "strict": ({"enum": ["0", "1"]}, "1: answer 503 once the picture is stale"),
        "max_age": (
            {"type": "number", "minimum": 0},
            "seconds: take a picture if the newest is older; at most one per interval for clients without control",
        ),
        **_WIDTH,
    },
)  # fmt: skip
_STREAM = Operation(
    "Pictures", "Live frames as multipart/x-mixed-replace, until one leaves.",
    {200: "multipart/x-mixed-replace"}, errors=(400,),
    query={"fps": ({"type": "number"}, "at most so many frames a second")},
)  # fmt: skip

OPERATIONS: dict[tuple[str, str], Operation] = {
    **TAKE_OPERATIONS,
    **LIBRARY_OPERATIONS,
    **SERIES_OPERATIONS,
    **FILM_OPERATIONS,
    ("GET", "images/current.jpg"): _CURRENT,
    ("GET", "snapshot"): _SNAPSHOT,
    ("GET", "snapshot.jpg"): _SNAPSHOT,
    ("GET", "stream"): _STREAM,
    ("GET", "stream.mjpg"): _STREAM,
    ("GET", "healthz"): Operation(
        "State", "200 while pictures are fresh, else 503 and why.", {200: "Health", 503: "Health"}),
    ("GET", "api/status"): Operation(
        "State", "What camera and server do now.", {200: "Status"},
        query={"revisions": ({"enum": ["0", "1"]}, "1: include the revisions of settings, library, series and films")}),
    ("GET", "api/events"): Operation(
        "State", "The status and its changes as server-sent events, until the client disconnects.",
        {200: "text/event-stream"}),
    ("GET", "api/overview"): Operation(
        "State", "All cameras of this server, and how each is.", {200: "Overview"}),
    ("GET", "metrics"): Operation("State", "Figures for Prometheus.", {200: "text/plain"}),
    ("GET", "api/info"): Operation("State", "Facts about this machine, in sections of label and text.", {200: "Info"}),
    ("GET", "api/session"): Operation("Accounts", "Who one is, and what one may do.", {200: "Session"}),
    ("POST", "api/register"): Operation(
        "Accounts", "Make the first user, the owner, with the set-up code; and sign in.",
        {201: "Session"}, "Registration", (403, 409, 422, 429, 503)),
    ("POST", "api/session"): Operation(
        "Accounts", "Sign in; the session is a cookie.", {200: "Session"}, "SignIn", (401, 422, 429, 503)),
    ("DELETE", "api/session"): Operation(
        "Accounts", "Sign out.", {204: _EMPTY}, query={"everywhere": ({"enum": ["0", "1"]}, "1: on all devices")}),
    ("POST", "api/password"): Operation(
        "Accounts", "Change one's own password; one's other sessions end.", {204: _EMPTY}, "NewPassword", (422, 429)),
    ("GET", "api/users"): Operation("Accounts", "All users.", {200: "Users"}),
    ("POST", "api/users"): Operation("Accounts", "Add a user.", {201: "User"}, "NewUser", (409, 422, 429)),
    ("PATCH", "api/users/"): Operation(
        "Accounts", "Change a user's role, password, or right to open the library; a new password ends their sessions.",
        {200: "User"}, "UserChange", (404, 409, 422, 429), rest="name"),
    ("DELETE", "api/users/"): Operation(
        "Accounts", "Remove a user; the last owner stays (409).", {204: _EMPTY}, errors=(404, 409), rest="name"),
    ("GET", "api/tokens"): Operation("Accounts", "All tokens of programs.", {200: "Tokens"}),
    ("POST", "api/tokens"): Operation(
        "Accounts", "Make a token; it is shown this once.", {201: "ShownToken"}, "NewToken", (409, 422)),
    ("DELETE", "api/tokens/"): Operation("Accounts", "Revoke a token.", {204: _EMPTY}, errors=(404,), rest="id"),
    ("GET", "api/settings"): Operation(
        "Settings", "All settings, their defaults, and what is known of each.", {200: "SettingsDocument"}),
    ("PATCH", "api/settings"): Operation(
        "Settings", "Change settings: all of the patch, or nothing. It is answered once they are in force.",
        {200: "SettingsDocument", 409: "Outdated"}, "SettingsPatch", (409, 422, 503),
        headers={"If-Match": "the ETag of the settings that are to be changed; others: 409 with those that there are"}),
    ("GET", "api/backup"): Operation("Settings", "The whole configuration as a file.", {200: "Backup"}),
    ("POST", "api/backup"): Operation(
        "Settings", "Restore a configuration: all of it, or nothing.",
        {200: "SettingsDocument"}, "Backup", (409, 422, 503)),
    ("GET", "api/backups"): Operation("Settings", "The back-ups that are kept on the camera.", {200: "KeptBackups"}),
    ("POST", "api/backups"): Operation(
        "Settings", "Keep a back-up under a name.", {201: "KeptBackup"}, "NewBackup", (409, 422, 503)),
    ("POST", "api/backups/"): Operation(
        "Settings", "Restore a back-up.", {200: "SettingsDocument"}, errors=(404, 409, 422, 503), rest="name"),
    ("DELETE", "api/backups/"): Operation(
        "Settings", "Delete a back-up.", {204: _EMPTY}, errors=(404, 503), rest="name"),
    ("GET", "api/controls"): Operation(
        "Camera", "The table of controls, with what this camera cannot do.", {200: "ControlTable"}),
    ("POST", "api/focus"): Operation(
        "Camera", "One autofocus scan; answered when it is over.", {200: "Focus"}, errors=(409, 503)),
    ("POST", "api/snapshot"): Operation("Camera", "Take a snapshot now.", {200: "Taken"}, errors=(503,)),
    ("GET", "api/cameras"): Operation(
        "Camera", "The cameras, their sensor modes and properties.", {200: "Cameras"}, errors=(503,)),
    ("POST", "api/cameras"): Operation(
        "Camera", "List the cameras again; pictures pause meanwhile.", {200: "Cameras"}, errors=(503,)),
    ("GET", "api/tuning"): Operation("Camera", "The tuning files of this board.", {200: "Tuning"}),
}  # fmt: skip
