"""Every reader of data from outside, with a valid file and what makes unexpected ones of it."""

from __future__ import annotations

import os
import pickle
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zcnas.benchmarks import get_benchmark
from zcnas.errors import InvalidSubmission, PredictionError, ZcnasError
from zcnas.hosted.phase import read_hosted_phase
from zcnas.hosted.run_record import read_run_record
from zcnas.ingestion.inputs import read_checked_labels
from zcnas.organiser.platforms.home.pulled import PULL_FILE, read_pulled
from zcnas.submissions import open_submission
from zcnas.submissions.sources import SourceError, parse_source
from zcnas.tables.published_scores import load_scores
from zcnas.tables.table import load_table_pickle
from zcnas.words.combined import Combined, with_scores
from zcnas.words.labels import SUFFIX
from zcnas.words.records import read_json
from zcnas.words.result_files import RUN_RECORD
from zcnas.worker.channel import MAX_ANSWER_BYTES, Answer, receive_frame

from . import structured, valid
from .structured import Generator

HANG_S = 60
KEY = bytes(32)
CELL = "(4, 4, 4, 4, 4, 4)"
TABLE = (
    b'{"cifar10": {"' + CELL.encode() + b'": {"id": 1, "val_accuracy": 91.5, "synflow": '
    b'{"score": 3.5, "time": 0.1}}}}'
)
RECORD_LINE = b"0" * 64 + b' {"type": "start"}\n'


@dataclass(frozen=True)
class Reader:
    """One reader.

    Attributes:
        read: Reads a file, alone in its folder.
        valid: A file's content that is accepted, or nearly.
        generator: Makes others of it.
        name: The file's name.
    """

    read: Callable[[Path], object]
    valid: bytes
    generator: Generator
    name: str = "file"


def _read_table(path: Path) -> object:
    return load_scores(get_benchmark("nasbench201_cifar10"), path.parent)


def _read_frame(path: Path) -> object:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        content = receive_frame(descriptor, MAX_ANSWER_BYTES)
    finally:
        os.close(descriptor)
    return None if content is None else Answer.decode(content)


def _read_zip(path: Path) -> object:
    target = path.parent / "target"
    try:
        return open_submission(path, target)
    finally:
        assert {entry.name for entry in path.parent.iterdir()} <= {path.name, "target"}
        for entry in path.parent.rglob("*"):
            assert entry.resolve().is_relative_to(path.parent.resolve())
            assert not entry.is_symlink()


def _read_source(path: Path) -> object:
    try:
        return parse_source("predictor.py", path.read_bytes())
    except SourceError as error:
        raise InvalidSubmission("mine", [str(error)]) from None


def _read_combined(path: Path) -> object:
    """Join whatever stands in a combined file with the predictions it may be of."""
    combined = read_json(path, Combined, PredictionError)
    return with_scores(valid.IN_PARTS, combined)


def _read_labels(path: Path) -> object:
    return read_checked_labels(path.parent, valid.JUDGED, valid.LABELS.count(b'"accuracy"'))


def _read_pull(path: Path) -> object:
    return read_pulled(path.parent).by_name()


def _as_pickle(rng: structured.Random, content: bytes) -> bytes:
    value = structured.restructured(rng, pickle.loads(content))  # noqa: S301 - our own
    return pickle.dumps(value, protocol=rng.randrange(6))


def _as_source(rng: structured.Random, content: bytes) -> bytes:
    coding = rng.choice(("utf-8", "latin-1", "punycode", "utf-7", "rot13", "x", "idna", "utf-16"))
    strange = (
        f"# coding: {coding}".encode(),
        content,
        rng.choice(structured.WOUNDS),
        b"x = " + b"(" * rng.choice((3, 80, 300)) + b"1" + b")" * rng.choice((3, 80, 300)),
        b"import os, nosuch.module\nfrom . import x",
        b"y = " + b"-" * rng.choice((3, 3000)) + b"1",
        "n\u00e4me = 1".encode(rng.choice(("utf-8", "latin-1", "utf-16"))),
    )
    chosen = rng.sample(strange, rng.randint(1, 4))
    return rng.choice((b"\n", b"\n", b"\r")).join(chosen)


_JSON, _TEXTS = structured.as_json, valid.READERS
READERS: dict[str, Reader] = {
    **{
        name: Reader(*_TEXTS[name], _JSON)
        for name in ("predictions", "truth", "input", "manifests", "leaderboard")
    },
    "phases": Reader(*_TEXTS["phases"], structured.as_toml),
    "arrivals": Reader(*_TEXTS["arrivals"], structured.as_csv),
    "competition": Reader(*_TEXTS["competition"], structured.as_yaml),
    "combined": Reader(_read_combined, valid.COMBINED, _JSON),
    "labels": Reader(_read_labels, valid.LABELS, _JSON, f"{valid.JUDGED.benchmark}{SUFFIX}"),
    "pulled": Reader(_read_pull, valid.PULLED, _JSON, PULL_FILE),
    "tables": Reader(_read_table, TABLE, _JSON, "zc_nasbench201.json"),
    "pickled tables": Reader(
        lambda path: load_table_pickle(path.read_bytes(), path),
        pickle.dumps({"a": [1, 2.5, "x"], "b": {"c": (1, 2)}}),
        _as_pickle,
    ),
    "hosted phases": Reader(
        lambda path: read_hosted_phase(path.parent), b'{"phase": {}, "time_limit_s": 3600}', _JSON,
        "phase.json",
    ),
    "run records": Reader(
        lambda path: read_run_record(path.parent, KEY), RECORD_LINE,
        structured.wounded, RUN_RECORD,
    ),
    "sources": Reader(
        _read_source,
        valid.SOURCE, _as_source,
    ),
    "frames": Reader(_read_frame, b"", structured.as_frame),
    "frames of numbers": Reader(_read_frame, b"", structured.as_numbers),
    "zips": Reader(_read_zip, valid.SOURCE, structured.as_zip, "mine.zip"),
}  # fmt: skip


def feed(name: str, content: bytes, folder: Path) -> tuple[bool, float]:
    """Give a reader a file; return whether it refused it with one of our errors, and the seconds.

    Any other error, and a file outside the folder, goes up.
    """
    reader = READERS[name]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / reader.name
    path.write_bytes(content)
    begin = time.monotonic()
    refused = False
    try:
        reader.read(path)
    except ZcnasError as error:
        refused = bool(str(error))
    seconds = time.monotonic() - begin
    assert seconds < HANG_S, f"{seconds:.0f} s"
    return refused, seconds
