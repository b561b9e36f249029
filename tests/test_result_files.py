"""One module spells what a result file is called."""

import ast
from pathlib import Path

from zcnas.words.result_files import ENDINGS, ResultFiles

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("src", "ingestion_program", "scoring_program")
SPELLINGS = (".predictions.jsonl", ".combined.json", ".manifest.json", ".log", "run.sealed")


def texts_in(path):
    """Yield every text of a module that is not a docstring, parts of f-strings included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if text and id(node) not in docstrings:
            yield node.value


def test_no_other_module_spells_the_name_of_a_result_file():
    spellers = {
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        for text in texts_in(path)
        if any(ending in text for ending in SPELLINGS)
    }
    assert spellers == {"src/zcnas/words/result_files.py"}


def test_every_file_has_the_name_that_participants_and_platforms_know():
    files = ResultFiles(Path("out"), "nasbench201_cifar10")
    assert {path.name for path in files} == {
        "nasbench201_cifar10.predictions.jsonl",
        "nasbench201_cifar10.combined.json",
        "nasbench201_cifar10.manifest.json",
        "nasbench201_cifar10.log",
    }
    assert set(files) == {files.predictions, files.combined, files.manifest, files.log}
    assert len(ENDINGS) == 4
