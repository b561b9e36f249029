"""One run of a phase: submissions in, results out; the judge makes the leaderboard of them.

A fault of a submission is a status in its predictions; a fault of our machines is an
``organiser_error`` of that submission and never a score. Neither stops another submission. The same
run started again resumes where the last one ended, whatever ended it.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from zcnas.errors import InvalidSubmission, OrganiserError, UsageError
from zcnas.isolation import Isolation
from zcnas.isolation.bubblewrap import BubblewrapIsolation
from zcnas.isolation.cores import shared_cores
from zcnas.isolation.image import fingerprint
from zcnas.isolation.machine import Waiting
from zcnas.isolation.owners import owned_folder, remove_left_folders
from zcnas.isolation.program import stage_worker
from zcnas.isolation.strays import remove_own, remove_strays
from zcnas.jobs import Dispatcher, EventLog, JobPool, LocalPool, Work, working
from zcnas.jobs.events import EVENTS
from zcnas.organiser.competition.combine_part import CombinePart
from zcnas.organiser.competition.division import PartNumber, portion_of
from zcnas.organiser.competition.halves import Halves
from zcnas.organiser.competition.host import Host
from zcnas.organiser.competition.parts import Part, Progress, SubmissionRun, Terms
from zcnas.organiser.costs import CostRecord
from zcnas.organiser.results.folder import (
    BenchmarkBinding,
    ResultsFolder,
    RunRecord,
    SubmissionRecord,
)
from zcnas.organiser.results.portion import Portion
from zcnas.organiser.results.roster import replace_rows
from zcnas.phases import Phase
from zcnas.submissions import (
    check_track,
    digest_of,
    open_submission,
    pack_submission,
    submission_name,
)
from zcnas.submissions.names import place_of, shown
from zcnas.words.records import Arrival

_NOBODY: Mapping[str, Arrival] = {}


@dataclass(frozen=True)
class Competition:
    """One run of a phase.

    Attributes:
        phase: Benchmarks, limits, seeds.
        halves: The phase's data.
        isolation: Where workers run.
        cpus: The CPUs of this machine to use, one per job.
        output: One folder per submission is made here, and the leaderboard.
        progress: Called with every prediction, from several threads.
        anew: Delete the results of an earlier run in ``output`` instead of resuming it.
        shard: How many architectures one job has; None for a whole benchmark.
        pool: Makes what runs the jobs; None for a pool on ``cpus``.
        slots: How many jobs that pool runs at once; None for as many as there are CPUs.
        remark: Called with a submission's name and what is worth a line about it.
        waiting: Called with what a job waits for, from several threads.
        part: Run only this part of the run, and what divides it; None for all of it.
    """

    phase: Phase
    halves: Halves
    isolation: Isolation
    cpus: list[int]
    output: Path
    progress: Progress = lambda submission, benchmark, prediction: None
    anew: bool = False
    shard: int | None = None
    pool: Callable[[], JobPool] | None = None
    remark: Callable[[str, str], None] = lambda submission, text: None
    waiting: Waiting = lambda text: None
    part: tuple[PartNumber, CostRecord] | None = None
    slots: int | None = None

    def run(self, submissions: Sequence[Path], roster: Mapping[str, Arrival] = _NOBODY) -> None:
        """Ask every submission for every architecture, and record what came of it in ``output``.

        Submissions of one name are held up together, by their original names; those that this
        machine cannot read are an ``organiser_error``. Neither stops another.

        Args:
            submissions: Folders and zips.
            roster: What is known of who submitted them, and when.

        Raises:
            ResultsError: ``output`` holds results of other inputs, or another run writes to it.
            ArrivalsError: Its ``submissions.csv`` is malformed.
            OrganiserError: Nothing can be written below ``output``.
        """
        named: dict[str, list[Path]] = {}
        for path in submissions:
            named.setdefault(submission_name(path), []).append(path)
        results = ResultsFolder(self.output)
        try:
            with results.locked(), owned_folder("run") as temporary:
                run = _Run(self, results, temporary)
                run.begin(named, roster)
                with run.pool() as pool:
                    run.dispatch(Dispatcher(pool, run.events, self.shard), named)
                run.events.add("run_finished")
        except OSError as error:
            raise OrganiserError(
                f"cannot write the results to {self.output}: {error.strerror}; make room or name "
                "another --out, then repeat the command to resume"
            ) from None


class _Run:
    """What lives as long as one call of ``Competition.run``.

    Attributes:
        events: The run's event log.
    """

    def __init__(self, competition: Competition, results: ResultsFolder, temporary: Path) -> None:
        self._competition = competition
        self._phase = competition.phase
        self._halves = competition.halves
        self._results = results
        self._temporary = temporary
        self.events = EventLog(competition.output / EVENTS)
        self._portion: Portion | None = None
        self._divided: dict[str, str] = {}
        self._add: Callable[[Work], None] = _nowhere
        plugins = self._phase.plugin_distributions()
        self._program = stage_worker(temporary / "program", plugins)
        self._terms = Terms(
            halves=self._halves,
            limits=self._phase.limits,
            plugins=plugins,
            program_sha256=digest_of(self._program),
            image=_image_of(competition.isolation),
            reference_seconds=self._phase.reference_seconds,
            run=secrets.token_hex(8),
        )

    def begin(self, named: Mapping[str, Sequence[Path]], roster: Mapping[str, Arrival]) -> None:
        """Bind the results folder to this run, and drop from it what the submissions now outdate.

        Raises:
            ResultsError: It holds something else.
            ArrivalsError: Its ``submissions.csv`` is malformed.
        """
        results = self._results
        self._portion = self._portion_of(named)
        if self._competition.anew:
            results.clear()
        results.refuse_foreign(list(named))
        results.bind(self._binding())
        for name in results.withdraw_gone(named):
            self._competition.remark(
                name,
                "its submission is no longer there, so it leaves the leaderboard; its results stay "
                f"in {results.folder_of(name)}",
            )
        replace_rows(results, named, roster)
        self.events.add("run_started", architectures=self._halves.architectures)

    @contextlib.contextmanager
    def pool(self) -> Iterator[JobPool]:
        """Open what runs the jobs; at the end no container of this process is left."""
        competition = self._competition
        remove_strays(competition.isolation)
        remove_left_folders()
        host = Host(
            competition.cpus, competition.isolation, self._program, self._terms.program_sha256
        )
        opened = (
            competition.pool()
            if competition.pool
            else LocalPool(host.run, competition.slots or len(competition.cpus))
        )
        try:
            with working(opened, self.events):
                yield opened
        finally:
            remove_own(competition.isolation)

    def dispatch(self, dispatcher: Dispatcher, named: Mapping[str, Sequence[Path]]) -> None:
        """Have every part done, and after it what it calls for."""
        self._add = dispatcher.add
        dispatcher.run(self.parts(named))

    def parts(self, named: Mapping[str, Sequence[Path]]) -> Iterator[Part]:
        """Open one submission after the other and yield its parts."""
        for position, (name, paths) in enumerate(named.items()):
            if len(paths) > 1:
                self._hold_up(name, position, _clash(name, paths))
                continue
            if name in self._divided and not self._asks_at_all(name):
                continue  # all of it is in other parts
            try:
                run = self._open(paths[0], name, position)
            except InvalidSubmission as error:
                self._refuse(paths[0], name, position, str(error))
                continue
            except (OrganiserError, UsageError) as error:  # of this machine, or vanished
                self._hold_up(name, position, str(error))
                continue
            keys = [key for key in self._phase.benchmarks if self._asks(name, key)]
            run.open_parts = set(keys)
            for key in keys:
                yield self._part(run, key, self._asks(name, key))

    def _part(self, run: SubmissionRun, key: str, only: Sequence[str] | None = None) -> Part:
        progress = self._competition.progress
        return Part(run, key, self._terms, progress, self._note_waiting, self._finish_part, only)

    def _asks(self, name: str, key: str) -> Sequence[str]:
        """Return the architectures that are asked for here, in the order of the draw."""
        if self._portion is not None:
            return self._portion.asks(name, key)
        return [each.id for each in self._halves.inputs[key].architectures]

    def _asks_at_all(self, name: str) -> bool:
        return any(self._asks(name, key) for key in self._phase.benchmarks)

    def _portion_of(self, named: Mapping[str, Sequence[Path]]) -> Portion | None:
        """Return what this part of the run has to ask for; None for all of it.

        Submissions that are refused, or that this machine cannot open, are in no division: every
        part says so of them.
        """
        if self._competition.part is None:
            return None
        number, costs = self._competition.part
        for name, paths in named.items():
            with contextlib.suppress(InvalidSubmission, OrganiserError, UsageError):
                if len(paths) == 1:
                    folder = self._temporary / "looked-at" / name
                    self._divided[name] = open_submission(paths[0], folder).sha256
                    shutil.rmtree(folder, ignore_errors=True)
        return portion_of(
            number, self._divided, self._halves.inputs, costs, self._competition.shard
        )

    def _binding(self) -> RunRecord:
        """Return what the results of this run depend on."""
        labels = self._halves.labels
        return RunRecord(
            phase=self._phase.name,
            isolation=self._competition.isolation.name,
            isolation_description=self._description(),
            contained=self._competition.isolation.contained,
            program_sha256=self._terms.program_sha256,
            image=self._terms.image,
            portion=self._portion,
            benchmarks={
                key: BenchmarkBinding(
                    input_sha256=hashlib.sha256(msgspec.json.encode(data)).hexdigest(),
                    minibatch_sha256=self._halves.minibatches[key].sha256,
                    data_source=self._halves.minibatches[key].source,
                    architectures=len(data.architectures),
                    limits=self._phase.limits,
                    labels_sha256=labels[key].sha256 if key in labels else "",
                    reference_seconds=self._phase.reference_seconds,
                )
                for key, data in self._halves.inputs.items()
            },
        )

    def _description(self) -> str:
        """Return where workers run, in words, and whether two of them may share a core."""
        competition = self._competition
        shared = "; workers share physical cores" if shared_cores(competition.cpus) else ""
        return f"{competition.isolation.description}{shared}"

    def _open(self, path: Path, name: str, position: int) -> SubmissionRun:
        """Check a submission and bind its folder to its content."""
        submission = open_submission(path, self._temporary / "submissions" / name)
        check_track(submission, self._phase)
        archive = pack_submission(submission.folder, self._temporary / "archives" / f"{name}.zip")
        shutil.rmtree(submission.folder)
        record = SubmissionRecord(
            name=name,
            sha256=submission.sha256,
            refusal="",
            position=position,
            source=str(place_of(path)),
            track=submission.track,
        )
        folder = self._results.open_submission(record)
        self.events.add("submission_accepted", submission=name, message=submission.sha256)
        for remark in submission.remarks:
            self.events.add("submission_remark", submission=name, message=remark)
            self._competition.remark(name, remark)
        return SubmissionRun(name, folder, submission.sha256, archive, submission.track)

    def _hold_up(self, name: str, position: int, fault: str) -> None:
        """Record why a submission could not be opened here; what it had does not count."""
        self._results.hold_up(name, position, fault)
        self._competition.remark(name, fault)
        self.events.add("organiser_error", submission=name, message=fault)

    def _refuse(self, path: Path, name: str, position: int, reason: str) -> None:
        """Record predictions in which every architecture failed for the reason of the refusal."""
        digest = hashlib.sha256(reason.encode()).hexdigest()
        record = SubmissionRecord(
            name=name,
            sha256=digest,
            refusal=reason,
            position=position,
            source=str(place_of(path)),
        )
        folder = self._results.open_submission(record)
        self.events.add("submission_refused", submission=name, message=reason)
        keys = set(self._phase.benchmarks)
        run = SubmissionRun(name, folder, digest, folder, open_parts=keys)
        for key in self._phase.benchmarks:
            self._part(run, key).refuse(reason)

    def _note_waiting(self, part: Part | CombinePart, text: str) -> None:
        self.events.add("job_waiting", **part.labels, message=text)
        self._competition.waiting(text)

    def _finish_part(self, part: Part) -> None:
        """Take note of a finished part, whose answers may have to be combined now."""
        self.events.add("benchmark_finished", **part.labels, architectures=len(part.file))
        if part.is_complete:
            combine = CombinePart(part, self._terms, self._note_waiting, self._close_part)
            if combine.units:
                self._add(combine)
                return
        self._close_part(part)

    def _close_part(self, part: Part | CombinePart) -> None:
        """Take note that nothing is left of a part; with a submission's last one, of that too."""
        run = part.submission
        run.open_parts.discard(part.data.benchmark)
        if not run.open_parts:
            record = self._results.note_faults(run.name, run.faults)
            event = "organiser_error" if record.fault else "submission_finished"
            self.events.add(event, submission=run.name, message=record.fault)
            if run.archive.is_file():
                run.archive.unlink()


def _image_of(isolation: Isolation) -> str:
    """Return the digest of what the workers' image is built from; "" where there is no image."""
    if isinstance(isolation, BubblewrapIsolation):
        return isolation.image
    return fingerprint() if isolation.name == "docker" else ""


def _nowhere(work: Work) -> None:
    raise RuntimeError(f"nothing dispatches {work.labels} yet")


def _clash(name: str, paths: Sequence[Path]) -> str:
    """Return why submissions of one name are held up, with their original names."""
    originals = ", ".join(f"'{shown(path)}'" for path in paths)
    places = {path.parent for path in paths}
    where = "" if len(places) == 1 else f" (in {', '.join(sorted(map(str, places)))})"
    return (
        f"{len(paths)} submissions would be called '{name}': {originals}{where}; none of them is "
        "scored. Rename all but one, then repeat the command"
    )
