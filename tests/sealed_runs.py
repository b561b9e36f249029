"""A record as ingestion leaves it on a platform, written by a test line by line."""

from pathlib import Path

import msgspec

from zcnas.hosted.run_record import Ended, Start, owner_name, seal_line
from zcnas.hosted.seals import Seals

ROOT = Path(__file__).resolve().parents[1]


def start_of(phase, files, /, **changes):
    """Return the first line of a run of a phase."""
    start = Start(
        phase=phase.name,
        files=files,
        submission_sha256="ab" * 32,
        limits=phase.limits,
        unconfined=(),
        started_at="2030-01-01T00:00:00+00:00",
    )
    return msgspec.structs.replace(start, **changes)


def write_run(folder, key, lines, ended=True):
    """Write ``run.sealed`` with these lines and, unless the run was killed, its last."""
    seals = Seals(key)
    ending = [Ended(wall_time_s=1.0)] if ended else []
    path = folder / "run.sealed"
    path.write_bytes(b"".join(seal_line(seals, line) for line in [*lines, *ending]))
    for owner in folder.glob("submission-*"):
        owner.unlink()
    for start in (line for line in lines if isinstance(line, Start)):
        (folder / owner_name(start)).touch()
    return path
