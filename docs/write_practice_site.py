"""Write the example of a leaderboard, the baselines on the practice phase: `make site`.

    python docs/write_practice_site.py FOLDER [HOME]

HOME is the address that its pages link back to.

The pages follow from the recorded scores of ``docs/baseline_scores.json`` and run nothing, so the
example is always of the present design.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import msgspec

from zcnas.errors import PredictionError
from zcnas.judging.judge import Contest, judge
from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.organiser.results.contest import read_specs, read_truth
from zcnas.pages.identity import Identity
from zcnas.pages.site import write_site
from zcnas.pages.site_content import SiteContent
from zcnas.pages.site_folder import check_site_folder
from zcnas.pages.submission import About
from zcnas.participant.baselines import SCORES, baseline_contenders, read_scores
from zcnas.participant.standing import RECORD
from zcnas.phases import load_phase
from zcnas.words.feedback import shown
from zcnas.words.records import read_input, read_json
from zcnas.words.resources import PHASES_FILE, package_file, public_halves

IDENTITY = Identity(
    title="Zero-Cost NAS Competition, an example",
    organisers="zcnas, whose samples these are",
    licence="https://www.apache.org/licenses/LICENSE-2.0",
    citation="zcnas: a competition harness for zero-cost NAS predictors, version 0.2.0",
)


def write_practice_site(folder: Path, home: str = "") -> None:
    """Write the site into a folder that is new, empty or holds an earlier one.

    Args:
        folder: Where its pages go.
        home: Address that they link back to; "" for none.

    Raises:
        ZcnasError: A record does not belong to the practice phase's draw, or the folder holds
            something else.
    """
    check_site_folder(folder)
    recorded = read_json(package_file(RECORD), Leaderboard, PredictionError)
    phase = load_phase(package_file(PHASES_FILE), recorded.phase)
    inputs, references = public_halves(phase.name)
    drawn = {key: read_input(inputs / f"{key}.json") for key in phase.benchmarks}
    with tempfile.TemporaryDirectory() as predictions:
        record = read_scores(package_file(SCORES))
        contest = Contest(
            phase=phase,
            references=read_truth(phase, references),
            contenders=baseline_contenders(record, drawn, Path(predictions)),
            isolation=recorded.isolation.split()[0],
            isolation_description=recorded.isolation,
            contained=recorded.ran_contained,
            data_sources=recorded.data_sources,
        )
        judgement = judge(contest)
    content = SiteContent(
        leaderboard=judgement.leaderboard,
        phase=phase,
        outcomes=judgement.outcomes,
        analysis=judgement.analysis,
        rows=judgement.rows,
        show=shown(phase),
        about=_about,
        identity=msgspec.structs.replace(IDENTITY, website=home),
        specs=read_specs(phase, inputs),
        seeds=[
            ("Draw seed: which architectures", str(phase.draw_seed)),
            ("Evaluation seed: initial weights, minibatch", str(phase.eval_seed)),
        ],
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_site(content, folder)


def _about(entry: Entry) -> About:
    return About(submission=entry.submission, method=entry.method)


if __name__ == "__main__":
    write_practice_site(Path(sys.argv[1]), *sys.argv[2:3])
