"""A submission looked at without running it: whether what runs here also runs there.

The organiser's run refuses what it cannot read safely (``submissions``); this refuses in addition
what would fail for certain where submissions run, and warns of what may.
"""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zcnas.errors import InvalidSubmission
from zcnas.isolation.packages import IMAGE_PYTHON, STUBS, image_modules, is_importable
from zcnas.plugins import all_installed
from zcnas.submissions import open_submission, packed_files
from zcnas.submissions.imports import Import, foreign_imports, tree_of
from zcnas.submissions.signature import problem_of_fit, problem_of_query, remark_on_combine
from zcnas.words.entry_points import ENTRY_POINTS

GUIDE = "docs/participants.md lists what can be imported"


@dataclass(frozen=True)
class Checked:
    """A submission that can be uploaded.

    Attributes:
        name: Its name.
        sha256: Digest of its content.
        files: What would be packed, by name.
        remarks: What is left out, and what may fail where submissions run.
    """

    name: str
    sha256: str
    files: Mapping[str, bytes]
    remarks: tuple[str, ...]


def check_submission(path: Path) -> Checked:
    """Return a submission's files and what may go wrong with them.

    Raises:
        InvalidSubmission: It cannot be accepted, or fails for certain; lists every reason.
    """
    with tempfile.TemporaryDirectory(prefix="zcnas-check-") as folder:
        accepted = open_submission(path, Path(folder) / "submission")
    files = packed_files(path)
    entry_point = next(name for name in ENTRY_POINTS if name in files)
    tree = tree_of(entry_point, files[entry_point])
    problems = [
        problem_of_query(tree, entry_point),
        problem_of_fit(tree, entry_point, accepted.track),
    ]
    problems += [_newer_syntax(name, files[name]) for name in files if name.endswith(".py")]
    remarks = list(accepted.remarks)
    if remark := remark_on_combine(tree, entry_point):
        remarks.append(remark)
    plugins = {plugin.reference.partition(".")[0].partition(":")[0] for plugin in all_installed()}
    for each in foreign_imports(files):
        if each.module in STUBS:
            remarks.append(
                f"{each.file}, line {each.line}: {each.module} is a stub in the image: its names "
                "can be imported, and using one fails"
            )
        elif not is_importable(each.module) and each.module not in plugins:
            (remarks if each.tried else problems).append(_missing(each))
    if found := [problem for problem in problems if problem]:
        raise InvalidSubmission(accepted.name, found)
    return Checked(accepted.name, accepted.sha256, files, tuple(remarks))


def _missing(each: Import) -> str:
    known = sorted(name for name in image_modules() if not name.startswith("_"))
    remedy = (
        "your file handles that"
        if each.tried
        else "copy the code you need beside the entry point, or handle the ImportError"
    )
    return (
        f"{each.file}, line {each.line}: the image has no module {each.module}; {remedy} "
        f"(it has {', '.join(known)}; {GUIDE})"
    )


def _newer_syntax(name: str, source: bytes) -> str:
    """Return what a file uses that the image's Python does not know; "" for nothing."""
    try:
        ast.parse(source, feature_version=IMAGE_PYTHON)
    except SyntaxError as error:
        version = ".".join(map(str, IMAGE_PYTHON))
        return (
            f"{name}, line {error.lineno}: not valid in Python {version}, which runs submissions: "
            f"{error.msg}; write it for {version}"
        )
    except (ValueError, RecursionError, MemoryError):
        return ""
    return ""
