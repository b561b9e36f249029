"""``detailed_results.html``: what a participant is shown of a submission on a platform.

The page is the site's own page of a submission; here stands only where its content comes from, and
what is taken out of it: paths of the machine, and of a hidden phase every single architecture.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from zcnas.errors import PredictionError, ReferenceDataError
from zcnas.hosted.phase import BASELINES_FILE, feedback_of
from zcnas.pages import About, submission_page
from zcnas.phases import Phase
from zcnas.records import (
    Manifest,
    PublicManifest,
    Reference,
    read_json,
    read_predictions,
)
from zcnas.result_files import ResultFiles

_FOLDERS = re.compile(r"(?<![\w.:/~-])/(?:[^\s/\"'<>:,;()]+/)+")
"""The folders of an absolute path, up to its last name."""


def detailed_results(
    phase: Phase, accepted: Path, references: Mapping[str, Reference], reference_dir: Path
) -> str:
    """Return the page of a submission, with what the phase's feedback lets participants see.

    Args:
        phase: The phase.
        accepted: Folder with predictions, and with logs and manifests, which may be missing.
        references: Benchmark key to the hidden half.
        reference_dir: May hold taus of baselines.

    Raises:
        ReferenceDataError: The baselines are malformed.
    """
    manifests = _public_manifests(phase, accepted)
    method = next((manifest.method for manifest in manifests.values()), "submission")
    about = About(
        submission=method,
        method=method,
        manifests=manifests,
        logs={
            key: without_paths(path.read_text(errors="replace"))
            for key in phase.benchmarks
            if (path := ResultFiles(accepted, key).log).is_file()
        },
    )
    predictions = {
        key: [
            msgspec.structs.replace(prediction, message=without_paths(prediction.message))
            for prediction in read_predictions(ResultFiles(accepted, key).predictions)
        ]
        for key in phase.benchmarks
    }
    path = reference_dir / BASELINES_FILE
    baselines = (
        read_json(path, dict[str, dict[str, float]], ReferenceDataError) if path.is_file() else {}
    )
    return submission_page(
        phase, about, predictions, references, baselines=baselines, feedback=feedback_of(phase)
    )


def without_paths(text: str) -> str:
    """Return a text in which of every absolute path only the last name is left."""
    return _FOLDERS.sub("", text)


def _public_manifests(phase: Phase, accepted: Path) -> dict[str, PublicManifest]:
    """Return the public parts of the manifests; one that a submission has spoilt is left out."""
    found = {}
    for key in phase.benchmarks:
        try:
            manifest = read_json(ResultFiles(accepted, key).manifest, Manifest, PredictionError)
        except PredictionError:
            continue
        found[key] = manifest.public
    return found
