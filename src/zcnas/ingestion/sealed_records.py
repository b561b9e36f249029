"""The records of one benchmark on a platform: files that the submission may write to as well.

Predictions are kept in memory, written with a seal each, and compared with the files at the end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from zcnas.errors import OrganiserError
from zcnas.hosted.seals import next_seal
from zcnas.ingestion.shared_container import remove
from zcnas.records import Manifest, Prediction, write_json
from zcnas.result_files import ResultFiles


@contextlib.contextmanager
def sealed_records(folder: Path, benchmark: str, key: bytes | None) -> Iterator[SealedRecords]:
    """Open the records of a benchmark, and make the files agree with memory at the end.

    Args:
        folder: Where the files are written.
        benchmark: The benchmark's key.
        key: Key of the seals; None for none.

    Raises:
        OrganiserError: They cannot be written.
    """
    try:
        with contextlib.closing(SealedRecords(folder, benchmark, key)) as records:
            yield records
            if records.settle():
                print(f"{benchmark}: another process had changed the predictions; rewritten")
    except OSError as error:
        raise OrganiserError(
            f"cannot write the results to {folder}: {error.strerror or error}"
        ) from None


class SealedRecords:
    """The files of one benchmark, written as they come about; the predictions in memory as well.

    Args:
        folder: Where the files are written.
        benchmark: The benchmark's key.
        key: Key of the seals; None for none.
    """

    def __init__(self, folder: Path, benchmark: str, key: bytes | None) -> None:
        self._files = ResultFiles(folder, benchmark)
        # Held open: what another process does to their names changes nothing until ``settle``.
        self._predictions = self._files.predictions.open("wb")
        self._log = self._files.log.open("w", encoding="utf-8")
        self._benchmark = benchmark
        self._key = key
        self._lines: list[bytes] = []
        self._seals: list[str] = []
        self.failed = 0

    def add_prediction(self, prediction: Prediction) -> None:
        """Write a prediction and its seal."""
        line = msgspec.json.encode(prediction)
        self._predictions.write(line + b"\n")
        self._predictions.flush()
        self._lines.append(line)
        self.failed += prediction.status != "ok"
        if self._key is not None:
            previous = self._seals[-1] if self._seals else ""
            self._seals.append(next_seal(self._key, self._benchmark, previous, line))
            with self._files.seals.open("a") as file:
                file.write(self._seals[-1] + "\n")

    def add_manifest(self, manifest: Manifest) -> None:
        """Write the manifest as it stands."""
        write_json(self._files.manifest, manifest)

    def add_log(self, text: str) -> None:
        """Write what the participant printed."""
        self._log.write(text)
        self._log.flush()

    def close(self) -> None:
        """Close the files."""
        with contextlib.suppress(OSError):  # a full disk has been reported before
            self._log.close()
            self._predictions.close()

    def settle(self) -> bool:
        """Make predictions and seals hold what memory holds; return whether they did not."""
        self.close()
        contents = {self._files.predictions: b"".join(line + b"\n" for line in self._lines)}
        if self._key is not None:
            contents[self._files.seals] = "".join(f"{seal}\n" for seal in self._seals).encode()
        changed = False
        for path, content in contents.items():
            if not path.is_file() or path.is_symlink() or path.read_bytes() != content:
                changed = True
                remove(path)
                path.write_bytes(content)
        return changed
