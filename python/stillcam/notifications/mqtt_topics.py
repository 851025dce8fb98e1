"""The address of an MQTT broker, and what Home Assistant finds there: one device with its entities.

The form is that of Home Assistant's MQTT discovery (https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery).
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from stillcam import __version__

PORT, TLS_PORT = 1883, 8883
DISCOVERY = "homeassistant"  # Home Assistant's default
_FORM = "its address must be like mqtt://user:password@broker.local:1883, or mqtts://... with TLS"


@dataclass(frozen=True, slots=True, repr=False)
class Broker:
    """A parsed address."""

    host: str
    port: int
    tls: bool
    ca: str  # the path of a file with the certificate of an authority; empty: those of the system
    user: str
    password: str
    topic: str  # the topics of this camera are below it
    discovery: str  # those of the discovery are below this one; empty: none


def parse_broker(address: str, machine: str, camera: int) -> Broker:
    """Parse the address of a broker. ValueError: it has another form; the text does not contain it.

    Args:
        machine: the name of this machine, for the topic where the address has none.
        camera: the number of the camera, which is a part of the topic.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise ValueError(_FORM) from error
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or port == 0 or query.keys() - {"ca", "discovery"}:
        raise ValueError(_FORM)
    topic = unquote(parts.path).strip("/") or f"stillcam/{machine}"
    if set(topic) & set("+#") or not topic.isprintable():
        raise ValueError("the topic in its address cannot contain + or #")
    tls = parts.scheme == "mqtts"
    return Broker(
        host=parts.hostname, port=port or (TLS_PORT if tls else PORT), tls=tls, ca=query.get("ca", ""),
        user=unquote(parts.username or ""), password=unquote(parts.password or ""), topic=f"{topic}/{camera}",
        discovery=query.get("discovery", DISCOVERY).strip("/"),
    )  # fmt: skip


def discovery(broker: Broker, camera: int, has_temperature: bool) -> dict[str, dict[str, Any]]:
    """Topic -> the document that describes an entity; none if the address says so."""
    if not broker.discovery:
        return {}
    base, device = broker.topic, f"stillcam_{_machine_id()}_{camera}"
    here = {
        "device": {
            "identifiers": [device], "name": f"Stillcam {socket.gethostname()}{f' {camera}' if camera else ''}",
            "manufacturer": "Stillcam", "model": "camera server", "sw_version": __version__,
        },
        "origin": {"name": "Stillcam", "sw_version": __version__},
    }  # fmt: skip
    online = {"availability_topic": f"{base}/status"}
    entities: dict[tuple[str, str], dict[str, Any]] = {
        ("camera", "picture"): {"name": "Picture", "topic": f"{base}/picture", **online},
        ("image", "event"): {
            "name": "Last event", "image_topic": f"{base}/event/picture", "content_type": "image/jpeg", **online
        },
        ("binary_sensor", "motion"): {
            "name": "Motion", "state_topic": f"{base}/motion", "device_class": "motion", **online
        },
        ("switch", "armed"): {
            "name": "Motion detection", "state_topic": f"{base}/armed", "command_topic": f"{base}/armed/set", **online
        },
        ("binary_sensor", "problem"): {
            "name": "No picture", "state_topic": f"{base}/problem", "device_class": "problem", **online
        },
        ("binary_sensor", "status"): {
            "name": "Server", "state_topic": f"{base}/status", "device_class": "connectivity",
            "payload_on": "online", "payload_off": "offline", "entity_category": "diagnostic",
        },
    }  # fmt: skip
    if has_temperature:
        entities["sensor", "temperature"] = {
            "name": "Processor temperature", "state_topic": f"{base}/temperature", "device_class": "temperature",
            "unit_of_measurement": "°C", "state_class": "measurement", "entity_category": "diagnostic", **online,
        }  # fmt: skip
    return {
        f"{broker.discovery}/{component}/{device}/{name}/config": {
            **entity, "unique_id": f"{device}_{name}", **here
        }
        for (component, name), entity in entities.items()
    }  # fmt: skip


def _machine_id() -> str:
    """Identifies this machine, also after it got another name; nothing can be told from it."""
    import hashlib

    try:
        text = Path("/etc/machine-id").read_text("ascii")
    except OSError:
        text = socket.gethostname()
    return hashlib.sha256(f"stillcam {text}".encode()).hexdigest()[:12]
