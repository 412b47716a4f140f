"""The processes that do the heavy work, one thread each, so that every core is used and memory stays apart."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, Self, TypeVar

from pipeline.errors import OutOfMemory, Stopped
from pipeline.intercom import Intercom, Line

R = TypeVar("R")


class Workers:
    """A pool of `count` processes that call functions of steps. Usable from many threads.

    Processes are spawned, not forked: a child must not inherit the album's lock, or a killed run would go on
    holding it. A worker that dies (out of memory, say) is replaced, and its call raises OutOfMemory.
    """

    def __init__(self, count: int, threads: int = 1) -> None:
        """Have `count` processes of `threads` threads each for the numeric libraries."""
        self.count = count
        self._threads = threads
        self._warming: list[Future[None]] = []
        self._lock = threading.Lock()
        # At most one call a process, so that work counts as started only when a process is free to do it.
        self._free = threading.Semaphore(count)
        self._stopped, self._abandoned = threading.Event(), threading.Event()
        self._running = 0
        self._pool: ProcessPoolExecutor | None = None
        self._intercom: Intercom | None = None

    def warm(self, *needed: object) -> None:
        """Start the processes now and let them load numpy and scipy while something else goes on.

        Whatever modules the things `needed` come from are loaded as well; a text is the name of a module, which is
        then not loaded here.
        """
        for _ in range(self.count):
            self._warming.append(self._open_pool().submit(_load, *needed))

    def run(
        self,
        work: Callable[..., R],
        *args: Any,
        starting: Callable[[], None] = lambda: None,
        hearing: Callable[[Any], None] | None = None,
    ) -> R:
        """Call `work` in a worker and return its result; its exception is raised here.

        `starting` is called first, once a worker is free. `hearing` is called in this thread with each message that
        the work sends with `tell`, all of them before this returns. Raises Stopped after `stop`.
        """
        with self._free:
            if self._stopped.is_set():
                raise Stopped("Nothing more is started.")
            starting()
            with self._lock:
                self._running += 1
            try:
                pool = self._open_pool()
                if hearing is None:
                    return self._submit(pool, work, *args).result()
                return self._hear(pool, hearing, work, args)
            except BrokenProcessPool:
                self._drop(pool)
                if self._stopped.is_set():
                    raise Stopped("It was given up.") from None
                raise OutOfMemory(
                    "A worker process died, probably because memory ran out.",
                    "Close other programs, use fewer workers with LOFI_WORKERS=1 or a smaller model, and run the same "
                    "command again.",
                ) from None
            finally:
                with self._lock:
                    self._running -= 1

    @property
    def started(self) -> bool:
        """Whether there are processes, at work or waiting for some."""
        with self._lock:
            return self._pool is not None

    def _submit(self, pool: ProcessPoolExecutor, work: Callable[..., R], *args: Any) -> Future[R]:
        future = pool.submit(work, *args)
        if self._abandoned.is_set():
            # Whoever abandoned this pool may have looked for its processes before there was this one.
            _terminate(pool)
        return future

    def _hear(
        self, pool: ProcessPoolExecutor, hearing: Callable[[Any], None], work: Callable[..., R], args: tuple[Any, ...]
    ) -> R:
        assert self._intercom is not None  # it is there from the first pool on
        with self._intercom.call() as call:
            future: Future[R] = self._submit(pool, _answer, call.number, work, *args)
            # Also when the process dies, so that nobody waits for more of it.
            future.add_done_callback(lambda _: call.end())
            for message in call:
                hearing(message)
            return future.result()

    def stop(self) -> None:
        """Start nothing more. Calls under way that ask `stopping` may end early; the others go on to their end."""
        with self._lock:
            if not self._stopped.is_set() and self._intercom is not None:
                self._intercom.stop()
            self._stopped.set()

    def abandon(self) -> None:
        """Start nothing more, and end the processes at once: calls under way raise Stopped."""
        self._abandoned.set()
        self.stop()
        with self._lock:
            pool = self._pool
        if pool is not None:
            _terminate(pool)

    def close(self) -> None:
        """Let running calls finish, forget queued ones, and end the processes."""
        with self._lock:
            pool, self._pool = self._pool, None
            intercom, self._intercom = self._intercom, None
        if pool is not None:
            self._end(pool)
        if intercom is not None:
            intercom.close()

    def _end(self, pool: ProcessPoolExecutor) -> None:
        if self._running == 0 and not all(warm.done() for warm in self._warming):
            # They are still loading libraries for work that will not come: nobody should wait for that.
            _terminate(pool)
        pool.shutdown(wait=True, cancel_futures=True)

    def _open_pool(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._abandoned.is_set():
                raise Stopped("It was given up.")
            if self._intercom is None:
                self._intercom = Intercom()
                if self._stopped.is_set():
                    self._intercom.stop()
            if self._pool is None:
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(
                    self.count,
                    mp_context=context,
                    initializer=_settle_in,
                    initargs=(self._threads, self._intercom.line),
                )
            return self._pool

    def _drop(self, broken: ProcessPoolExecutor) -> None:
        """Forget a broken pool, unless another thread has done so and its replacement is at work."""
        with self._lock:
            if self._pool is broken:
                self._pool = None
        broken.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.stop()  # whoever leaves like that waits for no result
        self.close()


def _terminate(pool: ProcessPoolExecutor) -> None:
    for process in list((pool._processes or {}).values()):  # nothing public ends a pool's own
        process.terminate()


class _Here:
    """What this process knows when it is a worker: its line to the parent, and the call it is at, if that is heard."""

    line: Line | None = None
    call: int | None = None


def tell(message: Any) -> None:
    """Send a small message from a worker to the caller of this very call; does nothing where nobody hears."""
    if _Here.line is not None and _Here.call is not None:
        _Here.line.tell(_Here.call, message)


def stopping() -> bool:
    """Whether the parent of this worker has called `Workers.stop`; False where this is no worker."""
    return _Here.line is not None and _Here.line.stopping()


def _answer(call: int, work: Callable[..., R], *args: Any) -> R:
    """Do a call in a worker that is heard."""
    _Here.call = call
    try:
        return work(*args)
    finally:
        _Here.call = None


def _settle_in(threads: int, line: Line) -> None:
    """Prepare a fresh worker: Ctrl-C is the parent's to handle, and a worker never outlives its parent."""
    _Here.line = line
    # For the numeric libraries, which read it once, when they are loaded: later, in this process.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.putenv(variable, str(threads))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel

        def leave_with_parent() -> None:
            wait([sentinel])
            os._exit(1)

        threading.Thread(target=leave_with_parent, daemon=True).start()


def _load(*needed: object) -> None:
    # Receiving the arguments has loaded the modules they come from.
    for name in needed:
        if isinstance(name, str):
            import_module(name)
    import scipy.fft
    import scipy.signal

    _ = scipy.signal, scipy.fft
