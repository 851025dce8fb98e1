"""Records the signatures of the real picamera2 that the stand-in and the driver are held to.

    python -m pip download picamera2 --no-deps --dest /tmp/picamera2
    python tests/standin/record_signatures.py /tmp/picamera2/picamera2-*

It writes tests/standin/picamera2_signatures.json: of each class below its public methods with their
parameters (name, and default as written), its properties, and the attributes that it gives itself. The
package is read, never imported: that needs libcamera.
"""

import ast
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).with_name("picamera2_signatures.json")
CLASSES = {
    "picamera2/picamera2.py": ["Picamera2"],
    "picamera2/request.py": ["CompletedRequest", "MappedArray"],
    "picamera2/job.py": ["Job"],
    "picamera2/encoders/encoder.py": ["Encoder"],
    "picamera2/encoders/multi_encoder.py": ["MultiEncoder"],
    "picamera2/encoders/jpeg_encoder.py": ["JpegEncoder"],
    "picamera2/encoders/h264_encoder.py": ["H264Encoder"],
    "picamera2/encoders/libav_h264_encoder.py": ["LibavH264Encoder"],
    "picamera2/outputs/output.py": ["Output"],
    "picamera2/outputs/fileoutput.py": ["FileOutput"],
    "picamera2/outputs/ffmpegoutput.py": ["FfmpegOutput"],
    "picamera2/outputs/pyavoutput.py": ["PyavOutput"],
}


def classes_of(source: str, names: list[str]) -> dict[str, Any]:
    """What a module's classes have; `names` are those that count."""
    found = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    return {name: class_of(found[name]) for name in names}


def class_of(node: ast.ClassDef) -> dict[str, Any]:
    """Methods, properties and attributes of one class."""
    methods: dict[str, list[list[str | None]]] = {}
    properties, attributes = set(), set()
    for item in node.body:
        if isinstance(item, ast.Assign):
            attributes |= {target.id for target in item.targets if isinstance(target, ast.Name)}
        if not isinstance(item, ast.FunctionDef):
            continue
        marks = {ast.unparse(mark) for mark in item.decorator_list}
        if item.name.startswith("_") and item.name not in ("__init__", "__enter__", "__exit__"):
            continue
        if "overload" in marks:
            continue
        if any(mark == "property" or mark.endswith(".setter") for mark in marks):
            properties.add(item.name)
        else:
            methods[item.name] = parameters(item, bound="staticmethod" not in marks)
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store) and ast.unparse(inner.value) == "self":
            attributes.add(inner.attr)
    public = sorted(name for name in attributes - properties if not name.startswith("_"))
    return {"methods": methods, "properties": sorted(properties), "attributes": public}


def parameters(node: ast.FunctionDef, *, bound: bool) -> list[list[str | None]]:
    """Name and default (None: it has none) of each parameter but `self`."""
    args = node.args.posonlyargs + node.args.args
    defaults = [None] * (len(args) - len(node.args.defaults)) + [plain(default) for default in node.args.defaults]
    pairs = [[arg.arg, default] for arg, default in zip(args, defaults, strict=True)]
    return pairs[1:] if bound else pairs


def plain(default: ast.expr) -> str:
    """A default, however it is quoted."""
    return ast.unparse(default)


def sources_of(package: Path) -> tuple[str, dict[str, str]]:
    """The version, and the modules' sources by their path, of a wheel or a source distribution."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as wheel:
            texts = {name: wheel.read(name).decode() for name in wheel.namelist() if name.endswith(".py")}
    else:
        with tarfile.open(package) as sdist:
            files = [member for member in sdist.getmembers() if member.name.endswith(".py")]
            texts = {file.name.partition("/")[2]: sdist.extractfile(file).read().decode() for file in files}  # type: ignore[union-attr]
    version = re.match(r"picamera2-([^-]+?)(-py|\.tar)", package.name)
    assert version, f"{package.name} names no version"
    return version[1], texts


def main() -> None:
    """See above."""
    version, texts = sources_of(Path(sys.argv[1]))
    recorded: dict[str, Any] = {"version": version, "classes": {}}
    for path, names in CLASSES.items():
        recorded["classes"] |= classes_of(texts[path], names)
    OUTPUT.write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    main()
