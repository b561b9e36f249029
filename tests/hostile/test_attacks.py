"""Every attack in a container, a sandbox and a plain process: its outcome, nobody else's loss."""

import csv
import io

import pytest
from rich.console import Console

from zcnas.judging.leaderboard import write_leaderboard
from zcnas.organiser.attack_table import verdicts
from zcnas.organiser.attack_table.rows import ATTACKS, LANDLOCK_NEEDED
from zcnas.organiser.attack_table.stage import HONEST, KEY, attack_folders
from zcnas.organiser.attack_table.verdicts import predictions_of
from zcnas.organiser.cli.terminal import print_leaderboard
from zcnas.words.records import Manifest, PredictionError, read_json, read_predictions
from zcnas.worker import confinement

from .conftest import chosen_attacks

LANDLOCK = confinement.landlock_abi()


def log_of(run, name):
    """Return what a submission printed; there is no file where it printed nothing."""
    path = run.results_of(name) / f"{KEY}.log"
    return path.read_text() if path.is_file() else ""


def test_every_attack_has_its_row_and_every_row_its_attack():
    assert set(attack_folders()) == set(ATTACKS)


@pytest.mark.parametrize("name", chosen_attacks())
def test_an_attack_has_its_own_outcome(run, name, record_property):
    verdict = verdicts.verdict_on(run, name)
    left_open = f"; NOT PREVENTED: {verdict.not_prevented}" if verdict.not_prevented else ""
    record_property("attack", (name, run.isolation, verdict.outcome + left_open))
    without = not run.ground.contained and run.ground.landlock < LANDLOCK_NEEDED
    if ATTACKS[name].needs_landlock and without:
        pytest.skip(verdict.not_prevented)
    assert verdict.problem == "", log_of(run, name)
    assert run.ground.contained <= (not verdict.not_prevented)


def test_neighbours_get_the_same_scores_to_the_last_bit(run):
    assert verdicts.neighbours(run).problem == ""
    for name in HONEST:
        alone = read_predictions(
            run.results_alone / "submissions" / name / f"{KEY}.predictions.jsonl"
        )
        assert [p.status for p in alone] == ["ok"] * 4
        beside = predictions_of(run, name)
        assert [(p.id, p.score.hex()) for p in alone] == [(p.id, p.score.hex()) for p in beside]


def test_the_host_is_as_before(run):
    assert verdicts.host(run).problem == ""


@pytest.mark.container
def test_no_container_is_left(run, engine):
    import os

    mine = {"label": f"zcnas.worker={os.getpid()}"}
    assert engine.containers.list(all=True, filters=mine) == []


def test_nobody_reached_the_listener(run):
    assert verdicts.listener(run).problem == ""


def test_the_secret_is_in_nothing_that_an_attack_wrote(run):
    assert verdicts.secret(run).problem == ""


def test_what_is_left_by_a_query_is_gone_before_the_next_and_no_process_outlives_the_run(run):
    for name in ("leaves_files", "outlives_its_turn"):
        assert [p.score for p in predictions_of(run, name)] == [0.0] * 4


def test_processes_are_limited_where_the_kernel_counts_them(run):
    started = [p.score for p in predictions_of(run, "forks_without_end")]
    holding = predictions_of(run, "shares_out_its_memory")[0].score
    if run.ground.together:
        assert max(started) < run.stage.phase.limits.processes
        assert holding < 4
    else:
        assert max(started) <= 100


def test_times_are_measured_from_outside_whatever_the_worker_claims(run):
    for prediction in predictions_of(run, "patches_our_functions"):
        assert prediction.cpu_time_s >= 0.45, "it computed for half a second and claimed none"


def test_each_spoofed_frame_is_refused_for_what_it_is(run):
    messages = [p.message for p in predictions_of(run, "spoofs_the_channel")]
    for message, part in zip(
        messages,
        ("another query than", "unknown status", "announced a frame of", "NaN"),
        strict=True,
    ):
        assert part in message


def test_a_claimed_time_out_or_a_vanished_worker_earns_no_second_try(run):
    """A lost worker is tried once more, as machines do fail; if that ends alike, never again.

    A query that sleeps earns none either, and one whose own children keep each other from the CPU
    at most one: where others really had the CPU meanwhile.
    """
    for name, asked in (("claims_more_time", 4), ("pretends_a_lost_machine", 5)):
        log = log_of(run, name)
        assert log.count("asked") == asked, log
    assert log_of(run, "waits_for_itself").count("asked") in (4, 5)


def test_logs_keep_to_their_limit(run):
    for path in run.results.rglob(f"{KEY}.log"):
        assert path.stat().st_size <= run.stage.phase.limits.log_kb * 1024 + 4096, path
    flooded = log_of(run, "floods_the_output")
    assert "the log's size limit is reached" in flooded


def test_no_control_sequence_reaches_a_file_or_the_terminal(run):
    texts = [path.read_text() for path in run.results.rglob("*") if path.is_file()]
    screen = Console(file=io.StringIO(), width=200)
    for board in (run.board, run.tight):
        print_leaderboard(board, run.results, screen)
    texts.append(screen.file.getvalue())
    for text in texts:
        assert not {c for c in text if not c.isprintable() and c not in "\n\t"}
        for escaped in ("\\u001b", "\\u009b", "\\u202e", "\\x1b"):
            assert escaped not in text


def test_a_formula_in_a_name_is_text_in_the_table(run, tmp_path):
    write_leaderboard(run.board, tmp_path)
    with (tmp_path / "leaderboard.csv").open() as file:
        rows = {row["submission"]: row for row in csv.DictReader(file)}
    assert rows["puts_a_formula_on_the_board"]["method"].startswith("'=HYPERLINK")
    for row in rows.values():
        assert not [cell for cell in row.values() if cell and cell[0] in "=+@\t\r"]


def test_the_manifest_names_the_confinement(run):
    path = run.results_of("honest") / f"{KEY}.manifest.json"
    manifest = read_json(path, Manifest, PredictionError)
    assert f"confined by landlock {LANDLOCK}, seccomp" in manifest.public.versions["worker"]
    assert "together" in manifest.public.bounds
    assert ", user " in manifest.public.versions["worker"] or run.isolation != "process"
