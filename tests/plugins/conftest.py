"""Plugins that are installed for one test: the example, and broken ones written on the spot."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from zcnas import plugins

TOYSPACE = Path(__file__).parent / "toyspace"
LIMITS = (
    "{ query_cpu_s = 20, benchmark_cpu_s = 60, setup_s = 60, memory_mb = 2000, processes = 64, "
    "scratch_mb = 16, log_kb = 64 }"
)


@pytest.fixture(scope="session")
def toyspace_folder(tmp_path_factory):
    """The example package as pip installs it, in a folder of its own."""
    source = tmp_path_factory.mktemp("source") / "toyspace"
    shutil.copytree(TOYSPACE, source)
    target = tmp_path_factory.mktemp("installed")
    command = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", "--no-index", "--target", str(target), str(source)]
    subprocess.run([sys.executable, *command], check=True)
    return target


@pytest.fixture
def use(monkeypatch):
    """A function that puts a folder of plugins on the path, for this test."""
    before = set(sys.modules)

    def add(folder):
        monkeypatch.syspath_prepend(folder)
        plugins.all_installed.cache_clear()

    yield add
    monkeypatch.undo()
    plugins.all_installed.cache_clear()
    for name in set(sys.modules) - before:
        if name.partition(".")[0] not in ("zcnas", "torch"):
            sys.modules.pop(name)


@pytest.fixture
def toyspace(toyspace_folder, use):
    """The example package, installed."""
    use(toyspace_folder)
    return toyspace_folder


@pytest.fixture
def plugin(tmp_path, use):
    """A function that installs a distribution of one module with the given entry points."""

    def write(distribution, source, **entries):
        folder = tmp_path / distribution
        metadata = folder / f"{distribution.replace('-', '_')}-2.5.dist-info"
        metadata.mkdir(parents=True)
        module = distribution.replace("-", "_")
        (folder / f"{module}.py").write_text(source)
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 2.5\n"
        )
        lines = [f"[zcnas.{group}]\n{entry} = {module}:IT\n" for group, entry in entries.items()]
        (metadata / "entry_points.txt").write_text("".join(lines))
        use(folder)
        return folder

    return write


@pytest.fixture
def phases_file(tmp_path):
    """A function that writes a phases.toml with one phase of the example's benchmark."""

    def write(truth="public", **more):
        fields = {
            "title": '"Toys"',
            "truth": f'"{truth}"',
            "feedback": '"full"',
            "table": '"toyspace"',
            "benchmarks": '["toyspace_cifar10"]',
            "architectures": "8",
            "batch_size": "{ toyspace = 4 }",
            "eval_seed": "1",
            "limits": LIMITS,
            **({"draw_seed": '"toys"'} if truth == "public" else {}),
            **more,
        }
        path = tmp_path / "phases.toml"
        path.write_text("[toys]\n" + "".join(f"{k} = {v}\n" for k, v in fields.items()))
        return path

    return write
