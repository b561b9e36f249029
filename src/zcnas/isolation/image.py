"""The container's image: built when it is missing or when what it is built from has changed.

The build needs a base image with Python 3.11 and the locked wheels. The base is the official slim
image where a registry answers, or a minimal Debian made by ``docker/offline-base.sh`` where none
does; the wheels are downloaded by pip.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from docker.errors import DockerException, ImageNotFound
from requests.exceptions import RequestException

import docker
from zcnas.errors import OrganiserError
from zcnas.resources import package_file

IMAGE = "zcnas-worker:latest"
PUBLIC_BASE = "python:3.11-slim-bookworm"
OFFLINE_BASE = "zcnas-base:bookworm"
FINGERPRINT_LABEL = "zcnas.fingerprint"
STAGE_LABEL = "zcnas.stage=packages"
"""Marks the build's first stage, which is removed when the build is done."""
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
    base = base or _find_base(client, say)
    say(f"building the image {IMAGE} from {base} (a few minutes, once)")
    context = Path("build") / "image"
    context.mkdir(parents=True, exist_ok=True)
    for name in _BUILD_FILES:
        shutil.copyfile(package_file(f"docker/{name}"), context / name)
    _download_wheels(context / "wheels")
    try:
        client.images.build(
            path=str(context),
            tag=IMAGE,
            buildargs={"BASE": base},
            labels={FINGERPRINT_LABEL: fingerprint()},
            rm=True,
            forcerm=True,
        )
    except (DockerException, RequestException) as error:
        log = "".join(str(line.get("stream", "")) for line in getattr(error, "build_log", []))
        raise OrganiserError(f"the image {IMAGE} cannot be built: {error}\n{log[-2000:]}") from None
    for label in (STAGE_LABEL, FINGERPRINT_LABEL):  # the first stage, and the image replaced
        client.images.prune(filters={"label": label})
    return IMAGE


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


def _download_wheels(folder: Path) -> None:
    """Fetch the locked wheels for the image's Python, whatever Python runs here."""
    machine = platform.machine()
    platforms = [
        f"--platform={tag}_{machine}" for tag in ("manylinux_2_28", "manylinux2014", "linux")
    ]
    shutil.rmtree(folder, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"),
        *("--python-version=3.11", "--implementation=cp", *platforms),
        *("--dest", str(folder), "-r", str(package_file("docker/requirements.txt"))),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OrganiserError(
            f"the image's packages cannot be downloaded: {done.stderr.strip()[-1000:]}"
        )
