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
from pathlib import Path

from zcnas.errors import OrganiserError
from zcnas.resources import (
    INPUT_FOLDER,
    SAMPLES_FOLDER,
    is_checkout,
    package_file,
    package_root,
)
from zcnas.submissions.archives import zip_files

OWN_FILES = ("README.md", "predictor.py", "test_predictor.py")
REQUIREMENTS = "requirements.txt"
TORCH_LOCK = "requirements/torch.txt"
EXTRAS = "run,pages,research"
_LEFT_OUT = ("INSTALLER", "REQUESTED", "direct_url.json", "RECORD")
"""What an installation adds to a wheel's files, and the list that is written again."""


def kit_files() -> dict[str, bytes]:
    """Return the files of the starting kit by their names below its one folder.

    Raises:
        OrganiserError: The package's wheel cannot be built here.
    """
    name, wheel = own_wheel()
    files = {each: package_file(f"starting_kit/{each}").read_bytes() for each in OWN_FILES}
    for folder in (INPUT_FOLDER, SAMPLES_FOLDER):
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

    An installed package is packed again; a checkout's is built.

    Raises:
        OrganiserError: It cannot be built.
    """
    return _built() if is_checkout() else _packed_again()


def _built() -> tuple[str, bytes]:
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
        return wheels[0].name, wheels[0].read_bytes()


def _packed_again() -> tuple[str, bytes]:
    """Return the wheel that this installation came from, made of its files."""
    installed = importlib.metadata.distribution("zcnas")
    files = {
        str(entry): Path(str(entry.locate())).read_bytes()
        for entry in installed.files or ()
        if ".." not in entry.parts
        and entry.name not in _LEFT_OUT
        and "__pycache__" not in entry.parts
    }
    record = f"zcnas-{installed.version}.dist-info/RECORD"
    lines = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in files.items()]
    files[record] = "\n".join([*sorted(lines), f"{record},,", ""]).encode()
    return f"zcnas-{installed.version}-py3-none-any.whl", zip_files(files)


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
