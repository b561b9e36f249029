"""Every byte that leaves the organiser's machine, at every level: nothing that is to be hidden.

Files are searched as they are, and with everything that is packed inside unpacked.
"""

import base64
import binascii
import dataclasses
import re
import zlib

import msgspec
import numpy as np
import pytest

from tests.boards import bind, enter, publish_run
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.organiser.results.handouts import hand_out
from zcnas.pages.submission import About, submission_page
from zcnas.words.feedback import FEEDBACK, shown
from zcnas.words.records import Manifest, OrganiserManifest, Prediction, PublicManifest, write_json
from zcnas.words.result_files import ResultFiles

EVAL_SEED, DRAW_SEED = 918273645, "drawn-with-5647382910"
PRINTED, RAISED = "printed-by-the-submission", "RaisedError: by the submission"
LEVELS = [(truth, level) for truth in ("hidden", "public") for level in FEEDBACK]
PACKED = re.compile(rb"[A-Za-z0-9+/=]{200,}")


@pytest.fixture(scope="module")
def truths(references):
    """Accuracies whose digits come up nowhere else."""
    rng = np.random.default_rng(5)
    return {
        key: msgspec.structs.replace(
            reference,
            accuracies={
                token: float(value)
                for token, value in zip(
                    reference.accuracies,
                    rng.choice(89_999, len(reference.accuracies), replace=False) + 10_000.123,
                    strict=True,
                )
            },
        )
        for key, reference in references.items()
    }


@pytest.fixture(scope="module")
def answers(truths):
    """Predictions of three submissions, the best of them last by name."""
    rng = np.random.default_rng(6)

    def make(noise):
        return {
            key: [
                Prediction(id=token, status="error", message=RAISED, cpu_time_s=0.25)
                if number % 7 == 0
                else Prediction(id=token, status="ok", score=float(value + rng.normal(0, noise)))
                for number, (token, value) in enumerate(truth.accuracies.items())
            ]
            for key, truth in truths.items()
        }

    return {"a": make(90_000), "b": make(40_000), "c": make(10_000)}


@pytest.fixture(scope="module")
def specs(truths):
    return {
        key: {token: f"spec-of-{token}" for token in truth.accuracies}
        for key, truth in truths.items()
    }


def write_run(folder, phase, truths, answers):
    results = bind(folder, phase, truths)
    for position, (name, predictions) in enumerate(answers.items()):
        target = enter(results, name, predictions, position=position)
        for key in phase.benchmarks:
            files = ResultFiles(target, key)
            files.log.write_text(f"--- {predictions[key][0].id}\n{PRINTED}\n")
            public = PublicManifest(
                benchmark=key, submission=name, submission_sha256=name, method=name,
                isolation="docker", data_source="s", batch_size=4, architectures=3, limits={},
                versions={}, cpu_model="cpu", setup_status="ok", setup_message="", start_up_s=1.0,
                setup_wall_s=1.0, worker_starts=1, wall_time_s=1.0, cpu_time_s=1.0,
            )  # fmt: skip
            organiser = OrganiserManifest(
                eval_seed=EVAL_SEED, input_sha256="", cpu=0, image="", started_at=""
            )
            write_json(files.manifest, Manifest(public=public, organiser=organiser))
    return results


def texts_of(folder):
    """Return all that a folder's files hold, as text."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [str(path.relative_to(folder)).encode(), content]
            for packed in PACKED.findall(content):
                for decode in (
                    base64.b64decode,
                    lambda text: zlib.decompress(base64.b64decode(text)),
                ):
                    try:
                        found.append(decode(packed))
                    except (binascii.Error, zlib.error):
                        continue
                try:
                    found.append(zlib.decompress(base64.b64decode(packed), -15))
                except (binascii.Error, zlib.error):
                    continue
    return b"\n".join(found).decode(errors="replace")


@pytest.fixture(scope="module")
def published(phase, truths, answers, specs, tmp_path_factory):
    """Everything at a level: the site, the hand-outs, the page a platform shows."""
    made = {}

    def publish(truth, level, after_deadline=False):
        if (truth, level, after_deadline) in made:
            return made[truth, level, after_deadline]
        chosen = msgspec.structs.replace(
            phase,
            truth=truth,
            feedback=level,
            eval_seed=EVAL_SEED,
            draw_seed=DRAW_SEED if truth == "public" else None,
        )
        folder = tmp_path_factory.mktemp("level")
        results = write_run(folder / "run", chosen, truths, answers)
        board = publish_run(
            folder / "run", chosen, truths, site=folder / "site", specs=specs,
            draw_seed=DRAW_SEED if after_deadline else None, after_deadline=after_deadline,
        )  # fmt: skip
        show = shown(chosen, after_deadline=after_deadline)
        hand_out(ResultsFolder(results.path), show, folder / "handouts")
        (folder / "platform").mkdir()
        about = About(submission="a", method="a", logs={chosen.benchmarks[0]: PRINTED})
        page = submission_page(chosen, about, answers["a"], truths, feedback=show, resamples=100)
        (folder / "platform" / "detailed_results.html").write_text(page, encoding="utf-8")
        parts = {name: texts_of(folder / name) for name in ("site", "handouts", "platform")}
        made[truth, level, after_deadline] = parts, board
        return parts, board

    return publish


def accuracies_in(text, truths):
    whole = {str(int(value)) for truth in truths.values() for value in truth.accuracies.values()}
    return whole & set(re.findall(r"(?<![\d.])\d{5}(?=\.\d|\D)", text))


def known(text, truths, specs, board):
    """Return what a text gives away."""
    tokens = {token for truth in truths.values() for token in truth.accuracies}
    taus = [tau for entry in board.entries for tau in entry.kendall_tau.values()]
    found = {
        "accuracies": bool(accuracies_in(text, truths)),
        "ids": any(token in text for token in tokens),
        "architectures": "spec-of-" in text,
        "seeds": str(EVAL_SEED) in text or DRAW_SEED in text,
        "log": PRINTED in text,
        "messages": RAISED in text,
        "all digits of tau": any(f"{tau:.6f}" in text for tau in taus),
        "tau": any(f"{tau:.3f}".replace("-", "−") in text.replace("-", "−") for tau in taus),
    }
    return {name for name, there in found.items() if there}


SHOWN = {
    ("hidden", "none"): set(),
    ("hidden", "score_only"): {"tau"},
    ("hidden", "full"): {"tau", "all digits of tau", "log", "messages"},
    ("public", "none"): {"seeds"},
    ("public", "score_only"): {"tau", "seeds"},
}


@pytest.mark.parametrize("case", SHOWN, ids=" ".join)
def test_no_byte_gives_away_more_than_the_level(published, truths, specs, case):
    parts, board = published(*case)
    for name, text in parts.items():
        assert known(text, truths, specs, board) <= SHOWN[case], name
    everywhere = set().union(*(known(text, truths, specs, board) for text in parts.values()))
    assert everywhere == SHOWN[case]


@pytest.mark.parametrize(("truth", "after"), [("public", False), ("hidden", True)])
def test_the_search_finds_all_of_it_where_it_is_shown(published, truths, specs, truth, after):
    parts, board = published(truth, "full", after)
    everywhere = set().union(*(known(text, truths, specs, board) for text in parts.values()))
    assert everywhere == {
        *("accuracies", "ids", "architectures", "seeds", "log", "messages"),
        *("all digits of tau", "tau"),
    }
    assert len(accuracies_in(parts["site"], truths)) > 100


def test_where_scores_are_hidden_the_order_of_names_does_not_tell_the_ranking(published):
    parts, board = published("hidden", "none")
    assert [entry.submission for entry in board.entries] == ["c", "b", "a"]
    names = re.findall(r'href="submission-(\w)\.html"', parts["site"])
    assert names == sorted(names)


@pytest.mark.parametrize(("truth", "level"), LEVELS)
def test_a_level_never_shows_more_than_its_row(phase, truth, level):
    chosen = msgspec.structs.replace(phase, truth=truth, feedback=level)
    row, show = FEEDBACK[level], shown(chosen)
    for field in ("scores", "failures", "messages", "architectures"):
        assert getattr(show, field) <= getattr(row, field)
    assert show.tau_decimals == row.tau_decimals
    assert dataclasses.replace(shown(chosen, after_deadline=True), truth=False) == FEEDBACK["full"]
