"""The container's image: built when it is missing or when what it is built from has changed.

The build needs a base image with Python and the locked wheels. The base is the official slim image
where a registry answers, or a minimal Debian made by ``docker/offline-base.sh`` where none does;
the wheels are downloaded by pip for the base's Python and held against the hashes of the lock. A
base that a registry knows is built from by its digest, and the image's label says which that was.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from docker.errors import DockerException, ImageNotFound
from requests.exceptions import RequestException

import docker
from zcnas.errors import OrganiserError
from zcnas.words.resources import package_file

IMAGE = "zcnas-worker:latest"
PUBLIC_BASE = "python:3.11-slim-bookworm"
OFFLINE_BASE = "zcnas-base:bookworm"
FINGERPRINT_LABEL = "zcnas.fingerprint"
BASE_LABEL = "zcnas.base"
"""What the image was built from: a digest, or the id of a base made here."""
STAGE_LABEL = "zcnas.stage=packages"
"""Marks the build's first stage, which is removed when the build is done."""
UNPACKED_MARK = ".zcnas-image"
"""The file in an unpacked image that holds the digest of what the image was built from."""
_WHEEL_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_BUILD_FILES = ("Dockerfile", "requirements.txt")


def fingerprint() -> str:
    """Return a digest of the files the image is built from; a label of the image holds it."""
    content = b"".join(package_file(f"docker/{name}").read_bytes() for name in _BUILD_FILES)
    return hashlib.sha256(content).hexdigest()


def ensure_image(
    client: docker.DockerClient, say: Callable[[str], None], base: str | None = None
) -> str:
    """Return the image's name, building it first if it is missing, stale, or of another base.

    Args:
        client: The Docker engine.
        say: Told what takes time.
        base: Base image to build from; None to keep any up-to-date image or to find a base.

    Raises:
        OrganiserError: No base image or no wheels can be had, or the build fails.
    """
    try:
        labels = client.images.get(IMAGE).labels
        if base is None and labels.get(FINGERPRINT_LABEL) == fingerprint():
            return IMAGE
    except ImageNotFound:
        pass
    base = pinned(client, base or _find_base(client, say))
    say(f"building the image {IMAGE} from {base} (a few minutes, once)")
    context = Path("build") / "image"
    context.mkdir(parents=True, exist_ok=True)
    for name in _BUILD_FILES:
        shutil.copyfile(package_file(f"docker/{name}"), context / name)
    machine = machine_of(client, base)
    _download_wheels(context / "wheels", python_of(client, base), machine)
    try:
        client.images.build(
            path=str(context),
            tag=IMAGE,
            buildargs={"BASE": base},
            labels={FINGERPRINT_LABEL: fingerprint(), BASE_LABEL: base},
            rm=True,
            forcerm=True,
        )
    except (DockerException, RequestException) as error:
        log = "".join(str(line.get("stream", "")) for line in getattr(error, "build_log", []))
        raise OrganiserError(f"the image {IMAGE} cannot be built: {error}\n{log[-2000:]}") from None
    for label in (STAGE_LABEL, FINGERPRINT_LABEL):  # the first stage, and the image replaced
        client.images.prune(filters={"label": label})
    return IMAGE


def unpack_image(client: docker.DockerClient, image: str, folder: Path) -> None:
    """Write the image's file system into a new folder, for sandboxes without an engine.

    Raises:
        OrganiserError: There is something in the folder, or the engine does not hand the files out.
    """
    if folder.exists() and any(folder.iterdir()):
        raise OrganiserError(
            f"{folder} is not empty; name a new folder for the image's files, or delete it first"
        )
    folder.mkdir(parents=True, exist_ok=True)
    try:
        container = client.containers.create(image, "true", network_disabled=True)
        try:
            tar: subprocess.Popen[bytes]
            with subprocess.Popen(
                ["tar", "-x", "--no-same-owner", "--exclude=dev/*", "-C", str(folder)],
                stdin=subprocess.PIPE,
            ) as tar:
                assert tar.stdin is not None
                pieces: Iterable[Any] = container.export()  # its type says text
                for piece in pieces:
                    tar.stdin.write(piece)
        finally:
            container.remove(force=True)
    except (DockerException, RequestException, OSError) as error:
        raise OrganiserError(f"the image cannot be unpacked into {folder}: {error}") from None
    if tar.returncode != 0:
        raise OrganiserError(f"tar cannot unpack the image into {folder}; make room and try again")
    (folder / UNPACKED_MARK).write_text(f"{fingerprint()}\n")


def _find_base(client: docker.DockerClient, say: Callable[[str], None]) -> str:
    """Return a base image.

    One that is here, else the public one pulled, else the offline one made.
    """
    for name in (PUBLIC_BASE, OFFLINE_BASE):
        try:
            client.images.get(name)
        except ImageNotFound:
            continue
        return name
    try:
        say(f"pulling {PUBLIC_BASE}")
        client.images.pull(PUBLIC_BASE)
    except (DockerException, RequestException) as error:
        reason = str(error).strip().splitlines()[-1]
    else:
        return PUBLIC_BASE
    script = package_file("docker/offline-base.sh")
    if shutil.which("debootstrap") and shutil.which("docker"):
        say(f"no image registry answers; making {OFFLINE_BASE} with debootstrap (about a minute)")
        made = subprocess.run(
            ["sh", script, OFFLINE_BASE], capture_output=True, text=True, check=False
        )
        if made.returncode == 0:
            return OFFLINE_BASE
        reason = made.stderr.strip()[-300:]
    raise OrganiserError(
        f"no base image: {PUBLIC_BASE} cannot be pulled ({reason}). On a Debian machine, "
        "`apt-get install debootstrap` and run docker/offline-base.sh as root; or name a local "
        "image with "
        "`zcnas image --base NAME`; or run a public phase with --isolation process"
    )


def pinned(client: docker.DockerClient, base: str) -> str:
    """Return a name that means these bytes: the digest a registry knows, or the local image's id.

    A base that is not here is pulled first.

    Raises:
        OrganiserError: It is neither here nor can it be pulled.
    """
    try:
        try:
            found = client.images.get(base)
        except ImageNotFound:
            found = client.images.pull(base)
    except (DockerException, RequestException) as error:
        raise OrganiserError(
            f"the base image {base} is not here and cannot be pulled ({error}); `docker images` "
            "lists what is here"
        ) from None
    digests: list[str] = found.attrs.get("RepoDigests") or []
    return digests[0] if digests else str(found.id)


def python_of(client: docker.DockerClient, base: str) -> str:
    """Return the version of a base image's ``python3``, for example ``3.11``.

    Raises:
        OrganiserError: It has none, or one older than 3.11.
    """
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        said = client.containers.run(
            base, ["python3", "-c", code], remove=True, network_mode="none", entrypoint=""
        )
    except (DockerException, RequestException) as error:
        raise OrganiserError(f"the base image {base} runs no python3: {error}") from None
    version: str = said.decode().strip()
    if tuple(map(int, version.split("."))) < (3, 11):
        raise OrganiserError(
            f"the base image {base} has Python {version}; 3.11 or newer is needed, for example "
            f"{PUBLIC_BASE}"
        )
    return version


def machine_of(client: docker.DockerClient, base: str) -> str:
    """Return the machine that an image runs on, as wheels call it.

    Not this machine: an engine on a Mac with Apple's processor runs Linux on arm64, which macOS
    calls arm64 and wheels for Linux call aarch64.
    """
    try:
        named = str(client.images.get(base).attrs.get("Architecture", ""))
    except (DockerException, RequestException):
        named = ""
    named = (named or platform.machine()).lower()
    return _WHEEL_MACHINES.get(named, named)


def _download_wheels(folder: Path, python: str, machine: str) -> None:
    """Fetch the locked wheels for the image's Python and machine, whatever runs here."""
    platforms = [
        f"--platform={tag}_{machine}" for tag in ("manylinux_2_28", "manylinux2014", "linux")
    ]
    shutil.rmtree(folder, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"),
        *(f"--python-version={python}", "--implementation=cp", *platforms, "--require-hashes"),
        *("--dest", str(folder), "-r", str(package_file("docker/requirements.txt"))),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OrganiserError(
            f"the image's packages cannot be downloaded for Python {python} on {machine}: "
            f"{done.stderr.strip()[-1000:]}\nThe lock has torch's CPU build for Python 3.11 on "
            "x86_64. Where no index offers it, set PIP_EXTRA_INDEX_URL to PyTorch's index for CPUs "
            "(pytorch.org, Get Started); for another Python or machine, take a base with Python "
            "3.11 or add that wheel's hash to docker/requirements.txt"
        )
