"""Who is found under which name, and what is said of a plugin that is broken or in the way."""

import shutil

import msgspec
import pytest

from zcnas.benchmarks import get_benchmark, get_dataset
from zcnas.datasets import load_minibatch, reader_of
from zcnas.errors import (
    InputDataError,
    PhaseError,
    PluginError,
    ProxyError,
    TableError,
    UsageError,
)
from zcnas.isolation.choice import choose_isolation
from zcnas.phases import load_phase, load_phases
from zcnas.plugins import installed
from zcnas.proxies import get_proxy
from zcnas.search_spaces import SEARCH_SPACES, all_search_spaces, get_search_space, parse_spec
from zcnas.tables import load_table

SPACE = """
from zcnas.benchmarks import SearchSpace
class Spec: pass
IT = SearchSpace({key!r}, Spec, "nowhere:build", ("cifar10",))
"""
DIGITS = """
import numpy as np
from zcnas.benchmarks import Dataset, PublishedDataset
from zcnas.datasets import Minibatch
IT = PublishedDataset(Dataset("digits", (1, 8, 8), 10), "zcnas_digits:read", ("nasbench201",))
class Digits:
    def draw(self, batch_size, rng):
        images = np.zeros((batch_size, 1, 8, 8), np.float32)
        return Minibatch(images, np.arange(batch_size), "digits!")
def read(folder):
    return Digits()
"""
ISOLATION = """
class Jail:
    name, description = "jail", "a jail"
IT = Jail()
"""


def test_an_installed_search_space_is_found_beside_ours(toyspace):
    assert [space.key for space in all_search_spaces()] == [*SEARCH_SPACES, "toyspace"]
    assert str(parse_spec("toyspace", "k3w8-k1w4")) == "k3w8-k1w4"
    benchmark = get_benchmark("toyspace_cifar10")
    assert (benchmark.key, benchmark.dataset.num_classes) == ("toyspace_cifar10", 10)
    assert get_proxy("weight_mean").__name__ == "WeightMean"
    assert len(load_table(benchmark, "toyspace").accuracies) == 16


def test_a_dataset_of_a_plugin_joins_our_search_space(plugin, tmp_path):
    plugin("zcnas-digits", DIGITS, datasets="digits")
    benchmark = get_benchmark("nasbench201_digits")
    assert benchmark.dataset.input_shape == (1, 8, 8)
    assert load_minibatch(benchmark, 3, 0, tmp_path).source == "digits!"
    assert load_minibatch(benchmark, 3, 0, None).source.startswith("synthetic")
    with pytest.raises(PhaseError, match="unknown benchmark 'nasbench301_digits'"):
        get_benchmark("nasbench301_digits")


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (get_search_space, PhaseError, "search space 'x'; known search spaces: nasbench101, .*toy"),
        (get_benchmark, PhaseError, "benchmark 'x'; known benchmarks: nasbench101_.*, toyspace_…"),
        (get_proxy, ProxyError, "proxy 'x'; known proxies: epe_nas, .*weight_mean"),
        (get_dataset, PhaseError, "dataset 'x'; known datasets: cifar10, .*segmentsemantic"),
        (reader_of, InputDataError, "dataset 'x'; known datasets: cifar10, "),
        (
            lambda name: load_table(get_benchmark("toyspace_cifar10"), name),
            TableError,
            "accuracy table 'x'; known tables: forged, nas_bench_suite_zero, .*toyspace",
        ),
    ],
)
def test_an_unknown_names_message_lists_ours_and_the_plugins(toyspace, ask, error, message):
    with pytest.raises(error, match=f"unknown {message}"):
        ask("x")


@pytest.mark.parametrize(
    ("group", "name", "ask"),
    [
        ("search_spaces", "nasbench201", get_search_space),
        ("search_spaces", "nasbench201", lambda name: get_benchmark(f"{name}_cifar10")),
        ("datasets", "cifar10", get_dataset),
        ("datasets", "cifar10", reader_of),
        ("proxies", "synflow", get_proxy),
        ("tables", "nats_bench", lambda n: load_table(get_benchmark("nasbench201_cifar10"), n)),
        ("isolation", "process", lambda name: choose_isolation(name, None, print)),
    ],
)
def test_a_plugin_with_a_name_of_ours_is_refused_and_both_are_named(plugin, group, name, ask):
    plugin("zcnas-thief", "IT = None", **{group: name})
    with pytest.raises(
        PluginError,
        match=f"'{name}' in zcnas.{group} is provided by zcnas itself and by the plugin "
        f"'{name}' of the distribution zcnas-thief 2.5; uninstall all but one",
    ):
        ask(name)


def test_two_plugins_with_one_name_are_refused_and_both_are_named(plugin):
    plugin("zcnas-one", SPACE.format(key="twice"), search_spaces="twice")
    plugin("zcnas-two", SPACE.format(key="twice"), search_spaces="twice")
    with pytest.raises(PluginError, match=r"zcnas-one 2\.5 and by .* zcnas-two 2\.5"):
        get_search_space("twice")


def test_of_two_copies_of_a_distribution_the_first_on_the_path_counts(toyspace, use, tmp_path):
    second = shutil.copytree(toyspace, tmp_path / "second")
    use(second)
    assert get_search_space("toyspace").key == "toyspace"
    assert [plugin.distribution for plugin in installed("search_spaces")] == ["zcnas-toyspace"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise ValueError('no wheels')", "zcnas-bad 2.5 cannot .* ValueError: no wheels; fix it"),
        ("import nothing_like_it", "ModuleNotFoundError: .*nothing_like_it.*pip uninstall"),
        ("", "AttributeError: .* has no attribute 'IT'"),
        ("IT = 3", "has the type int; the group zcnas.search_spaces takes SearchSpace"),
        (SPACE.format(key="other"), "has the name 'other'; it must equal"),
    ],
)
def test_a_broken_plugin_is_named_with_its_error_and_stops_nothing_else(plugin, source, message):
    plugin("zcnas-bad", source, search_spaces="bad")
    with pytest.raises(PluginError, match=message):
        get_search_space("bad")
    with pytest.raises(PluginError, match=message):
        get_benchmark("bad_cifar10")
    assert get_benchmark("nasbench201_cifar10").search_space == "nasbench201"


def test_a_key_that_platforms_cannot_show_is_refused(plugin):
    name = "a" * 30
    plugin("zcnas-long", SPACE.format(key=name), search_spaces=name)
    with pytest.raises(PluginError, match="38 characters; at most 36"):
        get_benchmark(f"{name}_cifar10")


def test_a_proxy_that_is_no_proxy_is_refused(plugin):
    plugin("zcnas-bad", "class IT: pass", proxies="bad")
    with pytest.raises(PluginError, match="does not derive from zcnas.proxies.proxy.Proxy"):
        get_proxy("bad")


def test_a_public_phase_runs_any_installed_plugin(toyspace, phases_file):
    phase = load_phase(phases_file(), "toys")
    assert phase.plugin_distributions() == ("zcnas-toyspace",)


@pytest.mark.parametrize("name", ["toyspace", "zcnas-toyspace", "zcnas_toyspace"])
def test_a_hidden_phase_runs_a_plugin_that_it_names(toyspace, phases_file, name):
    named = f'["{name}"]'
    assert load_phase(phases_file("hidden", plugins=named), "toys").truth == "hidden"


def test_a_hidden_phase_refuses_a_plugin_it_does_not_name(toyspace, phases_file):
    with pytest.raises(PhaseError, match="'toys' is hidden and uses the plugin 'toyspace' .* add"):
        load_phases(phases_file("hidden"))


def test_a_hidden_phase_refuses_a_table_of_a_plugin_it_does_not_name(toyspace, phases_file):
    path = phases_file(
        "hidden", benchmarks='["nasbench201_cifar10"]', batch_size="{ nasbench201 = 4 }"
    )
    with pytest.raises(PhaseError, match="uses the plugin 'toyspace'"):
        load_phases(path)


def test_a_named_plugin_that_is_not_installed_is_said(toyspace, phases_file):
    with pytest.raises(PhaseError, match="names the plugin 'gone', .* installed plugins: 'toysp"):
        load_phases(phases_file(plugins='["gone"]'))


def test_an_isolation_of_a_plugin_needs_a_hidden_phases_word(plugin, request):
    plugin("zcnas-jail", ISOLATION, isolation="jail")
    root = request.config.rootpath
    practice = load_phase(root / "reference_data" / "phases.toml", "practice")
    assert choose_isolation("jail", practice, print).description == "a jail"
    hidden = msgspec.structs.replace(practice, truth="hidden", draw_seed=None)
    with pytest.raises(PhaseError, match="uses the plugin 'jail'"):
        choose_isolation("jail", hidden, print)
    named = msgspec.structs.replace(hidden, plugins=("zcnas-jail",))
    assert choose_isolation("jail", named, print).name == "jail"
    with pytest.raises(UsageError, match="'x'.*docker, bubblewrap, apptainer, process, jail"):
        choose_isolation("x", practice, print)
