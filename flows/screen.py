"""What a person sees while an album is made: bars with the time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.text import Text

from flows.printing import Notes
from flows.underway import UnderWay, progress_bar, shorten
from pipeline.domain import Brief
from pipeline.steps.effort import COSTS, cost, whole
from pipeline.steps.progress import Progress as Done


class Screen:
    """Shows progress on `console`, and what is noted on the way by `notes`."""

    def __init__(self, console: Console, brief: Brief, notes: Notes) -> None:
        self._console = console
        self._notes = notes
        self._brief = brief
        self._bar = progress_bar(console)
        self._under_way = UnderWay(console, self._bar)
        self._done = 0.0
        self._reporting = Lock()
        self._task = self._bar.add_task("Preparing", total=whole(brief))

    def report(self, done: Done) -> None:
        """Show one thing done or under way. Safe to call from any thread; never fails the step that reports."""
        with suppress(BrokenPipeError), self._reporting:
            self._show(done)

    def _show(self, done: Done) -> None:
        if done.stage == "note":
            self._notes.say(done.text)
            return
        place = "" if done.track is None else f"{done.track:02d} "
        said = f"{done.stage:<8} {place}{done.text}"
        if done.share is not None:
            self._under_way.show(said, done.share)
        else:
            self._under_way.forget(said)
            self._done += cost(done, self._brief)
            if self._console.is_terminal:
                self._bar.update(self._task, description=shorten(f"{done.stage} {done.text}"))
            else:
                self._console.print(Text(said), soft_wrap=True)
        made = self._under_way.made * COSTS["render"] * self._brief.seconds
        self._bar.update(self._task, completed=self._done + made)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
