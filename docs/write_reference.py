"""Write the reference pages that are made from the code: `python docs/write_reference.py`.

`reference/formats.md` lists every field of every file from the records that write and read it,
`reference/schemas.json` is their JSON Schema, `reference/benchmarks.md` says what a predictor gets
on each of the 28 benchmarks, and `reference/commands.md` is the help of every command.
"""

from __future__ import annotations

import inspect
import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import typer
from typer.main import get_command

from zcnas.benchmarks import BENCHMARKS, Benchmark
from zcnas.hosted import run_record
from zcnas.isolation.admission import AttackRecord, Circumstances, Verdict
from zcnas.jobs.events import Event
from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.organiser.cli.main import app
from zcnas.organiser.competition.evaluation import (
    Combination,
    Evaluation,
    MinibatchOrder,
    Report,
)
from zcnas.organiser.platforms.settings import PhaseSettings, Question, Settings
from zcnas.organiser.publication.manifest import PublicationManifest, PublishedEntry
from zcnas.organiser.results.folder import BenchmarkBinding, RunRecord, SubmissionRecord
from zcnas.organiser.results.portion import Portion
from zcnas.phases import Limits, Phase, load_phases
from zcnas.search_spaces import get_search_space
from zcnas.words.combined import Combined, CombineOutcome
from zcnas.words.hygiene import Calibration, Throttling
from zcnas.words.labels import Label, Labels
from zcnas.words.records import (
    MISSING,
    STATUSES,
    Architecture,
    Arrival,
    BenchmarkInput,
    Manifest,
    OrganiserManifest,
    Prediction,
    PublicManifest,
    Reference,
)
from zcnas.words.resources import package_file

REFERENCE = Path(__file__).parent / "reference"
_MADE = "<!-- Written by docs/write_reference.py from the code; `make docs` writes it again. -->\n"
_FORMATS = """# Formats of every file

JSON is UTF-8, without NaN or infinities. Names of times end in `_s` (seconds), of memory in `_mb`
(MiB). A field with a default may be missing. [`schemas.json`](schemas.json) is the JSON Schema.
"""
_BENCHMARKS = """# What `query` gets

`graph` is a `torch.nn.Module` in train mode on the CPU, with weights drawn from the phase's seed.
`next(iter(dataloader))` is a pair of tensors: B inputs, float32, normalised by channel, and B
targets. B is the phase's; the table shows that of `full`. Shapes leave out the axis of B.
"""
_CLASS_DOC = re.compile(r"^Attributes:\n((?:    .*\n|\n)*)", re.MULTILINE)
_FIELD = re.compile(r"^(\w+): (.*(?:\n +.*|\n(?=\n +))*)", re.MULTILINE)


@dataclass(frozen=True)
class File:
    """One kind of file: its name, who writes it, and the records in it, the outermost first."""

    name: str
    written_by: str
    records: tuple[type[msgspec.Struct], ...]


FILES = (
    File("reference_data/phases.toml", "the organiser", (Phase, Limits)),
    File("input_data/<benchmark>.json", "`zcnas sample`", (BenchmarkInput, Architecture)),
    File("input_data/<benchmark>.labels.json", "`zcnas sample`", (Labels, Label)),
    File("reference_data/<phase>/<benchmark>.json", "`zcnas sample`", (Reference,)),
    File("submissions.csv", "the organiser; one row per submission", (Arrival,)),
    File("competition.yaml", "the organiser", (Settings, PhaseSettings, Question)),
    File(
        "run.json", "`zcnas score`, once per results folder", (RunRecord, BenchmarkBinding, Portion)
    ),
    File("events.jsonl", "`zcnas score`, a line per event", (Event,)),
    File("submissions/<name>/submission.json", "`zcnas score`", (SubmissionRecord,)),
    File(
        "manifest.json", "`zcnas publish`, in a publication", (PublicationManifest, PublishedEntry)
    ),
    File("<benchmark>.predictions.jsonl", "ingestion, a line per architecture", (Prediction,)),
    File("<benchmark>.combined.json", "ingestion, where answers have parts", (Combined,)),
    File(
        "<benchmark>.manifest.json",
        "ingestion",
        (Manifest, PublicManifest, OrganiserManifest, Calibration, Throttling),
    ),
    File("leaderboard.json", "`zcnas score`, `zcnas rank`", (Leaderboard, Entry)),
    File(
        "audit/<name>.json",
        "`zcnas audit`",
        (Report, CombineOutcome, Evaluation, Combination, MinibatchOrder),
    ),
    File(
        "attack-table-<back end>-<host>.json",
        "`zcnas doctor --attack-table`",
        (AttackRecord, Circumstances, Verdict),
    ),
    File(
        run_record.RUN_RECORD,
        "ingestion on a platform, a sealed line per record",
        (
            run_record.Start,
            run_record.Answer,
            run_record.Combining,
            run_record.Told,
            run_record.Printed,
            run_record.Refused,
            run_record.Failed,
            run_record.Ended,
        ),
    ),
)


def attributes_of(record: type[Any]) -> dict[str, str]:
    """Return what the docstrings of a record and its bases say of each of its fields."""
    said: dict[str, str] = {}
    for each in reversed(record.__mro__):
        if section := _CLASS_DOC.search(f"{inspect.getdoc(each) or ''}\n"):
            fields = _FIELD.findall(textwrap.dedent(section.group(1)))
            said |= {name: " ".join(text.split()) for name, text in fields}
    return said


def type_in_words(schema: dict[str, Any]) -> str:
    """Return a JSON Schema as a reader of a table reads it."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(type_in_words(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    kind = schema.get("format") or schema.get("type", "anything")
    if kind == "array":
        items = schema.get("prefixItems") or [schema.get("items", {})]
        shown = ", ".join(dict.fromkeys(type_in_words(each) for each in items if each is not False))
        return f"array of {shown}"
    if kind == "object":
        return f"object of {type_in_words(schema.get('additionalProperties', {}))}"
    lowest = schema.get("minimum")
    return f"{kind} ≥ {lowest}" if lowest is not None and lowest > -1e300 else str(kind)


def formats() -> tuple[str, dict[str, Any]]:
    """Return the page of formats, and the JSON Schema of all records."""
    records = [record for file in FILES for record in file.records]
    _, schemas = msgspec.json.schema_components(records, ref_template="#/$defs/{name}")
    page = [
        _FORMATS,
        *(f"* [`{file.name}`](#{file.records[0].__name__.lower()})" for file in FILES),
        "\n## Statuses of an architecture\n",
        "| status | meaning |\n|---|---|",
        *(f"| `{status}` | {meaning} |" for status, meaning in STATUSES.items()),
        f"\nAll but `ok` are failures; `{MISSING}` is counted, never written.\n",
    ]
    for file in FILES:
        page.append(f"## {file.name}\n\nWritten by {file.written_by}.\n".replace("<", "&lt;"))
        for record in file.records:
            page += _table(record, schemas[record.__name__])
    return "\n".join([_MADE, *page]), {"$defs": schemas}


def _table(record: type[msgspec.Struct], schema: dict[str, Any]) -> Iterator[str]:
    said = attributes_of(record)
    yield f"### {record.__name__}\n"
    summary = (inspect.getdoc(record) or "").partition("\n\n")[0]
    yield " ".join(summary.replace("``", "`").split()) + "\n"
    yield "| field | type | default | meaning |\n|---|---|---|---|"
    for name, field in schema["properties"].items():
        required = name in schema.get("required", ())
        default = "" if required else f"`{json.dumps(field.get('default'), ensure_ascii=False)}`"
        meaning = said.get(name, "which kind of line it is" if name == "type" else "")
        shown = meaning.replace("``", "`").replace("|", "\\|")
        yield f"| `{name}` | {type_in_words(field)} | {default} | {shown} |"
    yield ""


def benchmarks() -> str:
    """Return the page that says what a predictor gets on each benchmark."""
    phases = load_phases(package_file("reference_data/phases.toml"))
    full = next(phase for phase in phases.values() if phase.name == "full")
    rows = [_row(benchmark, full) for benchmark in BENCHMARKS.values()]
    return "\n".join(
        [
            _MADE,
            _BENCHMARKS,
            "| benchmark | `set_ss_type` gets | B | input | target | `graph(inputs)` |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(benchmark: Benchmark, phase: Phase) -> str:
    data = benchmark.dataset
    kind = "float32" if data.target in ("soft_label", "image", "normal", "layout") else "int64"
    target = f"{data.target.replace('_', ' ')}: {kind}, {_shape(data.target_shape)}"
    dense = {"image", "normal"}
    answer: tuple[int, ...] = (data.num_classes,)
    if data.target in dense:
        answer = data.target_shape
    elif data.target == "segmentation":
        answer = (data.num_classes, *data.input_shape[-2:])
    cells = (
        f"`{benchmark.key}`",
        f"`{get_search_space(benchmark.search_space).name_2022}`",
        str(phase.batch_size_of(benchmark)),
        _shape(data.input_shape),
        target,
        _shape(answer),
    )
    return f"| {' | '.join(cells)} |"


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "one number"


def commands() -> str:
    """Return the page with the help of every command."""
    page = [
        _MADE,
        "# Commands\n",
        "In a clone, `make` has targets of the same names; `make help` lists them.\n",
    ]
    for name, command in _inner_commands(get_command(app)).items():
        page += _command(f"zcnas {name}", command)
    return "\n".join(page)


def _inner_commands(command: Any) -> dict[str, Any]:
    return getattr(command, "commands", {})


def _command(name: str, command: Any) -> Iterator[str]:
    usage = command.get_usage(typer.Context(command, info_name=name)).removeprefix("Usage: ")
    yield f"## {name}\n"
    yield f"    {' '.join(usage.split())}\n"
    yield f"{inspect.cleandoc(command.help or '')}\n"
    if command.params:
        yield "| argument or option | default | |\n|---|---|---|"
        yield from map(_parameter, command.params)
        yield ""
    for each, its in _inner_commands(command).items():
        yield from _command(f"{name} {each}", its)


def _parameter(parameter: Any) -> str:
    value = f" {parameter.metavar}" if parameter.metavar else ""
    names = ", ".join(f"`{each}{value}`" for each in (*parameter.opts, *parameter.secondary_opts))
    if parameter.param_type_name == "argument":
        names = f"`{parameter.metavar}`"
    default = parameter.default
    plain = isinstance(default, str | int | float | Path) and not isinstance(default, bool)
    said = " ".join((parameter.help or "").split()).replace("|", "\\|")
    return f"| {names} | {f'`{default}`' if plain and str(default) else ''} | {said} |"


def main() -> None:
    """Write the pages."""
    REFERENCE.mkdir(exist_ok=True)
    page, schemas = formats()
    (REFERENCE / "formats.md").write_text(page, encoding="utf-8")
    text = json.dumps(schemas, indent=1, ensure_ascii=False)
    (REFERENCE / "schemas.json").write_text(f"{text}\n", encoding="utf-8")
    (REFERENCE / "benchmarks.md").write_text(benchmarks(), encoding="utf-8")
    (REFERENCE / "commands.md").write_text(commands(), encoding="utf-8")


if __name__ == "__main__":
    main()
