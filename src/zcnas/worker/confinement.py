"""What a worker gives up for good before it loads a submission, inside or outside a container.

The kernel's Landlock and seccomp need no privileges, cannot be undone, and are inherited by every
process started later. After ``confine`` the worker can read its program, the submission and the
system's libraries, and write only to its scratch folder; it has no network and no capabilities, and
cannot widen its CPU set, trace a process, or leave anything behind in the kernel (shared memory,
queues, keys). After ``confine_query`` a query's process can neither signal nor inspect its worker.

Reference: kernel documentation, ``userspace-api/landlock`` (ABI 1 to 7) and
``userspace-api/seccomp_filter``. Where the kernel lacks one of the two, the returned text says so,
and the container, if there is one, remains. Standard library only.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import site
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

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

_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_DENIED: dict[str, tuple[int, int]] = {
    "socket": (41, 198),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
    "sched_setparam": (142, 118),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "syslog": (103, 116),
}
"""System calls that no submission needs: their numbers on x86_64 and aarch64.

Without ``socket`` there is no network and no access to the Docker engine's socket; a connected pair
of local sockets (``socketpair``) is still available.
"""
_DENIED_OUTSIDE = {"setsid": (112, 157), "setpgid": (109, 154)}
"""Also denied outside containers, so that everything a worker starts stays in its group."""
_CLONE, _CLONE3, _PRLIMIT = (56, 220), (435, 435), (302, 261)
_CLONE_NAMESPACES = 0x7E020000
_SECCOMP = (317, 277)
_SECCOMP_ERRNO = 0x00050000
_X32_BIT = 0x40000000


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
    return f"{landlock}, {_filter_system_calls()}"


def confine_query() -> None:
    """Protect the worker from the query process that was forked from it.

    A process in its own Landlock domain cannot trace its parent, read its parent's memory or
    descriptors, or (ABI 6) send it a signal.
    """
    _LIBC.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
    abi = _landlock_abi()
    if abi >= 6:
        _restrict(_create_ruleset(0, 0, _SCOPES))
    elif abi >= 1:
        _restrict(_create_ruleset(1 << 6, 0, 0))  # creating character devices: forbidden anyway


def missing_features() -> tuple[str, ...]:
    """Return which of the two kernel features this machine refuses to this process."""
    known = _ARCHITECTURES.get(platform.machine())
    available = False
    if known is not None:
        errno_action = ctypes.c_uint32(_SECCOMP_ERRNO)
        number, operation = _SECCOMP[known[1]], 2  # SECCOMP_GET_ACTION_AVAIL
        available = _LIBC.syscall(number, operation, 0, ctypes.byref(errno_action)) == 0
    missing = {"Landlock": _landlock_abi() == 0, "seccomp": not available}
    return tuple(name for name, lacks in missing.items() if lacks)


def _landlock_abi() -> int:
    """Return the kernel's Landlock version, or 0 if it has none."""
    return max(0, int(_LIBC.syscall(_LANDLOCK_CREATE, None, 0, 1)))


def _confine_files(readable: Iterable[Path], scratch: Path) -> str:
    abi = _landlock_abi()
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


def _filter_system_calls() -> str:
    """Make the kernel refuse the calls in ``_DENIED``, and new namespaces."""
    known = _ARCHITECTURES.get(platform.machine())
    if known is None:
        return "no seccomp"
    code = b"".join(_program(*known, outside=os.getpid() != 1))
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("=HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    if _LIBC.prctl(22, 2, program, 0, 0) != 0:
        return "no seccomp"
    return "seccomp"


def _program(architecture: int, column: int, outside: bool) -> list[bytes]:
    """Return the filter: instructions (code, jump if true, jump if false, operand)."""

    def instruction(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("=HBBI", code, if_true, if_false, operand)

    load, equal, at_least, bits, end = 0x20, 0x15, 0x35, 0x45, 0x06
    number, machine, first_argument = 0, 4, 16
    allow, kill = instruction(end, 0x7FFF0000), instruction(end, 0x80000000)
    refuse = instruction(end, _SECCOMP_ERRNO | errno.EPERM)
    unknown = instruction(end, _SECCOMP_ERRNO | errno.ENOSYS)
    lines = [
        *(instruction(load, machine), instruction(equal, architecture, 1, 0), kill),
        *(instruction(load, number), instruction(at_least, _X32_BIT, 0, 1), refuse),
    ]
    for numbers in (*_DENIED.values(), *(_DENIED_OUTSIDE.values() if outside else ())):
        lines += [instruction(equal, numbers[column], 0, 1), refuse]
    # A filter cannot see the flags of clone3; libraries fall back to clone.
    lines += [instruction(equal, _CLONE3[column], 0, 1), unknown]
    lines += [
        *(instruction(equal, _CLONE[column], 0, 4), instruction(load, first_argument)),
        *(instruction(bits, _CLONE_NAMESPACES, 0, 1), refuse, allow),
        *(instruction(equal, _PRLIMIT[column], 0, 3), instruction(load, first_argument)),
        *(instruction(equal, 0, 1, 0), refuse),  # another process's limits; 0 is one's own
    ]
    return [*lines, allow]


def _checked(means: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{means}: {os.strerror(number)}")
    return result
