"""Repeats a few queries and writes the signs to ``audit.json``, beside the leaderboard.

It runs the ingestion like the organiser's run does, in the isolation it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from zcnas.datasets import load_minibatch
from zcnas.errors import InvalidSubmission
from zcnas.ingestion.ingest import IngestionJob, ingest
from zcnas.ingestion.sinks import Recording
from zcnas.isolation import Isolation
from zcnas.isolation.owners import owned_folder
from zcnas.isolation.probes import PROBES
from zcnas.isolation.program import stage_worker
from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.organiser.audit import Sign
from zcnas.organiser.audit.constants import claims, table_signs
from zcnas.organiser.audit.evidence import Evidence, signs_of
from zcnas.organiser.audit.information import information_signs
from zcnas.organiser.competition import Halves
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.phases import Phase
from zcnas.submissions import Submission, digest_of, open_submission, submission_name
from zcnas.words.records import (
    Architecture,
    BenchmarkInput,
    Prediction,
    read_predictions,
    write_json,
)
from zcnas.words.result_files import ResultFiles
from zcnas.words.seeds import derive_seed, derive_token
from zcnas.words.tracks import FEW_LABELS, ZERO_SHOT, Track


@dataclass(frozen=True)
class Audit:
    """An audit of one run.

    Attributes:
        phase: The phase of the run.
        halves: Its data.
        isolation: Where the queries are repeated.
        results: The results folder of the run.
        board: Its leaderboard.
        cpu: The CPU to use.
        architectures: How many architectures of the phase's first benchmark to query again.
        samples: Folder of our own submissions: the baselines.
        say: Callback invoked with each step and submission, before it begins.
    """

    phase: Phase
    halves: Halves
    isolation: Isolation
    results: ResultsFolder
    board: Leaderboard
    cpu: int
    architectures: int
    samples: Path
    say: Callable[[str], None] = lambda text: None

    def run(self, submissions: Iterable[Path]) -> dict[str, list[Sign]]:
        """Return the signs for every scored submission, and write ``audit.json``."""
        found: dict[str, list[Sign]] = {}
        with owned_folder("audit") as staging:
            program = stage_worker(staging / "program", self.phase.plugin_distributions())
            self.say("asking our own canary and forward pass, for comparison")
            probes = {
                name: self._ask(program, PROBES / name, self._chosen())
                for name in ("canary", "forward")
            }
            scored = {e.submission: e for e in self.board.entries if e.status == "scored"}
            paths = list(submissions)
            for number, path in enumerate(paths, start=1):
                name = submission_name(path)
                entry = scored.get(name)
                if entry is None:
                    self.say(f"{name}: not looked at, because the run has no score of it")
                    continue
                self.say(f"{number} of {len(paths)}: {name}")
                try:
                    submission = open_submission(path, staging / "submissions" / name)
                except InvalidSubmission as error:
                    self.say(f"{name}: not looked at: {error}")
                    continue
                folder = submission.folder
                given = self.phase.labels if submission.track == FEW_LABELS else 0
                signs = table_signs(folder) + information_signs(folder, submission.track, given)
                evidence = self._evidence(program, entry, submission, probes)
                found[name] = [*signs, *signs_of(evidence)]
        write_json(self.results.path / "audit.json", found)
        return found

    def _evidence(
        self,
        program: Path,
        entry: Entry,
        submission: Submission,
        probes: dict[str, list[Prediction]],
    ) -> Evidence:
        key, chosen = self._key(), self._chosen()
        elsewhere = msgspec.structs.replace(
            chosen, eval_seed=derive_seed(chosen.eval_seed, "audit")
        )
        recorded = ResultFiles(self.results.folder_of(entry.submission), key).predictions
        baselines = self._baselines()
        return Evidence(
            recorded=read_predictions(recorded),
            again=self._ask(program, submission.folder, chosen, submission.track),
            elsewhere=self._ask(program, submission.folder, elsewhere, submission.track),
            canary=probes["canary"],
            forward=probes["forward"],
            tau=entry.kendall_tau[key],
            baselines={e.submission: e.kendall_tau[key] for e in baselines if e is not entry},
            claims=claims(submission.folder),
        )

    def _key(self) -> str:
        return self.phase.benchmarks[0]

    def _chosen(self) -> BenchmarkInput:
        """Return the benchmark reduced to a few architectures, in reverse order."""
        data = self.halves.inputs[self._key()]

        def digest(architecture: Architecture) -> str:
            return derive_token("audit", architecture.id)

        chosen = set(sorted(data.architectures, key=digest)[: self.architectures])
        kept = tuple(a for a in reversed(data.architectures) if a in chosen)
        return msgspec.structs.replace(data, architectures=kept)

    def _baselines(self) -> Sequence[Entry]:
        own = {digest_of(folder) for folder in self.samples.iterdir() if folder.is_dir()}
        return [entry for entry in self.board.entries if entry.sha256 in own]

    def _ask(
        self, program: Path, submission: Path, data: BenchmarkInput, track: Track = ZERO_SHOT
    ) -> list[Prediction]:
        """Return a submission's predictions; a different seed also draws different images."""
        minibatch = self.halves.load(self._key())
        if data.eval_seed != self.halves.inputs[self._key()].eval_seed:
            benchmark = self.phase.get_benchmarks()[0]
            minibatch = load_minibatch(benchmark, data.batch_size, data.eval_seed, None)
        job = IngestionJob(
            data=data,
            minibatch=minibatch,
            submission=submission,
            submission_name=submission.name,
            submission_sha256="",
            program=program,
            limits=self.phase.limits,
            cpu=self.cpu,
            track=track,
            labels=self.halves.labels.get(data.benchmark),
        )
        recording = Recording()
        ingest(job, self.isolation, recording)
        return recording.predictions
