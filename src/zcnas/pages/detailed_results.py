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
from zcnas.judging.score import Predictions
from zcnas.pages import About, submission_page
from zcnas.phases import Phase
from zcnas.records import Manifest, PublicManifest, Reference, read_json
from zcnas.result_files import ResultFiles

_FOLDERS = re.compile(r"(?<![\w.:/~-])/(?:[^\s/\"'<>:,;()]+/)+")
"""The folders of an absolute path, up to its last name."""


def detailed_results(
    phase: Phase,
    results: Path,
    predictions: Predictions,
    references: Mapping[str, Reference],
    reference_dir: Path,
) -> str:
    """Return the page of a submission, with what the phase's feedback lets participants see.

    Args:
        phase: The phase.
        results: Folder with ingestion's logs and manifests, which may be missing or spoilt.
        predictions: Benchmark key to what is believed of ingestion's output.
        references: Benchmark key to the hidden half.
        reference_dir: May hold taus of baselines.

    Raises:
        ReferenceDataError: The baselines are malformed.
    """
    manifests = _public_manifests(phase, results)
    method = next((manifest.method for manifest in manifests.values()), "submission")
    logs = {key: ResultFiles(results, key).log for key in phase.benchmarks}
    about = About(
        submission=method,
        method=method,
        manifests=manifests,
        logs={
            key: without_paths(path.read_text(errors="replace"))
            for key, path in logs.items()
            if _is_own_file(path)
        },
    )
    shown = {
        key: [
            msgspec.structs.replace(each, message=without_paths(each.message))
            for each in predictions.get(key, ())
        ]
        for key in phase.benchmarks
    }
    path = reference_dir / BASELINES_FILE
    baselines = (
        read_json(path, dict[str, dict[str, float]], ReferenceDataError) if path.is_file() else {}
    )
    return submission_page(
        phase, about, shown, references, baselines=baselines, feedback=feedback_of(phase)
    )


def _is_own_file(path: Path) -> bool:
    """Return whether a file is there; a link that a submission has left may lead anywhere."""
    return path.is_file() and not path.is_symlink()


def without_paths(text: str) -> str:
    """Return a text in which of every absolute path only the last name is left."""
    return _FOLDERS.sub("", text)


def _public_manifests(phase: Phase, results: Path) -> dict[str, PublicManifest]:
    """Return the public parts of the manifests; one that a submission has spoilt is left out."""
    found = {}
    for key in phase.benchmarks:
        path = ResultFiles(results, key).manifest
        if not _is_own_file(path):
            continue
        try:
            manifest = read_json(path, Manifest, PredictionError)
        except PredictionError:
            continue
        found[key] = manifest.public
    return found
