"""The takes under way: how far each is, in a line of its own on a terminal, and now and then where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from pipeline.domain import Seconds

LONG: Seconds = 60.0
"""A take that needs more than this is worth a line at each quarter where a person reads a log."""

LINES = 8
"""Takes that a terminal shows at once; a batch may have more."""


def progress_bar(console: Console) -> Progress:
    """Return a display of named bars with the time left, which vanishes when it ends; no display off a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def shorten(text: str, limit: int = 60) -> str:
    """Return a text as a bar's name."""
    # Rich reads square brackets as markup, and a title may contain them.
    return (text if len(text) <= limit else text[: limit - 1] + "…").replace("[", r"\[")


def _about(left: Seconds) -> str:
    """Return a time as a person says it: minutes, or tens of seconds where it is less than two."""
    return f"{round(left / 60)} min" if left >= 120 else f"{max(10, 10 * round(left / 10))} s"


@dataclass
class _Take:
    begun: Seconds
    line: TaskID | None = None
    quarter: int = 0
    share: float = 0.0


class UnderWay:
    """Shows how much of each take is made, on a display of `progress_bar` or as lines in a log. For one thread only."""

    def __init__(self, console: Console, bars: Progress, clock: Callable[[], Seconds] = time.monotonic) -> None:
        self._console, self._bars, self._clock = console, bars, clock
        self._takes: dict[str, _Take] = {}

    @property
    def made(self) -> float:
        """How many takes' worth of sound is made of those that are under way."""
        return sum(take.share for take in self._takes.values())

    def show(self, name: str, share: float) -> None:
        """Show that `share` of a take is made, from 0 to 1; at 0 it is given up for now."""
        take = self._takes.setdefault(name, _Take(self._clock()))
        take.share = share
        if share == 0:
            self.forget(name)
        elif self._console.is_terminal:
            self._draw(name, take)
        else:
            self._log(name, take)

    def forget(self, name: str) -> None:
        """Show a take no longer: it is done, or given up."""
        take = self._takes.pop(name, None)
        if take is not None and take.line is not None:
            self._bars.remove_task(take.line)

    def _draw(self, name: str, take: _Take) -> None:
        if take.share >= 1:
            if take.line is not None:
                self._bars.remove_task(take.line)
                take.line = None
        elif take.line is not None:
            self._bars.update(take.line, completed=100 * take.share)
        elif sum(other.line is not None for other in self._takes.values()) < LINES:
            take.line = self._bars.add_task(shorten(f"  {name}"), completed=round(100 * take.share))

    def _log(self, name: str, take: _Take) -> None:
        quarter = int(4 * take.share)
        needed = (self._clock() - take.begun) / take.share
        if take.quarter < quarter < 4 and needed > LONG:
            left = _about(needed * (1 - take.share))
            self._console.print(Text(f"{name}: {25 * quarter} %, about {left} left"), soft_wrap=True)
        take.quarter = max(take.quarter, quarter)
