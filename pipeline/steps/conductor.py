"""Who starts the steps: the one thing that differs between a plain run and a Prefect run.

`make_album` says what happens in which order; a conductor says how a step is started. The plain conductor uses
threads, the one in flows/make_album.py makes each step a Prefect task. Heavy work goes on to the worker processes
either way, so both write the same bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any, ParamSpec, Protocol, Self, TypeVar

from pipeline.domain import Seconds
from pipeline.errors import BackendFailed, LofiError

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

RETRIES = 2
RETRY_PAUSE = 1.0
"""Seconds before a failed step is tried again."""


def worth_retrying(error: BaseException) -> bool:
    """Whether trying the same step again may help."""
    return isinstance(error, LofiError) and error.retryable


class Promise(Protocol[R_co]):
    """A step under way."""

    def result(self) -> R_co:
        """Wait for the step and return what it made, or raise what it raised."""
        ...


def without(promise: Promise[R], what: str, missed: list[str]) -> R | None:
    """Wait for a step that an album can do without, and return what it made.

    When its backend failed, also when tried again, the result is None, and `missed` gets a line that says why `what`
    is not there. Raises everything else.
    """
    try:
        return promise.result()
    except BackendFailed as error:
        missed.append(f"{what}: {error.message}")
        return None


class Conductor(Protocol):
    """Starts steps."""

    def start(self, name: str, step: Callable[..., R], *args: Any) -> Promise[R]:
        """Start `step(*args)` under the name shown to people; a Promise among `args` is waited for and replaced."""
        ...


class Watched:
    """A conductor that remembers what it started, so that nobody leaves while a step is still writing."""

    def __init__(self, conductor: Conductor) -> None:
        self._conductor = conductor
        self._started: list[Promise[Any]] = []

    def start(self, name: str, step: Callable[..., R], *args: Any) -> Promise[R]:
        """Start a step."""
        promise = self._conductor.start(name, step, *args)
        self._started.append(promise)
        return promise

    def wait(self) -> None:
        """Wait for every step, whatever becomes of it."""
        for promise in self._started:
            with suppress(Exception, CancelledError):
                promise.result()


class PlainConductor:
    """Runs the steps in threads of this process, `pause` seconds before one is tried again."""

    def __init__(self, pause: Seconds = RETRY_PAUSE) -> None:
        self._pause = pause
        # Every thread only waits for a worker process. Steps are queued in the order of their needs, so a step
        # never waits for one queued behind it, whatever the number of threads.
        self._threads = ThreadPoolExecutor(32, thread_name_prefix="step")

    def start(self, name: str, step: Callable[..., R], *args: Any) -> Promise[R]:
        """Start a step in a thread of its own."""
        del name  # threads have no use for it
        return self._threads.submit(_run, step, args, self._pause)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)


def _run(step: Callable[..., R], args: tuple[Any, ...], pause: Seconds) -> R:
    ready = [arg.result() if isinstance(arg, Future) else arg for arg in args]
    for _ in range(RETRIES):
        try:
            return step(*ready)
        except LofiError as error:
            if not worth_retrying(error):
                raise
            time.sleep(pause)
    return step(*ready)
