"""What came of the attacks, held against what must come of them.

A verdict is one row of the table: an attack's own outcome, or what must hold around all of them:
the honest submissions have the scores they have alone, the host is as before, nobody reached the
listener, the secret is nowhere.
"""

from __future__ import annotations

from collections import Counter

from zcnas.isolation.admission import Verdict
from zcnas.organiser.attack_table.rows import ATTACKS
from zcnas.organiser.attack_table.stage import HONEST, KEY, mode_of
from zcnas.organiser.attack_table.suite import Run
from zcnas.words.combined import read_outcomes
from zcnas.words.records import Prediction, read_predictions
from zcnas.words.result_files import ResultFiles

_BAIT_MODE = 0o640


def verdicts_of(run: Run) -> tuple[Verdict, ...]:
    """Return a verdict for each attack of a run, then those on everything around them."""
    around = (neighbours(run), host(run), listener(run), secret(run))
    return (*(verdict_on(run, name) for name in run.names), *around)


def verdict_on(run: Run, name: str) -> Verdict:
    """Return what came of one attack."""
    attack = ATTACKS[name]
    found = predictions_of(run, name)
    problems = []
    for number, (prediction, (status, score)) in enumerate(
        zip(found, attack.expected(run.ground), strict=True)
    ):
        if status and prediction.status != status:
            said = f"{prediction.status} {prediction.message}".strip()
            problems.append(f"architecture {number} is {said}, not {status}")
        elif status and score is not None and prediction.score != score:
            problems.append(f"architecture {number} has the score {prediction.score}, not {score}")
        elif status not in ("", "ok") and attack.message not in prediction.message:
            problems.append(f"architecture {number} says '{prediction.message}'")
    entry = run.entry_of(name)
    if entry.status != "scored":
        problems.append(f"its entry is {entry.status}: {entry.message}")
    left_open = attack.left_open(run.ground)
    if left_open and attack.needs_landlock:  # what came of it without Landlock says nothing
        problems = []
    return Verdict(name, _in_words(found), "; ".join(problems), left_open)


def neighbours(run: Run) -> Verdict:
    """Return whether the honest submissions got the scores they get alone, to the last bit."""
    problems = []
    for name in HONEST:
        alone = read_predictions(
            ResultFiles(run.results_alone / "submissions" / name, KEY).predictions
        )
        beside = predictions_of(run, name)
        undisturbed = next(entry for entry in run.alone.entries if entry.submission == name)
        entry = run.entry_of(name)
        if [(p.id, p.status, p.score) for p in alone] != [
            (p.id, p.status, p.score) for p in beside
        ] or (entry.kendall_tau, entry.score) != (undisturbed.kendall_tau, undisturbed.score):
            problems.append(f"{name} has other scores beside attacks than alone")
        if any(p.status != "ok" for p in alone):
            problems.append(f"{name} fails even alone: {_in_words(alone)}")
    return _around("neighbours", "the same scores to the last bit", problems)


def host(run: Run) -> Verdict:
    """Return whether the host is as before."""
    stage = run.stage
    problems = [f"left running: {line}" for line in run.left_processes]
    problems += [f"left behind: {name}" for name in run.left_files]
    if run.hidden != stage.marks:
        problems.append("the hidden half has changed")
    if stage.pwned.exists():
        problems.append("a pickle of an attack was loaded")
    if (run.results / "earlier.txt").read_text() != stage.secret:
        problems.append("earlier results have changed")
    if mode_of(stage.bait(run.isolation)) != _BAIT_MODE:
        problems.append("a file's mode has changed")
    return _around("host", "as before", problems)


def listener(run: Run) -> Verdict:
    """Return whether anybody reached a listener on this machine."""
    reached = [f"{run.connections} connections"] if run.connections else []
    return _around("listener", "reached by nobody", reached)


def secret(run: Run) -> Verdict:
    """Return whether the secret is in anything that an attack wrote."""
    organisers_own = (run.results, run.results / "ample", run.results / "tight")
    found = [
        f"the secret is in {path.relative_to(run.results)}"
        for path in run.results.rglob("*")
        if path.is_file()
        and path.parent not in organisers_own
        and run.stage.secret in path.read_text()
    ]
    return _around("secret", "in nothing that an attack wrote", found)


def predictions_of(run: Run, name: str) -> list[Prediction]:
    """Return what became of a submission's architectures."""
    return read_outcomes(ResultFiles(run.results_of(name), KEY))


def _in_words(predictions: list[Prediction]) -> str:
    counts = Counter(p.status if p.value is None else f"ok {p.value:g}" for p in predictions)
    return ", ".join(f"{count} × {kind}" for kind, count in counts.items())


def _around(name: str, good: str, problems: list[str]) -> Verdict:
    return Verdict(name, "; ".join(problems)[:600] or good, "; ".join(problems)[:600], "")
