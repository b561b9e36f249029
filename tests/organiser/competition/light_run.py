"""A run of a small phase with light workers: ``light_run.py PHASE_FOLDER SUBMISSIONS OUT``.

Everything is the organiser's own program, but for the worker. ``SPY=FILE`` has it write down what
this process opened, appended and was told.
"""

import atexit
import json
import os
import shutil
import sys
from pathlib import Path

import msgspec

import zcnas.jobs.dispatch
import zcnas.organiser.competition.host
import zcnas.organiser.competition.run
from zcnas.isolation.process import ProcessIsolation
from zcnas.jobs import LinesFile
from zcnas.judging.judge import judge
from zcnas.judging.leaderboard import write_leaderboard
from zcnas.organiser.competition import Competition, load_halves, parts
from zcnas.organiser.results.contest import read_contest
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.phases import load_phase
from zcnas.submissions import find_submissions

HERE = Path(__file__).parent


def stage_light_worker(target, plugins=()):
    """Stand in for the folder workers are started from; queries are noted outside of it."""
    target.mkdir(parents=True)
    shutil.copyfile(HERE / "light_worker.py", target / "worker.py")
    (target / "asked").symlink_to(os.environ["ASKED"])
    (target / "pace").write_text(os.environ.get("SECONDS_PER_QUERY", "0.02"))
    return target


def spy(path):
    """Note every file this process opens, every line it appends and every prediction it is told."""
    seen = {"written": [], "read": [], "appended": 0, "told": 0}

    def note(event, arguments):
        if event == "open" and isinstance(arguments[0], str):
            writing = arguments[2] & (os.O_WRONLY | os.O_RDWR)
            seen["written" if writing else "read"].append(arguments[0])

    append, decode = LinesFile.append, parts.decode_report

    def counted_append(self, record):
        seen["appended"] += 1
        return append(self, record)

    def counted_decode(*arguments):
        report = decode(*arguments)
        seen["told"] += report.prediction is not None
        return report

    sys.addaudithook(note)
    LinesFile.append, parts.decode_report = counted_append, counted_decode
    atexit.register(lambda: path.write_text(json.dumps(seen)))


def main(folder, submissions, out):
    if os.environ.get("SPY"):
        spy(Path(os.environ["SPY"]))
    practice = load_phase(folder / "phases.toml", "practice")
    keys = tuple(path.stem for path in sorted((folder / "in").iterdir()))
    phase = msgspec.structs.replace(practice, benchmarks=keys)
    zcnas.organiser.competition.run.stage_worker = stage_light_worker
    zcnas.organiser.competition.run.digest_of = lambda folder: "light"
    zcnas.organiser.competition.host.digest_of = lambda folder: "light"
    zcnas.jobs.dispatch.BACK_OFF_S = 0.05
    halves = load_halves(phase, folder / "in", folder / "ref", None)
    cpus = sorted(os.sched_getaffinity(0))
    shard = int(os.environ.get("SHARD", "0")) or None
    competition = Competition(phase, halves, ProcessIsolation(), cpus, out, shard=shard)
    competition.run(find_submissions(submissions, print))
    board = judge(read_contest(ResultsFolder(out), phase, halves.references), 100).leaderboard
    write_leaderboard(board, out)
    sys.exit(3 if any(entry.status == "organiser_error" for entry in board.entries) else 0)


main(*map(Path, sys.argv[1:]))
