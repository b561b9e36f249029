"""What bubblewrap is told: the arguments that make a sandbox, and what its refusals mean.

The one place that holds the sandbox's flags, as ``container.py`` holds the container's.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from zcnas.errors import OrganiserError
from zcnas.isolation import WORKER_ENVIRONMENT
from zcnas.isolation.container import MASKED, SCRATCH
from zcnas.isolation.sandbox_root import SandboxRoot

COMMAND = "bwrap"
_DEVICES = ("null", "zero", "full", "random", "urandom")
_KERNEL_FOLDERS = ("/sys/devices/system/cpu", "/sys/kernel/mm/transparent_hugepage")
"""What libraries ask the kernel when they start; nothing else of ``/sys`` is shown."""
KERNEL_SETTINGS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
"""Read-only, as engines of containers have them."""
INSTALL = (
    "install it (`apt-get install bubblewrap`, `dnf install bubblewrap`, or ask your cluster's "
    "administrators), or choose another --isolation"
)
NAMESPACES = (
    "this kernel lets no plain user make namespaces: set kernel.unprivileged_userns_clone=1 and "
    "user.max_user_namespaces above 0, on Ubuntu 24.04 or later give bwrap an AppArmor profile "
    "(kernel.apparmor_restrict_unprivileged_userns), inside a container allow nested ones; or "
    "choose another --isolation"
)
_OF_NAMESPACES = ("namespace", "uid map", "proc on", "not permitted", "denied")
"""What bubblewrap's last words contain where the kernel or an outer container refuses."""


def sandbox(root: SandboxRoot, user: int) -> list[str]:
    """Return bubblewrap's arguments for everything but the program and the submission."""
    environment = {**WORKER_ENVIRONMENT, "HOME": SCRATCH, "TMPDIR": SCRATCH}
    environment["PATH"] = f"{Path(root.python).parent}:/usr/local/bin:/usr/bin:/bin"
    return [
        *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-net", "--unshare-uts"),
        *("--unshare-cgroup-try", "--uid", str(user), "--gid", str(user), "--hostname", "worker"),
        *("--die-with-parent", "--new-session", "--as-pid-1"),
        *("--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"),  # own_scratch.py gives it up
        "--clearenv",
        *(part for name, value in environment.items() for part in ("--setenv", name, value)),
        *root.mounts,
        *("--proc", "/proc", *_read_only(), *_masks(), "--tmpfs", "/dev"),
        *(part for name in _DEVICES for part in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")),
        *("--remount-ro", "/dev"),
        *(part for folder in _KERNEL_FOLDERS for part in ("--ro-bind-try", folder, folder)),
        *("--dir", SCRATCH, "--chdir", "/"),
    ]


def _read_only() -> list[str]:
    """Return the arguments that let nobody write to the kernel's settings.

    Root outside is their owner inside as well, whatever number it has there.
    """
    return [
        part
        for name in KERNEL_SETTINGS
        if Path(name).exists()
        for part in ("--ro-bind", name, name)
    ]


def _masks() -> list[str]:
    """Return the arguments that empty the kernel's files about the whole machine."""
    masks: list[str] = []
    for name in MASKED:
        path = Path(name)
        if name.startswith("/proc/") and path.exists():
            masks += ["--tmpfs", name] if path.is_dir() else ["--ro-bind", "/dev/null", name]
    return masks


@contextlib.contextmanager
def texts_of(root: SandboxRoot) -> Iterator[tuple[list[str], list[int]]]:
    """Yield arguments and descriptors that give the sandbox its small files."""
    arguments: list[str] = []
    descriptors: list[int] = []
    try:
        for target, text in root.texts:
            descriptors.append(os.memfd_create("zcnas"))
            os.write(descriptors[-1], text.encode())
            os.lseek(descriptors[-1], 0, os.SEEK_SET)
            arguments += ["--ro-bind-data", str(descriptors[-1]), target]
        yield arguments, descriptors
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def refusal(said: str) -> OrganiserError:
    """Return why bubblewrap made no sandbox."""
    reason = (said.strip().splitlines() or ["it ended without a word"])[-1][:300]
    fix = NAMESPACES if any(word in reason for word in _OF_NAMESPACES) else "see `zcnas doctor`"
    return OrganiserError(f"bubblewrap can make no sandbox here ({reason}): {fix}")
