"""What a worker printed reaches its log, however slow the log and whoever still has the pipe."""

import os
import time

from zcnas.isolation.output import OutputReader


def pipe():
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb", buffering=0), writing


def test_a_log_slower_than_the_end_of_its_worker_has_everything():
    stream, writing = pipe()
    pieces = []

    def slow(chunk):
        time.sleep(1.2)
        pieces.append(chunk)

    reader = OutputReader(stream, slow)
    os.write(writing, b"the last word")
    os.close(writing)
    reader.finish()
    assert b"".join(pieces) == b"the last word"
    reader.finish()


def test_what_stands_in_the_pipe_is_read_although_somebody_holds_it_open():
    stream, writing = pipe()
    pieces = []
    reader = OutputReader(stream, pieces.append)
    os.write(writing, b"x" * 60_000)
    started = time.monotonic()
    reader.finish()
    assert sum(map(len, pieces)) == 60_000
    assert time.monotonic() - started < 2
    assert stream.closed
    os.close(writing)


def test_who_prints_on_without_end_is_not_waited_for():
    stream, writing = pipe()
    reader = OutputReader(stream, lambda chunk: os.write(writing, b"x" * 4096))
    os.write(writing, b"x")
    reader.finish()
    os.close(writing)
