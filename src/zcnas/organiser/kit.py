"""The starting kit: what a participant works in, as `zcnas init` and `make bundle` make it.

The entry point, a README and a test of its own, the practice phase's architectures, the samples;
and the package's wheel, so that an empty folder and a package index are all it takes.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.metadata
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePath

from zcnas.errors import OrganiserError
from zcnas.submissions.archives import zip_files
from zcnas.words.resources import (
    FEW_LABELS_FOLDER,
    INPUT_FOLDER,
    SAMPLES_FOLDER,
    is_checkout,
    package_file,
    package_root,
)

OWN_FILES = ("README.md", "predictor.py", "test_predictor.py")
REQUIREMENTS = "requirements.txt"
TORCH_LOCK = "requirements/torch.txt"
EXTRAS = "run,pages,research"
_METADATA = ("METADATA", "WHEEL", "entry_points.txt", "licenses")
"""What is kept of `dist-info`: installers add notes of their own, and RECORD is written again."""


def kit_files() -> dict[str, bytes]:
    """Return the files of the starting kit by their names below its one folder.

    Raises:
        OrganiserError: The package's wheel cannot be built here.
    """
    name, wheel = own_wheel()
    files = {each: package_file(f"starting_kit/{each}").read_bytes() for each in OWN_FILES}
    for folder in (INPUT_FOLDER, SAMPLES_FOLDER, FEW_LABELS_FOLDER):
        top = package_file(folder)
        files |= {
            f"{top.name}/{path.relative_to(top).as_posix()}": path.read_bytes()
            for path in sorted(top.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }
    return {**files, name: wheel, REQUIREMENTS: _requirements(name).encode()}


@functools.cache
def own_wheel() -> tuple[str, bytes]:
    """Return the file name and the content of this package's wheel.

    Its files are those of this installation, or of the wheel that a checkout builds; they are
    packed in one way, so that the wheel does not depend on how the package was installed.

    Raises:
        OrganiserError: It cannot be built.
    """
    files = _built() if is_checkout() else _installed()
    (metadata,) = (name for name in files if name.endswith(".dist-info/METADATA"))
    info = metadata.removesuffix("/METADATA")
    record = f"{info}/RECORD"
    lines = [f"{name},sha256={_digest(files[name])},{len(files[name])}" for name in sorted(files)]
    files[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    return f"{info.removesuffix('.dist-info')}-py3-none-any.whl", zip_files(files)


def _built() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="zcnas-wheel-") as folder:
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
        done = subprocess.run(
            [*command, "--directory", folder],
            cwd=package_root(),
            capture_output=True,
            text=True,
            check=False,
        )
        wheels = sorted(Path(folder).glob("*.whl"))
        if done.returncode != 0 or not wheels:
            raise OrganiserError(
                f"the wheel for the starting kit cannot be built: {done.stderr.strip()[-500:]}; "
                "`pip install -r requirements/install.txt` brings what builds it"
            )
        with zipfile.ZipFile(wheels[0]) as wheel:
            names = [name for name in wheel.namelist() if _is_of_the_wheel(PurePath(name))]
            return {name: wheel.read(name) for name in names}


def _installed() -> dict[str, bytes]:
    return {
        entry.as_posix(): Path(str(entry.locate())).read_bytes()
        for entry in importlib.metadata.distribution("zcnas").files or ()
        if _is_of_the_wheel(entry)
    }


def _is_of_the_wheel(entry: PurePath) -> bool:
    if entry.parts[0].endswith(".dist-info"):
        return entry.parts[1] in _METADATA
    return ".." not in entry.parts and "__pycache__" not in entry.parts


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _requirements(wheel: str) -> str:
    """Return what `pip install -r` needs: the wheel, and the build of torch that scores run on."""
    pinned = package_file(TORCH_LOCK).read_text().split()[0]
    version = pinned.partition("+")[0]
    return (
        f"# The harness, from the wheel beside this file, and PyTorch's CPU build.\n"
        f"./{wheel}[{EXTRAS}]\n"
        f'{pinned} ; sys_platform == "linux"\n'
        f'{version} ; sys_platform != "linux"\n'
    )
