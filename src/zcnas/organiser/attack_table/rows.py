"""The attacks, and what comes of each: in a container or sandbox, and in a plain process.

A row says what happens to the one large architecture of the stage's benchmark and to the others:
(status, score). ``None`` as a score is any score. For the attacks that only try things, the score
counts what got through, so 0 says that nothing did. The submissions themselves are files of the
package, ``tests/hostile/submissions``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from zcnas.isolation import Isolation
from zcnas.isolation.control_groups import UNBOUNDED
from zcnas.worker.confinement import landlock_abi

Outcome = tuple[str, float | None]
NOTHING: Outcome = ("ok", 0.0)
ONE: Outcome = ("ok", 1.0)
FAILED: Outcome = ("error", None)
ANY: Outcome = ("", None)
"""Whatever the machine's load makes of it."""
LANDLOCK_NEEDED = 6
"""The version of Landlock that keeps a plain process from signals to this user's processes."""


@dataclass(frozen=True)
class Ground:
    """What an attack meets.

    Attributes:
        isolation: The back end's name.
        contained: Whether it is a boundary of its own, as a container and a sandbox are.
        together: Whether anything but wall time bounds all processes of a query together.
        as_root: Whether this user, whose plain processes they may stay, is root.
        landlock: The version of the kernel's Landlock; 0 without it.
    """

    isolation: str
    contained: bool
    together: bool
    as_root: bool
    landlock: int

    @classmethod
    def of(cls, isolation: Isolation) -> Ground:
        """Return what an attack meets in a back end on this machine."""
        contained = isolation.contained
        return cls(
            isolation=isolation.name,
            contained=contained,
            together=contained or UNBOUNDED not in isolation.description,
            as_root=os.getuid() == 0,
            landlock=landlock_abi(),
        )


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes:
        contained: What becomes of the large architecture and of the others, in a container or a
            sandbox; or of each of the four.
        process: The same in a plain process; None where it is the same.
        unbounded: The same in a plain process without a control group; None where it is the same.
        not_prevented: What a plain process cannot be kept from; empty where it is kept from all.
        not_prevented_unbounded: The same without a control group.
        root_only: Without a control group only root cannot be kept from it.
        needs_landlock: In a plain process, the kernel's Landlock is what prevents it.
        message: A part of the message of a failure.
        stopped_by_time: A limit of time is what must stop it, so its limits are tight. All others
            have so much time that a busy machine changes nothing.
    """

    contained: tuple[Outcome, ...]
    process: tuple[Outcome, ...] | None = None
    unbounded: tuple[Outcome, ...] | None = None
    not_prevented: str = ""
    not_prevented_unbounded: str = ""
    root_only: bool = False
    needs_landlock: bool = False
    message: str = ""
    stopped_by_time: bool = False

    def expected(self, ground: Ground) -> tuple[Outcome, ...]:
        """Return what becomes of each of the four architectures."""
        chosen = self.contained
        if not ground.contained:
            chosen = self.process or chosen
            if not ground.together:
                chosen = self.unbounded or chosen
        return chosen if len(chosen) == 4 else (chosen[0], *[chosen[1]] * 3)

    def left_open(self, ground: Ground) -> str:
        """Return what a back end cannot keep it from here, in words; "" if nothing."""
        if ground.contained:
            return ""
        if self.needs_landlock and ground.landlock < LANDLOCK_NEEDED:
            return f"this kernel has Landlock {ground.landlock}; {LANDLOCK_NEEDED} prevents it"
        if self.not_prevented or ground.together or (self.root_only and not ground.as_root):
            return self.not_prevented
        return self.not_prevented_unbounded


ATTACKS: dict[str, Attack] = {
    "reads_the_truth": Attack((NOTHING, NOTHING), needs_landlock=True),
    "reaches_the_network": Attack((NOTHING, NOTHING)),
    "sees_others": Attack((NOTHING, NOTHING), needs_landlock=True),
    "writes_outside": Attack((NOTHING, NOTHING), needs_landlock=True),
    "changes_modes": Attack((NOTHING, NOTHING)),
    "talks_through_locks": Attack((NOTHING, NOTHING)),
    "reads_the_kernels_files": Attack(
        (NOTHING, NOTHING),
        process=(("ok", None), ("ok", None)),
        not_prevented="what the kernel tells of the whole machine can be read",
    ),
    "outlives_its_turn": Attack((NOTHING, NOTHING)),
    "outlives_set_up": Attack((ONE, ONE)),
    "outlives_the_worker": Attack(
        (("killed", None), ("killed", None)),
        process=(("timeout", None), ("timeout", None)),  # what is left holds the stream open
        message="in set-up: ",
        stopped_by_time=True,
    ),
    "forks_without_end": Attack(
        (("ok", None), ("ok", None)),
        not_prevented_unbounded="root can start any number of processes in its turn",
        root_only=True,
    ),
    "takes_memory": Attack(
        (("memory", None), ("memory", None)),
        unbounded=(("memory", None), ONE),
        not_prevented_unbounded="shared memory is not counted",
    ),
    "shares_out_its_memory": Attack(
        (("ok", None), NOTHING),
        not_prevented_unbounded="only each process is bounded",
    ),
    "hides_its_children": Attack(
        (("timeout", None), ("timeout", None)),
        unbounded=(ANY, ANY),
        not_prevented_unbounded="only wall time bounds children that nobody waits for",
        stopped_by_time=True,
    ),
    "answers_late": Attack(
        (("timeout", None), ("timeout", None)),
        message="answered after",
        stopped_by_time=True,
    ),
    "waits_for_itself": Attack((("timeout", None), ("timeout", None)), stopped_by_time=True),
    "changes_our_program": Attack((NOTHING, NOTHING), needs_landlock=True),
    "widens_its_cpus": Attack((NOTHING, NOTHING)),
    "takes_time": Attack((("timeout", None), ("timeout", None)), stopped_by_time=True),
    "hangs_in_set_up": Attack(
        (("timeout", None), ("timeout", None)),
        message="in set-up: no answer within",
        stopped_by_time=True,
    ),
    "fills_the_disk": Attack(
        (NOTHING, NOTHING),
        process=(("ok", 2.0), ("ok", 2.0)),
        not_prevented="the disk can be filled in its turn, by many files",
    ),
    "floods_the_output": Attack((ONE, ONE)),
    "floods_the_channel": Attack((FAILED, FAILED), message="in set-up: the worker"),
    "closes_the_channel": Attack(
        (("killed", None), ("killed", None)), message="in set-up: the worker is gone"
    ),
    "spoofs_the_channel": Attack((FAILED, FAILED, FAILED, ("invalid", None))),
    "patches_our_functions": Attack((("ok", 7.0), ("ok", 7.0))),
    "answers_for_others": Attack(
        (("ok", 7.0), FAILED, ("ok", 7.0), FAILED),
        message="another query than the one in flight",
    ),
    "claims_more_time": Attack((("timeout", None), ("timeout", None))),
    "pretends_a_lost_machine": Attack(
        (("killed", None), ("killed", None)), message="the worker is gone"
    ),
    "dies_in_set_up": Attack(
        (("killed", None), ("killed", None)), message="in set-up: the worker is gone"
    ),
    "attacks_the_worker": Attack((NOTHING, NOTHING), needs_landlock=True),
    "goes_for_the_recorder": Attack((NOTHING, NOTHING), needs_landlock=True),
    "escapes": Attack((NOTHING, NOTHING), needs_landlock=True),
    "learns_from_combine": Attack((NOTHING, NOTHING), needs_landlock=True),
    "keeps_what_fit_was_shown": Attack((NOTHING, NOTHING), needs_landlock=True),
    "overstays_in_fit": Attack(
        (("timeout", None), ("timeout", None)),
        message="in fit: ",
        stopped_by_time=True,
    ),
    "leaves_files": Attack((NOTHING, NOTHING)),
    "locks_its_scratch": Attack((("killed", None), ("killed", None)), message="the worker is gone"),
    "replaces_our_modules": Attack((NOTHING, NOTHING)),
    "prints_control_sequences": Attack((FAILED, FAILED), message="ValueError: "),
    "puts_a_formula_on_the_board": Attack((("ok", None), ("ok", None))),
}
