"""The pages of a competition: templates filled from the phases and the settings.

They are HTML, the only format that version 1.5 accepts, and version 2 accepts it too. Lines are not
indented and blocks have no empty lines, because Codabench first reads pages as Markdown, where both
have a meaning.
"""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from zcnas.organiser.platforms.bundle.phases import BundledPhase
from zcnas.organiser.platforms.bundle.settings import Settings
from zcnas.submissions import MAX_BYTES, MAX_FILES

PAGES = {
    "overview": "Overview",
    "evaluation": "Evaluation",
    "data": "Data",
    "submission": "How to submit",
    "terms": "Terms",
}
"""Maps a file name to a title; the template has the same name."""


def write_pages(settings: Settings, phases: Sequence[BundledPhase]) -> dict[str, bytes]:
    """Return the pages of a competition by file name."""
    environment = Environment(
        loader=PackageLoader("zcnas.organiser.platforms.bundle"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    context = {
        "settings": settings,
        "phases": phases,
        "packages": IMAGE_PACKAGES,
        "max_files": MAX_FILES,
        "max_mib": MAX_BYTES >> 20,
        "accuracy_sources": sorted(
            {
                f"{reference.source} {reference.version}: {reference.metric} ({reference.unit})"
                for phase in phases
                for reference in phase.references.values()
            }
        ),
    }
    return {
        f"pages/{name}.html": environment.get_template(f"{name}.html").render(context).encode()
        for name in PAGES
    }


IMAGE_PACKAGES = ("torch", "numpy", "scipy", "psutil")
"""What a submission may import in addition to the standard library, our proxies and the shim."""
