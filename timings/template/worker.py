"""A worker that waits, imported and confined, and serves each benchmark in a fork of itself.

Only ``template_trial.py`` uses it, in place of ``worker.py``, which lies beside it as ``served.py``
and does everything else: up to the confinement once, and from there on in every fork, which
confines itself once more, so that it has a Landlock domain of its own below the template's. A byte
on the stream of requests asks for a fork; "5" for one that is confined as a kernel before 6.12
would. It also prints whether it could give a fork process numbers and kernel objects of its own.
"""

import ctypes
import json
import os
import sys
from pathlib import Path

import served

from zcnas.worker import confinement
from zcnas.worker.processes import become_reaper, end_with_parent, kill_descendants
from zcnas.worker.scratch import Scratch

OLDER_KERNEL = b"5"
NEW_USER_PROCESS_AND_IPC_NAMESPACES = 0x38000000
DESCRIPTORS = served.take_private_descriptors()
confine = served.confine


def wait_and_fork(readable, scratch):
    """Confine the template, then return in each fork of it, confined again."""
    allowed = {"unconfined": makes_namespaces()}
    confine(readable, scratch)
    allowed["confined"] = makes_namespaces()
    print("SEEN", json.dumps({"place": "template", "makes_namespaces": allowed}), file=sys.stderr)
    own = Scratch(scratch)
    own.remember()
    while asked := os.read(DESCRIPTORS[0], 1):
        child = os.fork()
        if child == 0:
            end_with_parent()
            become_reaper()
            if asked == OLDER_KERNEL:
                confinement.landlock_abi = lambda: int(OLDER_KERNEL)
            return confine(readable, scratch)
        os.waitpid(child, 0)
        kill_descendants()
        own.restore()
    os._exit(0)


def makes_namespaces():
    """Return whether a child of this process could have namespaces of its own."""
    child = os.fork()
    if child == 0:
        os._exit(ctypes.CDLL(None).unshare(NEW_USER_PROCESS_AND_IPC_NAMESPACES) != 0)
    return os.waitpid(child, 0)[1] == 0


if __name__ == "__main__":
    served.take_private_descriptors = lambda: DESCRIPTORS
    served.confine = wait_and_fork
    submitted, *users = sys.argv[1:]
    del sys.argv[1:]
    try:
        served.main(Path(submitted), *map(int, users))
    finally:
        os._exit(0)  # no fork continues as the template
