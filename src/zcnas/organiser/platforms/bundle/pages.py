"""The pages of a competition: templates filled from the phases and the settings.

They are HTML, the only format that version 1.5 accepts, and version 2 accepts it too. Lines are not
indented and blocks have no empty lines, because Codabench first reads pages as Markdown, where both
have a meaning. The organiser's folder of templates comes before ours, so a page in it replaces
ours, in any language, and may be a page that we do not have. A template of theirs runs no code.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    select_autoescape,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from zcnas.errors import BundleError
from zcnas.organiser.platforms.bundle.columns import counting_rule, short_title
from zcnas.organiser.platforms.bundle.phases import BundledPhase
from zcnas.organiser.platforms.bundle.pictures import with_pictures
from zcnas.organiser.platforms.settings import Settings
from zcnas.submissions import MAX_BYTES, MAX_FILES
from zcnas.words.tracks import MEMORISING, TRACKS

IMAGE_PACKAGES = ("torch", "numpy", "scipy", "psutil")
"""What a submission may import in addition to the standard library, our proxies and the shim."""
TABLE_CLASSES = "ui celled table table-bordered"
"""How the platforms dress their own tables: Semantic UI on Codabench, Bootstrap on CodaLab."""
DESCRIPTION = "phase.txt"
"""The template of a phase's description, one line."""


class Pages:
    """Fills the templates of one competition.

    Args:
        settings: The organiser's ``competition.yaml``.
        phases: In chronological order.
        templates: The organiser's own templates, which come before ours; None for none.
    """

    def __init__(
        self, settings: Settings, phases: Sequence[BundledPhase], templates: Path | None = None
    ) -> None:
        ours: BaseLoader = PackageLoader("zcnas.organiser.platforms.bundle")
        own = [] if templates is None else [FileSystemLoader(templates)]
        self._templates = templates
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([*own, ours]),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._titles = settings.pages
        self._context: dict[str, Any] = {
            "settings": settings,
            "phases": phases,
            "packages": IMAGE_PACKAGES,
            "max_files": MAX_FILES,
            "max_mib": MAX_BYTES >> 20,
            "counts": counting_rule([phase.phase for phase in phases]),
            "short_title": short_title,
            "table_classes": TABLE_CLASSES,
            "tracks": TRACKS,
            "memorising": MEMORISING,
            "accuracy_sources": sorted(
                {
                    f"{reference.source} {reference.version}: {reference.metric} ({reference.unit})"
                    for phase in phases
                    for reference in phase.references.values()
                }
            ),
        }

    def write(self) -> dict[str, bytes]:
        """Return the pages by file name, each with its pictures inside.

        Raises:
            BundleError: A template or a picture is missing, or a template cannot be filled.
        """
        pages = {}
        for name in self._titles:
            text = self._fill(f"{name}.html")
            if not text.strip():
                raise BundleError(f"the page {name} is empty, which platforms refuse; write it")
            pages[f"pages/{name}.html"] = with_pictures(text, name, self._templates).encode()
        return pages

    def describe(self, phase: BundledPhase) -> str:
        """Return a phase's description in one line.

        Raises:
            BundleError: The template cannot be filled.
        """
        return " ".join(self._fill(DESCRIPTION, phase=phase).split())

    def _fill(self, name: str, **more: object) -> str:
        try:
            template: Template = self._environment.get_template(name)
            return template.render({**self._context, **more})
        except TemplateNotFound as error:
            raise BundleError(
                f"competition.yaml names the page {error.name}, and there is no such template in "
                f"{self._templates or 'a folder of yours (templates in competition.yaml)'}; write "
                "it there, or correct pages"
            ) from None
        except (TemplateError, UnicodeDecodeError) as error:
            line = getattr(error, "lineno", None)
            place = name if line is None else f"{name}:{line}"
            raise BundleError(f"the template {place} cannot be filled: {error}; fix it") from None
