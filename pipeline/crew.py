"""The crew: who does the work of each part, and which of the models that take gigabytes may stay in memory.

Parts with a model have a process each. All of them stay loaded while memory allows, so that one batch is judged while
the next is rendered and the cover is painted. Where memory is short they take turns: a part that waits for room sends
home those that have had nothing to do for a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

from pipeline.domain import Seconds
from pipeline.errors import OutOfMemory, Stopped
from pipeline.memory import available_memory
from pipeline.roles import Modelled
from pipeline.trace import Span, Trace
from pipeline.workers import Workers

R = TypeVar("R")

REST = 2.0
"""Seconds without work after which a part makes room for another: between two tracks it is back far sooner."""

_LOOK = 0.25  # seconds between two looks at the memory while a part waits for room


def workers_for(part: object, threads: int) -> Workers:
    """Return one process for one part, as an album would give it: a model may use `threads`, all else uses one."""
    return Workers(1, threads if isinstance(part, Modelled) else 1)


class Crew:
    """A pool for whatever needs no model, and a process of its own for each part in `needs`. Usable from many threads.

    `needs` are the bytes of memory that the part's model takes; `available` says how many there are. `loading` is told
    the role of a part whose model is about to be loaded, each time that it is.
    """

    def __init__(
        self,
        pool: Workers,
        needs: Mapping[str, int] | None = None,
        threads: int = 1,
        available: Callable[[], int] = available_memory,
        rest: Seconds = REST,
        trace: Trace | None = None,
        loading: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._pool = pool
        self._loading = loading
        self._soloists = {role: _Soloist(Workers(1, threads), need) for role, need in (needs or {}).items()}
        self._available = available
        self._rest = rest
        self._trace = trace or Trace()
        self._changed = threading.Condition()
        self._stopped = False

    def run(
        self, role: str, work: Callable[..., R], *args: Any, starting: Callable[[], None] = lambda: None, **how: Any
    ) -> R:
        """Call `work` where the role is at home and return its result, as Workers.run does; it is given `how` as well.

        Raises what the work raises, and Stopped after `stop`.
        """
        soloist = self._soloists.get(role)
        begun: list[Seconds] = []

        def start() -> None:
            begun.append(self._trace.now())
            starting()

        try:
            if soloist is None:
                return self._pool.run(work, *args, starting=start, **how)
            return self._alone(role, soloist, work, *args, starting=start, **how)
        finally:
            if begun:
                self._trace.add(Span(role, work.__name__, begun[0], self._trace.now()))

    def _alone(self, role: str, soloist: _Soloist, work: Callable[..., R], *args: Any, **how: Any) -> R:
        with self._at_work(soloist) as fresh:
            if fresh:
                self._loading(role)
            soloist.listens = "hearing" in how
            try:
                return soloist.workers.run(work, *args, **how)
            except OutOfMemory:
                # What it did not fit beside leaves, so that trying again may help. A GPU's memory is known to fail
                # only in this way: nothing here loads the library that could ask.
                self.make_room(role)
                raise

    def make_room(self, role: str) -> None:
        """Send every other part that has nothing to do home, its model with it."""
        with self._changed:
            for other, soloist in self._soloists.items():
                if other != role and not soloist.busy:
                    soloist.go_home()
            self._changed.notify_all()

    def dismiss(self, role: str) -> None:
        """End the process of a part that is not to work after all; whoever stands in works in the pool."""
        with self._changed:
            soloist = self._soloists.pop(role, None)
            self._changed.notify_all()
        if soloist is not None:
            soloist.go_home()

    def has_loaded(self, role: str) -> bool:
        """Whether the part's model is in memory, or about to be."""
        soloist = self._soloists.get(role)
        return soloist is not None and soloist.there

    def stop(self) -> None:
        """Start nothing more anywhere. What takes seconds goes on to its end, so that it is kept.

        A part with a model is told to stop where it listens; where it does not, its process is ended, for it could be
        at work for many minutes, and half of what it makes is worth nothing.
        """
        with self._changed:
            self._stopped = True
            self._pool.stop()
            for soloist in self._soloists.values():
                if soloist.listens:
                    soloist.workers.stop()
                else:
                    soloist.workers.abandon()
            self._changed.notify_all()

    def close(self) -> None:
        """Let running calls finish and end the processes of the parts with a model; the pool is its opener's."""
        for soloist in self._soloists.values():
            soloist.workers.close()

    @contextmanager
    def _at_work(self, soloist: _Soloist) -> Iterator[bool]:
        """Wait for room, and keep the part's process from being sent home inside the block.

        Yields whether it comes from home, and its model is still to be loaded.
        """
        with self._changed:
            while not self._admit(soloist):
                self._changed.wait(_LOOK)
            fresh = not soloist.there
            soloist.busy += 1
        try:
            yield fresh
        finally:
            with self._changed:
                soloist.busy -= 1
                soloist.loaded = soloist.workers.started
                soloist.since = time.monotonic()
                self._changed.notify_all()

    def _admit(self, soloist: _Soloist) -> bool:
        """Whether a part may go to work now. Others that have rested long enough are sent home for it."""
        if self._stopped:
            raise Stopped("Nothing more is started.")
        others = [other for other in self._soloists.values() if other is not soloist and other.there]
        # Those that are still loading have not taken yet what they will take.
        coming = sum(other.need for other in others if not other.loaded)
        if soloist.there or self._available() - coming >= soloist.need:
            return True
        for other in others:
            if not other.busy and time.monotonic() - other.since >= self._rest:
                other.go_home()
                return False  # what that has freed is seen by looking again
        # With nobody left to send home it goes to work all the same: the estimate may be too high.
        return not others

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.stop()  # whoever leaves like that waits for no result
        self.close()


class _Soloist:
    """A part with a process of its own: what its model needs, how many calls it has, since when it has none."""

    def __init__(self, workers: Workers, need: int) -> None:
        self.workers = workers
        self.need = need
        self.busy = 0
        self.since = 0.0
        self.loaded = False
        self.listens = False

    @property
    def there(self) -> bool:
        """Whether its model is in memory, or about to be."""
        return self.busy > 0 or self.workers.started

    def go_home(self) -> None:
        """End its process, and free the memory its model takes."""
        self.workers.close()
        self.loaded = False
