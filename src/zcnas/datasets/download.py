"""Downloads published files: checked, resumable, complete or not at all.

A partial download is kept in ``.incomplete`` in the data folder and resumes there, in this run or
the next. A file appears under its own name once its checksum has been verified, an archive's files
once all of them have been unpacked. ``pooch`` verifies and moves the files; the downloader is ours,
because none of pooch's can resume.
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
"""For connecting, and between two chunks."""
PIECE_BYTES = 1 << 18

Progress = Callable[[int, int | None], None]
"""Callback that receives the bytes downloaded so far and the total, if the server announces it."""


def no_progress(done: int, total: int | None) -> None:
    """Ignore the progress."""


def fetch(source: Source, data_dir: Path, progress: Progress = no_progress) -> None:
    """Download the missing files of a source.

    Raises:
        DownloadError: The disk is full, a download keeps breaking off, the server refuses, a
            checksum does not match, or an archive is damaged. A partial file never has the name of
            a published file.
    """
    missing = set(source.missing(data_dir))
    for download in source.downloads:
        if (download.is_archive and missing) or download.name in missing:
            _check_room(download, data_dir)
            _fetch_one(download, data_dir, progress)
    still_missing = source.missing(data_dir)
    if still_missing:
        raise DownloadError(
            f"{source.title}: the publisher's archive has changed, it does not contain "
            f"{', '.join(still_missing)}; get the files manually"
        )


def _check_room(download: Download, data_dir: Path) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    needed = download.size_mb * (3 if download.is_archive else 1)
    free = shutil.disk_usage(data_dir).free // 10**6
    if free < needed:
        raise DownloadError(
            f"{data_dir} has {free} MB left, but {download.url} needs {needed} MB; free some space "
            "or choose another folder with --to"
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
            with contextlib.suppress(OSError):  # not empty, or never created
                folder.rmdir()


def _retrieve(download: Download, target: Path, waiting: Path, progress: Progress) -> None:
    """Download a file to ``target`` and verify it."""
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
        place, name = (
            ("unpack it into", "")
            if download.is_archive
            else ("put it into", f" as {download.name}")
        )
        raise DownloadError(
            f"the publisher's server refuses {download.url} ({error}); try again later, or "
            f"download it manually and {place} the data folder{name}"
        ) from None
    except requests.RequestException as error:
        kept = partial.stat().st_size if partial.is_file() else 0
        raise DownloadError(
            f"the download of {download.url} broke off after {kept} bytes ({_reason(error)}); they "
            f"are kept in {waiting}: repeat the command to resume"
        ) from None
    except ValueError as error:
        raise DownloadError(
            f"{download.url} does not have the published checksum ({error}) and was deleted; try "
            "again. If that does not help, the publisher has changed the file"
        ) from None


class ResumingDownloader:
    """A downloader for ``pooch`` that resumes where an earlier attempt ended.

    Args:
        partial: Where the bytes are kept until the file is complete.
        progress: Callback invoked after every chunk.
    """

    def __init__(self, partial: Path, progress: Progress = no_progress) -> None:
        self._partial = partial
        self._etag = partial.with_suffix(".etag")
        self._progress = progress

    def __call__(self, url: str, output_file: str, pooch: object, check_only: bool = False) -> None:
        """Download the complete file at ``url`` to ``output_file``.

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
        headers = {"Accept-Encoding": "identity"}  # the stored bytes are the checked bytes
        if have:
            headers["Range"] = f"bytes={have}-"
            if self._etag.is_file():
                headers["If-Range"] = self._etag.read_text()
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                if response.headers.get("Content-Range") == f"bytes */{have}":
                    return  # all of it had already arrived
                self._partial.unlink()
                raise requests.ConnectionError("the server's file has changed")
            response.raise_for_status()
            continues = response.status_code == requests.codes.partial_content
            if continues and not response.headers.get("Content-Range", "").startswith(
                f"bytes {have}-"
            ):
                self._partial.unlink()
                raise requests.ConnectionError("the server resumed at a different position")
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
            raise requests.ConnectionError(f"only {have} of {total} bytes arrived")

    def _remember_etag(self, etag: str | None) -> None:
        if etag is None or etag.startswith("W/"):
            self._etag.unlink(missing_ok=True)
        else:
            self._etag.write_text(etag)


def _unpack(archive: Path, data_dir: Path) -> None:
    """Unpack an archive into the data folder, all files or none, and delete the archive.

    Raises:
        DownloadError: It is damaged, or a file's path points outside the folder.
    """
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            archive.unlink()
            raise DownloadError(
                f"the archive {archive.name} is damaged ({error}) and was deleted; repeat the "
                "command to download it again"
            ) from None
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                target = data_dir / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
    archive.unlink()


def _reason(error: Exception) -> str:
    """Return the innermost cause of a nested network error."""
    while error.args and isinstance(error.args[0], Exception):
        error = error.args[0]
    reason = getattr(error, "reason", None)
    return str(reason if isinstance(reason, Exception) else error)[:200]
