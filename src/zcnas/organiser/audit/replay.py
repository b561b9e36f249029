"""Repeats a few queries and writes the signs to ``audit.json``, beside the leaderboard.

It runs the ingestion like the organiser's run does, in the isolation it is given.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import msgspec

from zcnas.benchmarks import get_benchmark, key_of
from zcnas.datasets import load_minibatch
from zcnas.errors import InvalidSubmission
from zcnas.ingestion.ingest import IngestionJob, ingest, ingest_and_combine
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
from zcnas.words.combined import read_outcomes
from zcnas.words.forged_names import ForgedName
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

SLIMMER = 40
"""Architectures that are asked for at another width."""
WIDTH, CELLS = 12, 5
"""Channels of the first stage and cells of each stage of those networks."""


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
        files = ResultFiles(self.results.folder_of(entry.submission), key)
        baselines = self._baselines()
        ask = functools.partial(self._ask, program, submission.folder, track=submission.track)
        return Evidence(
            recorded=read_predictions(files.predictions),
            again=ask(chosen),
            elsewhere=ask(elsewhere),
            disguised=ask(chosen, disguised=True),
            scores={each.id: each.value for each in read_outcomes(files)},
            slimmer={each.id: each.value for each in self._slimmer(ask)},
            accuracies=self.halves.references[key].accuracies,
            forged=self._forged(entry),
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

    def _slimmer(self, ask: Callable[..., list[Prediction]]) -> list[Prediction]:
        """Return outcomes for architectures as networks of another width.

        None where images are not square ones with a class each, of which no forged benchmark is.
        """
        data, benchmark = self.halves.inputs[self._key()], self.phase.get_benchmarks()[0]
        dataset = benchmark.dataset
        planes, height, width = dataset.input_shape[-3:]
        if dataset.target != "label" or height != width or len(dataset.input_shape) != 3:
            return []
        name = ForgedName("audit", height, planes, dataset.num_classes, channels=WIDTH, cells=CELLS)
        architectures = data.architectures[:SLIMMER]
        slim = msgspec.structs.replace(
            data,
            benchmark=key_of(benchmark.search_space, str(name)),
            dataset=str(name),
            architectures=architectures,
        )
        return ask(slim, combined=True)

    def _forged(self, entry: Entry) -> dict[str, tuple[float, float]]:
        """Return, by space, the mean taus on the run's forged benchmarks and on its others."""
        taus: dict[str, dict[bool, list[float]]] = {}
        for benchmark in self.phase.get_benchmarks():
            kinds = taus.setdefault(benchmark.search_space, {True: [], False: []})
            kinds[benchmark.dataset.size is not None].append(entry.kendall_tau[benchmark.key])
        return {
            space: (mean(kinds[True]), mean(kinds[False]))
            for space, kinds in taus.items()
            if kinds[True] and kinds[False]
        }

    def _baselines(self) -> Sequence[Entry]:
        own = {digest_of(folder) for folder in self.samples.iterdir() if folder.is_dir()}
        return [entry for entry in self.board.entries if entry.sha256 in own]

    def _ask(
        self,
        program: Path,
        submission: Path,
        data: BenchmarkInput,
        *,
        track: Track = ZERO_SHOT,
        disguised: bool = False,
        combined: bool = False,
    ) -> list[Prediction]:
        """Return a submission's predictions, or what its ``combine`` makes of them.

        A different seed also draws different images, and so does another benchmark.
        """
        usual = self.halves.inputs[self._key()]
        minibatch = self.halves.load(self._key())
        if (data.eval_seed, data.benchmark) != (usual.eval_seed, usual.benchmark):
            benchmark = get_benchmark(data.benchmark)
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
            labels=self.halves.labels.get(usual.benchmark),
            disguised=disguised,
        )
        recording = Recording()
        (ingest_and_combine if combined else ingest)(job, self.isolation, recording)
        return recording.outcomes if combined else recording.predictions
