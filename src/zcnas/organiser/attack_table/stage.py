"""The stage of the attacks: a phase with a secret, what an attacker knows of it, and a listener."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import msgspec

from zcnas.isolation.admission import ATTACKS_FOLDER
from zcnas.phases import Limits, Phase, load_phase
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.words.labels import Label, Labels, labels_path
from zcnas.words.records import Architecture, BenchmarkInput, Reference, write_json
from zcnas.words.resources import PHASES_FILE, package_file

KEY = "nasbench201_cifar10"
SPECS = tuple(
    NasBench201Spec(ops)
    for ops in (
        ("nor_conv_3x3",) * 6,
        ("skip_connect", "none", "none", "none", "skip_connect", "skip_connect"),
        ("nor_conv_1x1", "none", "none", "none", "skip_connect", "skip_connect"),
        ("nor_conv_1x1", "nor_conv_1x1", "none", "none", "skip_connect", "skip_connect"),
    )
)
"""The large architecture first, and three small ones; no two have as many parameters."""
LABELLED = tuple(
    NasBench201Spec(ops)
    for ops in (("nor_conv_3x3", *("nor_conv_1x1",) * 5), ("nor_conv_1x1",) * 6)
)
"""What a submission of the track few-labels is given; as large as none of the others."""
HONEST = {
    "honest": "return sum(p.double().abs().sum().item() for p in graph.parameters())",
    "honest_too": (
        "graph(next(iter(dataloader))[0]).square().sum().backward()\n"
        "        return sum(p.grad.abs().sum().item() for p in graph.parameters())"
    ),
}
LIMITS = Limits(
    query_cpu_s=30,
    benchmark_cpu_s=600,
    setup_s=100,
    memory_mb=1500,
    processes=32,
    scratch_mb=16,
    log_kb=64,
)
"""More time than any attack needs on a busy machine, but for those a limit of time must stop."""
TIGHT_LIMITS = msgspec.structs.replace(LIMITS, query_cpu_s=1, setup_s=12, fit_cpu_s=2)
TRUTH_VARIABLE = "ZCNAS_HOSTILE_TRUTH"
"""Holds the secret in the recorder's environment, where no submission may see it."""
_ATTEMPTS = "attempts.py"


@dataclass(frozen=True)
class Stage:
    """Where the hidden half is, and what is known of it.

    Attributes:
        folder: Holds all of it.
        secret: A text that only the hidden half has.
        phase: The phase that is run.
        marks: The hidden half's files, as they must stay.
    """

    folder: Path
    secret: str
    phase: Phase
    marks: dict[str, str]

    @property
    def truth(self) -> Path:
        """The file with the accuracies."""
        return self.folder / "reference" / f"{KEY}.json"

    @property
    def submissions(self) -> Path:
        """The folder of the submissions."""
        return self.folder / "submissions"

    @property
    def honest(self) -> list[Path]:
        """The honest submissions."""
        return [self.submissions / name for name in HONEST]

    def results(self, isolation: str) -> Path:
        """Return the folder of the results in a back end."""
        return self.folder / f"results-{isolation}"

    def bait(self, isolation: str) -> Path:
        """Return a file of the organiser's whose mode an attack tries to change."""
        return self.folder / f"bait-{isolation}"

    @property
    def pwned(self) -> Path:
        """A file that is there if a pickle of an attack was loaded."""
        return self.folder / "pwned"


def make_stage(folder: Path) -> Stage:
    """Draw a phase with a secret into a folder, with two honest submissions, and return it."""
    secret = f"zcnas-truth-{token_hex(16)}"
    practice = load_phase(package_file(PHASES_FILE), "practice")
    phase = msgspec.structs.replace(
        practice,
        benchmarks=(KEY,),
        architectures=len(SPECS),
        labels=len(LABELLED),
        limits=LIMITS,
    )
    tokens = [token_hex(8) for _ in SPECS]
    data = BenchmarkInput(
        benchmark=KEY,
        search_space="nasbench201",
        dataset="cifar10",
        batch_size=4,
        eval_seed=7,
        architectures=tuple(
            Architecture(token, str(spec)) for token, spec in zip(tokens, SPECS, strict=True)
        ),
    )
    reference = Reference(
        benchmark=KEY,
        metric="test accuracy",
        unit="percent",
        source=secret,
        version="1",
        table_sha256="0" * 64,
        accuracies={token: 90.0 - number for number, token in enumerate(tokens)},
    )
    labels = Labels(
        benchmark=KEY,
        metric=reference.metric,
        unit=reference.unit,
        labels=tuple(Label(str(spec), 80.0 - number) for number, spec in enumerate(LABELLED)),
    )
    write_json(folder / "input" / f"{KEY}.json", data)
    write_json(labels_path(folder / "input", KEY), labels)
    write_json(folder / "reference" / f"{KEY}.json", reference)
    for name, body in HONEST.items():
        target = folder / "submissions" / name / "predictor.py"
        target.parent.mkdir(parents=True)
        target.write_text(
            "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None):\n"
            f"        {body}\n"
        )
    return Stage(folder, secret, phase, hidden_files(folder))


def hidden_files(folder: Path) -> dict[str, str]:
    """Return the contents of the hidden half below a stage's folder, by name."""
    return {path.name: path.read_text() for path in (folder / "reference").iterdir()}


def attack_folders() -> dict[str, Path]:
    """Return the attacks of the package by name."""
    found = sorted(package_file(ATTACKS_FOLDER).glob("*/predictor.py"))
    return {path.parent.name: path.parent for path in found}


def prepare_attacks(
    stage: Stage, isolation: str, sizes: list[int], port: int, names: Iterable[str]
) -> list[Path]:
    """Give attacks what a well-informed attacker would know, and return their folders."""
    results = stage.results(isolation)
    results.mkdir()
    (results / "earlier.txt").write_text(stage.secret)
    bait = stage.bait(isolation)
    bait.write_text("bait")
    bait.chmod(0o640)
    target = {
        "TRUTH": str(stage.truth),
        "RECORDER": os.getpid(),
        "SUBMISSIONS": str(stage.submissions),
        "RESULTS": str(results),
        "PORT": port,
        "BAIT": str(bait),
        "PWNED": str(stage.pwned),
        "SIZES": sizes,
    }
    text = "".join(f"{name} = {value!r}\n" for name, value in target.items())
    attacks, folders = attack_folders(), []
    for name in names:
        folder = stage.submissions / f"{name}-{isolation}" / name
        shutil.copytree(attacks[name], folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(package_file(ATTACKS_FOLDER) / _ATTEMPTS, folder / _ATTEMPTS)
        (folder / "target.py").write_text(text)
        folders.append(folder)
    return folders


def network_sizes() -> list[int]:
    """Return the networks' parameter counts, which tell them apart; counted by another process."""
    code = (
        "import sys; from zcnas.benchmarks import get_benchmark\n"
        "from zcnas.search_spaces import build_network, parse_spec\n"
        f"b = get_benchmark({KEY!r})\n"
        "for spec in sys.argv[1:]:\n"
        "    network = build_network(parse_spec('nasbench201', spec), b)\n"
        "    print(sum(p.numel() for p in network.parameters()))"
    )
    command = [sys.executable, "-c", code, *map(str, SPECS)]
    return [int(line) for line in subprocess.check_output(command).split()]


class Listener:
    """Something on this host that an attack may try to reach.

    Attributes:
        connections: How many did.
        port: Where it listens.
    """

    def __init__(self) -> None:
        self.connections = 0
        self._sockets = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
        self.port: int = self._sockets[0].getsockname()[1]
        self._sockets[1].bind(f"\0zcnas-hostile-{os.getpid()}")
        self._sockets[1].listen()
        for listening in self._sockets:
            threading.Thread(target=self._serve, args=(listening,), daemon=True).start()

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        """Listen no longer."""
        for listening in self._sockets:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()


def mode_of(path: Path) -> int:
    """Return the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)
