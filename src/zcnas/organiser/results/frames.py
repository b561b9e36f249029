"""``zcnas.results(OUT)``: a run's results as data frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from zcnas.errors import PredictionError
from zcnas.judging.leaderboard import Leaderboard
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.words.combined import read_outcomes
from zcnas.words.records import read_json
from zcnas.words.result_files import ResultFiles

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ResultFrames:
    """A results folder as data frames, each read when it is first asked for."""

    folder: ResultsFolder

    @cached_property
    def leaderboard(self) -> pd.DataFrame:
        """A row per entry in the order of the ranking: rank, score, a tau per benchmark, seconds.

        Raises:
            PredictionError: The run has no leaderboard yet.
        """
        import pandas as pd

        board = read_json(self.folder.path / "leaderboard.json", Leaderboard, PredictionError)
        rows = [
            {
                "rank": entry.rank,
                "method": entry.method,
                "score": entry.score,
                **{key: entry.kendall_tau.get(key) for key in board.benchmarks},
                "failed": sum(entry.failures.values()),
                "cpu_time_s": entry.cpu_time_s,
                "status": entry.status,
            }
            for entry in board.entries
        ]
        names = [entry.submission for entry in board.entries]
        return pd.DataFrame(rows, index=pd.Index(names, name="submission"))

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """A row per submission, benchmark and architecture: score, status, seconds, memory.

        Raises:
            ResultsError: No run has used the folder.
            PredictionError: A file is malformed.
        """
        import pandas as pd

        rows = []
        for record in self.folder.submissions():
            for key in self.folder.bound().benchmarks:
                files = ResultFiles(self.folder.folder_of(record.name), key)
                for each in read_outcomes(files) if files.predictions.is_file() else ():
                    rows.append(
                        {
                            "submission": record.name,
                            "benchmark": key,
                            "id": each.id,
                            "score": each.value,
                            "status": each.status,
                            "cpu_time_s": each.cpu_time_s,
                            "wall_time_s": each.wall_time_s,
                            "peak_memory_mb": each.peak_memory_mb,
                            "message": each.message,
                        }
                    )
        return pd.DataFrame(rows)


def results(out: Path | str = "build/score") -> ResultFrames:
    """Return a run's results as data frames: ``.leaderboard`` and ``.predictions``.

    Args:
        out: The folder of a run.

    Raises:
        ResultsError: No run has used the folder.
    """
    folder = ResultsFolder(Path(out))
    folder.bound()
    return ResultFrames(folder)
