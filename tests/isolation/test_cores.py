"""Physical cores as the kernel describes them."""

import pytest

from zcnas.isolation.cores import core_of, one_per_core, shared_cores


@pytest.fixture
def machine(tmp_path):
    """A function that makes a machine of cores, each a list as the kernel writes it."""

    def make(**siblings):
        for name, text in siblings.items():
            folder = tmp_path / name / "topology"
            folder.mkdir(parents=True)
            (folder / "thread_siblings_list").write_text(f"{text}\n")
        return tmp_path

    return make


def test_one_worker_per_core_leaves_the_siblings_idle(machine):
    root = machine(cpu0="0,4", cpu1="1,5", cpu4="0,4", cpu5="1,5")
    assert one_per_core([0, 1, 4, 5], root) == [0, 1]
    assert one_per_core([4, 5, 1], root) == [1, 4]


def test_adjacent_threads_are_written_as_a_range(machine):
    root = machine(cpu0="0-1", cpu1="0-1", cpu2="2-3", cpu3="2-3")
    assert core_of(3, root) == {2, 3}
    assert one_per_core(range(4), root) == [0, 2]


def test_a_kernel_that_tells_nothing_has_cores_of_one_cpu(tmp_path):
    assert one_per_core([3, 0], tmp_path) == [0, 3]
    assert core_of(7, tmp_path) == {7}


@pytest.mark.parametrize(("cpus", "shared"), [([0, 1], False), ([0, 4], True), ([0], False)])
def test_sharing_a_core_is_seen(machine, cpus, shared):
    assert shared_cores(cpus, machine(cpu0="0,4", cpu1="1,5", cpu4="0,4")) is shared
