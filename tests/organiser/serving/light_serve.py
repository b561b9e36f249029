"""A server with light workers: ``light_serve.py serve PHASE_FOLDER FOLDER``; its jobs likewise.

Everything is the server's own but the worker, which computes no network and notes every query.
"""

import datetime
import os
import shutil
import sys
from pathlib import Path

import msgspec

import zcnas.jobs.dispatch
import zcnas.organiser.competition.host
import zcnas.organiser.competition.run
from zcnas.organiser.platforms.settings import PhaseSettings
from zcnas.organiser.serving import board, job
from zcnas.organiser.serving.calendar import ServedPhase
from zcnas.organiser.serving.layout import Layout
from zcnas.organiser.serving.plan import Plan
from zcnas.organiser.serving.server import opened
from zcnas.phases import load_phase

WORKER = Path(__file__).parents[1] / "competition" / "light_worker.py"


def stage_light_worker(target, plugins=()):
    """Stand in for the folder workers are started from; queries are noted outside of it."""
    target.mkdir(parents=True)
    shutil.copyfile(WORKER, target / "worker.py")
    (target / "asked").symlink_to(os.environ["ASKED"])
    (target / "pace").write_text(os.environ.get("SECONDS_PER_QUERY", "0.01"))
    return target


def plan(phase_folder, folder, **settings):
    """Return the plan of a server of the small phase, which is open."""
    practice = load_phase(phase_folder / "phases.toml", "practice")
    keys = tuple(path.stem for path in sorted((phase_folder / "in").iterdir()))
    limits = {"max_submissions_per_day": 1000, "max_submissions": 1000, **settings}
    served = ServedPhase(
        msgspec.structs.replace(practice, benchmarks=keys, counts="best"),
        PhaseSettings(start=datetime.datetime(2020, 1, 1), **limits),
        phase_folder / "in",
        phase_folder / "ref",
    )
    command = (sys.executable, __file__)
    cpus = sorted(os.sched_getaffinity(0))
    return Plan(
        layout=Layout(folder),
        phases=[served],
        isolation="process",
        cpus=cpus,
        jobs=len(cpus),
        settle_s=0.2,
        patience_s=1.0,
        job=(*command, "job"),
        board=(*command, "board"),
    )


def main():
    zcnas.organiser.competition.run.stage_worker = stage_light_worker
    zcnas.organiser.competition.run.digest_of = lambda folder: "light"
    zcnas.organiser.competition.host.digest_of = lambda folder: "light"
    zcnas.jobs.dispatch.BACK_OFF_S = 0.05
    role, *paths = sys.argv[1:]
    if role == "serve":
        with opened(plan(*map(Path, paths)), lambda text: print(text, flush=True)) as server:
            server.serve()
    sys.exit({"job": job.main, "board": board.main}[role]())


if __name__ == "__main__":
    main()
