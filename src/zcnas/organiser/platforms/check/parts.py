"""Checks of what ``competition.yaml`` points to: logo, pages, programs, data and their content."""

from __future__ import annotations

import re
import uuid
from pathlib import PurePosixPath
from typing import Any

import yaml

from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.located import Place, read_yaml
from zcnas.organiser.platforms.check.source import BundleFiles, check_names
from zcnas.organiser.platforms.emulator.rules import PLATFORMS, StepKind

METADATA_NAMES = PLATFORMS["codabench"].metadata_names

_PICTURE = re.compile(
    r"""<img\b[^>]*?\bsrc\s*=\s*["']?([^"'\s>]+)|!\[[^\]]*\]\(\s*<?([^)\s>]+)""", re.IGNORECASE
)
"""A picture in HTML or in Markdown."""
_ON_THE_WEB = re.compile(r"https?://|data:|//", re.IGNORECASE)
MAX_IMAGE_NAME = 128
_SHELL_WORDS = re.compile(r"[|;<>`\"'*?~]|&&|\$\(|\$\{|^\s*\w+=")
_PLACEHOLDER = re.compile(r"\$\w+")
_PATH = re.compile(r"/app/\w+(?:/\w+)?")
PATHS: dict[StepKind, tuple[str, ...]] = {
    "ingestion": ("program", "ingested_program", "input_data", "output", "data"),
    "scoring": ("program", "input", "input_data", "output", "shared", "data"),
}
"""The folders each step has below ``/app``."""


def check_image(value: object, files: BundleFiles, findings: Findings) -> None:
    """Check the logo."""
    name = findings.text(value, "image", "image", ("image",))
    if name is None:
        return
    content = files.read(name)
    if content is None:
        findings.add("image", f"there is no {name} in the bundle; add it", "image")
    elif not _is_picture(content):
        message = f"{name} is not a whole PNG, JPEG, GIF or WebP; convert it"
        findings.add("image", message, "image")


def _is_picture(content: bytes) -> bool:
    """Return whether a file starts like a picture, and a PNG or JPEG also ends like one."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"IEND" in content[-16:]
    if content.startswith(b"\xff\xd8\xff"):
        return b"\xff\xd9" in content[-16:]
    return content.startswith((b"GIF87a", b"GIF89a")) or content[8:12] == b"WEBP"


def check_page(
    value: object, files: BundleFiles, findings: Findings, place: Place, rule: str = "page-file"
) -> None:
    """Check that a page exists and is not empty."""
    name = findings.text(value, rule, "the page's file", place)
    if name is None:
        return
    content = files.read(name)
    if content is None:
        findings.add(rule, f"there is no {name} in the bundle; add it", *place)
        return
    try:
        text = content.decode()
    except UnicodeDecodeError:
        findings.add_in(name, 1, rule, "the page is not UTF-8; save it as UTF-8")
        return
    if not text.strip():
        findings.add_in(name, 1, "page-empty", "the page is empty; write its content")
    for number, line in enumerate(text.splitlines(), start=1):
        for match in _PICTURE.finditer(line):
            _check_picture(match[1] or match[2], name, number, findings)


def _check_picture(source: str, name: str, line: int, findings: Findings) -> None:
    if not _ON_THE_WEB.match(source):
        findings.add_in(
            name,
            line,
            "page-picture",
            f"it shows {source}, which the platform does not serve; give an https address, or put "
            "the picture into the page (data:image/png;base64,…)",
        )


def check_docker_image(content: dict[Any, Any], key: str, findings: Findings) -> None:
    """Check the name of the Docker image; without one a platform takes one of its own."""
    if key not in content:
        findings.add(
            "docker-image-missing",
            f"there is no {key}, so programs run in an old image of the platform's; name yours",
            key,
        )
        return
    value = content[key]
    is_name = isinstance(value, str) and re.fullmatch(r"\S+", value)
    if not is_name or len(str(value)) > MAX_IMAGE_NAME:
        findings.add(
            "docker-image",
            f"{key} is {value!r}; write a name like me/image:1 of at most {MAX_IMAGE_NAME} "
            "characters",
            key,
        )


def read_part(
    value: object, files: BundleFiles, findings: Findings, place: Place
) -> dict[str, bytes] | None:
    """Return the files of a zip or folder in the bundle; None for a UUID or after a problem.

    A UUID names data that is already on the platform and cannot be inspected here.
    """
    name = findings.text(value, "part-file", str(place[-1]), place)
    if name is None or _is_uuid(name):
        return None
    content = files.read(name)
    if content is None:
        below = files.below(name)
        if not below:
            findings.add("part-file", f"there is no {name} in the bundle; add it", *place)
        return below or None
    try:
        part = files.unpack(name)
    except ValueError as error:
        findings.add("part-zip", f"{name}: {error}; zip it again", *place)
        return None
    if not part:
        findings.add("part-zip", f"{name} contains no files; add some", *place)
        return None
    check_names(name, list(part), findings)
    return part


def check_program(
    value: object, kind: StepKind, files: BundleFiles, findings: Findings, place: Place
) -> None:
    """Check a program: its metadata, and every word of its command."""
    part = read_part(value, files, findings, place)
    if part is None:
        return
    name = next((name for name in METADATA_NAMES if name in part), None)
    if name is None:
        deeper = next((n for n in sorted(part) if PurePosixPath(n).name in METADATA_NAMES), None)
        fix = f"it is at {deeper}: zip the folder's content, not the folder" if deeper else "add it"
        findings.add("metadata", f"{value} has no metadata.yaml at its root; {fix}", *place)
        return
    file = f"{value}/{name}"
    try:
        metadata = read_yaml(part[name].decode())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        findings.add_in(file, 1, "metadata", f"it is not YAML: {_one_line(error)}; fix it")
        return
    command = metadata.value.get("command") if isinstance(metadata.value, dict) else None
    line = metadata.line_of(("command",))
    if not isinstance(command, str) or not command.strip():
        findings.add_in(
            file, line, "metadata", f"command is {command!r}; write the program's command"
        )
        return
    _check_command(command, kind, part, findings, file, line)


def _check_command(
    command: str,
    kind: StepKind,
    part: dict[str, bytes],
    findings: Findings,
    file: str,
    line: int,
) -> None:
    if found := _SHELL_WORDS.search(command):
        findings.add_in(
            file,
            line,
            "command-shell",
            f"{found[0]!r} is shell syntax, but the command runs without a shell; call a script",
        )
        return
    known = PLATFORMS["codabench"].placeholders[kind]
    for placeholder in _PLACEHOLDER.findall(command):
        if placeholder not in known:
            findings.add_in(
                file,
                line,
                "command-placeholder",
                f"{placeholder} is not a placeholder; the known ones are {', '.join(known)}",
            )
    for placeholder, path in known.items():
        command = command.replace(placeholder, path)
    for path in _PATH.findall(command):
        if path.split("/")[2] not in PATHS[kind]:
            findings.add_in(
                file,
                line,
                "command-path",
                f"the {kind} step has no {path}; it has /app/{', /app/'.join(PATHS[kind])}",
            )
    script = next((word for word in command.split()[1:] if word.endswith((".py", ".sh"))), None)
    if script is not None:
        inside = script.removeprefix("/app/program/")
        if not inside.startswith("/") and inside not in part:
            findings.add_in(
                file, line, "command-script", f"there is no {inside} in the program; add it"
            )


def check_truth_is_hidden(
    reference: object, given: dict[str, object], findings: Findings, place: Place
) -> None:
    """Check that reference data is not also given to participants or their submissions."""
    for what, name in given.items():
        if isinstance(reference, str) and reference == name:
            findings.add(
                "hidden-truth",
                f"{reference} is both reference_data and {what}, which reveals the accuracies; use "
                "separate files",
                *place,
                what,
            )


def _is_uuid(name: str) -> bool:
    try:
        uuid.UUID(name)
    except ValueError:
        return False
    return True


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
