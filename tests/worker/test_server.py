"""A child's end is noticed in time, also where no descriptor stands for a process."""

import errno
import faulthandler
import os
import time

import pytest

from zcnas.worker import server


@pytest.fixture(params=["descriptor", "none"])
def pidfd(request, monkeypatch):
    """With the kernel's descriptors of processes, and as in gVisor, which has none."""
    if request.param == "none":

        def missing(pid, flags=0):
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

        monkeypatch.setattr(server.os, "pidfd_open", missing)


@pytest.fixture
def recorder():
    """The reading end of a stream whose other end is open."""
    reader, writer = os.pipe()
    yield reader
    os.close(reader)
    os.close(writer)


def child_that_takes(seconds):
    child = os.fork()
    if child == 0:
        faulthandler.disable()  # pytest's, which would print where SIGABRT found it
        time.sleep(seconds)
        os._exit(7)
    return child


def test_a_child_that_ends_in_time_is_seen_to_and_still_tells_how(pidfd, recorder):
    child = child_that_takes(0.05)
    assert not server._waits_too_long(child, recorder, 20)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_child_that_takes_too_long_is_given_up_and_ended(pidfd, recorder):
    child = child_that_takes(60)
    begin = time.monotonic()
    assert server._waits_too_long(child, recorder, 0.1)
    server._end(child)
    os.waitpid(child, 0)
    assert time.monotonic() - begin < 20


def test_a_worker_whose_recorder_is_gone_exits(pidfd):
    reader, writer = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(writer)
        server._waits_too_long(child_that_takes(5), reader, 60)
        os._exit(0)
    os.close(writer)
    assert os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) == 1
    os.close(reader)


def test_any_other_refusal_of_a_descriptor_is_an_error(recorder, monkeypatch):
    def refused(pid, flags=0):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(server.os, "pidfd_open", refused)
    child = child_that_takes(0)
    with pytest.raises(PermissionError):
        server._waits_too_long(child, recorder, 1)
    os.waitpid(child, 0)
