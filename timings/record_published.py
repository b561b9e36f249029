"""Records published proxies' scores from runs of their samples on the practice phase.

    zcnas score starting_kit/submissions/meco … --out build/published
    python timings/record_published.py build/published

Writes docs/published_proxies.json, every score and the SHA-256 of each sample as it was scored.
What earlier runs have recorded stays. docs/published_proxies.md shows the taus.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from zcnas.errors import PredictionError
from zcnas.participant.baselines import BaselineScores, record_scores
from zcnas.phases import load_phase
from zcnas.submissions import digest_of
from zcnas.words.records import read_input
from zcnas.words.resources import PHASES_FILE, package_file, public_halves

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "docs" / "published_proxies.json"
SAMPLES = ROOT / "starting_kit" / "submissions"
PHASE = "practice"


class PublishedScores(msgspec.Struct, frozen=True, kw_only=True):
    """The record.

    Attributes:
        scores: By sample, as the baselines' record has them.
        sha256: By sample, the digest of its content.
    """

    scores: BaselineScores
    sha256: dict[str, str]


def read_record() -> PublishedScores:
    """Return what is recorded.

    Raises:
        PredictionError: It is malformed.
    """
    try:
        return msgspec.json.decode(RECORD.read_bytes(), type=PublishedScores)
    except msgspec.MsgspecError as error:
        raise PredictionError(f"{RECORD} is malformed: {error}") from None


def main() -> None:
    """Read a run and add its samples to the record."""
    found = sorted((Path(sys.argv[1]) / "submissions").iterdir())
    inputs, _ = public_halves(PHASE)
    ids = {
        key: [each.id for each in read_input(inputs / f"{key}.json").architectures]
        for key in load_phase(package_file(PHASES_FILE), PHASE).benchmarks
    }
    now = record_scores(PHASE, ids, {each.name: (each.name, each) for each in found})
    sha256 = {each.name: digest_of(SAMPLES / each.name) for each in found}
    if RECORD.is_file():
        before = read_record()
        now = msgspec.structs.replace(
            now,
            methods=before.scores.methods | now.methods,
            baselines=before.scores.baselines | now.baselines,
        )
        sha256 = before.sha256 | sha256
    RECORD.write_bytes(msgspec.json.encode(PublishedScores(scores=now, sha256=sha256)) + b"\n")


if __name__ == "__main__":
    main()
