"""Our bundles: the same bytes every time, right by every rule, hidden things where they belong."""

import io
import json
import re

import msgspec
import numpy as np
import pytest
import yaml
from PIL import Image
from scipy.stats import kendalltau
from typer.testing import CliRunner

from zcnas.benchmarks import get_benchmark
from zcnas.datasets import Minibatch, load_minibatch
from zcnas.datasets.frozen import freeze_minibatch, load_minibatch_beside
from zcnas.errors import InputDataError, ReferenceDataError
from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.organiser.cli.main import app
from zcnas.organiser.platforms.bundle import build_bundles, shared_files
from zcnas.organiser.platforms.bundle.phases import bundle_phase
from zcnas.organiser.platforms.check import check_bundle
from zcnas.organiser.platforms.settings import read_settings
from zcnas.search_spaces import build_network, parse_spec
from zcnas.words.packed import pack_images
from zcnas.words.records import read_input, read_reference, write_json

from .competitions import KEYS, NAMES, PHASES, ROOT, members, write_draw


def test_both_bundles_keep_every_rule(built):
    assert [check_bundle(path).problems for path in built] == [(), ()]
    assert [check_bundle(path).version for path in built] == ["2", "1.5"]


def test_a_program_says_how_it_is_run_under_the_names_of_both_platforms(built):
    for path in built:
        files = members(path.read_bytes())
        programs = {f"ingestion_program_{name}.zip": "ingestion_program" for name in NAMES}
        for zipped, name in {**programs, "scoring_program.zip": "scoring_program"}.items():
            program = members(files[zipped])
            source = (ROOT / name / "metadata.yaml").read_bytes()
            assert program["metadata.yaml"] == source
            on_codalab = {"ingestion_program": b" --hidden=$hidden", "scoring_program": b""}[name]
            assert program["metadata"] == source.rstrip() + on_codalab + b"\n"


SWITCHES = {
    # Participants are approved, their last submission counts, and nothing but pages is handed out.
    "registration_auto_approve": False,
    "auto_run_submissions": True,
    "make_programs_available": False,
    "make_input_data_available": False,
    "can_participants_make_submissions_public": False,
    "enable_detailed_results": True,
    "show_detailed_results_in_submission_panel": True,
    "show_detailed_results_in_leaderboard": False,  # a hidden phase is among them
}
OLD_SWITCHES = {
    "has_registration": True,
    "allow_public_submissions": False,
    "enable_detailed_results": True,
    "enable_per_submission_metadata": False,
    "force_submission_to_leaderboard": True,
    "disallow_leaderboard_modifying": True,
}


def test_every_switch_of_a_competition_stands_as_the_competition_needs_it(built):
    new, old = (yaml.safe_load(members(p.read_bytes())["competition.yaml"]) for p in built)
    assert {key: value for key, value in new.items() if isinstance(value, bool)} == SWITCHES
    assert {key: value for key, value in old.items() if isinstance(value, bool)} == OLD_SWITCHES
    (board,) = new["leaderboards"]
    assert board["submission_rule"] == "Force_Latest_Multiple", "every entry counts"
    assert board["hidden"] is True, "the scores of a hidden phase stay hidden"
    assert all(column["hidden"] is True for column in old["leaderboard"]["columns"].values())
    ways = {column["key"]: column["sorting"] for column in board["columns"]}
    assert ways.pop("failed") == "asc"
    assert set(ways.values()) == {"desc"}


def test_every_date_of_a_bundle_is_a_text_that_keeps_its_time_of_day(built):
    new, old = (yaml.safe_load(members(p.read_bytes())["competition.yaml"]) for p in built)
    starts = ["2027-01-11 00:00:00", "2027-02-08 00:00:00", "2027-05-01 00:00:00"]
    assert [phase["start"] for phase in new["phases"]] == starts
    assert [phase["start_date"] for phase in old["phases"].values()] == starts
    assert new["phases"][0]["end"] == "2027-01-24 23:59:59"
    assert (old["start_date"], old["end_date"]) == (starts[0], "2027-05-14 23:59:59")


def test_the_same_inputs_give_the_same_bytes(competition, built, tmp_path):
    again = build_bundles(competition, tmp_path)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in built]


def test_the_leaderboard_has_a_column_per_benchmark_score_first_and_no_time_breaks_ties(built):
    content = yaml.safe_load(members(built[0].read_bytes())["competition.yaml"])
    columns = [column["key"] for column in content["leaderboards"][0]["columns"]]
    benchmarks = {key for name in NAMES for key in PHASES[name].benchmarks}
    assert columns[0] == "score"
    assert columns[-1] == "failed"
    assert set(columns[1:-1]) == benchmarks
    assert len(columns) == len(benchmarks) + 2
    old = yaml.safe_load(members(built[1].read_bytes())["competition.yaml"])
    ranked = old["leaderboard"]["columns"]
    assert sorted(ranked, key=lambda key: ranked[key]["rank"]) == columns


def test_what_a_phases_feedback_hides_is_hidden_by_the_platform_too(built):
    content = yaml.safe_load(members(built[0].read_bytes())["competition.yaml"])
    phases = {phase["name"]: phase for phase in content["phases"]}
    hidden = {
        name: [phase[f"hide_{what}"] for what in ("output", "prediction_output", "score_output")]
        for name, phase in phases.items()
    }
    assert hidden == {
        "Practice": [False, False, False],
        "Development": [True, True, False],
        "Final": [True, True, True],
    }
    assert content["leaderboards"][0]["hidden"] is True, "the final phase shows no score"
    assert content["can_participants_make_submissions_public"] is False


def test_nothing_hidden_is_where_participants_or_submissions_can_read_it(competition, built):
    for path in built:
        files = members(path.read_bytes())
        for phase in competition.phases:
            if phase.phase.truth == "public":
                continue
            secrets = {
                repr(accuracy).encode()
                for reference in phase.references.values()
                for accuracy in reference.accuracies.values()
            }
            tokens = {token.encode() for r in phase.references.values() for token in r.accuracies}
            for name, content in files.items():
                inside = members(content) if name.endswith(".zip") else {name: content}
                everything = b"".join(inside.values())
                if name != phase.reference_name or phase.name == "final":
                    assert not any(secret in everything for secret in secrets), name
                if name not in (phase.reference_name, phase.ingestion_name):
                    assert not any(token in everything for token in tokens), name
        assert "public_data_practice.zip" in files
        assert not any(name.startswith("public_data") and "practice" not in name for name in files)


def test_no_draw_seed_is_in_a_bundle(competition):
    for phase in competition.phases:
        for files in (phase.input_files, phase.reference_files):
            assert json.loads(files["phase.json"])["phase"]["draw_seed"] is None


def test_the_seals_key_is_with_the_recorder_and_with_scoring_and_nowhere_else(competition):
    files = shared_files(competition)
    for phase in competition.phases:
        holders = {
            name
            for name, content in files.items()
            for inside in (members(content) if name.endswith(".zip") else {"": content}).values()
            if KEYS[phase.name].encode() in inside
        }
        assert holders == {phase.ingestion_name, phase.reference_name}


def test_the_practice_phases_baselines_are_what_the_samples_score():
    """Parameters here, counted again; the others are recorded from a run and regression-only."""
    key = "nasbench201_cifar10"
    folder = ROOT / "reference_data" / "practice"
    recorded = json.loads((folder / "baselines.json").read_text())
    accuracies = read_reference(folder / f"{key}.json").accuracies
    data = read_input(ROOT / "starting_kit" / "input_data" / f"{key}.json")
    counts = [
        sum(
            p.numel()
            for p in build_network(
                parse_spec("nasbench201", a.spec), get_benchmark(key)
            ).parameters()
        )
        for a in data.architectures
    ]
    tau = kendalltau(counts, [accuracies[a.id] for a in data.architectures]).statistic
    assert recorded["params"][key] == round(tau, 4)
    assert set(recorded["params"]) == set(PHASES["practice"].benchmarks)


def test_the_taus_of_a_leaderboard_become_the_baselines_of_its_phase(tmp_path):
    entry = Entry(
        submission="mine",
        method="m",
        score=0.5,
        kendall_tau={"nasbench201_cifar10": 0.123456},
        status="scored",
        failures={},
        wall_time_s=1,
        cpu_time_s=1,
    )
    board = Leaderboard(
        phase="practice",
        title="",
        isolation="",
        data_sources={},
        accuracy_sources={},
        benchmarks=("nasbench201_cifar10",),
        entries=(entry,),
    )
    write_json(tmp_path / "leaderboard.json", board)
    words = ["bundle", "--phase", "practice", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, [*words, "--baselines", str(tmp_path / "leaderboard.json")])
    assert done.exit_code == 0, done.output
    assert "competition.yaml has the sample's docker_image and contact_email" in done.output
    reference = members(
        members((tmp_path / "codabench.zip").read_bytes())["reference_data_practice.zip"]
    )
    assert json.loads(reference["baselines.json"]) == {"mine": {"nasbench201_cifar10": 0.1235}}
    write_json(tmp_path / "leaderboard.json", msgspec.structs.replace(board, phase="final"))
    done = CliRunner().invoke(app, [*words, "--baselines", str(tmp_path / "leaderboard.json")])
    assert "is of phase final, which is not in the bundle: practice" in str(done.exception)


def test_the_logo_is_a_square_picture(built):
    picture = Image.open(io.BytesIO(members(built[0].read_bytes())["logo.png"]))
    assert picture.size == (400, 400)
    assert len(picture.getcolors(1 << 20)) > 5


def test_pages_say_what_the_phases_are_and_no_line_is_taken_for_code(built):
    files = members(built[0].read_bytes())
    pages = {name: content.decode() for name, content in files.items() if name.startswith("pages/")}
    assert set(pages) == {
        f"pages/{n}.html" for n in ("overview", "evaluation", "data", "submission", "terms")
    }
    for name, text in pages.items():
        assert len(re.sub(r"<[^>]+>", "", text).split()) > 120, f"{name} says something"
        outside_code = re.sub(r"<pre>.*?</pre>", "", text, flags=re.DOTALL)
        assert not re.search(r"^( {4}|\t)", outside_code, re.MULTILINE), name
        assert not re.search(r"src=|@import|<script|http://", text), name
    evaluation = pages["pages/evaluation.html"]
    assert "binning a score with tau 0.34 into five classes gives 0.36" in evaluation
    for phase in (PHASES[name] for name in NAMES):
        assert f"<td>{phase.limits.query_cpu_s} s</td>" in evaluation
    for limit in ("network may be reachable", "user is the same", "number of processes"):
        assert limit in evaluation.replace("\n", " ")
    assert "ranking is provisional" in evaluation
    assert "0 stands in every column" in evaluation, "final shows no scores"
    assert "ends without a score in the final phase and is marked" in evaluation
    assert '"unconfined" in the practice, development phase.' in evaluation
    for key in PHASES["final"].benchmarks:
        assert key in pages["pages/data.html"]


def test_halves_of_different_draws_make_no_bundle(tmp_path):
    write_draw(tmp_path, PHASES["development"])
    path = tmp_path / "ref" / "development" / "nasbench201_svhn.json"
    reference = json.loads(path.read_text())
    reference["accuracies"] = {"0000000a": 1.0, "0000000b": 2.0}
    path.write_text(json.dumps(reference))
    settings = read_settings(ROOT / "competition.yaml").phases["development"]
    folders = tmp_path / "in" / "development", tmp_path / "ref" / "development"
    with pytest.raises(ReferenceDataError, match="come from different draws"):
        bundle_phase(PHASES["development"], settings, *folders, None, KEYS["development"])


def test_real_images_travel_with_the_input_data_and_are_the_same_there(tmp_path):
    key = "nasbench201_cifar10"
    data = read_input(ROOT / "starting_kit" / "input_data" / f"{key}.json")
    data = msgspec.structs.replace(data, batch_size=2)
    rng = np.random.default_rng(1)
    packed = pack_images(rng.normal(size=(62, 3, 32, 32)).astype("float32"), np.arange(62))
    real = Minibatch(
        rng.normal(size=(2, 3, 32, 32)).astype("float32"),
        np.array([3, 1]),
        "CIFAR-10",
        further=lambda: packed,
    )
    path = tmp_path / f"{key}.minibatch.npz"
    path.write_bytes(freeze_minibatch(real))
    assert freeze_minibatch(real) == path.read_bytes()
    found = load_minibatch_beside(tmp_path, data)
    assert np.array_equal(found.inputs, real.inputs)
    assert found.targets.tolist() == [3, 1]
    assert found.source == "CIFAR-10"
    for array, expected in zip(found.further().arrays(), packed.arrays(), strict=True):
        assert np.array_equal(array, expected)
        assert array.dtype == expected.dtype
    with pytest.raises(InputDataError, match="contains 2 images, but the benchmark needs 64"):
        load_minibatch_beside(tmp_path, msgspec.structs.replace(data, batch_size=64))
    path.write_bytes(b"PK damaged")
    with pytest.raises(InputDataError, match="cannot be read: this is not a minibatch"):
        load_minibatch_beside(tmp_path, data)
    path.unlink()
    made = load_minibatch(get_benchmark(key), 2, data.eval_seed, None)
    assert np.array_equal(load_minibatch_beside(tmp_path, data).inputs, made.inputs)
