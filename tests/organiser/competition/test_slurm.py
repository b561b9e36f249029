"""The recipe for Slurm, run by Slurm: its controller and a node's daemon, on this machine alone."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from zcnas.words.records import read_input, read_predictions, read_reference, write_json

KEY = "nasbench201_cifar10"
ZCNAS = Path(sys.executable).parent / "zcnas"
PREDICTOR = """
import time
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        time.sleep(0.3)
        return sum(p.double().abs().sum().item() for p in graph.parameters())
"""
CONF = """
ClusterName=zcnas
SlurmctldHost=localhost
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
MpiDefault=none
SwitchType=switch/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,batch_sched_delay=0
ReturnToService=2
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
KillWait=20
NodeName=localhost NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes=localhost Default=YES MaxTime=INFINITE State=UP
"""

pytestmark = pytest.mark.slurm


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """A cluster of one node; yields a function that runs one of Slurm's commands."""
    if not all(map(shutil.which, ("slurmctld", "slurmd", "sbatch"))):
        pytest.skip("no Slurm here; apt-get install slurm-wlm")
    folder = tmp_path_factory.mktemp("slurm")
    for name in ("state", "spool"):
        (folder / name).mkdir()
    conf = folder / "slurm.conf"
    conf.write_text(
        CONF.format(
            user=getpass.getuser(),
            ports=(free_port(), free_port()),
            folder=folder,
            host=socket.gethostname().partition(".")[0],
            cpus=os.cpu_count(),
        )
    )
    environment = {**os.environ, "SLURM_CONF": str(conf), "ZCNAS": str(ZCNAS)}

    def run(*command):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    with (folder / "log").open("w") as log:
        daemons = [
            subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            for command in (["slurmctld", "-D"], ["slurmd", "-D", "-N", "localhost"])
        ]
        try:
            deadline = time.monotonic() + 60
            while (
                "idle"
                not in subprocess.run(
                    ["sinfo", "-h"], env=environment, capture_output=True, text=True, check=False
                ).stdout
            ):
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.2)
            yield run
        finally:
            for daemon in daemons:
                daemon.terminate()
            for daemon in daemons:
                daemon.wait(30)


@pytest.fixture
def place(tmp_path, repository):
    """A competition of 16 architectures, and a submission that takes a moment for each."""
    folder = tmp_path / "competition"
    phases = repository / "reference_data" / "phases.toml"
    (folder / "reference_data").mkdir(parents=True)
    shutil.copyfile(phases, folder / "reference_data" / "phases.toml")
    data = read_input(repository / "starting_kit" / "input_data" / f"{KEY}.json")
    truth = read_reference(repository / "reference_data" / "practice" / f"{KEY}.json")
    chosen = data.architectures[:16]
    write_json(
        folder / "starting_kit" / "input_data" / f"{KEY}.json",
        msgspec.structs.replace(data, architectures=chosen, batch_size=2),
    )
    accuracies = {each.id: truth.accuracies[each.id] for each in chosen}
    hidden = msgspec.structs.replace(truth, accuracies=accuracies)
    write_json(folder / "reference_data" / "practice" / f"{KEY}.json", hidden)
    (folder / "submissions" / "mine").mkdir(parents=True)
    (folder / "submissions" / "mine" / "predictor.py").write_text(PREDICTOR)
    return folder


def submit(slurm, place, repository):
    recipe = repository / "docs" / "cluster" / "slurm.sh"
    job = slurm(
        *("sbatch", "--parsable", "--array=1-2", "--mem=0", "--time=10", "--chdir", place),
        *("--output", place / "job-%a.txt", recipe, "submissions", "practice", "results"),
        *("--isolation", "bubblewrap", "--benchmark", KEY),
    )
    return job.strip()


def wait_until(what, seconds=240):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.2)
    return found


def printed(place):
    return "".join(path.read_text() for path in sorted(place.glob("job-*.txt")))


def test_an_array_of_parts_is_stopped_resumed_and_merged_to_the_scores_of_one_run(
    slurm, place, repository
):
    """Slurm ends a job at its time limit as ``scancel`` does: SIGTERM, and SIGKILL later."""
    files = f"results/part-*/submissions/mine/{KEY}.predictions.jsonl"

    def lines():
        return {path: path.read_bytes() for path in place.glob(files) if path.stat().st_size}

    job = submit(slurm, place, repository)
    wait_until(lambda: len(lines()) == 2 or "error" in printed(place))
    slurm("scancel", job)
    wait_until(lambda: not slurm("squeue", "-h"))
    early = lines()
    assert len(early) == 2, printed(place)
    assert sum(content.count(b"\n") for content in early.values()) < 16, "it was stopped midway"
    refused = zcnas(place, "merge", *sorted(place.glob("results/part-*")), "--out", "all")
    assert refused.returncode == 2
    assert "is unfinished" in refused.stderr

    submit(slurm, place, repository)
    wait_until(lambda: not slurm("squeue", "-h"))
    assert "part 1/2 is finished" in printed(place), printed(place)
    assert "part 2/2 is finished" in printed(place), printed(place)
    for path, content in early.items():
        assert path.read_bytes().startswith(content), "nothing was asked for twice"
    merged = zcnas(place, "merge", *sorted(place.glob("results/part-*")), "--out", "all")
    assert merged.returncode == 0, merged.stderr
    whole = zcnas(
        *(place, "score", "submissions", "--isolation", "process", "--benchmark", KEY),
        *("--out", "whole"),
    )
    assert whole.returncode == 0, whole.stderr
    assert scores(place / "all") == scores(place / "whole")
    assert len(scores(place / "all")) == 16


def scores(out):
    path = out / "submissions" / "mine" / f"{KEY}.predictions.jsonl"
    return [(each.id, each.status, each.score.hex()) for each in read_predictions(path)]


def zcnas(place, *arguments):
    return subprocess.run(
        [ZCNAS, *map(str, arguments)], cwd=place, capture_output=True, text=True, check=False
    )
