"""A toy kind of work: squares of numbers, some slow, one that fails at first.

    squares.py FOLDER ADDRESS     on a cluster's workers
    squares.py FOLDER             on threads of this process

Every number that a runner begins is noted in ``FOLDER/asked``.
"""

import sys
from pathlib import Path

import msgspec

import zcnas.jobs.dispatch
from zcnas.errors import OrganiserError
from zcnas.jobs import Dispatcher, EventLog, LinesFile, LocalPool, working
from zcnas.jobs.cluster import ClusterPool
from zcnas.jobs.events import EVENTS
from zcnas.jobs.lines import read_lines

SECONDS, SLOW_SECONDS = 0.04, 0.6
SLOW, FAILS_ONCE, ALWAYS_FAILS = 11, 138, 666
RANGES = {"low": range(40), "high": range(100, 140)}


class Square(msgspec.Struct):
    """One unit, done."""

    number: int
    square: int


class Squares:
    """The squares of some numbers, each a line of its own."""

    def __init__(self, folder, name, numbers):
        self.labels = {"range": name}
        self.units = tuple(map(str, numbers))
        self.folder = folder
        self.path = folder / f"{name}.jsonl"
        self.file = LinesFile(
            self.path, lambda square: str(square.number), lambda path: read_lines(path, Square)
        )
        self.faults = None

    def is_done(self, unit):
        return unit in self.file

    def payload(self, units):
        return {"folder": str(self.folder), "numbers": [int(unit) for unit in units]}

    def record(self, job, report):
        try:
            square = msgspec.json.decode(report, type=Square)
        except msgspec.MsgspecError as error:
            raise OrganiserError(f"malformed: {error}") from None
        if square.number not in job.payload["numbers"]:
            raise OrganiserError(f"nobody asked for {square.number}")
        self.file.append(square)

    def finish(self, faults):
        self.file.close()
        self.faults = list(faults)


def square(payload, report, interrupted):
    """Run a job: report one square after the other."""
    folder = Path(payload["folder"])
    for number in payload["numbers"]:
        with (folder / "asked").open("a") as asked:
            asked.write(f"{number}\n")
        if interrupted.wait(SLOW_SECONDS if number == SLOW else SECONDS):
            raise OrganiserError("interrupted")
        failed = folder / "failed"
        if number == ALWAYS_FAILS or (number == FAILS_ONCE and not failed.exists()):
            failed.touch()
            raise OrganiserError(f"{number} is too much for this machine")
        report(msgspec.json.encode(Square(number, number * number)))


def main(folder, address=""):
    """Do what is missing of all ranges."""
    zcnas.jobs.dispatch.BACK_OFF_S = 0.05
    events = EventLog(folder / EVENTS)
    events.add("run_started")
    works = [Squares(folder, name, numbers) for name, numbers in RANGES.items()]
    pool = ClusterPool(address, square) if address else LocalPool(square, 2)
    with working(pool, events):
        Dispatcher(pool, events, job_units=7).run(works)
    events.add("run_finished")
    sys.exit(any(work.faults for work in works))


if __name__ == "__main__":
    import squares  # a worker finds the runner by this name

    squares.main(Path(sys.argv[1]), *sys.argv[2:])
