"""What the README and the guides tell people to type is typed here, in the order of the page.

The practice phase is cut to twelve architectures. Every command has to stand on its page as it is
typed; where a page names somebody's own folder or file, that is what the test makes first.
"""

import json
import shutil

import pytest

from .conftest import ROOT

pytestmark = pytest.mark.slow


def typed(shell, page, commands):
    """Type the commands of a page; return what each of them said."""
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    for command in commands:
        assert command in text, f"{page} does not say: {command}"
    return [shell(command) for command in commands]


def test_the_readme_for_participants(elsewhere):
    _, tau, packed = typed(
        elsewhere,
        "README.md",
        [
            "zcnas init starting_kit",
            "zcnas dry-run --quick starting_kit",
            "zcnas submission starting_kit",
        ],
    )
    assert "not the score" in tau
    assert "ready to upload" in packed
    assert list(elsewhere.folder.glob("**/build/submission/starting_kit.zip"))


def test_the_kits_readme(elsewhere):
    elsewhere("zcnas init starting_kit")
    elsewhere.folder = elsewhere.folder / "starting_kit"
    *_, smoke, _, packed = typed(
        elsewhere,
        "starting_kit/README.md",
        [
            "python predictor.py",
            "python test_predictor.py",
            "zcnas dry-run --quick .",
            "zcnas smoke .",
            "zcnas dry-run .",
            "zcnas submission .",
        ],
    )
    assert "28 benchmarks" in smoke
    assert "ready to upload" in packed


def test_the_readme_and_the_guides_for_organisers(in_checkout, checkout):
    """From submissions in a folder to a bundle and what is published."""
    for name in ("params", "nwot", "synflow", "jacov", "snip"):
        shutil.copytree(checkout / "starting_kit/submissions" / name, checkout / "folder" / name)
    in_checkout("make score SUBMISSIONS=folder/params OUT=a")
    in_checkout("make score SUBMISSIONS=folder/nwot OUT=b")
    shutil.copytree(checkout / "folder" / "params", checkout / "my subs" / "params")
    in_checkout('make score SUBMISSIONS="my subs" OUT="my out"')
    assert (checkout / "my out" / "leaderboard.json").is_file()
    board, *_ = typed(
        in_checkout,
        "README.md",
        ["make score SUBMISSIONS=folder PHASE=practice"],
    )
    assert "params" in board
    typed(
        in_checkout,
        "docs/scoring.md",
        [
            "make status OUT=build/score",
            "make rank OUT=build/score",
            "make rank VOTE=yes",
            'make merge FROM="a b" OUT=c',
            "make phases",
            "make doctor",
        ],
    )
    typed(in_checkout, "docs/leaderboard.md", ["make leaderboard AFTER_DEADLINE=yes"])
    entries = json.loads((checkout / "build/score/leaderboard.json").read_text())["entries"]
    assert {entry["submission"] for entry in entries} >= {"params", "nwot", "vote"}
    settings = checkout / "competition.yaml"
    settings.write_text(settings.read_text().replace("zcnas-worker:latest", "me/zcnas-worker:1"))
    *_, emulated, published = typed(
        in_checkout,
        "docs/organisers.md",
        [
            "make bundle",
            "make bundle-check",
            "make emulate SUBMISSION=starting_kit PLATFORM=codabench",
            "zcnas publish cited --out build/score --after-deadline "
            "--licence https://creativecommons.org/licenses/by/4.0/",
        ],
    )
    assert "Finished" in emulated
    assert (checkout / "cited" / "manifest.json").is_file(), published


@pytest.mark.real_table
def test_the_guides_for_researchers(elsewhere, data_folder):
    typed(
        elsewhere,
        "docs/analyses.md",
        [
            "zcnas analyse generalisation",
            "zcnas analyse bias --benchmarks nasbench201_cifar10,nasbench301_cifar10",
        ],
    )
    assert (elsewhere.folder / "build/analyses/generalisation.md").is_file()
    typed(
        elsewhere, "docs/searches.md", ["zcnas search --algorithm ae --trials 100 --out build/ae"]
    )
    compared = elsewhere("zcnas search --algorithm rand --trials 100 --out build/rand")
    assert "100 trials" in compared
    elsewhere("zcnas search compare build/ae build/rand --target 72.5")
