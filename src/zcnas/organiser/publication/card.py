"""``README.md`` of a publication: the data card, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zcnas.judging.judge import Judgement
from zcnas.organiser.publication.croissant import Described
from zcnas.organiser.publication.manifest import MANIFEST
from zcnas.organiser.publication.tables import Published
from zcnas.phases import Phase
from zcnas.words.text import one_line, plural

CARD = "README.md"


def data_card(
    about: Described, phase: Phase, judgement: Judgement, tables: Sequence[Published]
) -> str:
    """Return the data card: what is here, where it comes from, how it was made, how to check it."""
    board = judgement.leaderboard
    scored = sum(entry.status == "scored" for entry in board.entries)
    parts = [
        f"# {about.name}",
        about.description,
        f"Published {about.published} by {_plain(about.creators)}, version "
        f"{about.version}." + (f" Licence: {about.licence}." if about.licence else ""),
        "## What is here",
        "\n".join(
            [
                *(f"* `{table.file}`: {table.description}" for table in tables),
                "* `leaderboard.csv`, `leaderboard.json`: the ranking, with intervals.",
                "* `board/index.html`: the same as pages.",
                "* `croissant.json`: the tables described for machines (Croissant 1.0).",
                f"* `{MANIFEST}`: phase, draw, images, entries, and a SHA-256 of every file here.",
            ]
        ),
        *(part for table in tables for part in _columns(table)),
        "## How it was made",
        f"{plural(scored, 'entry', 'entries')} scored in the phase “{_plain(phase.title)}”. "
        "Each predictor saw an untrained network and one minibatch, and returned a number; "
        "accuracies were compared with the numbers afterwards, by Kendall's tau-b. "
        f"A benchmark without an answered query counts {phase.failure_tau:g}. "
        f"Submissions were kept apart by: {_plain(board.isolation)}.",
        "## Where it comes from",
        "\n".join(_sources(judgement)),
        "## What to keep in mind",
        "Accuracies are those of the tables named above, one to a few trainings each, all by one "
        "schedule; another training may exchange neighbours in the order. Where images are named "
        "synthetic, predictors saw no real data. The draw is a sample: an interval beside each "
        "score says how far another draw may move it.",
        "## How to cite",
        f"```bibtex\n{about.citation()}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _columns(table: Published) -> Iterator[str]:
    rows = [f"| `{each.name}` | {each.kind} | {each.description} |" for each in table.columns]
    yield f"### `{table.file}`"
    yield "\n".join(["| column | type | meaning |", "|---|---|---|", *rows])


def _sources(judgement: Judgement) -> Iterator[str]:
    board = judgement.leaderboard
    yield "| benchmark | architectures | accuracies | images |"
    yield "|---|---|---|---|"
    for each in judgement.outcomes:
        key = each.benchmark.key
        cells = (board.accuracy_sources.get(key, ""), board.data_sources.get(key, ""))
        told = " | ".join(_plain(cell) for cell in cells)
        yield f"| {key} | {len(each.tokens)} | {told} |"


def _plain(text: str) -> str:
    """Return somebody's text so that it ends no cell and begins no line of its own."""
    return one_line(text).replace("|", "\\|")
