"""The lock files: hashes for everything, and no CUDA package beside torch's CPU build."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = [
    *sorted(path for path in (ROOT / "requirements").glob("*.txt")),
    ROOT / "docker" / "requirements.txt",
]


@pytest.mark.parametrize("lock", LOCKS[:-1], ids=lambda path: path.name)
def test_every_package_has_a_hash_and_no_index_is_named(lock):
    text = lock.read_text()
    assert "://" not in text
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_no_lock_brings_cuda(lock):
    assert not re.findall(r"^(?:nvidia|cuda|triton)[\w-]*==", lock.read_text(), flags=re.M)
