"""The recorder's side of the conversation with one worker after the other.

Requests go out, answers come back within a time limit, and a worker that failed us is stopped.
What an answer is worth is not decided here.
"""

from __future__ import annotations

import functools
import select
import time
from typing import Literal

from zcnas.errors import OrganiserError, WorkerFault
from zcnas.isolation import Worker
from zcnas.isolation.machine import Interruption
from zcnas.worker.channel import MAX_ANSWER_BYTES, Answer, receive_frame, send_frame

INTERRUPTION_POLL_S = 0.2

Loss = Literal["gone", "silent", "protocol"]
"""How a worker was lost: it ended, it did not answer in time, or it broke the protocol."""


class Conversation:
    """Exchanges requests for answers with the worker at hand, and adds up the CPU time of all.

    Attributes:
        loss: How the last exchange lost the worker; None if it did not.
        longest_wait_s: How long one thread of the worker was ready to run during the last exchange
            and did not, because others used its CPU.
    """

    def __init__(self, interrupted: Interruption) -> None:
        self.loss: Loss | None = None
        self.longest_wait_s = 0.0
        self._interrupted = interrupted
        self._worker: Worker | None = None
        self._cpu_of_ended_workers = 0.0
        self._claimed_cpu_time_s = 0.0

    @property
    def worker(self) -> Worker | None:
        """The worker at hand, if there is one."""
        return self._worker

    def begin(self, worker: Worker) -> None:
        """Talk to this worker from now on."""
        self._worker = worker

    def exchange(
        self,
        nonce: bytes,
        request: bytes | None,
        time_limit_s: float,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> Answer:
        """Return the worker's answer, or the answer it would have owed.

        A worker that failed us is stopped.

        Args:
            nonce: What the answer must carry.
            request: The request; None for the worker's first word.
            time_limit_s: Wall seconds to wait for the answer.
            max_bytes: How long the answer may be.

        Raises:
            OrganiserError: The run is interrupted.
        """
        worker = self._worker
        assert worker is not None
        self.loss, self.longest_wait_s = None, 0.0
        wait = functools.partial(self._wait, worker, time.monotonic() + time_limit_s)
        try:
            if request is not None:
                send_frame(worker.stdin, request, wait)
            content = receive_frame(worker.stdout, max_bytes, wait)
            if content is not None:
                answer = Answer.decode(content)
                if answer.nonce == nonce:
                    self._claimed_cpu_time_s += plausible(answer.cpu_time_s)
                    return answer
                raise WorkerFault("the worker answered another query than the one in flight")
        except TimeoutError:
            self.stop()
            self.loss = "silent"
            return Answer(nonce, "timeout", message=f"no answer within {time_limit_s:.0f} s")
        except WorkerFault as fault:
            self.stop()
            self.loss = "protocol"
            return Answer(nonce, "error", message=str(fault))
        except OSError:
            pass  # the worker is gone, as when the stream has ended
        end = self.stop()
        self.loss = "gone"
        return Answer(nonce, "killed", message=f"the worker is gone: {end}")

    def stop(self) -> str:
        """Stop the worker at hand and return in a few words how it ended."""
        if self._worker is None:
            return "not running"
        worker, self._worker = self._worker, None
        end = worker.stop()
        self._cpu_of_ended_workers += worker.cpu_time_s() or 0.0
        return end

    def cpu_time_s(self) -> float:
        """Return the CPU seconds of all workers so far, measured from outside where that can be."""
        measured = self._worker.cpu_time_s() if self._worker is not None else 0.0
        if measured is None:
            return self._claimed_cpu_time_s
        return self._cpu_of_ended_workers + measured

    def _wait(self, worker: Worker, deadline: float, descriptor: int, event: int) -> None:
        """Return when a descriptor is ready; meanwhile see whether the worker waits for a CPU.

        Raises:
            TimeoutError: The deadline has passed.
            OrganiserError: The run is interrupted.
        """
        poll = select.poll()
        poll.register(descriptor, event)
        while (rest := deadline - time.monotonic()) > 0:
            if self._interrupted.is_set():
                raise OrganiserError("the run was interrupted; repeat the command to resume")
            if poll.poll(1000 * min(rest, INTERRUPTION_POLL_S)):
                return
            self.longest_wait_s = max(self.longest_wait_s, worker.longest_wait_s())
        raise TimeoutError


def plausible(claim: float) -> float:
    """Return a time or size the worker claims, or 0 where it cannot be one."""
    return claim if 0 <= claim < 1e9 else 0.0
