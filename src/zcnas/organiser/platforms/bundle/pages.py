"""The pages of a competition: templates filled with what the phases and the settings say.

HTML, because version 1.5 takes nothing else and version 2 takes it too. Lines are not indented and
no block holds an empty line: Codabench reads pages as Markdown first, where both have a meaning.
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
"""File name to title; each has a template of its name."""


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
"""What a submission may import besides the standard library, ``zcnas.proxies`` and the shim."""
