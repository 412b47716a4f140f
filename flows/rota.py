"""The rota: what the programme says of when a shift begins and what it makes, for whoever does shifts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from flows.briefs import brief_of
from flows.foreman import Tick
from flows.shift import Ask, Rested, Wanted
from pipeline.agenda import Entry, Programme, Rest, next_album, read_programme, ticks
from pipeline.agenda.reading import FILE
from pipeline.catalogue import Catalogue
from pipeline.catalogue.shifts import Trigger
from pipeline.domain import Brief
from pipeline.errors import LofiError, PromptError
from pipeline.library import library_past
from pipeline.prompts import prompts_folder
from pipeline.settings import Settings
from pipeline.shelf import Shelf


def ask_agenda(settings: Settings) -> Ask:
    """Return who is asked what to make; the programme is read each time, so that it can be edited.

    While a mistake is in it the answer is to rest: no album failed, and the next tick after it is mended makes one.
    """

    def ask(shelf: Shelf, catalogue: Catalogue, now: datetime) -> Wanted | Rested:
        try:
            programme = read_programme(settings.prompts)
        except PromptError as mistake:
            return Rested(str(mistake))
        past = library_past(shelf, catalogue, programme.schedule.zone, now)
        found = next_album(programme, past, now)
        if isinstance(found, Rest):
            until = "" if found.until is None else f" Until {found.until:%Y-%m-%d %H:%M} UTC."
            return Rested(found.why + until)
        why = "; ".join(found.why)
        said, new = f"{why[:1].upper()}{why[1:]}.", found.brief is None
        return Wanted(_brief(found, settings), said, new, programme.rules.tries)

    return ask


def _brief(entry: Entry, settings: Settings) -> Brief:
    if entry.brief is not None:
        return entry.brief
    wanted = {name: getattr(entry, name) for name in ("tracks", "seconds", "takes", "style", "language")}
    given = {name: value for name, value in wanted.items() if value is not None}
    return brief_of(entry.theme, entry.seed, settings, given)


class Rota:
    """The programme in force: read again whenever its file has changed. A mistake in it is told, and the last stays."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self.programme = read_programme(folder)
        self.wrong = ""
        self._stamp = self._stamped()

    @property
    def file(self) -> Path:
        """The programme's file."""
        return (self._folder or prompts_folder()).absolute() / FILE

    def look(self) -> bool:
        """Read the file again if it was touched; return whether the programme is another now, or `wrong`."""
        stamp = self._stamped()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        before = self.programme, self.wrong
        try:
            self.programme, self.wrong = read_programme(self._folder), ""
        except LofiError as error:
            self.wrong = str(error)
        return before != (self.programme, self.wrong)

    def ticks(self, after: datetime, until: datetime) -> Sequence[Tick]:
        """Return the ticks of the schedule in (after, until]."""
        trigger = trigger_of(self.programme)
        return [Tick(moment, trigger) for moment in ticks(self.programme, after, until)]

    def _stamped(self) -> tuple[int, int]:
        if self._folder is None:
            return 0, 0
        try:
            stat = (self._folder / "programme.toml").stat()
        except OSError:
            return 0, 0
        return stat.st_mtime_ns, stat.st_size


def trigger_of(programme: Programme) -> Trigger:
    """Return what a tick of the schedule is called."""
    return "cron" if programme.schedule.cron else "interval"
