"""The record that a back end held every known attack here, and whether it still speaks for it.

`zcnas doctor --attack-table BACKEND` writes it; a hidden phase runs in a back end other than a
container of Docker only where one is found. It speaks for the code that was attacked, this machine,
kernel and user, the back end's version, and what bounded a query's processes: if any of them is
another today, the record is refused and says so. Its seal is made with a key that only this user
can read, so an edited record, or one brought along, is refused as well. Somebody who can write this
user's files can of course make one.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import platform
import secrets
from pathlib import Path

import msgspec

from zcnas.errors import OrganiserError
from zcnas.isolation import Isolation, WorkerPlace
from zcnas.isolation.machine import usable_cpus
from zcnas.isolation.owners import owned_folder
from zcnas.isolation.probes import PROBES
from zcnas.isolation.process import SMALLEST
from zcnas.isolation.program import stage_worker
from zcnas.words.json_files import read_json, write_json
from zcnas.words.resources import package_file
from zcnas.words.wings import shipped_files

ATTACKS_FOLDER = "tests/hostile/submissions"
"""The attacks: submissions in the package."""
STATE_VARIABLE = "ZCNAS_STATE"
"""Environment variable that names another folder for the records of this user's machines."""
_KEY = "attack-table.key"
_KEY_BYTES = 32
_TRIAL = msgspec.structs.replace(SMALLEST, memory_mb=512)


class Verdict(msgspec.Struct, frozen=True):
    """One row of the attack table.

    Attributes:
        name: The attack's name, or that of a claim about everything around the attacks.
        outcome: What came of it, in a few words.
        problem: How that differs from what it must be; "" if it does not.
        not_prevented: What the back end cannot keep an attack from here; "" if nothing.
    """

    name: str
    outcome: str
    problem: str
    not_prevented: str

    @property
    def held(self) -> bool:
        """Whether the back end held it."""
        return not self.problem and not self.not_prevented


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What a record speaks for.

    Attributes:
        program: Digest of the attacks and of the code that was attacked.
        machine: Its name, and its id where it has one.
        kernel: Release and version.
        user: The user's number.
        version: The back end, with its version.
        bounds: What bounds all processes of a query together, in words.
    """

    program: str
    machine: str
    kernel: str
    user: int
    version: str
    bounds: str


class AttackRecord(msgspec.Struct, frozen=True, kw_only=True):
    """``attack-table-<back end>-<host>.json``: what came of every known attack.

    Attributes:
        backend: The back end's name.
        circumstances: What it speaks for.
        made_at: When the attacks were run, in UTC.
        verdicts: What came of each.
        seal: HMAC-SHA256 over all of that, in hexadecimal.
    """

    backend: str
    circumstances: Circumstances
    made_at: str
    verdicts: tuple[Verdict, ...]
    seal: str = ""

    @property
    def holds(self) -> bool:
        """Whether the back end held every attack."""
        return bool(self.verdicts) and all(verdict.held for verdict in self.verdicts)


def circumstances_of(isolation: Isolation) -> Circumstances:
    """Return what a record made here and now would speak for.

    Raises:
        OrganiserError: The back end starts no worker here.
    """
    release, version = platform.release(), platform.version()
    return Circumstances(
        program=program_digest(),
        machine=f"{platform.node()} {_machine_id()}".strip(),
        kernel=f"{release} {version}",
        user=os.geteuid(),
        version=version_of(isolation),
        bounds=_bounds_of(isolation),
    )


def version_of(isolation: Isolation) -> str:
    """Return a back end's description, with its version where it can tell one."""
    version = str(getattr(isolation, "version", ""))
    known = version in isolation.description
    return isolation.description if known else f"{version}: {isolation.description}"


def program_digest() -> str:
    """Return a digest of the attacks and of every file that runs around a submission."""
    attacks = package_file(ATTACKS_FOLDER)
    files = dict(shipped_files("ingestion"))
    for path in attacks.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            files[f"attacks/{path.relative_to(attacks).as_posix()}"] = path
    digest = hashlib.sha256()
    for name in sorted(files):
        content = files[name].read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def record_path(backend: str) -> Path:
    """Return where the record of a back end on this machine is.

    Raises:
        OrganiserError: This user has no home folder, and no other is named.
    """
    return _state() / f"attack-table-{backend}-{platform.node() or 'unnamed'}.json"


def write_record(record: AttackRecord) -> Path:
    """Seal a record, write it where a run will look for it, and return that.

    Raises:
        OrganiserError: The folder cannot be written to.
    """
    path = record_path(record.backend)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        key = _key(make=True)
        write_json(path, msgspec.structs.replace(record, seal=_seal(record, key)), mode=0o600)
    except OSError as error:
        raise OrganiserError(
            f"the record cannot be written to {path} ({error.strerror}); make the folder writable, "
            f"or name another with {STATE_VARIABLE}="
        ) from None
    return path


def refusal_of(isolation: Isolation) -> str:
    """Return why no record admits a back end to hidden phases here; "" if one does.

    Raises:
        OrganiserError: The back end starts no worker here.
    """
    path = record_path(isolation.name)
    if not path.is_file():
        return f"there is no {path}"
    try:
        record = read_json(path, AttackRecord, OrganiserError)
    except OrganiserError as error:
        return str(error)
    key = _key(make=False)
    if not key or not hmac.compare_digest(record.seal, _seal(record, key)):
        return f"{path} does not bear this user's seal: it was edited, or made elsewhere"
    if record.backend != isolation.name:
        return f"{path} is the record of {record.backend}"
    if changes := _changes(record.circumstances, circumstances_of(isolation)):
        return f"{path} speaks for something else: {'; '.join(changes)}"
    if not record.holds:
        failed = ", ".join(v.name for v in record.verdicts if not v.held) or "nothing was tried"
        return f"{path} says that it did not hold {failed}"
    return ""


_WORDS = {
    "program": "the code or the attacks have changed since",
    "machine": "it was made on the machine {then}, this is {now}",
    "kernel": "it was made under the kernel {then}, this is {now}",
    "user": "it was made by user {then}, this is {now}",
    "version": "it was made with {then}, this is {now}",
    "bounds": "then {then}, now {now}",
}


def _changes(then: Circumstances, now: Circumstances) -> list[str]:
    """Return in words what differs between two circumstances."""
    return [
        words.format(then=getattr(then, name), now=getattr(now, name))
        for name, words in _WORDS.items()
        if getattr(then, name) != getattr(now, name)
    ]


def _bounds_of(isolation: Isolation) -> str:
    """Return what bounds a worker's processes together, from one that is started for it."""
    with owned_folder("trial") as folder:
        program = stage_worker(folder / "program")
        place = WorkerPlace(
            program, PROBES / "canary", usable_cpus()[0], _TRIAL, lambda piece: None
        )
        worker = isolation.start(place)
        try:
            return worker.bounds
        finally:
            with contextlib.suppress(OrganiserError):
                worker.stop()


def _machine_id() -> str:
    with contextlib.suppress(OSError):
        return Path("/etc/machine-id").read_text().strip()
    return ""


def _state() -> Path:
    named = os.environ.get(STATE_VARIABLE)
    if named:
        return Path(named)
    try:
        base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    except RuntimeError:
        raise OrganiserError(
            f"this user has no home folder for records; name a folder with {STATE_VARIABLE}="
        ) from None
    return Path(base) / "zcnas"


def _key(*, make: bool) -> bytes:
    """Return this user's key; none where there is none and none is to be made."""
    path = _state() / _KEY
    if make and not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(_KEY_BYTES))
    with contextlib.suppress(OSError, ValueError):
        key = bytes.fromhex(path.read_text())
        return key if len(key) == _KEY_BYTES else b""
    return b""


def _seal(record: AttackRecord, key: bytes) -> str:
    content = msgspec.json.encode(msgspec.structs.replace(record, seal=""))
    return hmac.new(key, content, hashlib.sha256).hexdigest()
