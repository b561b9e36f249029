"""The stage of the attacks: a phase with a secret, what an attacker knows of it, and a listener."""

import os
import shutil
import socket
import stat
import threading
from dataclasses import dataclass
from pathlib import Path

import msgspec
from attack_table import ATTACKS, CHOSEN

from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.phases import Limits, Phase
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
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
TIGHT_LIMITS = msgspec.structs.replace(LIMITS, query_cpu_s=1, setup_s=12)


@dataclass
class Stage:
    """Where the hidden half is, what is known of it, and what became of the runs."""

    folder: Path
    secret: str
    phase: Phase
    marks: dict[str, str]

    @property
    def truth(self) -> Path:
        return self.folder / "reference" / f"{KEY}.json"

    @property
    def submissions(self) -> Path:
        return self.folder / "submissions"

    def results(self, isolation: str) -> Path:
        return self.folder / f"results-{isolation}"


@dataclass
class Run:
    """Two competitions, with ample and with tight limits: what came of them, the host after them.

    Attributes:
        alone: The leaderboard of the honest submissions with nobody beside them.
        board: That of the attacks that have ample time, the honest submissions among them.
        tight: That of the attacks which a limit of time must stop.
        results: The folder above the results of both.
    """

    stage: Stage
    isolation: str
    alone: Leaderboard
    board: Leaderboard
    tight: Leaderboard
    results: Path
    results_alone: Path
    left_processes: list[str]
    left_files: list[str]
    connections: int

    def results_of(self, name: str) -> Path:
        """Return the folder of a submission's results."""
        return self.results / ("tight" if is_tight(name) else "ample") / "submissions" / name

    def entry_of(self, name: str) -> Entry:
        """Return a submission's entry."""
        entries = (self.tight if is_tight(name) else self.board).entries
        return next(entry for entry in entries if entry.submission == name)


def is_tight(name: str) -> bool:
    """Return whether a submission is an attack that a limit of time must stop."""
    return name in ATTACKS and ATTACKS[name].stopped_by_time


def parameters_of(stage: Stage) -> list[int]:
    """Sizes of the networks, so that an attack can tell them apart; counted by another process."""
    import subprocess
    import sys

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


def prepare_attacks(stage: Stage, isolation: str, sizes: list[int], port: int) -> list[Path]:
    """Give every attack what a well-informed attacker would know, and return their folders."""
    results = stage.results(isolation)
    results.mkdir()
    (results / "earlier.txt").write_text(stage.secret)
    bait = stage.folder / f"bait-{isolation}"
    bait.write_text("bait")
    bait.chmod(0o640)
    target = {
        "TRUTH": str(stage.truth),
        "RECORDER": os.getpid(),
        "SUBMISSIONS": str(stage.submissions),
        "RESULTS": str(results),
        "PORT": port,
        "BAIT": str(bait),
        "PWNED": str(stage.folder / "pwned"),
        "SIZES": sizes,
    }
    text = "".join(f"{name} = {value!r}\n" for name, value in target.items())
    folders = []
    for path in sorted(HERE.glob("*/predictor.py")):
        if CHOSEN and path.parent.name not in CHOSEN:
            continue
        folder = stage.submissions / f"{path.parent.name}-{isolation}" / path.parent.name
        shutil.copytree(path.parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(HERE / "attempts.py", folder / "attempts.py")
        (folder / "target.py").write_text(text)
        folders.append(folder)
    return folders


class Listener:
    """Something on this host that an attack may try to reach; counts who did."""

    def __init__(self) -> None:
        self.connections = 0
        self._sockets = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
        self.port = self._sockets[0].getsockname()[1]
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
        for listening in self._sockets:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
