"""A worker's program compiled once, so that no worker compiles it again when it starts.

Workers write no bytecode, and their program lies where nothing has compiled it. The compiled files
stand beside the sources as Python looks for them, are valid whatever becomes of the sources' times,
and are read by the same version of Python only; another one compiles as before. They are no part of
the program's digest, which is that of its sources, but have one of their own: who trusts a staged
program looks at both.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import os
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

_UNCHECKED_HASH = (1).to_bytes(4, "little")
"""The flags of a compiled file that holds a source's hash and is not compared with the source."""


def compile_staged(staged: Path, source: Path) -> None:
    """Write the compiled file of a staged module.

    Args:
        staged: The copy, ``*.py``.
        source: What it is a copy of: if Python has compiled that already, its code is taken.
    """
    code = SourceFileLoader(staged.stem, str(source)).get_code(staged.stem)
    assert isinstance(code, CodeType)
    target = Path(importlib.util.cache_from_source(str(staged)))
    target.parent.mkdir(exist_ok=True)
    head = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH
    target.write_bytes(head + importlib.util.source_hash(staged.read_bytes()) + marshal.dumps(code))


def digest_of_compiled(program: Path) -> str:
    """Return the SHA-256 of all compiled files of a staged program and their names."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(program):
        folders.sort()
        for name in sorted(files):
            path = Path(folder) / name
            if path.suffix != ".py" and "__pycache__" in path.parts:
                content = path.read_bytes()
                about = f"{path.relative_to(program).as_posix()}\0{len(content)}\0"
                digest.update(about.encode() + content)
    return digest.hexdigest()
