"""The ingestion program as CodaLab and Codabench start it.

    input data + submission ──▶ ingestion ──▶ predictions, seals, manifests and logs

A platform's container has no limits and shares its user with the submission, so this program brings
what can be brought: an emptied output folder, one CPU, a deadline below the platform's, records
kept in memory, sealed line by line and compared with the file at the end. A fault of the
participant is a status in the predictions and exit code 0, so that scoring runs; a fault of the
platform's machine leaves no score (``organiser_error.txt`` and exit code 1).
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil

from zcnas.datasets.frozen import load_hosted_minibatch
from zcnas.errors import InvalidSubmission, OrganiserError, ZcnasError
from zcnas.hosted.phase import ORGANISER_ERROR_FILE, HostedPhase, read_hosted_phase
from zcnas.hosted.seals import KEY_FILE, next_seal, read_key
from zcnas.ingestion.ingest import IngestionJob, ingest
from zcnas.isolation.process import ProcessIsolation
from zcnas.phases import Phase
from zcnas.records import BenchmarkInput, Manifest, Prediction, read_input, write_json
from zcnas.result_files import ResultFiles
from zcnas.submissions import Submission, open_submission

PROGRAM = Path(__file__).resolve().parent
_PR_SET_DUMPABLE = 4


def main() -> None:
    """Ask the submission for every architecture of the phase in the input data."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--input-data", type=Path, required=True, help="folder with phase.json, <benchmark>.json"
    )
    parser.add_argument("--submission", type=Path, required=True, help="folder with predictor.py")
    parser.add_argument("--output", type=Path, required=True, help="folder for the predictions")
    arguments = parser.parse_args()
    forbid_inspection()
    key = take_key(PROGRAM)
    empty(arguments.output)
    try:
        hosted = read_hosted_phase(arguments.input_data)
        run = HostedRun(hosted, arguments.input_data, arguments.output, key)
        with tempfile.TemporaryDirectory(prefix="zcnas-") as private:
            run.ingest(arguments.submission, Path(private) / "submission")
        keep_own(arguments.output, hosted.phase)
    except ZcnasError as error:
        (arguments.output / ORGANISER_ERROR_FILE).write_text(f"{error}\n")
        sys.exit(f"error: {error}")


def forbid_inspection() -> None:
    """Keep other processes of this user from this one's memory and descriptors."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def take_key(program: Path) -> bytes | None:
    """Return the key of the seals and delete its file, before a submission can read it.

    None if there is none, as in a run outside a bundle.
    """
    key = read_key(program)
    (program / KEY_FILE).unlink(missing_ok=True)
    return key


def empty(folder: Path) -> None:
    """Make a folder, and remove what another program has left in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        remove(path)


def remove(path: Path) -> None:
    """Remove whatever is at a path, if anything."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def keep_own(folder: Path, phase: Phase) -> None:
    """Remove everything from the output but what this program writes there.

    A file called ``metadata`` would make the platform give the whole run up.
    """
    own = {path.name for key in phase.benchmarks for path in ResultFiles(folder, key)}
    for path in folder.iterdir():
        if path.name not in own:
            remove(path)


def process_start() -> float:
    """Return ``time.monotonic()`` as it was when this process began, before its imports."""
    return time.monotonic() - (time.time() - psutil.Process().create_time())


def idlest_cpu() -> int:
    """Return the CPU this process may use that was used least for a moment.

    A platform's worker runs several submissions at once, and nothing tells their containers apart.
    """
    loads = psutil.cpu_percent(interval=0.2, percpu=True)
    usable = sorted(os.sched_getaffinity(0))
    return min(usable, key=lambda cpu: loads[cpu] if cpu < len(loads) else 0.0)


class HostedRun:
    """One submission on every benchmark of a phase.

    Args:
        hosted: The phase and the platform's time limit.
        input_data: Folder with ``<benchmark>.json``.
        output: Folder for predictions, seals, manifests and logs.
        key: Key of the seals; None for none.
    """

    def __init__(
        self, hosted: HostedPhase, input_data: Path, output: Path, key: bytes | None
    ) -> None:
        self._phase = hosted.phase
        self._input_data = input_data
        self._output = output
        self._key = key
        self._deadline = process_start() + hosted.deadline_s

    def ingest(self, handed_in: Path, unpacked: Path) -> None:
        """Ask for every architecture of every benchmark; a refused submission fails in all of them.

        The time left is shared out anew before each benchmark, so that a slow one cannot take the
        others' share.

        Raises:
            ZcnasError: The input data cannot be read, or this machine cannot start a worker.
        """
        benchmarks = self._phase.get_benchmarks()
        inputs = [
            read_input(self._input_data / f"{benchmark.key}.json") for benchmark in benchmarks
        ]
        try:
            submission = open_submission(handed_in, unpacked)
        except InvalidSubmission as error:
            print(f"the submission was not run: {'; '.join(error.problems)}")
            for data in inputs:
                self._refuse(data, "; ".join(error.problems))
            return
        cpu = idlest_cpu()
        for number, data in enumerate(inputs):
            now = time.monotonic()
            share = max(0.0, self._deadline - now) / (len(inputs) - number)
            self._ingest_benchmark(data, submission, cpu, now + share)

    def _ingest_benchmark(
        self, data: BenchmarkInput, submission: Submission, cpu: int, deadline: float
    ) -> None:
        job = IngestionJob(
            data=data,
            minibatch=load_hosted_minibatch(self._input_data, data),
            submission=submission.folder,
            submission_name="submission",
            submission_sha256=submission.sha256,
            program=PROGRAM,
            limits=self._phase.limits,
            cpu=cpu,
            deadline=deadline,
        )
        with self._records(data) as records:
            public = ingest(job, ProcessIsolation(), records).public
            end_all_other_processes()
        print(
            f"{data.benchmark}: {public.architectures} architectures in "
            f"{public.wall_time_s:.0f} s, {records.failed} failed"
        )

    def _refuse(self, data: BenchmarkInput, reason: str) -> None:
        with self._records(data) as records:
            for architecture in data.architectures:
                refused = Prediction(id=architecture.id, status="error", message=reason)
                records.add_prediction(refused)

    @contextlib.contextmanager
    def _records(self, data: BenchmarkInput) -> Iterator[SealedRecords]:
        """Open the records of a benchmark, and settle them when all are there.

        Raises:
            OrganiserError: They cannot be written.
        """
        try:
            with contextlib.closing(
                SealedRecords(self._output, data.benchmark, self._key)
            ) as records:
                yield records
                if records.settle():
                    print(
                        f"{data.benchmark}: another process had changed the predictions; written "
                        "again"
                    )
        except OSError as error:
            raise OrganiserError(
                f"cannot write the results to {self._output}: {error.strerror or error}"
            ) from None


class SealedRecords:
    """The files of one benchmark, written as they come about; the predictions in memory as well.

    Args:
        folder: Where the files stand.
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
        with contextlib.suppress(OSError):  # a disk that is full has been told of before
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


def end_all_other_processes() -> None:
    """End whatever a submission has left running, where this container is ours alone."""
    if os.getpid() == 1:
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            return
        time.sleep(0.01)


if __name__ == "__main__":
    main()
