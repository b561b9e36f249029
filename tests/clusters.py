"""A real scheduler and real workers with certificates, for tests of what runs on them."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import free_port, wait_until

BIN = Path(sys.executable).parent


class Cluster:
    """A scheduler and workers on ports of their own, each a process that can be killed."""

    def __init__(self, folder, environment):
        self.address = f"tls://127.0.0.1:{free_port()}"
        self.folder = folder
        self.environment = {**os.environ, **environment}
        self.scheduler = self.start_scheduler()
        self.workers = [self.start_worker() for _ in range(2)]

    def start_scheduler(self):
        """Start the scheduler and wait until it listens: on a busy machine that takes a while."""
        process = self.start(
            "scheduler", "--host", self.address, "--dashboard-address", "127.0.0.1:0"
        )
        wait_until(self._listens, "the scheduler does not listen")
        return process

    def _listens(self):
        host, port = self.address.removeprefix("tls://").split(":")
        with socket.socket() as tried:
            return tried.connect_ex((host, int(port))) == 0

    def start(self, kind, *words):
        log = (self.folder / f"{kind}.log").open("a")
        with log:
            return subprocess.Popen(
                [BIN / "dask", kind, *words], env=self.environment, stdout=log, stderr=log
            )

    def start_worker(self):
        words = (
            "--nthreads",
            "1",
            "--no-nanny",
            "--death-timeout",
            "60",
            "--host",
            "tls://127.0.0.1",
        )
        return self.start("worker", self.address, *words, "--dashboard-address", "127.0.0.1:0")

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()

    def close(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(authorities, tmp_path):
    running = Cluster(tmp_path, certificate_settings(authorities[0]))
    yield running
    running.close()


@pytest.fixture(scope="session")
def authorities(tmp_path_factory):
    """Two certificate authorities that know nothing of each other, as docs/cluster.md makes one."""
    folders = []
    for name in ("ours", "foreign"):
        folder = tmp_path_factory.mktemp(name)
        run = lambda *words, cwd=folder: subprocess.run(  # noqa: E731
            ["openssl", *words], cwd=cwd, check=True, capture_output=True
        )
        new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
        run(*new, "-subj", f"/CN={name}", "-keyout", "ca.key", "-out", "ca.pem")
        run(
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=zcnas",
            "-keyout",
            "key.pem",
            "-out",
            "request.pem",
        )
        run(
            "x509",
            "-req",
            "-in",
            "request.pem",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-out",
            "cert.pem",
        )
        folders.append(folder)
    return folders


def certificate_settings(folder):
    """Return Dask's environment for the certificates in a folder."""
    prefix = "DASK_DISTRIBUTED__COMM__TLS__"
    roles = ("CLIENT", "SCHEDULER", "WORKER")
    return {
        f"{prefix}CA_FILE": str(folder / "ca.pem"),
        **{f"{prefix}{role}__CERT": str(folder / "cert.pem") for role in roles},
        **{f"{prefix}{role}__KEY": str(folder / "key.pem") for role in roles},
    }


def certificate_configuration(folder):
    """Return the same for a process of its own, as keys of Dask's configuration."""
    names = {"ca-file": "ca.pem"}
    for role in ("client", "scheduler", "worker"):
        names |= {f"{role}.cert": "cert.pem", f"{role}.key": "key.pem"}
    return {f"distributed.comm.tls.{key}": str(folder / name) for key, name in names.items()}
