"""The clusters of docs/cluster.md: scripts and manifests render, the ssh one runs."""

import getpass
import importlib.util
import os
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.clusters import certificate_configuration
from tests.patience import WAIT_S, free_port, wait_until
from zcnas.isolation.machine import LOCKS_VARIABLE
from zcnas.organiser.competition.cluster_host import CPUS_VARIABLE


@pytest.fixture(scope="module")
def deployments(repository):
    path = repository / "docs" / "cluster" / "deployments.py"
    specification = importlib.util.spec_from_file_location("deployments", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("kind", "directives"),
    [
        ("slurm", ["#SBATCH -p normal", "#SBATCH --cpus-per-task=1", "#SBATCH -t 24:00:00"]),
        ("pbs", ["#PBS -q normal", "#PBS -l select=1:ncpus=1", "#PBS -l walltime=24:00:00"]),
    ],
)
def test_a_batch_system_is_given_a_script_that_starts_one_worker_with_certificates(
    repository, kind, directives
):
    done = subprocess.run(
        [sys.executable, repository / "docs" / "cluster" / "deployments.py", kind],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for line in directives:
        assert line in done.stdout
    assert f"export {LOCKS_VARIABLE}=" in done.stdout
    (command,) = (line for line in done.stdout.splitlines() if "dask_worker" in line)
    for word in ("tls://", "--nthreads 1", "--no-nanny", "--tls-ca-file", "--tls-cert"):
        assert word in command
    subprocess.run(["bash", "-n"], input=done.stdout, text=True, check=True)


def test_kubernetes_is_given_a_manifest_whose_pods_share_locks_paths_and_certificates(deployments):
    spec = yaml.safe_load(yaml.safe_dump(deployments.kubernetes("registry.example/zcnas:1", 20)))
    assert spec["kind"] == "DaskCluster"
    worker = spec["spec"]["worker"]
    assert worker["replicas"] == 20
    (container,) = worker["spec"]["containers"]
    environment = {entry["name"]: entry["value"] for entry in container["env"]}
    mounts = {entry["name"]: entry["mountPath"] for entry in container["volumeMounts"]}
    hosts = {
        volume["name"]: volume["hostPath"]["path"]
        for volume in worker["spec"]["volumes"]
        if "hostPath" in volume
    }
    assert hosts == {name: mounts[name] for name in hosts}, "the same path inside and outside"
    assert environment["TMPDIR"] == hosts["temporary"]
    assert environment[LOCKS_VARIABLE].startswith(hosts["temporary"])
    assert hosts["engine"] == "/var/run/docker.sock"
    assert container["resources"]["limits"]["cpu"] == "1"
    assert "tls://zcnas-scheduler:8786" in container["args"]
    scheduler = spec["spec"]["scheduler"]["spec"]["containers"][0]
    assert scheduler["args"][:4] == ["dask", "scheduler", "--protocol", "tls"]
    assert CPUS_VARIABLE not in environment, "the node gives a pod its CPU"


@pytest.fixture
def sshd(tmp_path):
    """An ssh server of the test's own on this machine; the command to reach it."""
    server = shutil.which("sshd") or "/usr/sbin/sshd"
    if not os.path.exists(server):  # noqa: PTH110
        if os.environ.get("CI") == "true":
            pytest.fail("no sshd in CI; apt-get install openssh-server")
        pytest.skip("no sshd here")
    if os.getuid() != 0:
        pytest.skip("an ssh server of a plain user gives no terminal, which the script asks for")
    port = free_port()
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True
        )
    (tmp_path / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nPidFile none\n"
        f"AuthorizedKeysFile {tmp_path}/user.pub\nStrictModes no\nUsePAM no\n"
        "PermitRootLogin yes\nPasswordAuthentication no\n"
    )
    os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # noqa: PTH103
    process = subprocess.Popen(
        [server, "-D", "-e", "-f", tmp_path / "sshd_config"], stderr=subprocess.DEVNULL
    )
    yield (
        f"ssh -p {port} -i {tmp_path}/user -o StrictHostKeyChecking=no "
        f"-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    )
    process.terminate()
    process.wait()


def test_the_ssh_script_starts_workers_with_certificates_and_ends_them_with_itself(
    sshd, authorities, repository, tmp_path
):
    import dask
    from distributed import Client, LocalCluster, Security

    installed = tmp_path / "installed"
    installed.mkdir()
    (installed / ".venv").symlink_to(sys.prefix)
    with dask.config.set(certificate_configuration(authorities[0])):
        security = Security(require_encryption=True)
    quiet = {"dashboard_address": "127.0.0.1:0", "security": security}
    with (
        LocalCluster(n_workers=0, host="tls://127.0.0.1", **quiet) as cluster,
        Client(cluster.scheduler_address, security=security, set_as_default=False) as client,
    ):
        script = subprocess.Popen(
            [
                *(repository / "docs" / "cluster" / "ssh.sh", cluster.scheduler_address, "2"),
                *(installed, f"{getpass.getuser()}@127.0.0.1"),
            ],
            env={**os.environ, "SSH": sshd, "TLS": str(authorities[0])},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            client.wait_for_workers(2, timeout=WAIT_S)
        finally:
            script.terminate()
            script.wait(timeout=WAIT_S)
        wait_until(lambda: not client.scheduler_info()["workers"], "workers outlive the script")
