"""One shift: ask what to make, make that album, and write down what came of it. It knows nothing of Prefect.

What is true of a shift is its row in the catalogue. However a shift ends, by a kill or a full disk as well, the next
one finds out from the rows what is left to do: an album that was begun is finished before another is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Protocol

from flows.one_gpu import gpu_place, wait_for_the_radio
from pipeline.catalogue import Catalogue
from pipeline.catalogue.shifts import STOPPED, Shift, Trigger
from pipeline.domain import Album, Brief, Seconds
from pipeline.errors import DiskFull, Held, LofiError, Stopped
from pipeline.library import open_library
from pipeline.settings import Settings
from pipeline.shelf import Shelf
from pipeline.shelf.atomic import explained, make_folder
from pipeline.shelf.clock import Clock
from pipeline.shelf.lease import holding
from pipeline.steps.plan import finished_album
from pipeline.studio import STUDIOS, part_names

TRIES = 3
"""Shifts that may fail over an album without a name, before another is begun, where no programme says how many."""
PATIENT = 2
"""Shifts in a row that may fail, before the schedule waits longer and longer for the next."""
REMEMBERED = 200
"""Shifts that are looked back upon: more than any programme's tries."""
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=10), timedelta(hours=6)

_log = logging.getLogger("lofi.serve")


class Wanted(NamedTuple):
    """An album to make, and why that one."""

    brief: Brief
    why: str
    new: bool = True
    """False for one that was begun before."""
    tries: int = TRIES
    """Shifts that may fail over an album, before another is begun; it counts where that has no name yet."""


class Rested(NamedTuple):
    """Why nothing is to be made now."""

    why: str


Ask = Callable[[Shelf, Catalogue, datetime], Wanted | Rested]
"""Says what to make at a moment, or why nothing. Raises LofiError."""


class Make(Protocol):
    """Makes an album, or goes on with it. Raises LofiError."""

    def __call__(self, brief: Brief, /) -> Album:
        """Make the album of a brief."""
        ...


def work_shift(
    trigger: Trigger,
    settings: Settings,
    environment: Mapping[str, str],
    ask: Ask,
    make: Make,
    *,
    clock: Clock,
    begun: Callable[[int], None] = lambda _: None,
    pause: Callable[[Seconds], None] = time.sleep,
) -> Shift:
    """Do one shift, and return its row; `begun` is told its number once it has one.

    A shift that finds another at work is over at once; for a radio on the same GPU it waits, in pauses. Whatever is
    wrong with the album is in the row; only what keeps the row from being written is raised, and an interruption, after
    the row says so.
    """
    with open_library(settings, clock) as (shelf, catalogue):
        shifts = catalogue.shifts
        try:
            with _at_work(shelf.night_shift):
                shift = shifts.begin(trigger)
                begun(shift.id)
                return _work(shift, shelf, catalogue, ask, make, lambda: _with_gpu(settings, environment, pause))
        except _Busy as busy:
            return shifts.note(trigger, "coalesced", str(busy))


def _work(
    shift: Shift,
    shelf: Shelf,
    catalogue: Catalogue,
    ask: Ask,
    make: Make,
    with_gpu: Callable[[], AbstractContextManager[None]],
) -> Shift:
    shifts = catalogue.shifts
    try:
        found = _next(shift, shelf, catalogue, ask)
        if isinstance(found, Rested):
            return shifts.end(shift.id, "rested", found.why)
        with with_gpu():
            shifts.take(shift.id, found.brief, found.why)
            album = make(found.brief)
        return shifts.end(shift.id, "made", album=album.slug)
    except _Busy as busy:  # that of another library has the GPU
        return shifts.end(shift.id, "coalesced", str(busy))
    except Held as error:  # somebody makes this very album by hand, or a radio does not let go of the GPU
        return shifts.end(shift.id, "rested", str(error), _album_of(shift.id, catalogue))
    except Stopped:
        return shifts.end(shift.id, "interrupted", STOPPED, _album_of(shift.id, catalogue))
    except LofiError as error:
        return shifts.end(shift.id, "failed", str(error), _album_of(shift.id, catalogue))
    except Exception as error:  # noqa: BLE001 - one album takes no other with it, whatever it failed with
        _log.exception("A bug in lofi ended shift %d", shift.id)
        why = f"A bug in lofi, please report it: {type(error).__name__}: {error}"
        return shifts.end(shift.id, "failed", why, _album_of(shift.id, catalogue))
    except BaseException:
        shifts.end(shift.id, "interrupted", STOPPED, _album_of(shift.id, catalogue))
        raise


FINISHED = "It was finished; only the word of it was lost."


def _next(shift: Shift, shelf: Shelf, catalogue: Catalogue, ask: Ask) -> Wanted | Rested:
    """Return what this shift is to make: nothing yet after failures, what was begun, or what the agenda says."""
    past = [row for row in catalogue.shifts.newest(REMEMBERED, "made", "failed", "interrupted") if row.id != shift.id]
    wait = None if shift.trigger == "now" else waiting(past)
    if wait is not None and shift.time < wait:
        failed = sum(1 for _ in _failures(past))
        return Rested(
            f"{failed} shifts in a row failed, so the next try is at {wait:%Y-%m-%d %H:%M} UTC. {past[0].why}"
        )
    last = next((row for row in past if row.brief is not None), None)
    if last is not None and last.brief is not None and last.outcome == "interrupted":
        made = finished_album(shelf, catalogue, last.brief)
        if made is not None:  # it was killed between the album and the word of it
            catalogue.shifts.end(last.id, "made", FINISHED, made.slug)
    wanted = ask(shelf, catalogue, shift.time)
    if isinstance(wanted, Rested):
        return wanted
    if wanted.new:
        wanted = _nameless(last, past, catalogue, wanted.tries) or wanted
    try:
        shelf.require_room(room_for(wanted.brief))
    except DiskFull as full:
        return Rested(str(full))
    return wanted


def waiting(past: list[Shift]) -> datetime | None:
    """Return when the schedule tries again after the failures that `past`, the newest first, begins with."""
    failed = list(_failures(past))
    if len(failed) < PATIENT or failed[0].ended is None:
        return None
    return failed[0].ended + min(FIRST_WAIT * (1 << min(len(failed) - PATIENT, 16)), LONGEST_WAIT)


def _failures(past: list[Shift]) -> Iterator[Shift]:
    for row in past:
        if row.outcome == "made":
            return
        if row.outcome == "failed":
            yield row


def _nameless(last: Shift | None, past: list[Shift], catalogue: Catalogue, tries: int) -> Wanted | None:
    """Return what the last shift took on, where that has no name yet: the agenda cannot know of it."""
    if last is None or last.brief is None or last.outcome == "made" or catalogue.albums(last.brief):
        return None
    if sum(row.brief == last.brief and not row.stopped for row in past) >= tries:
        return None
    what = "failed" if last.outcome == "failed" else "was interrupted"
    return Wanted(last.brief, f"Shift {last.id} {what} before the album had a name.", new=False)


def room_for(brief: Brief) -> int:
    """Return the bytes that an album takes at most, and a little: 24-bit FLAC is 160 kB a second or less."""
    takes, masters_and_mixes = brief.takes * 160_000, 500_000
    return round(brief.tracks * brief.seconds * (takes + masters_and_mixes)) + 20_000_000


def _album_of(number: int, catalogue: Catalogue) -> str | None:
    """Return the album of a shift that did not finish it, if it was begun."""
    shift = catalogue.shifts.one(number)
    rows = catalogue.albums(shift.brief) if shift is not None and shift.brief is not None else ()
    return rows[-1].slug if rows else None


class _Busy(Exception):
    """Another shift is at work."""


@contextmanager
def _with_gpu(settings: Settings, environment: Mapping[str, str], pause: Callable[[Seconds], None]) -> Iterator[None]:
    """Have the GPU inside the block, where a part of the studio may use one. Raises Held where a radio keeps it."""
    here = {**part_names(settings), "writer": STUDIOS["offline"]["writer"]}  # a writer's model is on some server
    gpu = None if here == STUDIOS["offline"] else gpu_place(settings, environment)
    if gpu is None:
        yield
        return
    with _at_work(gpu):
        wait_for_the_radio(gpu, _log.warning, pause)
        yield


@contextmanager
def _at_work(place: Path) -> Iterator[None]:
    with explained(place):
        make_folder(place)
    with ExitStack() as stack:
        try:
            stack.enter_context(holding(place, "The night shift's album"))
        except Held as held:
            raise _Busy(f"Another shift is at work. {held.message}") from None
        yield
