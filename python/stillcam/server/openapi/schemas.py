"""The schemas of what is asked and answered."""

from __future__ import annotations

from functools import cache

from stillcam.server.openapi.films import film_schemas
from stillcam.server.openapi.library import library_schemas
from stillcam.server.openapi.series import STATUS_SERIES, series_schemas
from stillcam.server.openapi.settings_shapes import settings_schemas
from stillcam.server.openapi.shapes import (
    COUNT,
    FLAG,
    FRAME,
    NUMBER,
    SIZE,
    TEXT,
    TIME,
    Schema,
    at_least,
    list_of,
    maybe,
    one_of,
    record,
    ref,
)
from stillcam.settings.backups import KIND
from stillcam.settings.controls import CONTROLS

_DIED = "background threads of the server that died and were restarted; empty: none"
_WAIT_FOR = maybe(FRAME, "the frame that the server does not serve yet; null: it serves it")
_RANGE = maybe(list_of(NUMBER))
_ROLE = one_of("owner", "viewer")
_SCOPE = one_of("view", "library", "control")
_LIBRARY = FLAG | {"description": "whether the user may open the library; owners always may"}
_ROW: Schema = {"type": "array", "items": TEXT, "minItems": 2, "maxItems": 2, "description": "label, text"}
_KNOWN_SETTINGS = {
    "settings": ref("Settings"),
    "defaults": ref("Settings"),
    "fields": {"type": "object", "additionalProperties": ref("Field"), "description": "by dotted name"},
    "wait_for": _WAIT_FOR,
    "notice": maybe(TEXT, "what keeps the settings from being in force; null: nothing"),
}
_TOKEN = {"id": TEXT, "name": TEXT, "scope": _SCOPE, "created": TIME, "last_used": maybe(TIME)}
_GROUPS = list(dict.fromkeys(control.group for control in CONTROLS.values()))
_ITEMS = list_of(TEXT | {"description": "DAY/NAME"}) | {"description": "addresses below library/"}
_PHOTO_KIND = one_of("photo", "raw")
_TAKING = record(
    kind=_PHOTO_KIND, done=COUNT, of=COUNT, due=maybe(TIME, "the moment of the self-timer; null: it is being taken")
)
_RECORDING = record(since=TIME, seconds=maybe(COUNT, "null: until it is stopped"), bytes=COUNT, left_s=maybe(NUMBER))
_STATUS_EXTRAS: dict[str, Schema] = {
    "threads": list_of(record(name=TEXT, count=COUNT, error=TEXT, time=TIME))
    | {"description": "background threads of the daemon that have died and were restarted; empty: none"},
    "taking": maybe(_TAKING, "photos that are being taken, or wait for their moment"),
    "recording": maybe(_RECORDING, "the video that is being made"),
    "waiting": list_of(record(kind=one_of("photo", "raw", "video"), of=COUNT))
    | {"description": "requests that wait until another one is done"},
    "library": record(
        {
            "finishing": COUNT | {"description": "videos that are no items yet"},
            "waits": maybe(TEXT, "why deletion by age waits, and what to do; null: it does not"),
            "undeletable": list_of(record(path=TEXT, error=TEXT)) | {"description": "some that cannot be deleted"},
        },
        free_bytes=maybe(COUNT),
        floor_bytes=maybe(COUNT, "below that nothing is taken"),
    ),
}


@cache
def schemas() -> dict[str, Schema]:
    """All of them, by name."""
    return {
        **_of_errors(), **_of_status(), **_of_accounts(), **_of_settings(), **_of_camera(),
        **settings_schemas(), **library_schemas(), **_of_orders(), **series_schemas(),
        **film_schemas(),
    }  # fmt: skip


def _of_errors() -> dict[str, Schema]:
    return {
        "Error": record(
            error=TEXT | {"description": "what is wrong and what to do, for a person"},
            field=maybe(TEXT, "the value that is wrong"),
        ),
        "Outdated": record(error=TEXT, field=maybe(TEXT), **_KNOWN_SETTINGS),
    }


def _of_status() -> dict[str, Schema]:
    capture = at_least(
        running={"const": True},
        mode=one_of("starting", "snapshot", "live", "focus", "photo", "video", "series", "no camera"),
        since=TIME,
        reason=maybe(TEXT, "what a person can do about it"),
        interval_s=NUMBER | {"x-unit": "s"},
        driver=one_of("rpicam", "simulated", "picamera2"),
        camera=maybe(at_least(index=COUNT, model=TEXT, size=SIZE)),
        captures=record(ok=COUNT, failed=COUNT),
        restarts={"type": "object", "additionalProperties": COUNT, "description": "by cause"},
        metadata={"type": "object", "description": "of the newest frame: libcamera's names and units"},
    ) | {"description": "what the capture daemon says of itself"}
    capabilities = record(
        refused={"type": "object", "additionalProperties": TEXT, "description": "control -> why it cannot be set"},
        windows=COUNT | {"description": "focus windows at once"},
        live=FLAG | {"description": "controls change without a restart of the camera"},
        stills_in_videos=FLAG | {"description": "there are frames while a video is made"},
        encoder=maybe(
            record(
                side=COUNT | {"description": "pixels of width or height"},
                blocks=COUNT | {"description": "macroblocks (16x16 pixels) of a frame"},
                least_bitrate=COUNT | {"x-unit": "bit/s"},
                most_bitrate=COUNT | {"x-unit": "bit/s"},
            ),
            "limits of the board's H.264 encoder; null: it encodes in software",
        ),
    ) | {"description": "what the camera's driver can"}
    capture["properties"] |= {"abilities": capabilities} | _STATUS_EXTRAS | {"series": STATUS_SERIES}
    health = {"status": one_of("ok", "stale"), "reason": maybe(TEXT)}
    return {
        "Health": record(
            {
                "cameras": {"type": "object", "additionalProperties": record(**health), "description": "by number"},
                "threads": list_of(record(name=TEXT, count=COUNT, time=TIME)) | {"description": _DIED},
            },
            **health,
        ),
        "Overview": record(
            cameras=list_of(record(
                number=COUNT, address=TEXT, here=FLAG | {"description": "it is the one that was asked"},
                model=maybe(TEXT), mode=maybe(TEXT), reason=maybe(TEXT), interval_s=maybe(NUMBER), stale=FLAG,
                time=maybe(TIME),
            )),
            page=TEXT | {"description": "the address of the page with all of them"},
        ),
        "Status": record(
            {"revisions": ref("Revisions")},
            version=TEXT,
            page=TEXT | {"description": "the version of the page's files"},
            now=TIME,
            frame=maybe(record(name=FRAME, time=TIME, age_s=NUMBER, bytes=COUNT), "the newest; null: none yet"),
            stale=FLAG,
            viewers=COUNT | {"description": "who watch live"},
            capture={"anyOf": [ref("Capture"), ref("NoCapture")]},
            threads=list_of(record(name=TEXT, count=COUNT, error=TEXT, time=TIME)) | {"description": _DIED},
        ),
        "Revisions": {
            "type": "object",
            "description": "a text for each topic that the client may read; it changes with every change",
            "properties": dict.fromkeys(("settings", "library", "series", "films"), TEXT),
            "additionalProperties": False,
        },
        "Capture": capture,
        "NoCapture": record(running={"const": False}, reason=TEXT),
        "OpenApi": {"type": "object", "description": "an OpenAPI 3.1 document"},
        "Info": record(sections=list_of(record(title=TEXT, rows=list_of(_ROW)))),
    }  # fmt: skip


def _of_accounts() -> dict[str, Schema]:
    password: Schema = {"type": "string", "minLength": 8, "maxLength": 1024}
    name: Schema = {"type": "string", "minLength": 1, "maxLength": 64}
    return {
        "Session": record(
            registered=FLAG | {"description": "whether there is an owner"},
            watch=one_of("anyone", "signed-in"),
            user=maybe(record(name=TEXT, role=_ROLE)),
            may=record(watch=FLAG, library=FLAG, control=FLAG),
        ),
        "Registration": record(code=TEXT | {"description": "the set-up code"}, name=name, password=password),
        "SignIn": record(name=name, password=TEXT),
        "NewPassword": record(old=TEXT, new=password),
        "User": record(name=TEXT, role=_ROLE, library=_LIBRARY, created=TIME, last_seen=maybe(TIME)),
        "Users": record(users=list_of(ref("User"))),
        "NewUser": record({"library": _LIBRARY}, name=name, password=password, role=_ROLE),
        "UserChange": record({"role": _ROLE, "password": password, "library": _LIBRARY}) | {"minProperties": 1},
        "Token": record(**_TOKEN),
        "Tokens": record(tokens=list_of(ref("Token"))),
        "NewToken": record(name=name, scope=_SCOPE),
        "ShownToken": record(**_TOKEN, token=TEXT | {"description": "shown this once"}),
    }


def _of_settings() -> dict[str, Schema]:
    return {
        "Field": record(
            type=one_of("bool", "int", "float", "choice", "text", "list", "controls"),
            default={}, low=maybe(NUMBER), high=maybe(NUMBER), choices=list_of({}), unit=TEXT, text=TEXT,
        ),
        "SettingsDocument": record(**_KNOWN_SETTINGS),
        "Backup": record(
            kind={"const": KIND}, stillcam=TEXT, made=TIME,
            configuration={"type": "object", "description": "settings, as in data/settings.json"},
        ),
        "KeptBackup": record(name=TEXT, time=TIME, bytes=COUNT),
        "KeptBackups": record(backups=list_of(ref("KeptBackup"))),
        "NewBackup": record(name={"type": "string", "minLength": 1, "maxLength": 64}),
    }  # fmt: skip


def _of_camera() -> dict[str, Schema]:
    mode = record(
        format=TEXT, size=SIZE, bit_depth=maybe(COUNT), fps=maybe(NUMBER), crop=_RANGE,
        sensor_mode={"type": "string", "description": "what the setting of the same name takes"},
    )  # fmt: skip
    camera = record(
        index=COUNT, model=TEXT, size=SIZE, bit_depth=maybe(COUNT), colour=maybe(TEXT), path=TEXT,
        held={"type": "boolean", "description": "another program had it when it was listed: only sizes are known"},
        properties={"type": "object", "description": "libcamera's names"}, modes=list_of(mode),
    )  # fmt: skip
    control = record(
        name=one_of(*CONTROLS), group=one_of(*_GROUPS),
        type=one_of("bool", "int", "float", "choice", "pair", "crop", "windows", "matrix"),
        unit=TEXT, low=maybe(NUMBER), high=maybe(NUMBER), step=maybe(NUMBER), scale=one_of("linear", "log"),
        choices=list_of(record(value=TEXT, text=TEXT)), default={}, text=TEXT, available=FLAG,
        reason=maybe(TEXT, "why it cannot be set"),
    )  # fmt: skip
    return {
        "ControlTable": record(controls=list_of(control)),
        "Cameras": record(active=maybe(COUNT), cameras=list_of(camera)),
        "Tuning": record(files=list_of(TEXT), folder=maybe(TEXT)),
        "Focus": record(
            state=one_of("focused", "failed"),
            lens_position=maybe(NUMBER, "dioptres"),
            distance_m=maybe(NUMBER, "null: infinity, or not known"),
            frame=maybe(FRAME),
            wait_for=_WAIT_FOR,
        ),
        "Taken": record(frame=FRAME, wait_for=_WAIT_FOR),
    }


def _of_orders() -> dict[str, Schema]:
    count: Schema = {"type": "integer", "minimum": 1, "maximum": 100, "description": "of a burst; 1"}
    delay: Schema = {"type": "number", "minimum": 0, "maximum": 3600, "description": "of the self-timer; 0"}
    seconds: Schema = {"type": ["integer", "null"], "minimum": 1, "maximum": 86400}
    return {
        "PhotoOrder": record({"kind": _PHOTO_KIND, "count": count, "delay_s": delay}),
        "VideoOrder": record({"seconds": seconds}),
        "Items": record(items=_ITEMS),
        "Taking": record(taking=maybe(_TAKING)),
        "Recording": record(recording=maybe(_RECORDING)),
    }
