"""What Codabench's API answers, as far as it is read; other fields are ignored."""

from __future__ import annotations

import msgspec


class PhaseAnswer(msgspec.Struct, frozen=True):
    """A phase of a competition."""

    id: int
    name: str


class CompetitionAnswer(msgspec.Struct, frozen=True):
    """A competition; ``secret_key`` is shown to its organisers only."""

    id: int
    title: str
    phases: tuple[PhaseAnswer, ...]
    secret_key: str | None = None


class ScoreAnswer(msgspec.Struct, frozen=True):
    """The value of one of the leaderboard's columns."""

    column_key: str
    score: float


class SubmissionAnswer(msgspec.Struct, frozen=True):
    """A submission; one that ran several tasks is the ``parent`` of one submission each."""

    id: int
    owner: str
    created_when: str
    status: str
    filename: str = ""
    phase_name: str = ""
    status_details: str | None = None
    parent: int | None = None
    is_soft_deleted: bool = False
    is_specific_task_re_run: bool = False
    scores: tuple[ScoreAnswer, ...] = ()


class FilesAnswer(msgspec.Struct, frozen=True):
    """Where a submission's files are."""

    data_file: str | None = None


class BoardEntryAnswer(msgspec.Struct, frozen=True):
    """A row of the leaderboard."""

    id: int


class LeaderboardAnswer(msgspec.Struct, frozen=True):
    """A leaderboard, the first place first."""

    submissions: tuple[BoardEntryAnswer, ...]
