"""Which programme the service of the night shift follows, noted for onlookers with one of their own."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from pipeline.agenda.programme import Budgets, Programme, Schedule
from pipeline.domain.noun import Noun
from pipeline.errors import LofiError
from pipeline.shelf import Shelf
from pipeline.shelf.folder import Folder
from pipeline.shelf.lease import holder_of

_FILE = "programme.json"


class Following(Noun):
    """What a service goes by: the schedule and budgets in force, and the file that they are from.

    It is known by when it `claimed` its lease: the number of its process is that of the next one in a container.
    `wrong` says what is wrong with that file since, where something is: what it said before counts on.
    """

    claimed: datetime
    file: str
    schedule: Schedule
    budgets: Budgets
    wrong: str = ""


def follow(shelf: Shelf, programme: Programme, file: str, wrong: str = "") -> None:
    """Note what this process goes by, as the service that holds the library. Raises ShelfError."""
    lease = holder_of(shelf.service)
    if lease is not None:
        plan = {"schedule": programme.schedule, "budgets": programme.budgets}
        Folder(shelf.service).put(Following(claimed=lease.claimed, file=file, wrong=wrong, **plan), _FILE)


def followed(shelf: Shelf) -> Following | None:
    """Return what the service goes by that is on now; None where none is, or where it has noted nothing."""
    lease = holder_of(shelf.service)
    if lease is not None:
        with suppress(LofiError):
            found = Folder(shelf.service).peek(_FILE, Following)
            return found if found is not None and found.claimed == lease.claimed else None
    return None
