"""What the tests of the published formats share."""

import os
import pickle
from pathlib import Path

import pytest

from zcnas.datasets import published


class Malicious:
    """Its pickle wants to run a command."""

    def __reduce__(self):
        return os.system, ("touch /tmp/zcnas_was_here",)


@pytest.fixture
def malicious_pickle() -> bytes:
    """A pickle that names a function other than numpy's."""
    return pickle.dumps(Malicious())


@pytest.fixture
def trust(monkeypatch):
    """A function that lets the files a test wrote into a folder count as the published ones."""

    def trust_files(folder: Path) -> None:
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and name in published.CHECKSUMS:
                monkeypatch.setitem(published.CHECKSUMS, name, published.md5_of(path))

    return trust_files
