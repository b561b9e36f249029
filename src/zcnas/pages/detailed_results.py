"""``detailed_results.html``: what a participant is shown of a submission on a platform.

The page is the site's own page of a submission; here stands only where its content comes from, and
what is taken out of it: paths of the machine, and of a hidden phase every single architecture. Of a
phase that shows no scores, and of a refused submission, it says just that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from zcnas.errors import ReferenceDataError
from zcnas.hosted.phase import BASELINES_FILE
from zcnas.hosted.run_record import RunRecord, Start
from zcnas.pages.environment import environment
from zcnas.pages.submission import About, submission_page
from zcnas.pages.views import Fact, Tag
from zcnas.phases import Phase
from zcnas.words.feedback import shown
from zcnas.words.records import Reference, read_json

_FOLDERS = re.compile(r"(?<![\w.:/~-])/(?:[^\s/\"'<>:,;()]+/)+")
"""The folders of an absolute path, up to its last name."""


def detailed_results(
    phase: Phase,
    record: RunRecord | None,
    refusal: str,
    references: Mapping[str, Reference],
    reference_dir: Path,
) -> str:
    """Return the page of a submission, with what the phase's feedback lets participants see.

    Args:
        phase: The phase.
        record: Ingestion's, if there is one to believe.
        refusal: Why the submission was refused; empty if it was not.
        references: Benchmark key to the hidden half.
        reference_dir: May hold taus of baselines.

    Raises:
        ReferenceDataError: The baselines are malformed.
    """
    feedback = shown(phase)
    tags = _tags(record.start) if record else ()
    if record is None or refusal or not feedback.scores:
        return (
            environment()
            .get_template("received.html")
            .render(
                phase=phase,
                tags=tags,
                refusal=without_paths(refusal),
                sha256=record.start.submission_sha256 if record else "",
            )
        )
    manifests = {key: manifest.public for key, manifest in record.manifests.items()}
    method = next((manifest.method for manifest in manifests.values()), "submission")
    about = About(
        submission=method,
        method=method,
        tags=tags,
        facts=_facts(record.start),
        manifests=manifests,
        logs={key: without_paths(text) for key, text in record.logs.items()},
    )
    legible = {
        key: [
            msgspec.structs.replace(each, message=without_paths(each.message)) for each in answers
        ]
        for key, answers in record.outcomes().items()
    }
    path = reference_dir / BASELINES_FILE
    baselines = (
        read_json(path, dict[str, dict[str, float]], ReferenceDataError) if path.is_file() else {}
    )
    return submission_page(
        phase, about, legible, references, baselines=baselines, feedback=feedback
    )


def without_paths(text: str) -> str:
    """Return a text in which of every absolute path only the last name is left."""
    return _FOLDERS.sub("", text)


def _tags(start: Start) -> tuple[Tag, ...]:
    return (Tag("unconfined", "warn"),) if start.unconfined else ()


def _facts(start: Start) -> tuple[Fact, ...]:
    if not start.unconfined:
        return ()
    lacks = f"this platform's kernel lacks {' and '.join(start.unconfined)}"
    return (Fact("Confinement", "unconfined", lacks),)
