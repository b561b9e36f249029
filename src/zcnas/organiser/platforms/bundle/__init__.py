"""Builds a competition's bundles, one for Codabench and one for CodaLab.

    competition.yaml, phases.toml, both halves of every phase ──▶ bundle ──▶ codabench.zip,
    codalab.zip

Both have the same pages, programs and data; only ``competition.yaml`` differs. Equal inputs give
equal bytes. ``platforms/check`` knows what makes a bundle valid, ``platforms/emulator`` what a
platform does with one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zcnas.hosted.seals import KEY_FILE
from zcnas.organiser.platforms.bundle.layout import Layout, codabench_yaml, codalab_yaml
from zcnas.organiser.platforms.bundle.pages import Pages
from zcnas.organiser.platforms.bundle.phases import BundledPhase
from zcnas.organiser.platforms.bundle.pictures import logo_of
from zcnas.organiser.platforms.bundle.programs import (
    ingestion_program,
    scoring_program,
    starting_kit,
)
from zcnas.organiser.platforms.settings import Settings
from zcnas.submissions import packed_files
from zcnas.submissions.archives import zip_files

BUNDLES = {"codabench": codabench_yaml, "codalab": codalab_yaml}
"""Maps a platform to the writer of its ``competition.yaml``; the bundle is ``<platform>.zip``."""


@dataclass(frozen=True)
class Competition:
    """Everything a bundle is built from.

    Attributes:
        settings: The organiser's ``competition.yaml``.
        phases: In chronological order.
        solutions: Folders of sample submissions, offered as solutions.
        templates: The organiser's own pages and logo, which come before ours; None for none.
    """

    settings: Settings
    phases: tuple[BundledPhase, ...]
    solutions: tuple[Path, ...]
    templates: Path | None = None

    @property
    def layout(self) -> Layout:
        """What ``competition.yaml`` describes."""
        pages = Pages(self.settings, self.phases, self.templates)
        return Layout(
            settings=self.settings,
            phases=self.phases,
            descriptions=tuple(pages.describe(phase) for phase in self.phases),
            logo=logo_of(self.templates)[0],
            solutions=tuple(folder.name for folder in self.solutions),
        )


def build_bundles(competition: Competition, out: Path) -> list[Path]:
    """Write ``codabench.zip`` and ``codalab.zip`` into a folder and return their paths.

    Raises:
        BundleError: The phases contradict one another, or a page of the organiser's is broken.
        InvalidSubmission: A sample submission would not be accepted.
    """
    shared, layout = shared_files(competition), competition.layout
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for platform, write_yaml in BUNDLES.items():
        files = {**shared, "competition.yaml": write_yaml(layout)}
        path = out / f"{platform}.zip"
        path.write_bytes(zip_files(files))
        written.append(path)
    return written


def shared_files(competition: Competition) -> dict[str, bytes]:
    """Return all files of a bundle except ``competition.yaml``, by name."""
    plugins = {name for phase in competition.phases for name in phase.phase.plugin_distributions()}
    logo, picture = logo_of(competition.templates)
    files = {
        logo: picture,
        "scoring_program.zip": zip_files(scoring_program(sorted(plugins))),
        "starting_kit.zip": zip_files(starting_kit()),
        **Pages(competition.settings, competition.phases, competition.templates).write(),
        **_solutions(competition.solutions),
    }
    program = ingestion_program(sorted(plugins))
    for phase in competition.phases:
        key = {KEY_FILE: phase.seal_key.encode()}
        inside = {f"input_data/{name}": each for name, each in phase.input_files.items()}
        files[phase.ingestion_name] = zip_files({**program, **inside, **key})
        files[phase.reference_name] = zip_files({**phase.reference_files, **key})
        if phase.public_name is not None:
            files[phase.public_name] = zip_files(phase.public_files)
    return files


def _solutions(folders: tuple[Path, ...]) -> Mapping[str, bytes]:
    return {f"solutions/{folder.name}.zip": zip_files(packed_files(folder)) for folder in folders}
