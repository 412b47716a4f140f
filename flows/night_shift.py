"""The Prefect flow of the night shift: it asks the agenda, makes that album, and shows what came of it.

Whoever runs it, a worker of your own Prefect or `lofi serve`, does the same shift: flows/shift.py. What is true of it
is in the catalogue's table of shifts; a run's state in Prefect only repeats that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State, StateType
from prefect.settings import PREFECT_API_URL
from rich.text import Text

from flows.making import make_brief
from flows.prefect_server import Lost
from flows.printing import console
from flows.rota import ask_agenda
from flows.shift import Make, work_shift
from pipeline.catalogue.shifts import Shift, Trigger
from pipeline.domain import Album, Brief
from pipeline.settings import Settings, read_settings
from pipeline.shelf.clock import Clock, utc_now

STATES: Mapping[str, StateType] = {
    "made": StateType.COMPLETED,
    "rested": StateType.COMPLETED,
    "coalesced": StateType.CANCELLED,
    "failed": StateType.FAILED,
    "interrupted": StateType.CRASHED,
}


begun: ContextVar[Callable[[int], None]] = ContextVar("begun", default=lambda _: None)
"""Told the number of a shift's row as soon as it has one, by whoever does the shift for somebody else."""


class Around:
    """The Prefect that this very run is a part of."""

    def url(self) -> str:
        """Return its address."""
        return PREFECT_API_URL.value() or ""

    def close(self) -> None:
        """Leave it running."""


@flow(name="night-shift", persist_result=False)
def night_shift(
    library: str | None = None,
    trigger: Trigger = "now",
    settings: dict[str, str] | None = None,
    at: datetime | None = None,
) -> Any:
    """Make the album that the agenda wants now, or say why none.

    `library` is the folder of the albums, LOFI_LIBRARY or output where it is not given, and `settings` more of what
    LOFI_ variables can say, such as {"studio": "auto"}. `at` lets the shift believe in another time than it is, to try
    a programme out.
    """
    place = None if library is None else Path(library)
    read = read_settings(os.environ, **{**(settings or {}), "library": place})
    return state_of(shift_here(trigger, read, at, plain=False))


def shift_here(trigger: Trigger, settings: Settings, at: datetime | None, *, plain: bool) -> Shift:
    """Do one shift in this process, `plain` or as a part of the flow run that is under way."""
    clock = utc_now if at is None else _beginning_at(at)
    make = _plainly(settings, clock) if plain else _by_prefect(settings, clock)
    return work_shift(trigger, settings, os.environ, ask_agenda(settings), make, clock=clock, begun=begun.get())


def state_of(shift: Shift) -> State[Any]:
    """Return what a shift looks like in Prefect."""
    why = shift.why if shift.album is None else f"{shift.album}: {shift.why}"
    return State(type=STATES[shift.outcome], name=shift.outcome.capitalize(), message=why)


def _by_prefect(settings: Settings, clock: Clock) -> Make:
    plainly = _plainly(settings, clock)

    def make(brief: Brief) -> Album:
        out = console(to_stderr=True)
        try:
            return make_brief(brief, settings, Around(), out, clock)
        except Lost as lost:
            out.print(Text(f"{lost.message} It is gone on with without Prefect."), soft_wrap=True)
            return plainly(brief)

    return make


def _plainly(settings: Settings, clock: Clock) -> Make:
    def make(brief: Brief) -> Album:
        return make_brief(brief, settings, None, console(to_stderr=True), clock)

    return make


def _beginning_at(moment: datetime) -> Clock:
    """Return a clock that shows `moment` now, and goes on from there."""
    behind: timedelta = utc_now() - moment
    return lambda: utc_now() - behind
