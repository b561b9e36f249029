"""Accepts or refuses a whole file at once, in words; nothing of it is run.

Accepted means: its row is committed and its zip lies on the disk. The file in the inbox is removed
only after that. A server that is killed in between finds it again, knows it, and removes it.
"""

from __future__ import annotations

import datetime
import os
from pathlib import Path

from zcnas.errors import InvalidSubmission
from zcnas.isolation.owners import owned_folder
from zcnas.organiser.serving.attempts import Attempt, State, kernel_time
from zcnas.organiser.serving.calendar import allowance, closed_words, open_phase
from zcnas.organiser.serving.inbox import WholeFile, read_whole, remove_taken
from zcnas.organiser.serving.plan import Part
from zcnas.submissions import MAX_BYTES, Submission, open_submission
from zcnas.words.text import printable


class Intake(Part):
    """Turns files of the inbox into attempts."""

    def take(self, file: WholeFile) -> Attempt | None:
        """Answer a file: return its attempt; None if it has one already or is whole no longer.

        Raises:
            OSError: It cannot be read, or the disk does not take it; it stays in the inbox.
        """
        if self._store.has_arrived(file.arrival):  # it was accepted, and the server killed
            remove_taken(file)
            return None
        moment = kernel_time(file.changed_at)
        served = open_phase(self._plan.phases, moment)
        if served is None:
            attempt = self._refuse(file, moment, "", closed_words(self._plan.phases, moment))
        elif refusal := allowance(self._store, file.team, served, moment).refusal:
            attempt = self._refuse(file, moment, served.name, refusal)
        else:
            content = read_whole(file, MAX_BYTES + 1)
            if content is None:
                return None
            attempt = self.admit(file, moment, served.name, content)
        remove_taken(file)
        return attempt

    def admit(
        self, file: WholeFile, moment: datetime.datetime, phase: str, content: bytes
    ) -> Attempt:
        """Open a submission as `zcnas check` does, and accept or refuse it; return its attempt.

        Args:
            file: Whose it is, and what it is called.
            moment: When it was received.
            phase: The phase's name.
            content: Its bytes.

        Raises:
            OSError: The disk does not take it.
        """
        with owned_folder("intake") as folder:
            archive = folder / file.path.name
            archive.write_bytes(content)
            try:
                submission = open_submission(archive, folder / "opened")
            except InvalidSubmission as error:
                return self._refuse(file, moment, phase, "\n".join(error.problems))
        return self._accept(file, moment, phase, content, submission)

    def _accept(
        self, file: WholeFile, moment: datetime.datetime, phase: str, content: bytes,
        submission: Submission,
    ) -> Attempt:  # fmt: skip
        remarks = "\n".join(submission.remarks)
        with self._store.transaction():
            attempt = self._enter(file, moment, phase, "waiting", remarks, submission.sha256)
            write_durably(self._plan.layout.archive(attempt.name), content)
        return attempt

    def _refuse(
        self, file: WholeFile, moment: datetime.datetime, phase: str, reason: str
    ) -> Attempt:
        with self._store.transaction():
            return self._enter(file, moment, phase, "refused", reason)

    def _enter(
        self, file: WholeFile, moment: datetime.datetime, phase: str, state: State, note: str,
        sha256: str = "",
    ) -> Attempt:  # fmt: skip
        return self._store.enter(
            arrival=file.arrival,
            team=file.team,
            file=printable(file.path.name),
            phase=phase,
            received_at=moment.isoformat(timespec="seconds"),
            sha256=sha256,
            state=state,
            note=note,
        )


def write_durably(path: Path, content: bytes) -> None:
    """Write a file that is whole, and on the disk, when this returns.

    Raises:
        OSError: The disk does not take it.
    """
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
