"""The process around a command: its text, its streams, its signals, and the code of every end.

Whatever a command meets ends here as one message and an exit code: 2 for what has to be fixed in
the call or the files, 3 for a fault of this machine, 128 and the signal's number for a signal.
Nobody's terminal, pipe, locale or missing permission is answered with a traceback.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

import typer

from zcnas.errors import OrganiserError, ZcnasError
from zcnas.organiser.cli.options import console, errors
from zcnas.organiser.extras import missing_extra

DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
CALL_FAULTS = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG,
               errno.ELOOP, errno.EINVAL)  # fmt: skip
"""What the system says of a path that cannot be meant, so the call has to be fixed."""
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
"""End a command as Ctrl-C does: within seconds, with nothing left running."""
UNCUT = 10_000
"""Columns of a pipe or file: no table is cut or folded there."""
_ASCII = str.maketrans(
    {"–": "-", "−": "-", "—": "-", "×": "x", "…": "...", "·": "|", "±": "+-", "“": '"', "”": '"',
     "‘": "'", "’": "'", "→": "->", "≥": ">=", "≤": "<="}
)  # fmt: skip

_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""What typer raises for a call it cannot parse; the module it comes from depends on its version."""


def run_in_process(command: Callable[..., object]) -> NoReturn:
    """Run a command line and end the process.

    Args:
        command: A typer application; called with ``standalone_mode=False``.
    """
    _be_utf8()
    _make_streams_tolerant()
    for each in (console, errors):
        if not each.is_terminal and "COLUMNS" not in os.environ:
            each.width = UNCUT
    with _signals_interrupt() as received:
        code = _code_of(command)
    if received:
        code = 128 + received[0]
    _flush(code)


def _code_of(command: Callable[..., object]) -> int:
    """Run a command, tell what ended it, and return the exit code."""
    try:
        returned = command(standalone_mode=False)
    except ZcnasError as error:
        return _fail(str(error), 3 if isinstance(error, OrganiserError) else 2)
    except _UsageError as error:
        return _fail(told, 2) if (told := _told(error)) else 2
    except OSError as error:
        return _fail_for(error)
    except MemoryError:
        return _fail("this machine has no memory left; end other programs, or use fewer --cpus", 3)
    except ModuleNotFoundError as error:
        missing = missing_extra(error)
        if missing is None:
            raise
        return _fail(str(missing), 2)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return returned if isinstance(returned, int) else 0


def _fail(message: str, code: int) -> int:
    with contextlib.suppress(OSError):
        errors.print(f"error: {message}", style="red", markup=False, soft_wrap=True)
    return code


def _fail_for(error: OSError) -> int:
    """Tell an error of the operating system: whose it is depends on its number."""
    where = f" ({error.filename})" if error.filename else ""
    reason = f"{error.strerror or error}{where}"
    if error.errno == errno.EPIPE:
        return 128 + signal.SIGPIPE
    if error.errno in DISK_FAULTS:
        again = "make room, or name another --out, then repeat the command to resume"
        return _fail(f"{reason}; {again}", 3)
    if error.errno in CALL_FAULTS:
        return _fail(f"{reason}; correct the path and repeat the command", 2)
    return _fail(f"{reason}; this machine refuses it: see permissions and limits of this user", 3)


def _told(error: Exception) -> str:
    """Return in one line what is wrong with a call."""
    told = getattr(error, "format_message", error.__str__)()
    if not told:  # the help has been printed instead
        return ""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "zcnas"
    return f"{' '.join(told.split()).rstrip('.')}; see {path} --help"


def _be_utf8() -> None:
    """Start again in Python's UTF-8 mode where the locale is another, before anything is read.

    File names and files are UTF-8 everywhere here; without a locale Python would take them for
    ASCII.
    """
    if sys.getfilesystemencoding() != "utf-8" and not sys.flags.utf8_mode:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def _make_streams_tolerant() -> None:
    """Have output streams write what their encoding lacks in other words instead of failing."""
    codecs.register_error("zcnas", _in_other_words)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the shell
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
            setattr(sys, name, stream)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="zcnas")


def _in_other_words(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    piece = error.object[error.start : error.end]
    words = piece.translate(_ASCII).encode("ascii", "backslashreplace").decode()
    return words, error.end


@contextlib.contextmanager
def _signals_interrupt() -> Iterator[list[int]]:
    """Have SIGTERM and SIGHUP do what Ctrl-C does; yield what was received.

    A signal that whoever started the command ignores, as ``nohup`` does, stays ignored. Of several
    that come together only the first counts.
    """
    received: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in taken:
            signal.signal(each, signal.SIG_IGN)
        received.append(number)
        if number == signal.SIGHUP:
            _leave_terminal()
        raise KeyboardInterrupt

    taken = [each for each in ENDING_SIGNALS if signal.getsignal(each) is signal.SIG_DFL]
    for each in taken:
        signal.signal(each, interrupt)
    yield received


def _leave_terminal() -> None:
    """Write no more to a terminal that has been hung up."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            if stream.isatty():
                _to_nowhere(stream.fileno())


def _flush(code: int) -> NoReturn:
    """End the process, with the output written or a reader that has gone passed over in silence."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = code or 128 + signal.SIGPIPE
        for stream in (sys.stdout, sys.stderr):
            _to_nowhere(stream.fileno())
    except OSError as error:
        code = code or _fail_for(error)
        _to_nowhere(sys.stdout.fileno())
    raise SystemExit(code)


def _to_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
