"""A library whose albums were decided on long ago, for the tests of what may go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import papers

from pipeline.catalogue import Catalogue
from pipeline.catalogue.comparisons import Comparison, Contender, Winner
from pipeline.catalogue.rows import Decided
from pipeline.domain import Album, Take
from pipeline.pruning import AlbumSorted, prune_takes, sort_takes
from pipeline.shelf import AlbumFolder, Shelf

LONG_AGO = papers.NOON
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MONTH = timedelta(days=30)


class Old:
    """A library with an album of two tracks and two takes of each; the first take of each is chosen."""

    def __init__(self, root: Path) -> None:
        self.shelf = Shelf.open(root)
        self.now = LONG_AGO
        self.catalogue = Catalogue.open(self.shelf.catalogue_path, clock=lambda: self.now)
        self.album = self.put()

    def put(self, title: str = "Rain On Tin", titles: tuple[str, ...] = ("Gutter Song", "Slow Drops")) -> Album:
        """Put a finished album on the shelf, a draft."""
        paper, asked = papers.plan(title, titles), papers.brief(f"the theme of {title}")
        folder = self.shelf.begin(title, lambda slug: papers.project(slug, paper, asked))
        with folder.hold():
            album = papers.finished_album(folder, paper, asked)
        self.catalogue.enter(album)
        return album

    @property
    def folder(self) -> AlbumFolder:
        return self.shelf.album(self.album.slug)

    def take(self, track: int, index: int) -> Take:
        return next(take for take in self.album.takes if (take.order.track.number, take.order.index) == (track, index))

    def decide(self, decision: str, track: int | None = None, take: int | None = None, **more: object) -> Decided:
        """Decide on the album, or on a take, at `self.now`."""
        version = self.album.digest() if track is None or take is None else self.take(track, take).sha256
        values = {"version": version, "decision": decision, "author": "mia", "time": self.now, "note": "so", **more}
        made = Decided.model_validate({**values, "track": track, "take": take})
        return self.catalogue.review.decide(self.album.slug, made, None)

    def compare(self, track: int, winner: Winner | None) -> None:
        """Compare the two takes of a track, the first one as a."""
        sides = [
            Contender(album=self.album.slug, track=track, take=index, version=self.take(track, index).sha256)
            for index in (1, 2)
        ]
        asked = self.catalogue.review.ask(Comparison(a=sides[0], b=sides[1], author="mia", time=self.now))
        if winner is not None:
            self.catalogue.review.answer(asked.id, winner, "mia")

    def look(self, before: datetime = NOW - MONTH) -> AlbumSorted:
        return sort_takes(self.folder, self.catalogue, before)

    def prune(self, before: datetime = NOW - MONTH) -> AlbumSorted:
        return prune_takes(self.folder, self.catalogue, before, NOW)

    def sounds(self) -> set[str]:
        """The takes whose sound is there, such as "01-2"."""
        return {path.stem for path in self.folder.folder.glob("takes/*.flac")}


def why(found: AlbumSorted) -> dict[str, int]:
    """How many takes stay, by the reason."""
    return {stays.why: stays.takes for stays in found.stays}


Changing = Callable[[Old], object]
