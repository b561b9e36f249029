"""Fetching published files: checked, resumable, whole or not at all.

What has arrived of a file waits in ``.incomplete`` in the data folder; a broken download continues
there, in this run or the next. A file appears under its own name once its checksum is right, an
archive's files once it has been unpacked in full. ``pooch`` checks and moves; the downloader is our
own, since none of its can continue.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zcnas.datasets.sources import Download, Source
from zcnas.errors import DownloadError

INCOMPLETE = ".incomplete"
ATTEMPTS = 4
TIMEOUT_S = (10, 60)
"""For connecting, and between two pieces."""
PIECE_BYTES = 1 << 18

Progress = Callable[[int, int | None], None]
"""Told how many bytes there are and how many there will be, if the server says."""


def no_progress(done: int, total: int | None) -> None:
    """Show nothing."""


def fetch(source: Source, data_dir: Path, progress: Progress = no_progress) -> None:
    """Fetch what is missing of a source.

    Raises:
        DownloadError: There is no room, a download breaks off again and again, the server refuses,
            a checksum does not match, or an archive is damaged. Nothing half-written has the name
            of a published file.
    """
    missing = set(source.missing(data_dir))
    for download in source.downloads:
        if (download.is_archive and missing) or download.name in missing:
            _check_room(download, data_dir)
            _fetch_one(download, data_dir, progress)
    still_missing = source.missing(data_dir)
    if still_missing:
        raise DownloadError(
            f"{source.title}: the publisher's archive did not hold {', '.join(still_missing)}; "
            "it has changed: get the files by hand"
        )


def _check_room(download: Download, data_dir: Path) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    needed = download.size_mb * (3 if download.is_archive else 1)
    free = shutil.disk_usage(data_dir).free // 10**6
    if free < needed:
        raise DownloadError(
            f"{data_dir} has {free} MB left; {download.url} needs {needed} MB there: make room or "
            "name another folder with --to"
        )


def _fetch_one(download: Download, data_dir: Path, progress: Progress) -> None:
    waiting = data_dir / INCOMPLETE
    waiting.mkdir(exist_ok=True)
    target = (waiting if download.is_archive else data_dir) / download.name
    try:
        _retrieve(download, target, waiting, progress)
        if download.is_archive:
            _unpack(target, data_dir)
    finally:
        for folder in {waiting, target.parent} - {data_dir}:
            with contextlib.suppress(OSError):  # it holds something, or was never made
                folder.rmdir()


def _retrieve(download: Download, target: Path, waiting: Path, progress: Progress) -> None:
    """Bring a file to ``target``, checked."""
    import pooch  # type: ignore[import-untyped]
    import requests

    partial = waiting / f"{target.name}.partial"
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        pooch.retrieve(
            download.url,
            known_hash=f"md5:{download.md5}" if download.md5 else None,
            fname=target.name,
            path=target.parent,
            downloader=ResumingDownloader(partial, progress),
        )
    except requests.HTTPError as error:
        raise DownloadError(
            f"the publisher's server refuses {download.url} ({error}); try again later, or get it "
            f"by hand and put it into the data folder as {download.name}"
            f"{' unpacked' if download.is_archive else ''}"
        ) from None
    except requests.RequestException as error:
        kept = partial.stat().st_size if partial.is_file() else 0
        raise DownloadError(
            f"downloading {download.url} broke off after {kept} bytes ({_reason(error)}); they are "
            f"kept in {waiting}: call again to continue"
        ) from None
    except ValueError as error:
        raise DownloadError(
            f"{download.url} is not the file whose checksum is stated ({error}); it was deleted. "
            "Try again; if that does not help, the publisher has changed it"
        ) from None


class ResumingDownloader:
    """A downloader for ``pooch`` that continues where an earlier attempt ended.

    Args:
        partial: Where the bytes wait until all are there.
        progress: Told of every piece.
    """

    def __init__(self, partial: Path, progress: Progress = no_progress) -> None:
        self._partial = partial
        self._etag = partial.with_suffix(".etag")
        self._progress = progress

    def __call__(self, url: str, output_file: str, pooch: object, check_only: bool = False) -> None:
        """Bring the file at ``url`` to ``output_file``, whole.

        Raises:
            requests.RequestException: The last of several attempts failed.
        """
        import requests

        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._continue(url)
                break
            except (requests.ConnectionError, requests.Timeout):
                if attempt == ATTEMPTS:
                    raise
        shutil.move(self._partial, output_file)
        self._etag.unlink(missing_ok=True)

    def _continue(self, url: str) -> None:
        import requests
        from urllib3.exceptions import HTTPError as BrokenStream

        have = self._partial.stat().st_size if self._partial.is_file() else 0
        headers = {"Accept-Encoding": "identity"}  # what is stored is what is checked
        if have:
            headers["Range"] = f"bytes={have}-"
            if self._etag.is_file():
                headers["If-Range"] = self._etag.read_text()
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                if response.headers.get("Content-Range") == f"bytes */{have}":
                    return  # all of it had arrived already
                self._partial.unlink()
                raise requests.ConnectionError("the server's file is another one than before")
            response.raise_for_status()
            continues = response.status_code == requests.codes.partial_content
            if continues and not response.headers.get("Content-Range", "").startswith(
                f"bytes {have}-"
            ):
                self._partial.unlink()
                raise requests.ConnectionError("the server continued at another place")
            self._remember_etag(response.headers.get("ETag"))
            try:
                self._receive(response, have if continues else 0)
            except (BrokenStream, OSError) as error:
                if isinstance(error, requests.RequestException):
                    raise
                raise requests.ConnectionError(str(error)) from None

    def _receive(self, response: Any, have: int) -> None:
        import requests

        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        with self._partial.open("ab" if have else "wb") as file:
            for piece in response.raw.stream(PIECE_BYTES, decode_content=False):
                file.write(piece)
                have += len(piece)
                self._progress(have, total)
        if total is not None and have != total:
            raise requests.ConnectionError(f"{have} of {total} bytes arrived")

    def _remember_etag(self, etag: str | None) -> None:
        if etag is None or etag.startswith("W/"):
            self._etag.unlink(missing_ok=True)
        else:
            self._etag.write_text(etag)


def _unpack(archive: Path, data_dir: Path) -> None:
    """Put an archive's files into the data folder, all or none, and delete the archive.

    Raises:
        DownloadError: It is damaged, or a file wants to lie elsewhere.
    """
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            archive.unlink()
            raise DownloadError(
                f"the archive {archive.name} is damaged ({error}); it was deleted, call again"
            ) from None
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                target = data_dir / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
    archive.unlink()


def _reason(error: Exception) -> str:
    """Return the innermost clause of a nested network error."""
    while error.args and isinstance(error.args[0], Exception):
        error = error.args[0]
    reason = getattr(error, "reason", None)
    return str(reason if isinstance(reason, Exception) else error)[:200]
