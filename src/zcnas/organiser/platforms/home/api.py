"""Codabench's public API, as far as an organiser needs it to fetch submissions.

Read-only calls with a token, few of them, one after another. The paths and fields are those of the
platform's own code, ``/api/docs`` on every instance. Answers are checked before they are believed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import requests

from zcnas.errors import PlatformError
from zcnas.organiser.platforms.home.answers import (
    CompetitionAnswer,
    FilesAnswer,
    LeaderboardAnswer,
    SubmissionAnswer,
)

TIMEOUT_S = 60
ATTEMPTS = 4
PAUSE_S = 2.0
"""After a failed attempt; doubled each time, unless the site says how long."""
MAX_PAUSE_S = 120.0
BUSY = (429, 500, 502, 503, 504)
_CHUNK = 1 << 16

T = TypeVar("T")


class Codabench:
    """A Codabench instance, seen by one of its users."""

    def __init__(
        self, site: str, token: str, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self.site = site.rstrip("/")
        self._sleep = sleep
        self._session = requests.Session()
        self._session.headers.update({"Authorization": f"Token {token}"})

    def competition(self, number: int) -> CompetitionAnswer:
        """Return a competition that this user organises.

        Raises:
            PlatformError: The token is wrong, or the competition is another's or unknown.
        """
        found = self._get(f"/api/competitions/{number}/", CompetitionAnswer)
        if found is None:
            raise PlatformError(
                f"{self.site} knows no competition {number} that this token may see; the number is "
                "in the competition's address"
            )
        if found.secret_key is None:
            raise PlatformError(
                f"this token's user does not organise competition {number}, '{found.title}', and "
                "would be shown the own submissions only; use an organiser's token"
            )
        return found

    def submissions(self, phase: int) -> list[SubmissionAnswer]:
        """Return every submission to a phase, the oldest first."""
        found = self._get(f"/api/submissions/?phase={phase}", list[SubmissionAnswer]) or []
        return sorted(found, key=lambda each: each.id)

    def failed(self, competition: int) -> list[SubmissionAnswer]:
        """Return the submissions of all phases whose run failed."""
        path = f"/api/submissions/?phase__competition={competition}&status=Failed"
        return self._get(path, list[SubmissionAnswer]) or []

    def ranking(self, phase: int) -> list[int]:
        """Return the submissions on a phase's leaderboard by number, in the order shown."""
        found = self._get(f"/api/phases/{phase}/get_leaderboard/", LeaderboardAnswer)
        return [] if found is None else [each.id for each in found.submissions]

    def address_of(self, submission: int) -> str | None:
        """Return where a submission's file is for the next days; None if it was deleted."""
        found = self._get(f"/api/submissions/{submission}/get_details/", FilesAnswer)
        return None if found is None else found.data_file

    def fetch(self, address: str, target: Path, most: int) -> bool:
        """Save a file, at most so many bytes of it; return whether it is there.

        The address is signed by the site's storage, to which the token is not sent.

        Raises:
            PlatformError: The storage cannot be reached, or the file came incomplete.
        """
        if address.startswith("/"):
            address = self.site + address
        partial = target.with_name(target.name + ".part")

        def save() -> bool:
            with requests.get(address, stream=True, timeout=TIMEOUT_S) as answer:
                if answer.status_code in (403, 404, 410):
                    return False
                answer.raise_for_status()
                left = most
                with partial.open("wb") as file:
                    for chunk in answer.iter_content(_CHUNK):
                        file.write(chunk[:left])
                        left -= len(chunk)
                        if left <= 0:
                            break
            partial.replace(target)
            return True

        return self._attempt(save)

    def _get(self, path: str, kind: type[T]) -> T | None:
        """Return an answer of a known form, or None where the site knows no such thing."""

        def ask() -> T | None:
            answer = self._session.get(self.site + path, timeout=TIMEOUT_S)
            if answer.status_code == 404:
                return None
            if answer.status_code in (401, 403):
                raise PlatformError(
                    f"{self.site} does not accept this token ({_detail(answer)}); make one with a "
                    "POST of username and password to /api/api-token-auth/, and set CODABENCH_TOKEN"
                )
            answer.raise_for_status()
            try:
                return msgspec.json.decode(answer.content, type=kind, strict=False)
            except msgspec.MsgspecError as error:
                raise PlatformError(
                    f"{self.site}{path} did not answer as Codabench does: {error}; is it the "
                    "address of a Codabench site?"
                ) from None

        return self._attempt(ask)

    def _attempt(self, act: Callable[[], T]) -> T:
        """Act, again after a pause where the site is busy or the connection broke."""
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            try:
                return act()
            except requests.HTTPError as error:
                if last or error.response.status_code not in BUSY:
                    raise PlatformError(
                        f"{self.site} answered {error.response.status_code} "
                        f"({_detail(error.response)}); repeat the command to resume"
                    ) from None
                self._sleep(_pause(attempt, error.response.headers.get("Retry-After", "")))
            except requests.RequestException as error:
                if last:
                    raise PlatformError(
                        f"cannot reach {self.site}: {type(error).__name__}; what has been fetched "
                        "is kept, repeat the command to resume"
                    ) from None
                self._sleep(_pause(attempt, ""))
        raise AssertionError("the last attempt returns or raises")


def _pause(attempt: int, wanted: str) -> float:
    return min(MAX_PAUSE_S, float(wanted) if wanted.isdecimal() else PAUSE_S * 2**attempt)


def _detail(answer: requests.Response) -> str:
    """Return what an error page says, in a few words."""
    try:
        said: Any = answer.json()
    except ValueError:
        return answer.reason or "no reason given"
    text = said.get("detail") if isinstance(said, dict) else None
    return str(text)[:200] if text else answer.reason or "no reason given"
