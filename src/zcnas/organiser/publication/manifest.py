"""``manifest.json`` of a publication: what it was made of, and a digest of every file in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from zcnas import __version__
from zcnas.judging.leaderboard import Leaderboard
from zcnas.organiser.results.folder import BenchmarkBinding, RunRecord
from zcnas.phases import Phase

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1


class PublishedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry, as the manifest names it.

    Attributes:
        submission: Its name.
        method: The predictor's own name for what it does.
        team: Whose it is; "" if unknown.
        track: The track it states.
        rank: Its place; None without one.
        score: The mean of its taus; None if this machine could not score it.
        sha256: Digest of its content; "" if it was refused or derived from others.
    """

    submission: str
    method: str
    team: str
    track: str
    rank: int | None
    score: float | None
    sha256: str


class PublicationManifest(msgspec.Struct, frozen=True, kw_only=True):
    """``manifest.json``.

    Attributes:
        schema_version: Of this file.
        zcnas: Version of the software that published it.
        phase: The phase, as in ``phases.toml``.
        phase_sha256: Digest of the phase's record.
        draw_seed: The seed of the draw; "" where it is not recorded.
        isolation: What kept submissions apart, in words.
        image: Digest of the container image they ran in; "" without one.
        program_sha256: Digest of the program that asked the predictors.
        benchmarks: Digests of architectures and images of each benchmark, and its limits.
        entries: The entries, in the order of the leaderboard.
        files: SHA-256 of every file of the publication beside this one, by name.
    """

    schema_version: int = SCHEMA_VERSION
    zcnas: str = __version__
    phase: Phase
    phase_sha256: str
    draw_seed: str
    isolation: str
    image: str
    program_sha256: str
    benchmarks: dict[str, BenchmarkBinding]
    entries: tuple[PublishedEntry, ...]
    files: dict[str, str]


def manifest_of(
    board: Leaderboard, phase: Phase, run: RunRecord, draw_seed: str, folder: Path
) -> PublicationManifest:
    """Return the manifest of a publication whose other files are written.

    Args:
        board: The leaderboard.
        phase: The phase, with the benchmarks that were judged.
        run: What the results folder is bound to.
        draw_seed: The seed of the draw, where it is known.
        folder: The publication.
    """
    return PublicationManifest(
        phase=phase,
        phase_sha256=hashlib.sha256(msgspec.json.encode(phase, order="sorted")).hexdigest(),
        draw_seed=draw_seed,
        isolation=board.isolation,
        image=run.image,
        program_sha256=run.program_sha256,
        benchmarks=run.benchmarks,
        entries=tuple(
            PublishedEntry(
                submission=entry.submission,
                method=entry.method,
                team=entry.team,
                track=entry.track,
                rank=entry.rank,
                score=entry.score,
                sha256=entry.sha256,
            )
            for entry in board.entries
        ),
        files={
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path != folder / MANIFEST
        },
    )
