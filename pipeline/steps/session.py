"""A recording session: everything the steps of one album work with."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pipeline.catalogue import Catalogue
from pipeline.crew import Crew
from pipeline.domain import UNTOUCHED, Album, AlbumPlan, Brief, Edits, Project, RenderOrder, Seconds, Sha256, TrackPlan
from pipeline.errors import LofiError
from pipeline.roles import Matcher, Studio
from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder, Shelf
from pipeline.steps.effort import cost, whole
from pipeline.steps.progress import Progress, Report

NOTED_EVERY: Seconds = 0.5
"""Between two notes of how far an album is: each is a transaction."""


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
    """One album being made, held by this process.

    `edits` are what people decided by the time it began, and `before` the album as it was finished before that.
    """

    def __init__(
        self,
        label: Label,
        project: Project,
        folder: AlbumFolder,
        edits: Edits = UNTOUCHED,
        before: Album | None = None,
    ) -> None:
        self.label = label
        self.project = project
        self.folder = folder
        self.edits = edits
        self.before = before
        self.batching = threading.Lock()
        self.rendered: set[Sha256] = set()
        """Takes of this run, to tell them from those an earlier run left."""
        self.largest_batch = 1000
        """Orders rendered together at most: less once a batch was too much."""
        self.track_names: frozenset[str] = frozenset()
        """The names of all finished tracks, once they have titles and places: they may change names with each other."""
        self.failed: list[RenderOrder] = []
        """Orders that failed beside others in a batch: they wait for a turn of their own."""
        self._done = 0.0
        self._under_way: dict[str, float] = {}
        self._noted = -NOTED_EVERY
        self._noting = threading.Lock()

    @property
    def brief(self) -> Brief:
        """What was asked for."""
        return self.project.brief

    @property
    def plan(self) -> AlbumPlan:
        """The plan under the title that people gave the album. Its tracks get theirs once takes are chosen."""
        title = self.edits.title
        return self.project.plan if title is None else self.project.plan.but(title=title)

    def look_again(self) -> bool:
        """Take what people decided since it began into account; return whether there was anything."""
        edits = self.label.catalogue.review.edits(self.project.slug)
        changed, self.edits = edits != self.edits, edits
        return changed

    def called(self, track: TrackPlan) -> str:
        """Return what a track of the plan is called for a person before it is finished.

        Until the judge hands out the titles, a track has only its number.
        """
        return f"track {track.number}" if self.retitles else f"“{track.title}”"

    @property
    def retitles(self) -> bool:
        """Whether the judge hands out the titles by listening, once all takes are chosen."""
        return isinstance(self.label.studio.judge, Matcher)

    def report(self, done: Progress) -> None:
        """Tell whoever looks on of one thing done or under way, here and by way of the catalogue."""
        self.label.report(done)
        if done.stage == "note":
            return
        with self._noting:
            if done.share is None:
                self._under_way.pop(done.text, None)
                self._done += cost(done, self.brief)
            else:
                self._under_way[done.text] = done.share * cost(done, self.brief)
            if time.monotonic() < self._noted + NOTED_EVERY:
                return
            self._noted = time.monotonic()
            share = min((self._done + sum(self._under_way.values())) / whole(self.brief), 1.0)
        with suppress(LofiError):  # nobody's album stops for want of an onlooker
            self.label.catalogue.review.note_progress(self.project.slug, done.stage, done.text, share)


@contextmanager
def hold(label: Label, project: Project) -> Iterator[Session]:
    """Hold the album's folder for this process and clear away what a killed run left half done. Raises Held."""
    folder = label.shelf.album(project.slug)
    with folder.hold():
        label.catalogue.mark_interrupted(project.slug)
        try:
            yield Session(label, project, folder, label.catalogue.review.edits(project.slug), folder.before())
        finally:
            with suppress(LofiError):
                label.catalogue.review.end_progress(project.slug)
