"""The attacks, and what comes of each in a container or sandbox and in a plain process.

A row says what happens to the one large architecture of the test's benchmark and to the others:
(status, score). ``None`` as a score is any score. For the attacks that only try things, the score
counts what got through, so 0 says that nothing did.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from zcnas.isolation.control_groups import UNBOUNDED
from zcnas.isolation.process import ProcessIsolation

Outcome = tuple[str, float | None]
NOTHING: Outcome = ("ok", 0.0)
ONE: Outcome = ("ok", 1.0)
FAILED: Outcome = ("error", None)
ANY: Outcome = ("", None)
"""Whatever the machine's load makes of it."""
AS_ROOT = os.getuid() == 0
CHOSEN = frozenset(filter(None, os.environ.get("ZCNAS_ATTACKS", "").split(",")))
"""The attacks that are run; empty for all."""
TOGETHER = UNBOUNDED not in ProcessIsolation().description
"""Whether a plain process has a control group, which bounds all processes of a query together."""


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes:
        docker: What becomes of the large architecture and of the others, in a container or a
            sandbox of bubblewrap; or of each of the four.
        process: The same in a plain process; None where it is the same.
        not_prevented: What a plain process cannot be kept from; empty where it is kept from all.
        needs_landlock: In a plain process, the kernel's Landlock is what prevents it.
        message: A part of the message of a failure.
        stopped_by_time: A limit of time is what must stop it, so its limits are tight. All others
            have so much time that a busy machine changes nothing.
    """

    docker: tuple[Outcome, ...]
    process: tuple[Outcome, ...] | None = None
    not_prevented: str = ""
    needs_landlock: bool = False
    message: str = ""
    stopped_by_time: bool = False

    def expected(self, isolation: str) -> tuple[Outcome, ...]:
        """Return what becomes of each of the four architectures."""
        chosen = self.process if isolation == "process" and self.process else self.docker
        return chosen if len(chosen) == 4 else (chosen[0], *[chosen[1]] * 3)


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
        not_prevented=""
        if TOGETHER or not AS_ROOT
        else "root can start any number of processes in its turn",
    ),
    "takes_memory": Attack(
        (("memory", None), ("memory", None)),
        process=None if TOGETHER else (("memory", None), ONE),
        not_prevented="" if TOGETHER else "shared memory is not counted",
    ),
    "shares_out_its_memory": Attack(
        (("ok", None), NOTHING),
        not_prevented="" if TOGETHER else "only each process is bounded",
    ),
    "hides_its_children": Attack(
        (("timeout", None), ("timeout", None)),
        process=None if TOGETHER else (ANY, ANY),
        not_prevented="" if TOGETHER else "only wall time bounds children that nobody waits for",
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
    "leaves_files": Attack((NOTHING, NOTHING)),
    "locks_its_scratch": Attack((("killed", None), ("killed", None)), message="the worker is gone"),
    "replaces_our_modules": Attack((NOTHING, NOTHING)),
    "prints_control_sequences": Attack((FAILED, FAILED), message="ValueError: "),
    "puts_a_formula_on_the_board": Attack((("ok", None), ("ok", None))),
}
