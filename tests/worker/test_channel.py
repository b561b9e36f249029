import contextlib
import functools
import os
import select
import struct
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcnas.errors import WorkerFault
from zcnas.words.packed import pack_images
from zcnas.worker.channel import (
    ANSWER_STATUSES,
    MAX_ANSWER_BYTES,
    MAX_MESSAGE_BYTES,
    Answer,
    Calibrate,
    Query,
    Setup,
    printable,
    receive_frame,
    send_frame,
)

NONCE = bytes(range(16))


def wait_at_most(seconds, descriptor, event):
    poll = select.poll()
    poll.register(descriptor, event)
    if not poll.poll(1000 * seconds):
        raise TimeoutError


patiently = functools.partial(wait_at_most, 120)
briefly = functools.partial(wait_at_most, 0.1)


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        with contextlib.suppress(OSError):
            os.close(descriptor)


@given(st.floats(allow_nan=False), st.sampled_from(ANSWER_STATUSES), st.text(max_size=50))
def test_an_answer_survives_the_wire_to_the_last_bit(score, status, message):
    answer = Answer.decode(Answer(NONCE, status, score, 1.5, 2.5, message).encode())
    assert struct.pack("d", answer.score) == struct.pack("d", score)
    assert (answer.nonce, answer.status) == (NONCE, status)
    assert answer.message == printable(message)


@given(st.binary(max_size=200))
def test_bytes_from_the_worker_are_an_answer_or_a_worker_fault(content):
    try:
        answer = Answer.decode(content)
    except WorkerFault:
        return
    assert answer.status in ANSWER_STATUSES


def test_a_long_message_is_cut_so_that_the_answer_fits_a_frame():
    assert len(Answer(NONCE, "ok", message="é" * 10_000).encode()) <= MAX_ANSWER_BYTES
    assert len(Answer(NONCE, "ok", message="x" * 10_000).encode()) > MAX_MESSAGE_BYTES


def test_control_characters_do_not_reach_a_terminal():
    assert printable("a\x1b[2Jb\x07\u202ec\nd\te") == "a�[2Jb��c\nd\te"


def test_a_set_up_and_a_query_survive_the_wire():
    inputs = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)
    targets = np.array([3, 4])
    setup = Setup.decode(Setup(NONCE, "b", 2**62, 1, 3, 100, inputs, targets).encode())
    assert (setup.nonce, setup.benchmark, setup.seed) == (NONCE, "b", 2**62)
    np.testing.assert_array_equal(setup.inputs, inputs)
    np.testing.assert_array_equal(setup.targets, targets)
    assert setup.inputs.dtype == np.float32
    assert setup.inputs.flags.writeable
    assert len(setup.further) == 0
    query = Query(NONCE, 2**63 - 1, "|skip~0|")
    assert Query.decode(query.encode()) == query


def test_images_after_the_first_minibatch_travel_as_bytes():
    inputs = np.random.default_rng(0).normal(size=(4, 3, 16, 16)).astype(np.float32)
    packed = pack_images(inputs, np.arange(4))
    sent = Setup(NONCE, "b", 1, 1, 3, 100, inputs[:2], np.array([3, 4]), packed).encode()
    assert len(sent) < inputs[:2].nbytes + inputs.size + 1000
    arrived = Setup.decode(sent)
    for array, expected in zip(arrived.further.arrays(), packed.arrays(), strict=True):
        np.testing.assert_array_equal(array, expected)
        assert (array.dtype, array.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(arrived.inputs, inputs[:2])


def test_frames_of_any_size_pass_a_pipe(pipe):
    reader, writer = pipe
    os.set_blocking(writer, False)
    content = os.urandom(3_000_000)
    sender = threading.Thread(target=send_frame, args=(writer, content, patiently))
    sender.start()
    assert receive_frame(reader, len(content), patiently) == content
    sender.join()


def test_a_frame_longer_than_allowed_is_refused_before_it_is_read(pipe):
    reader, writer = pipe
    os.write(writer, struct.pack("!I", 2**32 - 1))
    with pytest.raises(WorkerFault, match="frame of 4294967295 bytes"):
        receive_frame(reader, MAX_ANSWER_BYTES)


@pytest.mark.parametrize("sent", [b"", b"\0", b"\0\0\0\x09", b"\0\0\0\x09part"])
def test_silence_is_waited_for_before_every_piece(pipe, sent):
    reader, writer = pipe
    os.write(writer, sent)
    with pytest.raises(TimeoutError):
        receive_frame(reader, 10, briefly)


def test_a_reader_that_does_not_read_is_waited_for(pipe):
    _, writer = pipe
    os.set_blocking(writer, False)
    with pytest.raises(TimeoutError):
        send_frame(writer, bytes(1_000_000), briefly)


@pytest.mark.parametrize("content", [b"", b"\0\0", b"\0\0\0\x05abc"])
def test_a_stream_that_ends_early_is_no_frame(pipe, content):
    reader, writer = pipe
    os.write(writer, content)
    os.close(writer)
    assert receive_frame(reader, 10, patiently) is None


def test_a_calibration_is_told_from_a_set_up():
    request = Calibrate(NONCE, 9)
    assert Calibrate.decode(request.encode()) == request
    images = np.zeros((1, 3, 2, 2), np.float32)
    setup = Setup(NONCE, "b", 1, 1, 3, 100, images, np.zeros(1)).encode()
    assert Calibrate.decode(setup) is None
