"""What shells, pipes, locales and hung-up terminals do to a command."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import WAIT_S, wait_until
from zcnas.organiser.cli.main import main

ROOT = Path(__file__).resolve().parents[3]
ZCNAS = Path(sys.executable).parent / "zcnas"
NO_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
ASCII = {**NO_LOCALE, "PYTHONIOENCODING": "ascii"}


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """A folder with a run of refused submissions in ``out``: one with a name in two scripts."""
    folder = tmp_path_factory.mktemp("board")
    for name in ("équipe 😀", "x" * 64):
        (folder / "in" / name).mkdir(parents=True)
        (folder / "in" / name / "predictor.py").write_text("class Other: pass\n")
    run(folder, "score", "in", "--isolation", "process", "--out", "out")
    return folder


def run(folder, *words, code=0, **environment):
    """Run a command, in 80 columns if it asks, and return what it ended with."""
    known = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    done = subprocess.run(
        [ZCNAS, *words], cwd=folder, env={**known, **environment},
        capture_output=True, text=True, check=False, encoding="utf-8",
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == code, done.stderr
    return done


MISTAKES = """
score --cpus 1-0
score --cpus all
score --cpus 0,
score --shard -1
score --shard x
score --phase=
score --benchmark=
score --out=
score --out in.py
score --out in.py/below
score absent
score in.py
score --isolation=
score --nope
score --scheduler tls://a:b
score --scheduler=x
frobnicate
check absent
check in.py/predictor.py
dry-run absent
status absent
status in.py
rank absent
merge
merge absent --out new
feedback absent
audit --architectures 1
leaderboard in.py
bundle --phase no
init in.py
sample --phase no
sample --architectures 1
doctor --phase no
phases --costs absent
phases extra
emulate --submission absent --bundle absent
data --dataset no --to .
submission absent
"""


@pytest.mark.parametrize("words", MISTAKES.strip().splitlines())
def test_what_has_to_be_fixed_in_the_call_is_one_line_and_exit_status_2(tmp_path, words):
    (tmp_path / "in.py").write_text("")
    done = run(tmp_path, *words.split(" "), code=2)
    (line,) = done.stderr.splitlines()
    assert line.removeprefix("error: ").strip()
    assert [path.name for path in tmp_path.iterdir()] in (["in.py"], ["in.py", "build"])


PATHS = """
score
check
merge
repeat
pull --competition 1 --phase practice --out
emulate --bundle b.zip --submission
emulate --submission s.zip --bundle
analyse bias --out
analyse bias --scores
analyse bias --tables
leaderboard --site
"""


@pytest.mark.parametrize("empty", ["", " "])
@pytest.mark.parametrize("words", PATHS.strip().splitlines())
def test_an_empty_path_is_not_the_current_folder(words, empty, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["zcnas", *words.split(), empty])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "an empty string was given for a path" in capsys.readouterr().err


def test_a_table_is_neither_cut_nor_folded_in_a_pipe_and_fits_80_columns(board):
    wide = run(board, "leaderboard", "out").stdout
    assert f"  {'x' * 64}  " in wide
    narrow = run(board, "leaderboard", "out", COLUMNS="80").stdout
    table = [line for line in narrow.splitlines() if "xxxx" in line and "invalid" not in line]
    assert table
    assert all(len(line) <= 80 for line in table)


def test_without_a_locale_everything_is_written_in_other_words(board):
    done = run(board, "leaderboard", "out", **ASCII)
    assert done.stdout.isascii()
    assert "\\xe9quipe \\U0001f600" in done.stdout
    assert "Practice phase | 100 architectures" in done.stdout
    record = json.loads(run(board, "leaderboard", "out", "--json", **ASCII).stdout)
    assert {entry["submission"] for entry in record["entries"]} == {"équipe 😀", "x" * 64}


def test_without_a_locale_names_and_results_are_the_same(board):
    run(board, "score", "in", "--isolation", "process", "--out", "again", **NO_LOCALE)
    names = [sorted(each.name for each in (board / out / "submissions").iterdir())
             for out in ("out", "again")]  # fmt: skip
    assert names[0] == names[1]


def test_a_reader_that_goes_early_ends_a_command_in_silence(board):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [ZCNAS, "leaderboard", "out"], cwd=board, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


def test_a_full_disk_behind_the_output_is_said(board):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [ZCNAS, "leaderboard", "out", "--json"], cwd=board, stdout=full, stderr=subprocess.PIPE,
            text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_streams_that_the_shell_has_closed_are_no_crash(board):
    done = subprocess.run(
        ["sh", "-c", f"'{ZCNAS}' leaderboard out >&- 2>&- <&-"], cwd=board, check=False
    )
    assert done.returncode == 0


def test_no_color_means_none(board):
    done = run(board, "leaderboard", "out", NO_COLOR="1", FORCE_COLOR="1", TTY_COMPATIBLE="1")
    assert "\x1b[3" not in done.stdout


@pytest.fixture
def sleeper(tmp_path):
    """A function that starts a run whose submission sleeps, in a session of its own."""
    (tmp_path / "sleeper").mkdir()
    (tmp_path / "sleeper" / "predictor.py").write_text(
        "import time\nclass ZeroCostPredictor:\n"
        "    def query(self, graph, dataloader=None): time.sleep(1000)\n"
    )
    (tmp_path / "temporary").mkdir()
    started = []

    def start(*before):
        words = ("--isolation", "process", "--benchmark", "nasbench201_cifar10", "--out", "out")
        process = subprocess.Popen(
            [*before, ZCNAS, "score", "sleeper", *words], cwd=tmp_path, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        )  # fmt: skip
        started.append(process)
        events = tmp_path / "out" / "events.jsonl"
        scratch = tmp_path / "temporary"
        wait_until(
            lambda: events.exists() and any("scratch" in p.name for p in scratch.iterdir()),
            "no worker starts",
        )
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_hang_up_ends_a_run_as_a_termination_does_and_leaves_nothing(sleeper, tmp_path, number):
    process = sleeper()
    process.send_signal(number)
    said, _ = process.communicate(timeout=WAIT_S)
    assert process.returncode == 128 + number
    assert "repeat the command to resume" in said
    assert list((tmp_path / "temporary").iterdir()) == []


def test_nohup_keeps_a_run_alive(sleeper):
    process = sleeper("nohup")
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1)
