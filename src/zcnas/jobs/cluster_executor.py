"""Dask's executor, with an end to every job: an answer that cannot be loaded is a fault of its job.

Dask leaves a future for ever undone if fetching its result fails, as loading a pickle does in a
client that loads none. So the result is fetched here, and whatever goes wrong on the way is the
future's exception, which the dispatcher tries again as any fault of our machines.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError, Future
from typing import Any

from distributed.cfexecutor import ClientExecutor

from zcnas.errors import OrganiserError


class ClusterExecutor(ClientExecutor):
    """``concurrent.futures`` on the workers of a Dask client."""

    def _wrap_future(self, future: Any) -> Future[bytes]:
        """Return a future that gets the answer of a Dask future, or the reason why there is none.

        Cancelling it cancels the task.
        """
        answer: Future[bytes] = Future()

        def cancel_task(done: Future[bytes]) -> None:
            if done.cancelled() and future.status != "cancelled":
                future.cancel()

        answer.add_done_callback(cancel_task)
        self._client.loop.add_callback(_fetch, future, answer)
        return answer


async def _fetch(future: Any, answer: Future[bytes]) -> None:
    """Wait for a task and hand over its answer."""
    outcome: Any = (await asyncio.gather(future, return_exceptions=True))[0]
    if answer.done():  # cancelled meanwhile
        return
    if isinstance(outcome, (asyncio.CancelledError, CancelledError)):
        answer.cancel()
        answer.set_running_or_notify_cancel()  # wakes whoever waits
    elif not isinstance(outcome, BaseException):
        answer.set_result(outcome)
    elif future.status == "finished":
        answer.set_exception(OrganiserError(f"a worker's answer cannot be read: {outcome}"))
    else:
        answer.set_exception(outcome)
