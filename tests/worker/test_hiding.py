"""Hidden packages: a plain process finds what the image has, and nothing else."""

import importlib.util
import sys

import pytest

from zcnas.worker.hiding import hide_packages


@pytest.fixture(autouse=True)
def _restore():
    finders, modules = list(sys.meta_path), dict(sys.modules)
    find_spec = importlib.util.find_spec
    yield
    importlib.util.find_spec = find_spec
    sys.meta_path[:] = finders
    sys.modules.clear()
    sys.modules.update(modules)


def test_a_package_of_this_machine_that_is_not_kept_cannot_be_imported():
    sys.modules.pop("yaml", None)
    importlib.import_module("yaml")
    del sys.modules["yaml"]
    hide_packages(["numpy"])
    with pytest.raises(ModuleNotFoundError, match="'yaml' where submissions run") as caught:
        importlib.import_module("yaml")
    assert caught.value.name == "yaml"


def test_whoever_asks_whether_a_hidden_package_is_there_is_told_that_it_is_not():
    sys.modules.pop("yaml", None)
    hide_packages(["numpy"])
    assert importlib.util.find_spec("yaml") is None
    assert importlib.util.find_spec("numpy") is not None


def test_kept_packages_the_standard_library_and_own_modules_are_found(tmp_path, monkeypatch):
    (tmp_path / "requests.py").write_text("OWN = True\n")  # the name of a package here
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("numpy", "this_is_nowhere", "colorsys", "requests"):
        sys.modules.pop(name, None)
    hide_packages(["jinja2", "markupsafe"])
    assert importlib.import_module("jinja2.sandbox")
    assert importlib.import_module("colorsys")
    assert importlib.import_module("requests").OWN
    with pytest.raises(ModuleNotFoundError, match="^No module named 'this_is_nowhere'$"):
        importlib.import_module("this_is_nowhere")
