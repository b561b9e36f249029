"""Edits of the files of our own bundles, as an organiser makes them."""

import json

from .competitions import members
from .conftest import zipped

PROGRAM, REFERENCE = "ingestion_program_{}.zip", "reference_data_{}.zip"
QUEUE = "2f1c1c5e-0f0c-4f3c-9a43-3f6d5ad0b7aa"


def change(old, new, count=1):
    """Return an edit of ``competition.yaml``."""

    def apply(files):
        text = files["competition.yaml"].decode()
        assert old in text, old
        files["competition.yaml"] = text.replace(old, new, count).encode()

    return apply


def within(title, old, new):
    """Return an edit of ``competition.yaml`` after a phase's or a column's title."""

    def apply(files):
        head, found, rest = files["competition.yaml"].decode().partition(title)
        assert found, title
        assert old in rest, old
        files["competition.yaml"] = (head + found + rest.replace(old, new, 1)).encode()

    return apply


def in_phase(title, old, new):
    """Return an edit of ``competition.yaml`` in a phase; its task has the same name before it."""

    def apply(files):
        head, found, rest = files["competition.yaml"].decode().rpartition(f"  name: {title}\n")
        assert found, title
        assert old in rest, old
        files["competition.yaml"] = (head + found + rest.replace(old, new, 1)).encode()

    return apply


def inside(name, edit):
    """Return an edit of the files in a zip of the bundle."""

    def apply(files):
        inner = members(files[name])
        edit(inner)
        files[name] = zipped(inner)

    return apply


def copy(source, target):
    return lambda files: files.__setitem__(target, files[source])


def both(*edits):
    return lambda files: [edit(files) for edit in edits]


def move(inner_source, inner_target, name):
    """Return an edit that puts a file of one zip into another, under a name."""

    def apply(files):
        taken = members(files[inner_source])[name]
        inside(inner_target, lambda inner: inner.__setitem__(name, taken))(files)

    return apply


def rewritten(name, **values):
    """Return an edit of a phase's ``phase.json``, in either half."""

    def apply(inner):
        hosted = json.loads(inner[name])
        hosted["phase"].update(values)
        inner[name] = json.dumps(hosted).encode()

    return apply


KEY_PAGE = "pages/data.html"
PUBLIC = "public_data: public_data_practice.zip"
