"""A recording session: everything the steps of one album work with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from pipeline.catalogue import Catalogue
from pipeline.crew import Crew
from pipeline.domain import Brief, Project, RenderOrder, Sha256, TrackPlan
from pipeline.roles import Matcher, Studio
from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder, Shelf

Stage = Literal[
    "note",
    "load",
    "plan",
    "render",
    "ambience",
    "judge",
    "choose",
    "titles",
    "cover",
    "pictures",
    "master",
    "mix",
    "release",
]


@dataclass(frozen=True)
class Progress:
    """One thing done: `stage` of the album, `track` number where there is one, and `text` for a person.

    A "note" is no stage: it is what a person should know, and may be reported more than once.
    With a `share` it is under way still: how much of it is made, from 0 to 1. What was given up is at 0 again.
    """

    stage: Stage
    text: str
    track: int | None = None
    share: float | None = None


Report = Callable[[Progress], None]


class Label:
    """What every album of one library shares: the studio, the shelf, the catalogue and the crew.

    A plain class on purpose: Prefect copies dataclasses that are passed to a task, and a lock or a database
    connection must not be copied. With slots, because Prefect stores what it finds in an object's __dict__ as the
    run's parameters, and the settings may hold a server's address with a password in it.
    """

    __slots__ = ("catalogue", "crew", "report", "run_id", "settings", "shelf", "studio")

    def __init__(
        self,
        studio: Studio,
        shelf: Shelf,
        catalogue: Catalogue,
        crew: Crew,
        settings: Settings,
        report: Report,
        run_id: str,
    ) -> None:
        self.studio = studio
        self.shelf = shelf
        self.catalogue = catalogue
        self.crew = crew
        self.settings = settings
        self.report = report
        self.run_id = run_id


class Session:
    """One album being made, held by this process."""

    def __init__(self, label: Label, project: Project, folder: AlbumFolder) -> None:
        self.label = label
        self.project = project
        self.folder = folder
        self.batching = threading.Lock()
        self.rendered: set[Sha256] = set()
        """Takes of this run, to tell them from those an earlier run left."""
        self.largest_batch = 1000
        """Orders rendered together at most: less once a batch was too much."""
        self.failed: list[RenderOrder] = []
        """Orders that failed beside others in a batch: they wait for a turn of their own."""

    @property
    def brief(self) -> Brief:
        """What was asked for."""
        return self.project.brief

    def called(self, track: TrackPlan) -> str:
        """Return what a track of the plan is called for a person before it is finished.

        Until the judge hands out the titles, a track has only its number.
        """
        return f"track {track.number}" if self.retitles else f"“{track.title}”"

    @property
    def retitles(self) -> bool:
        """Whether the judge hands out the titles by listening, once all takes are chosen."""
        return isinstance(self.label.studio.judge, Matcher)


@contextmanager
def hold(label: Label, project: Project) -> Iterator[Session]:
    """Hold the album's folder for this process and clear away what a killed run left half done. Raises Held."""
    folder = label.shelf.album(project.slug)
    with folder.hold():
        label.catalogue.mark_interrupted(project.slug)
        yield Session(label, project, folder)
