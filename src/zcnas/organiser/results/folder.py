"""The results folder OUT: what it is bound to, and the files of each submission in it.

``run.json`` binds OUT to a phase, its inputs, limits and programs, and
``submissions/<name>/submission.json`` a folder to the content of a submission. No submission's name
can collide with our own files there. A run that resumes with other inputs is refused; a submission
with other content is scored from scratch.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from zcnas.errors import ResultsError
from zcnas.judging.board_cache import BoardCache
from zcnas.organiser.results.portion import Portion
from zcnas.phases import Limits
from zcnas.submissions.finding import ARRIVALS_FILE
from zcnas.submissions.names import place_of
from zcnas.words.records import read_json, write_json
from zcnas.words.tracks import ZERO_SHOT, Track

RUN, SUBMISSION, LOCK = "run.json", "submission.json", ".lock"
SUBMISSIONS, PAGES = "submissions", "leaderboard"
CACHE = ".board_cache"
"""What earlier boards were made of; removing it costs time and nothing else."""
LOOK_S = 1.0
"""Longer than a look at the lock takes: a run that starts meanwhile must not take it for a run."""
SCHEMA_VERSION = 2
"""Of ``run.json`` and what lies beside it; in version 1 submissions lay in OUT itself."""
_UNFINISHED = f"{SUBMISSION}.partial"


class BenchmarkBinding(msgspec.Struct, frozen=True, kw_only=True):
    """What the predictions of one benchmark depend on.

    Attributes:
        input_sha256: Digest of the input file.
        minibatch_sha256: Digest of the minibatch's images and labels.
        data_source: Where the minibatch comes from.
        architectures: How many are asked for.
        limits: What one submission may use.
        labels_sha256: Digest of the labels that the track few-labels is given; "" without any.
        reference_seconds: Whether the limits of time are reference seconds.
    """

    input_sha256: str
    minibatch_sha256: str
    data_source: str
    architectures: int
    limits: Limits
    labels_sha256: str = ""
    reference_seconds: bool = False


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """``run.json``: what a results folder is bound to.

    Attributes:
        schema_version: Of this file.
        phase: The phase's name.
        isolation: The back end's name.
        isolation_description: The same, with its version, in words.
        program_sha256: Digest of the program that asks the predictors.
        image: Digest of the image they run in; "" without one.
        benchmarks: What the predictions of each benchmark depend on.
        contained: Whether submissions could reach neither files nor network; None in a record of an
            earlier version.
        portion: Which part of a run it holds; None for a whole one.
    """

    schema_version: int = SCHEMA_VERSION
    phase: str
    isolation: str
    isolation_description: str
    program_sha256: str
    image: str
    benchmarks: dict[str, BenchmarkBinding]
    contained: bool | None = None
    portion: Portion | None = None


class SubmissionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """``submissions/<name>/submission.json``: which content the results of a submission belong to.

    Attributes:
        name: The submission's name.
        sha256: Digest of its content; of the refusal's text if it was refused.
        refusal: Why it was refused; "" if it was accepted.
        position: Its place in the order of arrival.
        fault: Why this machine could not score it in the last run; "" if it could, or has not yet.
        source: Where it was read from; "" in a record of an earlier version.
        gone: Whether it was no longer there when its neighbours were scored last.
        derived_from: The submissions its predictions were computed from, if it was not run itself.
        track: The track it states.
    """

    name: str
    sha256: str
    refusal: str
    position: int
    fault: str = ""
    source: str = ""
    gone: bool = False
    derived_from: tuple[str, ...] = ()
    track: Track = ZERO_SHOT


class _Version(msgspec.Struct):
    """As much of ``run.json`` as every version's has."""

    schema_version: int = 1


class ResultsFolder:
    """The folder OUT."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def cache(self) -> BoardCache:
        """What earlier boards of the folder were made of."""
        return BoardCache(self.path / CACHE)

    @contextlib.contextmanager
    def locked(self, patience_s: float = LOOK_S) -> Iterator[None]:
        """Hold the folder against other runs.

        Args:
            patience_s: How long to wait for it; whoever looks whether it is in use holds it for a
                moment.

        Raises:
            ResultsError: Another run is writing to it, or it cannot be written to.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / LOCK, timeout=patience_s, thread_local=False)
            lock.acquire()
        except Timeout:
            raise ResultsError(
                f"another run is writing to {self.path}; wait for it, stop it, or name another "
                "--out"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def in_use(self) -> bool:
        """Return whether a run is writing to the folder."""
        try:
            with self.locked(patience_s=0):
                return False
        except ResultsError:
            return True

    def record(self) -> RunRecord | None:
        """Return what the folder is bound to; None if no run has used it.

        Raises:
            ResultsError: ``run.json`` is malformed, or another version of zcnas has written it.
        """
        path = self.path / RUN
        if not path.exists():
            return None
        written = read_json(path, _Version, ResultsError).schema_version
        if written != SCHEMA_VERSION:
            raise ResultsError(
                f"{self.path} holds results in the layout of another version of zcnas (schema "
                f"{written}, this version writes {SCHEMA_VERSION}); resume with the version that "
                "started the run, name another --out, or delete those results and score everything "
                "from scratch with --anew"
            )
        return read_json(path, RunRecord, ResultsError)

    def bound(self) -> RunRecord:
        """Return what the folder is bound to.

        Raises:
            ResultsError: No run has used it, or ``record`` refuses it.
        """
        record = self.record()
        if record is None:
            raise ResultsError(f"{self.path} holds no run; name the folder of one")
        return record

    def folder_of(self, submission: str) -> Path:
        """Return where the results of a submission stand."""
        return self.path / SUBMISSIONS / submission

    def bind(self, record: RunRecord) -> None:
        """Bind the folder to a run, or let the run it is bound to resume.

        Raises:
            ResultsError: It is bound to a run with other inputs.
        """
        bound = self.record()
        if bound is not None:
            differences = differences_between(bound, record)
            if bound.portion != record.portion:
                there, now = _part_in_words(bound.portion), _part_in_words(record.portion)
                differences.append(f"part: {there} there, {now} now")
            if differences:
                raise ResultsError(
                    f"{self.path} holds results of another run:"
                    + "".join(f"\n  - {line}" for line in differences)
                    + "\nGo on with what that run was given, name another --out, or delete those "
                    "results and score everything from scratch with --anew"
                )
            merged = {**bound.benchmarks, **record.benchmarks}
            record = msgspec.structs.replace(record, benchmarks=merged)
        if record != bound:
            write_json(self.path / RUN, record)

    def clear(self) -> None:
        """Delete what earlier runs left: every submission's folder, the binding, the leaderboard.

        What no run has written stays. Folders of the first layout, in OUT itself, go as well.
        """
        for pattern in (f"{SUBMISSIONS}/*/{SUBMISSION}", f"*/{SUBMISSION}"):
            for path in list(self.path.glob(pattern)):
                shutil.rmtree(path.parent)
        if (self.path / PAGES / "index.html").is_file():
            shutil.rmtree(self.path / PAGES)
        for name in (RUN, "events.jsonl", "leaderboard.json", "leaderboard.csv", ARRIVALS_FILE):
            (self.path / name).unlink(missing_ok=True)

    def submissions(self) -> list[SubmissionRecord]:
        """Return the records of all submissions that count, in the order of arrival."""
        records = [
            read_json(path, SubmissionRecord, ResultsError)
            for path in self.path.glob(f"{SUBMISSIONS}/*/{SUBMISSION}")
        ]
        there = (record for record in records if not record.gone)
        return sorted(there, key=lambda record: (record.position, record.name))

    def withdraw_gone(self, named: Mapping[str, Sequence[Path]]) -> list[str]:
        """Have submissions not count that were removed from beside others; return their names.

        Args:
            named: The submissions of this run, by name. What an earlier run found in the same
                folder, and what is no longer there, is gone; its results stay, and count again
                when it comes back.
        """
        folders = {place_of(path).parent for paths in named.values() for path in paths}
        gone = [
            record
            for record in self.submissions()
            if record.name not in named
            and Path(record.source).parent in folders
            and not os.path.lexists(record.source)
        ]
        for record in gone:
            path = self.folder_of(record.name) / SUBMISSION
            write_json(path, msgspec.structs.replace(record, gone=True))
        return [record.name for record in gone]

    def hold_up(self, name: str, position: int, fault: str) -> None:
        """Record that a submission could not be opened here; results it has stay, uncounted."""
        path = self.folder_of(name) / SUBMISSION
        record = SubmissionRecord(name=name, sha256="", refusal="", position=position)
        if path.exists():
            record = read_json(path, SubmissionRecord, ResultsError)
        held = msgspec.structs.replace(record, position=position, fault=fault, gone=False)
        write_json(path, held)

    def refuse_foreign(self, names: list[str]) -> None:
        """Refuse to write where something lies that no run has written, a submission's source say.

        Raises:
            ResultsError: A submission's folder in OUT is not one of results.
        """
        for name in names:
            folder = self.folder_of(name)
            if (folder / SUBMISSION).exists() or not folder.exists():
                continue
            if folder.is_dir() and {each.name for each in folder.iterdir()} <= {_UNFINISHED}:
                continue  # a run was killed when it had just made the folder
            raise ResultsError(
                f"{folder} is in the way of the results and was written by no run; move it, or "
                "name another --out"
            )

    def open_submission(self, record: SubmissionRecord) -> Path:
        """Return a submission's folder, emptied if it holds results of another content."""
        folder = self.folder_of(record.name)
        path = folder / SUBMISSION
        if path.exists():
            earlier = read_json(path, SubmissionRecord, ResultsError)
            if (earlier.sha256, earlier.refusal) == (record.sha256, record.refusal):
                if earlier != record:
                    write_json(path, record)
                return folder
        shutil.rmtree(folder, ignore_errors=True)
        write_json(path, record)
        return folder

    def note_faults(self, name: str, faults: list[str]) -> SubmissionRecord:
        """Record why this machine could not score a submission, if so, and return the record."""
        path = self.folder_of(name) / SUBMISSION
        record = read_json(path, SubmissionRecord, ResultsError)
        if faults:
            record = msgspec.structs.replace(record, fault="; ".join(faults))
            with contextlib.suppress(OSError):  # the disk may be the very fault
                write_json(path, record)
        return record


def differences_between(bound: RunRecord, other: RunRecord) -> list[str]:
    """Return in words what two runs must share and do not."""
    lines = [
        f"{name}: {_short(getattr(bound, field))} there, {_short(getattr(other, field))} now"
        for field, name in (
            ("phase", "phase"),
            ("isolation", "isolation"),
            ("program_sha256", "the worker's program"),
            ("image", "the container's image"),
        )
        if getattr(bound, field) != getattr(other, field)
    ]
    for key in sorted(set(bound.benchmarks) & set(other.benchmarks)):
        there, now = bound.benchmarks[key], other.benchmarks[key]
        if there.input_sha256 != now.input_sha256:
            lines.append(f"{key}: other architectures or another evaluation seed")
        if there.labels_sha256 != now.labels_sha256:
            lines.append(f"{key}: other labels")
        if there.reference_seconds != now.reference_seconds:
            units = [
                f"{'reference' if each.reference_seconds else 'CPU'} seconds"
                for each in (there, now)
            ]
            lines.append(f"{key}: limits were {units[0]} there and are {units[1]} now")
        if there.minibatch_sha256 != now.minibatch_sha256:
            lines.append(f"{key}: another minibatch ({there.data_source} there, {now.data_source})")
        lines += [
            f"{key}: {name} was {old} there and is {new} now"
            for (name, old), new in zip(
                msgspec.structs.asdict(there.limits).items(),
                msgspec.structs.asdict(now.limits).values(),
                strict=True,
            )
            if old != new
        ]
    return lines


def _part_in_words(portion: Portion | None) -> str:
    if portion is None:
        return "the whole run"
    return f"{portion.name} of division {portion.division_sha256[:8]}"


def append_log(path: Path, text: str, max_bytes: int) -> None:
    """Append what a participant printed to a log, up to its limit.

    A full disk costs the log, not the run.
    """
    with contextlib.suppress(OSError):
        if text and (not path.exists() or path.stat().st_size < max_bytes):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as log:
                log.write(text)


def _short(value: str) -> str:
    return value[:16] or "none"
