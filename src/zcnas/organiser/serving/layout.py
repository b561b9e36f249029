"""Where everything lies in the folder of a server.

inbox/<team>/*.zip      what teams hand in
outbox/<team>/          what each team is told: answers.txt, and a folder per attempt
public/                 the boards, and the queue
private/                for the organiser alone
    attempts.sqlite     every attempt and every run
    submissions/        the accepted zips
    runs/<number>/      a results folder per run, whatever became of it
    results/<phase>/<generation>/  what a board is made from: a results folder of links
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from zcnas.errors import ServingError
from zcnas.organiser.results.folder import LOOK_S

NETWORK_FILE_SYSTEMS = frozenset(
    (
        *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.cephfs"),
        *("fuse.davfs2", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "gfs2"),
        *("glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "pvfs2"),
        *("smb2", "smb3", "smbfs", "virtiofs"),
    )
)
"""File systems whose locks and flushes SQLite cannot rely on (sqlite.org/wal.html: "WAL does not
work over a network filesystem")."""


@dataclass(frozen=True)
class Layout:
    """The folders of a server.

    Attributes:
        folder: The one that holds them.
    """

    folder: Path

    @property
    def inbox(self) -> Path:
        """A folder per team, filled from outside."""
        return self.folder / "inbox"

    @property
    def outbox(self) -> Path:
        """A folder per team, for that team."""
        return self.folder / "outbox"

    @property
    def public(self) -> Path:
        """The boards and the queue, for everybody."""
        return self.folder / "public"

    @property
    def private(self) -> Path:
        """What only the organiser may see."""
        return self.folder / "private"

    @property
    def database(self) -> Path:
        """Every attempt and every run."""
        return self.private / "attempts.sqlite"

    @property
    def submissions(self) -> Path:
        """The accepted zips, by the attempts' names."""
        return self.private / "submissions"

    def archive(self, name: str) -> Path:
        """Return where an attempt's zip is."""
        return self.submissions / f"{name}.zip"

    def run(self, number: int) -> Path:
        """Return the results folder of a run."""
        return self.private / "runs" / str(number)

    @property
    def all_results(self) -> Path:
        """The results folders that boards are made from, of all phases and generations."""
        return self.private / "results"

    def results(self, phase: str, generation: int) -> Path:
        """Return the results folder that the board of a phase's generation is made from."""
        return self.all_results / phase / str(generation)

    def site(self, phase: str) -> Path:
        """Return the folder of a phase's pages."""
        return self.public / phase

    def make(self) -> None:
        """Make the folders that are missing; the private one for this user alone."""
        for path in (self.inbox, self.outbox, self.public):
            path.mkdir(parents=True, exist_ok=True)
        self.private.mkdir(mode=0o700, exist_ok=True)
        self.private.chmod(0o700)
        self.submissions.mkdir(exist_ok=True)

    @contextlib.contextmanager
    def locked(self, patience_s: float = LOOK_S) -> Iterator[None]:
        """Hold the folder against another server.

        Args:
            patience_s: How long to wait for it; a command that looks whether a server runs holds
                it for a moment.

        Raises:
            ServingError: One is running on it.
        """
        lock = FileLock(self.private / ".lock", timeout=patience_s, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            raise ServingError(
                f"another `zcnas serve` is working on {self.folder}; stop it first, or name "
                "another folder"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def is_served(self) -> bool:
        """Return whether a server is running on the folder."""
        try:
            with self.locked(patience_s=0):
                return False
        except ServingError:
            return True


def check_local(path: Path) -> None:
    """Do nothing if a path, or where it will be, is on a disk of this machine.

    Raises:
        ServingError: It is on a network file system.
    """
    kind = file_system_of(path)
    if kind in NETWORK_FILE_SYSTEMS:
        raise ServingError(
            f"{path} is on a network file system ({kind}), where SQLite can lose accepted "
            "attempts; name a folder on a disk of this machine. Only inbox/ may be a mount or a "
            "link to one"
        )


def file_system_of(path: Path) -> str:
    """Return the type of the file system that a path is on, or will be; "" if nobody knows."""
    place = path.absolute()
    while not os.path.lexists(place):
        place = place.parent
    real = place.resolve()
    mounts = {Path(each.mountpoint): each.fstype for each in psutil.disk_partitions(all=True)}
    return next((mounts[each] for each in (real, *real.parents) if each in mounts), "")
