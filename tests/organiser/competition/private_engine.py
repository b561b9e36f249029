"""A Docker daemon of a test's own, which may be killed."""

import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from docker.errors import DockerException

import docker


class PrivateEngine:
    """A dockerd with its own folders and socket, holding a copy of one image.

    Its folder lies outside pytest's, whose paths are too long for a socket.
    """

    def __init__(self, image: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="zcnas-dockerd-"))
        self.host = f"unix://{self.folder}/sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()
        with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saved:
            subprocess.run(
                ["docker", "-H", self.host, "load"],
                stdin=saved.stdout,
                stdout=subprocess.DEVNULL,
                check=True,
            )

    def start(self) -> None:
        """Start the daemon and wait until it answers.

        On a busy machine its containerd may be too slow for it; then it is started again.
        """
        end = time.monotonic() + 300
        self._launch()
        while not self.answers():
            assert time.monotonic() < end, (self.folder / "log").read_text()[-2000:]
            assert self._process is not None
            if self._process.poll() is not None:
                self._launch()
            time.sleep(0.2)

    def _launch(self) -> None:
        (self.folder / "pid").unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    # In a network of its own: without a bridge, a daemon removes the one it finds.
                    *(
                        "unshare",
                        "--net",
                        "dockerd",
                        "-H",
                        self.host,
                        "--bridge=none",
                        "--iptables=false",
                    ),
                    *("--data-root", self.folder / "data", "--exec-root", self.folder / "exec"),
                    *("--pidfile", self.folder / "pid"),
                    *("--containerd-namespace", self.folder.name),
                    *("--containerd-plugins-namespace", f"{self.folder.name}-plugins"),
                ],
                stdout=log,
                stderr=log,
            )

    def answers(self) -> bool:
        """Return whether the daemon answers."""
        with contextlib.suppress(DockerException):
            client = docker.DockerClient(self.host)
            try:
                return bool(client.ping())
            finally:
                client.close()
        return False

    def kill(self) -> None:
        """Kill the daemon without warning; its containers are left to themselves."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Remove the containers, end the daemon and delete its folder."""
        assert self._process is not None
        if self._process.poll() is not None:
            self.start()
        client = docker.DockerClient(self.host)
        for container in client.containers.list(all=True):
            container.remove(force=True)
        client.close()
        self._process.terminate()
        self._process.wait()
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for path in reversed(mounts):  # a killed daemon leaves its own
            if path.startswith(f"{self.folder}/"):
                subprocess.run(["umount", "--lazy", path], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
