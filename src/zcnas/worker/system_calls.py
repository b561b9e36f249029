"""The system calls a submission is refused, and those that succeed without doing anything.

A filter in the kernel (seccomp) decides before a call is made. It needs no privileges, cannot be
undone, and is inherited by every process started later. It is the same in a container and in a
plain process, so that a dry run predicts the container.

**Refused**: the network, tracing, namespaces, mounts, other processes' limits and priorities, what
would outlive a query in the kernel (shared memory, queues, keys), and what tells one container of
another through a file that both have (leases, locks of open files, notifications, the page cache).

**Answered with success and not done**: modes, owners, times, attributes and locks. A submission has
one scratch folder and one user and needs none of them; on files of the same user they would reach
other submissions and programs. Libraries copy modes and times and lock as a matter of course
(``shutil.copy2``, ``tarfile``, ``sqlite3``) and work unchanged. ``pathlib.Path.touch`` alone asks a
time to find out whether a file exists, so that form is refused.

Reference: kernel documentation, ``userspace-api/seccomp_filter``. Standard library only.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import stat
import struct
from collections.abc import Iterable, Iterator

ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""The kernel's name of an architecture, and the column of its numbers below."""

Numbers = tuple[int, int]
ABSENT = -1
"""In place of a number: the architecture does not have the call."""

REFUSED: dict[str, Numbers] = {
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
    "inotify_init": (253, ABSENT),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    "mincore": (27, 232),
    "cachestat": (451, 451),
}
"""Calls that no submission needs: their numbers on x86_64 and aarch64.

Without ``socket`` there is no network and no access to the Docker engine's socket; a connected pair
of local sockets (``socketpair``) is still available.
"""
REFUSED_OUTSIDE: dict[str, Numbers] = {"setsid": (112, 157), "setpgid": (109, 154)}
"""Also refused outside containers, so that everything a worker starts stays in its group."""
NOT_DONE: dict[str, Numbers] = {
    "chmod": (90, ABSENT),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, ABSENT),
    "fchown": (93, 55),
    "lchown": (94, ABSENT),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "flock": (73, 32),
    "sync": (162, 81),
    "syncfs": (306, 267),
}
"""Calls that succeed and do nothing; the last two would make everybody's disk wait."""
UNKNOWN: dict[str, Numbers] = {"clone3": (435, 435), "openat2": (437, 437)}
"""Calls whose arguments a filter cannot see; libraries fall back to an older one."""

_CLONE, _PRLIMIT, _FCNTL, _IOCTL = (56, 220), (302, 261), (72, 25), (16, 29)
_CLONE_NAMESPACES = 0x7E020000
_SET_LOCK = (6, 7)
_REFUSED_FCNTL = (36, 37, 38, 1024, 1026, 1036, 1038)
"""Locks of open files, leases, notifications of folders, hints on a file's life."""
_REFUSED_IOCTL = (0x40086602, 0x40046602, 0x401C5820, 0x40087602, 0x40806685, 0x800C6613)
"""An inode's flags, project and version, verity and encryption: its owner may set them."""
_TIMES_BY_PATH: dict[str, tuple[Numbers, int]] = {
    "utime": ((132, ABSENT), 1),
    "utimes": ((235, ABSENT), 1),
    "futimesat": ((261, ABSENT), 2),
    "utimensat": ((280, 88), 2),
}
"""Calls that set times, and which argument points to them: none means now."""
_CREATING: dict[str, tuple[Numbers, int | None, int]] = {
    "open": ((2, ABSENT), 1, 2),
    "openat": ((257, 56), 2, 3),
    "creat": ((85, ABSENT), None, 1),
    "mknod": ((133, ABSENT), None, 1),
    "mknodat": ((259, 33), None, 2),
}
"""Calls that give a new file its mode: which argument has flags, and which has the mode."""
_CREATES = os.O_CREAT | getattr(os, "O_TMPFILE", 0) & ~os.O_DIRECTORY
_OTHERS_RIGHTS = stat.S_ISUID | stat.S_ISGID
_SECCOMP: Numbers = (317, 277)
_ERRNO_ACTION = 0x00050000
_X32_BIT = 0x40000000
_LOAD, _EQUAL, _AT_LEAST, _BITS, _END = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16


def filter_system_calls(outside: bool) -> bool:
    """Install the filter for this process and everything it starts; say whether the kernel can.

    Args:
        outside: Whether this is a plain process and not a container's first.
    """
    known = ARCHITECTURES.get(platform.machine())
    if known is None:
        return False
    code = b"".join(instructions(*known, outside))
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("=HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    return bool(ctypes.CDLL(None).prctl(22, 2, program, 0, 0) == 0)


def filter_is_available() -> bool:
    """Return whether the kernel would take the filter from this process."""
    known = ARCHITECTURES.get(platform.machine())
    if known is None:
        return False
    action, get_action_available = ctypes.c_uint32(_ERRNO_ACTION), 2
    number = _SECCOMP[known[1]]
    libc = ctypes.CDLL(None)
    return bool(libc.syscall(number, get_action_available, 0, ctypes.byref(action)) == 0)


def instructions(architecture: int, column: int, outside: bool) -> list[bytes]:
    """Return the filter: instructions (code, jump if true, jump if false, operand)."""
    kill = _one(_END, 0x80000000)
    lines = [
        *(_one(_LOAD, _MACHINE), _one(_EQUAL, architecture, 1, 0), kill),
        *(_one(_LOAD, _NUMBER), _one(_AT_LEAST, _X32_BIT, 0, 1), _answer(errno.EPERM)),
    ]
    rules: list[tuple[Numbers, list[bytes]]] = [
        *((numbers, [_answer(errno.EPERM)]) for numbers in REFUSED.values()),
        *((numbers, [_answer(errno.EPERM)]) for numbers in REFUSED_OUTSIDE.values() if outside),
        *((numbers, [_answer(0)]) for numbers in NOT_DONE.values()),
        *((numbers, [_answer(errno.ENOSYS)]) for numbers in UNKNOWN.values()),
        *_by_arguments(),
    ]
    for numbers, block in rules:
        if numbers[column] != ABSENT:
            lines += [_one(_EQUAL, numbers[column], 0, len(block)), *block]
    return [*lines, _allow()]


def _by_arguments() -> Iterator[tuple[Numbers, list[bytes]]]:
    """Yield the rules that look at a call's arguments; every block ends the filter."""
    yield _CLONE, [_argument(0), *_if(_BITS, _CLONE_NAMESPACES, errno.EPERM), _allow()]
    # Another process's limits; 0 is one's own.
    yield _PRLIMIT, [_argument(0), _one(_EQUAL, 0, 1, 0), _answer(errno.EPERM), _allow()]
    locks = [line for command in _SET_LOCK for line in _if(_EQUAL, command, 0)]
    yield _FCNTL, [_argument(1), *locks, *_if_any(_REFUSED_FCNTL, errno.EINVAL), _allow()]
    yield _IOCTL, [_argument(1), *_if_any(_REFUSED_IOCTL, errno.EPERM), _allow()]
    for name, (numbers, times) in _TIMES_BY_PATH.items():
        yield numbers, _set_times(times, path=1 if name == "utimensat" else None)
    for numbers, flags, mode in _CREATING.values():
        creates = [] if flags is None else [_argument(flags), *_unless_bits(_CREATES)]
        yield (
            numbers,
            [*creates, _argument(mode), *_if(_BITS, _OTHERS_RIGHTS, errno.EPERM), _allow()],
        )


def _set_times(times: int, path: int | None) -> list[bytes]:
    """Return what succeeds without an effect, but for "now" by a path, which is refused."""
    given = [_one(_EQUAL, 0, 1, 0), _answer(0)]
    lines = [line for high in (False, True) for line in (_argument(times, high), *given)]
    if path is not None:  # without a path it is an open file's, which exists
        lines += [_argument(path), _one(_EQUAL, 0, 0, 3), _argument(path, True)]
        lines += [_one(_EQUAL, 0, 0, 1), _answer(0)]
    return [*lines, _answer(errno.EPERM)]


def _if(test: int, operand: int, number: int) -> list[bytes]:
    return [_one(test, operand, 0, 1), _answer(number)]


def _if_any(operands: Iterable[int], number: int) -> list[bytes]:
    return [line for operand in operands for line in _if(_EQUAL, operand, number)]


def _unless_bits(operand: int) -> list[bytes]:
    return [_one(_BITS, operand, 1, 0), _allow()]


def _argument(number: int, high: bool = False) -> bytes:
    """Return the instruction that loads one half of an argument, on a little-endian machine."""
    return _one(_LOAD, _ARGUMENTS + 8 * number + 4 * high)


def _answer(number: int) -> bytes:
    """Return the end of a filter that lets a call fail, or succeed for 0, without making it."""
    return _one(_END, _ERRNO_ACTION | number)


def _allow() -> bytes:
    return _one(_END, 0x7FFF0000)


def _one(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)
