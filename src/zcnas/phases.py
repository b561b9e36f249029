"""The phases of a competition and their limits, read from ``phases.toml``.

A phase sets which benchmarks are judged, on how many architectures, under which seeds and limits,
what a failure costs and what a participant may see. Every number an organiser sets is in the file;
none is in the code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from zcnas.benchmarks import DATASETS, DATASETS_OF_SPACE, Benchmark, get_benchmark
from zcnas.errors import PhaseError
from zcnas.plugins import Plugin, all_installed, find_plugin

WALL_TIME_FACTOR = 3
"""Wall-clock limits are this multiple of the CPU limits.

A backstop against waiting, not a measure of work.
"""

Positive = Annotated[int, msgspec.Meta(ge=1)]


CountingRule = Literal["every", "best", "last", "chosen"]
"""Which of a team's entries count; of a team that has chosen none, the last."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one submission may use on one benchmark.

    Attributes:
        query_cpu_s: CPU seconds per query.
        benchmark_cpu_s: CPU seconds for all queries of a benchmark together, including loading.
        setup_s: Wall seconds for importing the submission, ``set_ss_type`` and ``pre_process``.
        combine_cpu_s: CPU seconds for one call of ``combine``, the benchmark's only one.
        fit_cpu_s: CPU seconds for one call of ``fit``; every worker of a benchmark makes it.
        memory_mb: Resident memory in MiB, including the scratch folder.
        processes: Processes and threads alive at the same time.
        scratch_mb: Size of the writable scratch folder in MiB.
        log_kb: How much of stdout and stderr is kept per benchmark, in KiB.
    """

    query_cpu_s: Positive
    benchmark_cpu_s: Positive
    setup_s: Positive
    memory_mb: Positive
    processes: Positive
    scratch_mb: Positive
    log_kb: Positive
    combine_cpu_s: Positive = 60
    fit_cpu_s: Positive = 120

    @property
    def query_wall_s(self) -> int:
        """Wall seconds after which a query is stopped, whatever it is doing."""
        return WALL_TIME_FACTOR * self.query_cpu_s

    @property
    def combine_wall_s(self) -> int:
        """Wall seconds after which ``combine`` is stopped."""
        return WALL_TIME_FACTOR * self.combine_cpu_s

    @property
    def fit_wall_s(self) -> int:
        """Wall seconds after which ``fit`` is stopped."""
        return WALL_TIME_FACTOR * self.fit_cpu_s

    @property
    def benchmark_wall_s(self) -> int:
        """Wall seconds after which a benchmark's remaining architectures are not reached."""
        return WALL_TIME_FACTOR * self.benchmark_cpu_s


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One phase: a table of ``phases.toml``.

    Attributes:
        title: Its name in words.
        truth: Whether anybody may look up the accuracies of its draw.
        feedback: What participants see: everything, their own scores, or nothing.
        counts: Which of a team's submissions is ranked.
        table: The accuracy table its benchmarks are drawn from.
        tables: Another one, for a benchmark or a search space.
        benchmarks: Their keys, in the order of the columns.
        architectures: How many are drawn per benchmark.
        batch_size: Images in the minibatch, by benchmark or by search space.
        eval_seed: Seeds weights and minibatch.
        limits: What one submission may use.
        shown_architectures: How many of them scores are shown on until the deadline; the others
            decide. 0 if all are shown and decide.
        draw_seed: Seeds the draw; None for a secret one, made when it is drawn.
        labels: How many labelled architectures of each benchmark a submission of the track
            few-labels is given; 0 if the phase does not have that track.
        disjoint_from: Phases none of whose architectures it may draw.
        plugins: Packages that bring search spaces, tables or datasets of their own.
        reference_seconds: Whether limits of time are seconds of the reference machine, by a
            calibration of each CPU at the start of a run, and not of whatever CPU runs a query.
        failure_tau: The tau of a benchmark on which no query was answered.
        require_confinement: Whether a platform whose kernel cannot confine a submission must not
            run it; None for yes where feedback is "none".
        name: Its name in the file.
    """

    title: str
    truth: Literal["public", "hidden"]
    feedback: Literal["full", "score_only", "none"]
    counts: CountingRule = "every"
    table: str
    tables: dict[str, str] = msgspec.field(default_factory=dict)
    benchmarks: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    architectures: Annotated[int, msgspec.Meta(ge=2)]
    shown_architectures: Annotated[int, msgspec.Meta(ge=0)] = 0
    batch_size: dict[str, Positive]
    eval_seed: int
    limits: Limits
    draw_seed: str | None = None
    labels: Annotated[int, msgspec.Meta(ge=0)] = 0
    disjoint_from: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    reference_seconds: bool = False
    failure_tau: Annotated[float, msgspec.Meta(ge=-1, le=1)] = 0.0
    require_confinement: bool | None = None
    name: str = ""

    @property
    def must_be_confined(self) -> bool:
        """Whether a platform whose kernel cannot confine a submission must not run it."""
        if self.require_confinement is None:
            return self.feedback == "none"
        return self.require_confinement

    def get_benchmarks(self) -> tuple[Benchmark, ...]:
        """Return the benchmarks of the phase, in the order of the file."""
        return tuple(get_benchmark(key) for key in self.benchmarks)

    def batch_size_of(self, benchmark: Benchmark) -> int:
        """Return B, the size of a benchmark's minibatch: its own if set, else its search space's.

        Raises:
            PhaseError: The phase sets neither.
        """
        for key in (benchmark.key, benchmark.search_space):
            if key in self.batch_size:
                return self.batch_size[key]
        raise PhaseError(
            f"phase '{self.name}' sets no batch size for {benchmark.search_space}; add one for "
            f"{benchmark.search_space} or {benchmark.key} to batch_size in phases.toml"
        )

    def table_of(self, benchmark: Benchmark) -> str:
        """Return the name of the accuracy table that a benchmark is drawn from."""
        keys = (benchmark.key, benchmark.search_space)
        return next((self.tables[key] for key in keys if key in self.tables), self.table)

    def check_keys(self) -> None:
        """Reject a benchmark without a batch size, and a batch size or table without a benchmark.

        Raises:
            PhaseError: Names the offending key.
        """
        benchmarks = self.get_benchmarks()
        known = {key for b in benchmarks for key in (b.key, b.search_space)}
        for benchmark in benchmarks:
            self.batch_size_of(benchmark)
        for what, keys in (("batch size", self.batch_size), ("table", self.tables)):
            if unknown := next((key for key in keys if key not in known), None):
                raise PhaseError(
                    f"phase '{self.name}' sets a {what} for '{unknown}', which is not one of its "
                    "benchmarks or search spaces; correct or remove it"
                )

    def check_shares(self) -> None:
        """Check that architectures that are kept back can be, and decide something.

        Raises:
            PhaseError: The message says what to change.
        """
        shown = self.shown_architectures
        if not shown:
            return
        if self.truth == "public":
            raise PhaseError(
                f"phase '{self.name}' is public, so it can keep nothing back; remove "
                "shown_architectures"
            )
        if not 2 <= shown <= self.architectures - 2:
            raise PhaseError(
                f"phase '{self.name}' shows {shown} of {self.architectures} architectures; two at "
                f"least must be shown and two decide: 2 to {self.architectures - 2}"
            )
        if self.counts == "best":
            raise PhaseError(
                f"phase '{self.name}' has counts = \"best\", and the best entry on architectures "
                'that nobody may choose by would be chosen by them; write "chosen" or "last"'
            )

    def used_plugins(self) -> tuple[Plugin, ...]:
        """Return the plugins that provide its benchmarks and its table, and those it names."""
        found = {plugin for plugin in all_installed() if self.names_plugin(plugin)}
        for benchmark in self.get_benchmarks():
            space = find_plugin("search_spaces", benchmark.search_space, DATASETS_OF_SPACE)
            dataset = find_plugin("datasets", benchmark.dataset.name, DATASETS)
            found |= {plugin for plugin in (space, dataset) if plugin is not None}
        tables = {self.table_of(benchmark) for benchmark in self.get_benchmarks()}
        found |= {plugin for name in tables if (plugin := find_plugin("tables", name, ()))}
        return tuple(sorted(found, key=str))

    def plugin_distributions(self) -> tuple[str, ...]:
        """Return the distributions whose code a run of this phase stages beside the worker."""
        return tuple(sorted({plugin.distribution for plugin in self.used_plugins()}))

    def names_plugin(self, plugin: Plugin) -> bool:
        """Return whether ``plugins`` names a plugin or its distribution."""
        return any(plugin.is_called(name) for name in self.plugins)

    def check_plugins(self) -> None:
        """Check that all named plugins are installed and, if hidden, that all used ones are named.

        Raises:
            PhaseError: One is not; the message names it.
        """
        for name in self.plugins:
            if not any(plugin.is_called(name) for plugin in all_installed()):
                known = ", ".join(map(str, all_installed())) or "none"
                raise PhaseError(
                    f"phase '{self.name}' names the plugin '{name}', which is not installed here; "
                    f"installed plugins: {known}; install it with pip, or correct `plugins`"
                )
        for plugin in self.used_plugins():
            self.check_plugin(plugin)

    def check_plugin(self, plugin: Plugin) -> None:
        """Check that a hidden phase names a plugin it uses.

        Raises:
            PhaseError: It does not; the message gives the line to add.
        """
        if self.truth == "hidden" and not self.names_plugin(plugin):
            raise PhaseError(
                f"phase '{self.name}' is hidden and uses the plugin {plugin}, which it does not "
                f'name; if you trust its code, add plugins = ["{plugin.distribution}"] to the '
                "phase in phases.toml"
            )

    def only(self, keys: list[str]) -> Phase:
        """Return the phase restricted to some of its benchmarks; an empty list keeps all.

        Raises:
            PhaseError: A key is not a benchmark of this phase.
        """
        for key in keys:
            if key not in self.benchmarks:
                raise PhaseError(
                    f"benchmark '{key}' is not in phase '{self.name}'; "
                    f"its benchmarks: {', '.join(self.benchmarks)}"
                )
        kept = tuple(key for key in self.benchmarks if key in keys or not keys)
        return msgspec.structs.replace(self, benchmarks=kept)


def load_phases(path: Path) -> dict[str, Phase]:
    """Return the phases of a ``phases.toml`` by name.

    Raises:
        PhaseError: The file is missing or not TOML, a value has the wrong type or is out of range,
            a benchmark is unknown or listed twice, a hidden phase contains its draw seed or uses a
            plugin that it does not name.
        PluginError: A plugin that provides a benchmark is broken, or its name is taken.
    """
    try:
        raw = msgspec.toml.decode(path.read_bytes(), type=dict[str, Phase])
    except OSError as error:
        raise PhaseError(f"cannot read the phases file {path}: {error.strerror}") from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise PhaseError(f"{path} is not a valid phases file: {error}") from None
    phases = {name: msgspec.structs.replace(phase, name=name) for name, phase in raw.items()}
    for phase in phases.values():
        phase.check_keys()
        phase.check_shares()
        phase.check_plugins()
        for other in phase.disjoint_from:
            if other not in phases:
                raise PhaseError(
                    f"{path}: phase '{phase.name}' must be disjoint from '{other}', which is not "
                    f"a phase; phases: {', '.join(phases)}"
                )
        if len(set(phase.benchmarks)) != len(phase.benchmarks):
            raise PhaseError(
                f"{path}: phase '{phase.name}' lists a benchmark twice; remove the duplicate"
            )
        if (phase.draw_seed is None) == (phase.truth == "public"):
            raise PhaseError(
                f"{path}: phase '{phase.name}' has truth = \"{phase.truth}\"; a public phase "
                "needs a draw_seed, a hidden phase must not contain one"
            )
    return phases


def load_phase(path: Path, name: str) -> Phase:
    """Return one phase of a ``phases.toml``.

    Raises:
        PhaseError: As for ``load_phases``, or there is no phase called ``name``.
    """
    phases = load_phases(path)
    if name not in phases:
        raise PhaseError(f"unknown phase '{name}'; phases in {path}: {', '.join(phases)}")
    return phases[name]
