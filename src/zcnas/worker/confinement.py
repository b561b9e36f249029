"""What a worker gives up for good before it loads a submission, inside or outside a container.

The kernel's Landlock and seccomp need no privileges, cannot be undone, and are inherited by every
process started later. After ``confine`` the worker can read its program, the submission and the
system's libraries, and write only to its scratch folder; it has no capabilities and only the system
calls that ``system_calls.py`` leaves it. After ``confine_query`` a query's process can neither
signal nor inspect its worker. A plain process that is started as root drops to a user of its own
before that (``take_account``).

Reference: kernel documentation, ``userspace-api/landlock`` (ABI 1 to 7). Where the kernel lacks it
or seccomp, the returned text says so, and the container, if there is one, remains. Standard library
only.
"""

from __future__ import annotations

import ctypes
import os
import site
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from zcnas.worker.system_calls import filter_is_available, filter_system_calls

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE = 38, 4
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_READ = 1 << 0 | 1 << 2 | 1 << 3
"""Landlock's rights to execute a file, to read it, and to list a folder."""
_ALL_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Landlock's file system rights, keyed by the first ABI that has all of them."""
_FILE_RIGHTS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
"""The rights that a rule for a single file may name."""
_TCP, _SCOPES = 3, 3
"""Landlock's rights to bind and connect (ABI 4), and its scopes for signals and sockets (ABI 6)."""

_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/proc", "/sys", "/dev/random", "/dev/urandom")
_SYSTEM_FILES = ("ld.so.cache", "localtime", "passwd", "group", "nsswitch.conf", "mime.types")
_DEVICES = ("/dev/null", "/dev/zero")


def confine(readable: Iterable[Path], scratch: Path) -> str:
    """Confine this process and everything it starts; return the kernel features used.

    Args:
        readable: Folders of the program and the submission.
        scratch: The only folder that stays writable.

    Raises:
        OSError: The kernel offers a feature and then refuses it.
        RuntimeError: Another thread is running, which would not be confined.
    """
    if len(list(Path("/proc/self/task").iterdir())) != 1:
        raise RuntimeError("another thread is running, which would not be confined")
    # No process of the same user can read or write this memory; a child undoes this for itself.
    _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _drop_capabilities()
    landlock = _confine_files(readable, scratch)
    filtered = filter_system_calls(outside=os.getpid() != 1)
    return f"{landlock}, {'seccomp' if filtered else 'no seccomp'}"


def confine_query() -> None:
    """Protect the worker from the query process that was forked from it.

    A process in its own Landlock domain cannot trace its parent, read its parent's memory or
    descriptors, or (ABI 6) send it a signal.
    """
    _LIBC.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
    abi = landlock_abi()
    if abi >= 6:
        _restrict(_create_ruleset(0, 0, _SCOPES))
    elif abi >= 1:
        _restrict(_create_ruleset(1 << 6, 0, 0))  # creating character devices: forbidden anyway


def missing_features() -> tuple[str, ...]:
    """Return which of the two kernel features this machine refuses to this process."""
    missing = {"Landlock": landlock_abi() == 0, "seccomp": not filter_is_available()}
    return tuple(name for name, lacks in missing.items() if lacks)


def landlock_abi() -> int:
    """Return the kernel's Landlock version, or 0 if it has none."""
    return max(0, int(_LIBC.syscall(_LANDLOCK_CREATE, None, 0, 1)))


def _confine_files(readable: Iterable[Path], scratch: Path) -> str:
    abi = landlock_abi()
    if abi == 0:
        return "no landlock"
    rights = _ALL_RIGHTS[max(version for version in _ALL_RIGHTS if version <= abi)]
    ruleset = _create_ruleset(rights, _TCP if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
    for path in (*map(Path, _SYSTEM), *_python_folders(), *readable):
        _allow(ruleset, path, _READ & rights)
    for name in _SYSTEM_FILES:
        _allow(ruleset, Path("/etc") / name, _READ & rights)
    for device in _DEVICES:
        _allow(ruleset, Path(device), rights)
    _allow(ruleset, scratch, rights)
    if os.getpid() == 1:  # in a container, which holds nothing secret
        _allow(ruleset, Path("/"), _READ & rights)
        _allow(ruleset, Path("/proc"), rights)  # children write /proc/self/oom_score_adj
    _restrict(ruleset)
    return f"landlock {abi}"


def _python_folders() -> set[Path]:
    """Return the folders of this interpreter and its packages, but no other entry of its path."""
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages()}
    folders |= {str(Path(module.__file__ or "/usr").parent) for module in (os, ctypes)}
    numpy = sys.modules.get("numpy")  # wherever packages were installed
    if numpy is not None and numpy.__file__:
        folders.add(str(Path(numpy.__file__).parents[1]))
    return {Path(folder) for folder in folders if folder != "/"}


def _create_ruleset(files: int, network: int, scopes: int) -> int:
    sizes = 24 if scopes else 16 if network else 8
    attributes = struct.pack("=QQQ", files, network, scopes)[:sizes]
    return _checked("landlock", _LIBC.syscall(_LANDLOCK_CREATE, attributes, sizes, 0))


def _allow(ruleset: int, path: Path, rights: int) -> None:
    """Add a rule; a path that does not exist needs no rule."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not path.is_dir():
        rights &= _FILE_RIGHTS
    rule = struct.pack("=Qi", rights, descriptor)
    _checked("landlock", _LIBC.syscall(_LANDLOCK_ADD, ruleset, 1, rule, 0))
    os.close(descriptor)


def _restrict(ruleset: int) -> None:
    _checked("landlock", _LIBC.syscall(_LANDLOCK_RESTRICT, ruleset, 0))
    os.close(ruleset)


def _drop_capabilities() -> None:
    """Give up every capability that root has; user 0 then keeps only the rights of an owner."""
    version_3 = struct.pack("=Ii", 0x20080522, 0)
    _checked("capset", _LIBC.capset(version_3, bytes(24)))


def _checked(means: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{means}: {os.strerror(number)}")
    return result
