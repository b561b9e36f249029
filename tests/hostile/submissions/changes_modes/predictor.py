"""Changes modes, owners, times and attributes of a file of the organiser, by every call there is.

A call that is answered and not made counts as an attempt that did not succeed.
"""

import ctypes
import fcntl
import os
import stat
import struct

import target
from attempts import successes

LIBC = ctypes.CDLL(None, use_errno=True)
PATH = target.BAIT.encode()


def seen():
    status = os.stat(target.BAIT)
    return (status.st_mode, status.st_uid, status.st_gid, status.st_mtime, status.st_ctime)


def changed(action):
    before = seen()
    action()
    return seen() != before


def open_file():
    return os.open(target.BAIT, os.O_RDONLY)


def own_file():
    return os.open(__file__, os.O_RDONLY)


def lends_rights():
    os.umask(0)
    os.close(os.open("lends", os.O_CREAT | os.O_WRONLY, 0o6755))
    return bool(os.stat("lends").st_mode & (stat.S_ISUID | stat.S_ISGID))


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        changes = {
            "mode": lambda: os.chmod(target.BAIT, 0o4777),
            "time": lambda: os.utime(target.BAIT, (0, 0)),
            "now": lambda: os.utime(target.BAIT),
            "owner": lambda: os.chown(target.BAIT, os.getuid(), os.getgid()),
            "open_mode": lambda: os.fchmod(open_file(), 0),
            "open_time": lambda: os.utime(open_file()),
            "attribute": lambda: os.setxattr(target.BAIT, "user.mine", b"x"),
            "old_time": lambda: LIBC.syscall(235, PATH, bytes(32)),
            "new_mode": lambda: LIBC.syscall(452, -100, PATH, 0, 0),
            "new_attributes": lambda: LIBC.syscall(469, -100, PATH, bytes(24), 24, 0),
            "mode_of_a_place": lambda: LIBC.syscall(
                452, os.open(target.BAIT, os.O_PATH), b"", 0o4777, 0x1000
            ),
            "submission": lambda: os.chmod(__file__, 0),
            "program": lambda: os.chmod(os.__file__, 0),
        }
        attempts = {name: lambda change=change: changed(change) for name, change in changes.items()}
        return successes(
            **attempts,
            lends_rights=lends_rights,
            flags=lambda: fcntl.ioctl(own_file(), 0x40086602, struct.pack("l", 0x40)),
            hint=lambda: fcntl.fcntl(own_file(), 1036, struct.pack("Q", 3)),
        )
