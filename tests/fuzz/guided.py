"""Inputs that a search for new branches makes: ``python -m tests.fuzz.guided frames -runs=100000``.

Needs atheris (``pip install atheris``); frames and zips, whose readers are code of our own about
lengths and offsets. What is found is left as a file by the search; every option is libFuzzer's.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["zcnas", "zipfile"]):
    from . import structured
    from .readers import READERS, feed

SEEDS = 200


def main(name: str, options: list[str]) -> None:
    """Search for an input that a reader neither reads nor refuses."""
    reader = READERS[name]
    with tempfile.TemporaryDirectory(prefix="zcnas-fuzz-") as temporary:
        corpus = Path(temporary) / "corpus"
        corpus.mkdir()
        for number in range(SEEDS):
            content = structured.generate(name, number, reader.generator, reader.valid)
            (corpus / str(number)).write_bytes(content)
        target = Path(temporary) / "input"
        atheris.Setup([name, str(corpus), *options], lambda content: feed(name, content, target))
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
