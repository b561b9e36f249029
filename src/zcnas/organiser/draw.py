"""Draws N architectures of a benchmark and writes both halves: for ingestion and for scoring.

The draw sorts by a keyed digest: every architecture in the table gets SHA-256(draw seed, benchmark,
spec), and the N smallest are taken, in that order. So a draw does not depend on any library's
random generator, is uniform without replacement, and reveals nothing without the draw seed. The ids
of the architectures are derived from the same seed, and so are, with a key of their own, the
labelled architectures of the track few-labels: no known draw of the benchmark has any of them. A
third key divides a draw into what is shown until the deadline and what decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from zcnas.benchmarks import Benchmark
from zcnas.datasets import Minibatch, load_minibatch
from zcnas.datasets.forged import images_path
from zcnas.datasets.frozen import SUFFIX, freeze_minibatch
from zcnas.errors import TableError
from zcnas.judging.secondary_metrics import noise_ceiling
from zcnas.phases import Phase
from zcnas.tables import Table, load_table
from zcnas.words.forged_names import parse_forged_name
from zcnas.words.labels import ROWS_PER_LABEL, Label, Labels, labels_path, read_labels
from zcnas.words.records import Architecture, BenchmarkInput, Reference, read_input, write_json
from zcnas.words.seeds import derive_token
from zcnas.words.shares import check_shares

ID_LENGTH = 16
PRIVATE = 0o600
"""Mode of a hidden phase's accuracies: for their owner only."""


@dataclass(frozen=True)
class Drawn:
    """What was drawn of one benchmark.

    Attributes:
        benchmark: Its key.
        architectures: N, how many.
        table: Source and version of the accuracies.
        available: How many the table holds, those of other phases included.
        left_out: How many other phases had taken.
        labels: How many labelled architectures belong to it, none of them in any known draw.
    """

    benchmark: str
    architectures: int
    table: str
    available: int
    left_out: int
    labels: int = 0


def draw(
    table: Table,
    benchmark: Benchmark,
    phase: Phase,
    draw_seed: str,
    taken: Collection[str] = (),
) -> tuple[BenchmarkInput, Reference]:
    """Return both halves of one benchmark: N architectures with ids, and their accuracies by id.

    Args:
        table: The benchmark's accuracies.
        benchmark: The benchmark to draw from.
        phase: Sets N, the batch size and the evaluation seed.
        draw_seed: Determines the draw.
        taken: Architectures that must not be drawn.

    Raises:
        PhaseError: N leaves nothing that decides.
        ReferenceDataError: A share of the draw has nothing to rank.
        TableError: The table has fewer than N architectures that are not taken.
    """
    phase.check_shares()
    accuracies = {spec: mean for spec, mean in table.means().items() if spec not in taken}
    if len(accuracies) < phase.architectures:
        raise TableError(
            f"phase '{phase.name}' draws {phase.architectures} architectures, but {table.source} "
            f"has only {len(accuracies)} for {benchmark.key} that no other phase has taken; lower "
            "`architectures` in phases.toml"
        )
    order = sorted(
        accuracies, key=lambda spec: derive_token(draw_seed, "draw", benchmark.key, spec)
    )
    drawn = [
        Architecture(derive_token(draw_seed, "id", benchmark.key, spec)[:ID_LENGTH], spec)
        for spec in order[: phase.architectures]
    ]
    visible = BenchmarkInput(
        benchmark=benchmark.key,
        search_space=benchmark.search_space,
        dataset=benchmark.dataset.name,
        batch_size=phase.batch_size_of(benchmark),
        eval_seed=phase.eval_seed,
        architectures=tuple(drawn),
    )
    hidden = Reference(
        benchmark=benchmark.key,
        metric=table.metric,
        unit=table.unit,
        source=table.source,
        version=table.version,
        table_sha256=table.sha256,
        training_seeds=table.training_seeds,
        noise_ceiling=_noise_ceiling(table),
        accuracies={architecture.id: accuracies[architecture.spec] for architecture in drawn},
        shown=_shown(drawn, benchmark, phase, draw_seed),
    )
    check_shares(phase, hidden)
    return visible, hidden


def _shown(
    drawn: Sequence[Architecture], benchmark: Benchmark, phase: Phase, draw_seed: str
) -> tuple[str, ...]:
    """Return the ids of the architectures that scores are shown on until the deadline, if not all.

    A key of its own chooses them, so neither ids nor the order of the queries tell them apart.
    """
    by_digest = sorted(
        drawn, key=lambda each: derive_token(draw_seed, "shown", benchmark.key, each.spec)
    )
    shown = {each.id for each in by_digest[: phase.shown_architectures]}
    return tuple(each.id for each in drawn if each.id in shown)


def draw_labels(
    table: Table,
    benchmark: Benchmark,
    phase: Phase,
    draw_seed: str,
    taken: Collection[str],
) -> Labels:
    """Return the labelled architectures of one benchmark, none of which is in a draw.

    Args:
        table: The benchmark's accuracies.
        benchmark: The benchmark.
        phase: Says how many.
        draw_seed: Determines them, with another key than the draw.
        taken: The architectures of every draw of the benchmark.

    Raises:
        TableError: The table has too few architectures for so many labels.
    """
    accuracies = table.means()
    free = [spec for spec in accuracies if spec not in taken]
    if len(accuracies) < ROWS_PER_LABEL * phase.labels or len(free) < phase.labels:
        raise TableError(
            f"phase '{phase.name}' gives {phase.labels} labels, but {table.source} has only "
            f"{len(accuracies)} architectures for {benchmark.key}, {len(free)} of them in no draw; "
            f"so many labels need {ROWS_PER_LABEL * phase.labels} and {phase.labels}: lower "
            "`labels` in phases.toml"
        )
    free.sort(key=lambda spec: derive_token(draw_seed, "labels", benchmark.key, spec))
    return Labels(
        benchmark=benchmark.key,
        metric=table.metric,
        unit=table.unit,
        labels=tuple(Label(spec, accuracies[spec]) for spec in free[: phase.labels]),
    )


def _noise_ceiling(table: Table) -> float | None:
    """Return the tau-b between two training seeds over the whole table, to four decimals."""
    ceiling = table.noise_ceiling
    if ceiling is None:
        ceiling = noise_ceiling(table.accuracies.values())
    return None if ceiling is None else round(ceiling, 4)


def _refuse_other_images(minibatch: Minibatch, benchmark: Benchmark, tables: Path | None) -> None:
    """Refuse to draw a forged benchmark without the images its networks were trained on.

    Raises:
        TableError: The images are not in the folder of the table.
    """
    if minibatch.synthetic and tables is not None:
        raise TableError(
            f"the images of {benchmark.key} are missing: there is no "
            f"{images_path(tables, benchmark.dataset.name)}; repeat its `zcnas forge new`"
        )


def sample_phase(
    phase: Phase,
    draw_seed: str,
    tables: Path | None,
    input_dir: Path,
    reference_dir: Path,
    other_inputs: Iterable[Path] = (),
    say: Callable[[Drawn], None] = lambda drawn: None,
    all_inputs: Iterable[Path] = (),
) -> None:
    """Draw every benchmark of a phase and write ``<benchmark>.json`` into both folders.

    A forged benchmark's minibatch lies beside its visible half, because nobody else has the images.

    The accuracies of a hidden phase are readable by their owner only.

    Args:
        phase: The phase to draw.
        draw_seed: Determines the draw.
        tables: Folder with accuracy tables.
        input_dir: Where the visible halves go.
        reference_dir: Where the hidden halves go.
        other_inputs: Visible halves of phases whose architectures must not be drawn again.
        say: Callback invoked with what was drawn, benchmark by benchmark.
        all_inputs: Visible halves of every phase that may be drawn already: what they label is not
            drawn, and what they draw is not labelled.

    Raises:
        InputDataError: Another phase's half cannot be read.
        TableError: A table is missing, is a different table or is too small.
    """
    others = list(other_inputs)
    known = {*others, *all_inputs} - {input_dir}
    for benchmark in phase.get_benchmarks():
        table = load_table(benchmark, phase.table_of(benchmark), tables)
        taken = _drawn_in(others, benchmark) | _labelled_in(known, benchmark)
        visible, hidden = draw(table, benchmark, phase, draw_seed, taken)
        write_json(input_dir / f"{benchmark.key}.json", visible)
        if parse_forged_name(benchmark.dataset.name):
            minibatch = load_minibatch(benchmark, visible.batch_size, visible.eval_seed, tables)
            _refuse_other_images(minibatch, benchmark, tables)
            (input_dir / f"{benchmark.key}{SUFFIX}").write_bytes(freeze_minibatch(minibatch))
        if phase.labels:
            drawn = {each.spec for each in visible.architectures} | _drawn_in(known, benchmark)
            labels = draw_labels(table, benchmark, phase, draw_seed, drawn)
            write_json(labels_path(input_dir, benchmark.key), labels)
        mode = PRIVATE if phase.truth == "hidden" else None
        write_json(reference_dir / f"{benchmark.key}.json", hidden, mode)
        specs = table.accuracies.keys()
        say(
            Drawn(
                benchmark=benchmark.key,
                architectures=len(visible.architectures),
                table=f"{table.source} {table.version}".strip(),
                available=len(specs),
                left_out=len(taken & specs),
                labels=phase.labels,
            )
        )


def _drawn_in(folders: Iterable[Path], benchmark: Benchmark) -> set[str]:
    """Return the architectures of a benchmark that folders with input data ask for."""
    return {
        architecture.spec
        for folder in folders
        if (path := folder / f"{benchmark.key}.json").is_file()
        for architecture in read_input(path).architectures
    }


def _labelled_in(folders: Iterable[Path], benchmark: Benchmark) -> set[str]:
    """Return the architectures of a benchmark that folders with input data label."""
    return {
        label.spec
        for folder in folders
        if (path := labels_path(folder, benchmark.key)).is_file()
        for label in read_labels(path).labels
    }
