"""``croissant.json``: the published tables described for machines, in the Croissant format 1.0.

Reference: MLCommons, "Croissant Format Specification 1.0", http://mlcommons.org/croissant/1.0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zcnas.organiser.publication.tables import Kind, Published

SPECIFICATION = "http://mlcommons.org/croissant/1.0"
_PREFIXES = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
}
_TERMS = (
    *("citeAs", "column", "conformsTo", "extract", "field", "fileObject", "fileProperty"),
    *("fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField"),
    *("path", "recordSet", "references", "regex", "repeated", "replace", "separator", "source"),
    *("subField", "transform"),
)
_ELSEWHERE = {"conformsTo": "dct:conformsTo", "citeAs": "cr:citeAs"}
_TYPES: dict[Kind, str] = {"text": "sc:Text", "integer": "sc:Integer", "number": "sc:Float"}


@dataclass(frozen=True, kw_only=True)
class Described:
    """What is said of a publication as a whole.

    Attributes:
        name: Its name.
        description: One paragraph.
        creators: Who made it.
        published: The date, as in ``2027-02-07``.
        licence: Address of its terms; "" if none are stated.
        url: Where it is found; "" if nowhere yet.
        version: Of the publication, as in ``1.0.0``.
    """

    name: str
    description: str
    creators: str
    published: str
    licence: str = ""
    url: str = ""
    version: str = "1.0.0"

    def citation(self) -> str:
        """Return how to cite it, as BibTeX."""
        key = "".join(part for part in self.name.lower() if part.isascii() and part.isalnum())
        lines = [
            f"@misc{{{key},",
            f"  title = {{{self.name}}},",
            f"  author = {{{self.creators}}},",
            f"  year = {{{self.published[:4]}}},",
            *([f"  url = {{{self.url}}},"] if self.url else []),
            "}",
        ]
        return "\n".join(lines)


def croissant(about: Described, tables: Sequence[Published], folder: Path) -> dict[str, Any]:
    """Return the description of tables that lie in a folder, as JSON-LD.

    Args:
        about: What is said of the whole.
        tables: The tables.
        folder: Where their files are; their digests and sizes are read from it.
    """
    described: dict[str, Any] = {
        "@context": _context(),
        "@type": "sc:Dataset",
        "conformsTo": SPECIFICATION,
        "name": about.name,
        "description": about.description,
        "creator": {"@type": "sc:Organization", "name": about.creators},
        "datePublished": about.published,
        "version": about.version,
        "citeAs": about.citation(),
        "distribution": [_file_object(table, folder / table.file) for table in tables],
        "recordSet": [_record_set(table) for table in tables],
    }
    optional = {"license": about.licence, "url": about.url}
    return {**described, **{key: value for key, value in optional.items() if value}}


def _context() -> dict[str, Any]:
    """Return the meanings of the format's terms, as the specification prints them."""
    terms: dict[str, Any] = {term: _ELSEWHERE.get(term, f"cr:{term}") for term in _TERMS}
    typed = {
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
    }
    return {**_PREFIXES, **terms, **typed}


def _file_object(table: Published, path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {
        "@type": "cr:FileObject",
        "@id": table.file,
        "name": table.file,
        "description": table.description,
        "contentUrl": table.file,
        "contentSize": f"{len(content)} B",
        "encodingFormat": "text/csv",
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _record_set(table: Published) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.description,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table.name}/{column.name}",
                "name": column.name,
                "description": column.description,
                "dataType": _TYPES[column.kind],
                "source": {
                    "fileObject": {"@id": table.file},
                    "extract": {"column": column.name},
                },
            }
            for column in table.columns
        ],
    }
