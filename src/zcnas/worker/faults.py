"""What a participant is told of an exception: its status, and one line that names their own line.

Runs where the submission runs, next to its code. The exception may be of the participant's own
type, and anything about it may raise.
"""

from __future__ import annotations

import bdb
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from zcnas.worker.channel import AnswerStatus
from zcnas.worker.contract import InvalidScoreError

MAX_TEXT = 1000
NO_WORKER_PROCESSES = (
    "where submissions run there are no worker processes with semaphores or shared memory: use "
    "num_workers=0, or see 'What cannot be had' in starting_kit/README.md"
)
NO_DEBUGGER = "no debugger runs where submissions are scored; `zcnas try` runs yours here"

_CONTRACT = (Path(__file__).parent, Path(sys.argv[0]).resolve().parent)
"""Where the contract is checked: that one of these files raises tells nobody anything."""


def classify(error: BaseException) -> AnswerStatus:
    """Return an exception's status: ``memory``, ``invalid`` for an unusable score, or ``error``."""
    if isinstance(error, MemoryError) or "DefaultCPUAllocator: can't allocate" in _text_of(error):
        return "memory"
    return "invalid" if isinstance(error, InvalidScoreError) else "error"


def describe(error: BaseException, submission: Path) -> str:
    """Return one line with an exception's type and text and where it was raised.

    The participant's own line comes first, the last one of theirs; then the library's that raised.

    Args:
        error: The exception.
        submission: The folder with the participant's files.
    """
    frames = [
        (Path(frame.filename), frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__
    ]
    own = [frame for frame in frames if frame[0].is_relative_to(submission)]
    places = [f"{path.relative_to(submission)}, line {line}" for path, line in own[-1:]]
    if frames and frames[-1:] != own[-1:] and frames[-1][0].parent not in _CONTRACT:
        path, line = frames[-1]
        places.append(f"raised in {_library_name(path)}, line {line}")
    text = f"{type(error).__name__}: {_text_of(error)}"[:MAX_TEXT]
    if isinstance(error, OSError | EOFError | ImportError | RuntimeError) and (
        "shared memory" in text or any("multiprocessing" in path.parts for path, _ in frames)
    ):
        text += f"; {NO_WORKER_PROCESSES}"
    return f"{text} ({'; '.join(places)})" if places else text


def refuse_debuggers() -> None:
    """Make ``breakpoint()`` say where a debugger can run."""
    sys.breakpointhook = _refuse


def _refuse(*args: Any, **named: Any) -> NoReturn:
    raise RuntimeError(NO_DEBUGGER)


def _text_of(error: BaseException) -> str:
    if isinstance(error, bdb.BdbQuit):  # pdb.set_trace() found no input
        return NO_DEBUGGER
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the participant's own exception type
        return "(its text is unavailable)"


def _library_name(path: Path) -> str:
    """Return a file's name below the folder it is imported from."""
    found = [path.relative_to(entry) for entry in sys.path if entry and path.is_relative_to(entry)]
    return min(map(str, found), key=len, default=path.name)
