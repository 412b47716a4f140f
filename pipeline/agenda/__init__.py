"""The agenda: what to make next, and why. Pure: the programme, the past and the time come as arguments."""

from pipeline.agenda.coming import coming
from pipeline.agenda.deciding import next_album
from pipeline.agenda.entries import Entry, Planned, Rest
from pipeline.agenda.programme import Budgets, Programme, Rules, Schedule, Shape, Theme
from pipeline.agenda.reading import read_programme
from pipeline.agenda.ticks import ticks
from pipeline.domain.past import Made, Past, Unfinished

__all__ = [
    "Budgets",
    "Entry",
    "Made",
    "Past",
    "Planned",
    "Programme",
    "Rest",
    "Rules",
    "Schedule",
    "Shape",
    "Theme",
    "Unfinished",
    "coming",
    "next_album",
    "read_programme",
    "ticks",
]
