"""The file system of a sandbox without an engine: an unpacked image, or parts of this machine.

Either holds Python and the image's packages and nothing of anybody's: no home folder, no settings,
no package that the image lacks, so no accuracy table either. The second needs nothing prepared; the
first is the same bytes as in the containers of an engine.
"""

from __future__ import annotations

import os
import re
import site
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from zcnas.errors import OrganiserError
from zcnas.isolation.image import UNPACKED_MARK, fingerprint
from zcnas.isolation.packages import image_packages

ROOT_VARIABLE = "ZCNAS_IMAGE_ROOT"
"""Environment variable that names the unpacked image; without it, this machine's Python is used."""
IMAGE_PYTHON = "/opt/venv/bin/python3"
"""Where ``docker/Dockerfile`` puts Python with the packages."""
PYTHON_HOME = Path("/app/python")
"""A virtual environment made for the sandbox: this machine's Python, the image's packages."""
_LEFT_OUT = frozenset(
    (
        *(UNPACKED_MARK, "app", "boot", "dev", "home", "lost+found", "media", "mnt", "proc"),
        *("root", "run", "scratch", "srv", "sys", "tmp"),
    )
)
"""Folders of an image that a sandbox has of its own or not at all."""
_SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
_SETTINGS = ("ld.so.cache", "localtime", "alternatives", "mime.types")
_REQUIRED = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class SandboxRoot:
    """What a sandbox's file system is made of.

    Attributes:
        image: The digest of what the image was built from; "" for this machine's own Python.
        python: The interpreter, as the sandbox sees it.
        mounts: Arguments of bubblewrap.
        texts: Small files that are in no folder of this machine, by their names in the sandbox.
    """

    image: str
    python: str
    mounts: tuple[str, ...]
    texts: tuple[tuple[str, str], ...] = ()

    @property
    def description(self) -> str:
        """What it is, in words."""
        return "files of the image" if self.image else "files of this machine's Python"


def sandbox_root() -> SandboxRoot:
    """Return the unpacked image that ``ZCNAS_IMAGE_ROOT`` names, or else parts of this machine.

    Raises:
        OrganiserError: What it names is no unpacked image, or one of another version.
    """
    named = os.environ.get(ROOT_VARIABLE)
    return _of_image(Path(named)) if named else _of_this_machine()


def _of_image(folder: Path) -> SandboxRoot:
    unpack = f"`zcnas image --unpack {folder}` makes it where a Docker engine answers"
    try:
        found = (folder / UNPACKED_MARK).read_text().strip()
    except OSError as error:
        raise OrganiserError(
            f"{ROOT_VARIABLE} names {folder}, which is not an unpacked image ({error.strerror}: "
            f"{UNPACKED_MARK}); {unpack}, and the folder can be copied from there; or unset it to "
            "use this machine's Python"
        ) from None
    if found != fingerprint():
        raise OrganiserError(
            f"{ROOT_VARIABLE} names {folder}, which is the image of another version of zcnas "
            f"({found[:12]}, this version's is {fingerprint()[:12]}); {unpack}"
        )
    entries = (each for each in sorted(folder.iterdir()) if each.name not in _LEFT_OUT)
    mounts = [
        arg
        for each in entries
        if each.name != UNPACKED_MARK
        for arg in _shown(each, f"/{each.name}")
    ]
    return SandboxRoot(found, IMAGE_PYTHON, tuple(mounts))


def _of_this_machine() -> SandboxRoot:
    executable = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    base = Path(sys.base_prefix).resolve()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    mounts = [arg for name in _SYSTEM for arg in _shown(Path("/") / name, f"/{name}")]
    if not base.is_relative_to("/usr"):
        mounts += ["--ro-bind", str(base), str(base)]
    for folder in _package_folders(base, version):
        mounts += ["--tmpfs", str(folder), "--remount-ro", str(folder)]
    for name in _SETTINGS:
        mounts += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    packages = PYTHON_HOME / "lib" / version / "site-packages"
    for source in image_package_files():
        mounts += ["--ro-bind", str(source), str(packages / source.name)]
    python = PYTHON_HOME / "bin" / "python3"
    mounts += ["--symlink", str(executable), str(python)]
    settings = f"home = {executable.parent}\ninclude-system-site-packages = false\n"
    return SandboxRoot(
        "", str(python), tuple(mounts), ((str(PYTHON_HOME / "pyvenv.cfg"), settings),)
    )


def _shown(source: Path, target: str) -> list[str]:
    """Return the arguments that show a file or folder, and a link as a link; none if missing."""
    if source.is_symlink():
        return ["--symlink", str(source.readlink()), target]
    return ["--ro-bind", str(source), target] if source.exists() else []


def _package_folders(base: Path, version: str) -> list[Path]:
    """Return the folders of packages that the sandbox would see and must not."""
    known = {
        *(Path(folder) for folder in site.getsitepackages()),
        *(base / "lib" / version / name for name in ("site-packages", "dist-packages")),
        Path("/usr/lib/python3/dist-packages"),
        Path("/usr/local/lib") / version / "dist-packages",
        Path("/usr/local/lib") / version / "site-packages",
    }
    visible = (base, Path("/usr"))
    real = sorted({folder.resolve() for folder in known if folder.is_dir()})
    return [folder for folder in real if any(map(folder.is_relative_to, visible))]


def image_package_files() -> list[Path]:
    """Return the files and folders, at their top level, of the image's packages that are here.

    With them comes what they require on this machine: another build of torch has libraries in
    packages of their own.
    """
    waiting, seen = list(image_packages()), set[str]()
    found: dict[str, Path] = {}
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        waiting += _requirements(distribution.requires or ())
        folder = Path(str(distribution.locate_file("")))
        for top in _top_level(distribution.read_text("RECORD") or ""):
            if (folder / top).exists():
                found[top] = (folder / top).resolve()
    return sorted(found.values())


def _requirements(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        match = _REQUIRED.match(line)
        if match and "extra ==" not in line:
            yield match[0]


def _top_level(record: str) -> set[str]:
    """Return the names below the packages' folder that a distribution's record begins with."""
    names = {line.lstrip('"').partition("/")[0].partition(",")[0] for line in record.splitlines()}
    return names - {"", "..", "__pycache__"}
