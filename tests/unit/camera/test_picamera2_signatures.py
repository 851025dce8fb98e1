"""The stand-in for picamera2, and what the driver calls of it, have the real package's signatures.

They are recorded; tests/standin/record_signatures.py says how to renew them.
"""

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
STANDIN = ROOT / "tests/standin"
DRIVER = ROOT / "python/stillcam/camera/picamera2"
RECORDED = json.loads((STANDIN / "picamera2_signatures.json").read_text())
CLASSES: dict[str, Any] = RECORDED["classes"]

sys.path.insert(0, str(STANDIN))
from record_signatures import class_of  # noqa: E402 - its folder is no package

sys.path.remove(str(STANDIN))


def standin_classes() -> dict[str, dict[str, Any]]:
    classes = {}
    for path in (STANDIN / "picamera2").rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.name in CLASSES:
                classes[node.name] = class_of(node)
    return classes


HERE = standin_classes()

# What the driver calls its objects, and whose they are.
OBJECTS = {
    "self._camera": ["Picamera2"], "opened": ["Picamera2"], "library.Picamera2": ["Picamera2"],
    "request": ["CompletedRequest"], "output": ["FfmpegOutput", "PyavOutput"],
    "encoder": ["H264Encoder", "LibavH264Encoder", "JpegEncoder"],
    "self._jpeg_encoder": ["JpegEncoder"], "mapped": ["MappedArray"],
}  # fmt: skip
MADE = {
    "library.Picamera2": ["Picamera2"], "outputs.FileOutput": ["FileOutput"], "outputs.PyavOutput": ["PyavOutput"],
    "outputs.FfmpegOutput": ["FfmpegOutput"], "encoders.H264Encoder": ["H264Encoder", "LibavH264Encoder"],
    "import_module('picamera2.encoders').JpegEncoder": ["JpegEncoder"],
    "self._mapped": ["MappedArray"],
}  # fmt: skip
BASES = {
    "JpegEncoder": "MultiEncoder", "MultiEncoder": "Encoder", "LibavH264Encoder": "Encoder",
    "H264Encoder": "Encoder", "FileOutput": "Output", "FfmpegOutput": "Output", "PyavOutput": "Output",
}  # fmt: skip


def members(name: str | None) -> dict[str, Any]:
    """A recorded class's methods by name, with its parameters; None for what is no method."""
    if name is None:
        return {}
    about = CLASSES[name]
    own: dict[str, Any] = dict.fromkeys(about["properties"] + about["attributes"]) | about["methods"]
    return members(BASES.get(name)) | own


@pytest.mark.parametrize("name", sorted(HERE))
def test_the_standin_cannot_drift_from_the_real_package(name):
    """A method of the stand-in takes what the library's takes; it invents none."""
    real = members(name)
    for method, parameters in HERE[name]["methods"].items():
        assert real.get(method) == parameters, f"{name}.{method}"
    for attribute in HERE[name]["properties"]:
        assert attribute in real, f"{name}.{attribute}"


def test_the_standin_has_all_classes_that_the_driver_makes():
    made = {name for names in MADE.values() for name in names} - {"LibavH264Encoder"}  # what H264Encoder is on a Pi 5
    assert made | {"CompletedRequest", "Job"} <= HERE.keys()


@pytest.mark.parametrize("path", ["session.py", "conversion.py", "outputs.py", "cameras.py"])
def test_what_the_driver_calls_is_there_in_the_real_package(path):
    """Each call and each attribute, with the arguments' names and number."""
    looked_at = 0
    for node in ast.walk(ast.parse((DRIVER / path).read_text())):
        if isinstance(node, ast.Attribute) and (names := OBJECTS.get(ast.unparse(node.value))):
            looked_at += 1
            for name in names:
                assert node.attr in members(name), f"{path}:{node.lineno}: {name}.{node.attr}"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            whose, _, method = called.rpartition(".")
            wanted = [(name, "__init__") for name in MADE.get(called, ())]
            wanted += [(name, method) for name in OBJECTS.get(whose, ()) if called not in MADE]
            for name, method_name in wanted:
                looked_at += 1
                fits(node, members(name)[method_name], f"{path}:{node.lineno}: {name}.{method_name}")
    assert looked_at > 3


def fits(call: ast.Call, parameters: list[list[str | None]] | None, where: str) -> None:
    """A call's arguments are parameters."""
    assert parameters is not None, where
    names = [name for name, _ in parameters]
    assert len(call.args) <= len(names), where
    given = {keyword.arg for keyword in call.keywords if keyword.arg}
    assert given <= set(names[len(call.args) :]), where
    if all(keyword.arg for keyword in call.keywords):
        needed = {name for name, default in parameters if default is None} - set(names[: len(call.args)])
        assert needed <= given, where


def test_a_configuration_is_asked_for_with_what_all_three_take():
    """The driver gives the same arguments to each of the library's three, by name."""
    given = {"main", "lores", "transform", "buffer_count", "queue", "colour_space", "sensor", "raw"}
    for use in ("still", "preview", "video"):
        names = {name for name, _ in CLASSES["Picamera2"]["methods"][f"create_{use}_configuration"]}
        assert given <= names
    source = "".join((DRIVER / name).read_text() for name in ("session.py", "conversion.py"))
    assert {name for name in given if f'more["{name}"]' in source or f"{name}=" in source} == given
