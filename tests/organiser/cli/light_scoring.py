"""``zcnas`` with light workers: ``light_scoring.py FILE_OF_QUERIES COMMAND …``.

Everything is the command's own but the worker, which computes no network. The last line on stderr
says how often a leaderboard was written and each predictions file parsed.
"""

import atexit
import json
import shutil
import sys
from collections import Counter
from pathlib import Path

import zcnas.judging.leaderboard
import zcnas.organiser.competition.host
import zcnas.organiser.competition.run
import zcnas.words.records
from zcnas.organiser.cli.main import main

WORKER = Path(__file__).parents[1] / "competition" / "light_worker.py"
ASKED = Path(sys.argv.pop(1))
COUNTS = Counter()


def stage_light_worker(target, plugins=()):
    """Stand in for the folder workers are started from."""
    target.mkdir(parents=True)
    shutil.copyfile(WORKER, target / "worker.py")
    (target / "asked").symlink_to(ASKED)
    (target / "pace").write_text("0")
    return target


def counted(function, name_of):
    """Return the function, which then counts its calls."""

    def count(*arguments):
        COUNTS[name_of(*arguments)] += 1
        return function(*arguments)

    return count


zcnas.judging.leaderboard.write_json = counted(
    zcnas.judging.leaderboard.write_json, lambda path, record: path.name
)
zcnas.words.records.parse_predictions = counted(
    zcnas.words.records.parse_predictions, lambda content, path: f"{path.parent.name}/{path.name}"
)
zcnas.organiser.competition.run.stage_worker = stage_light_worker
zcnas.organiser.competition.run.digest_of = lambda folder: "light"
zcnas.organiser.competition.host.digest_of = lambda folder: "light"
atexit.register(lambda: print(json.dumps(COUNTS), file=sys.stderr))
main()
