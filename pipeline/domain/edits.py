"""What people decided at review about how an album is made."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.domain.noun import Noun
from pipeline.domain.plan import AlbumPlan, TextLine


class Edits(Noun):
    """What is made otherwise than writer and judge would have it; a track is named by its number in the plan.

    `titles` are by track, `takes` the take a track is to be made of, `refused` takes it must not be made of, `counts`
    how many takes a track has at least; `order` are the tracks as they come on the album, () for the plan's order;
    `cover` counts how often another cover was asked for.
    """

    title: TextLine | None = None
    titles: tuple[tuple[int, TextLine], ...] = ()
    takes: tuple[tuple[int, int], ...] = ()
    refused: tuple[tuple[int, int], ...] = ()
    counts: tuple[tuple[int, int], ...] = ()
    order: tuple[int, ...] = ()
    cover: int = 0

    @classmethod
    def of(
        cls,
        *,
        title: str | None = None,
        titles: Mapping[int, str],
        takes: Mapping[int, int],
        refused: set[tuple[int, int]],
        counts: Mapping[int, int],
        order: tuple[int, ...] = (),
        cover: int = 0,
    ) -> Edits:
        """Return the edits; the same ones are equal, in whatever order they were decided."""
        return cls(
            title=title,
            titles=tuple(sorted(titles.items())),
            takes=tuple(sorted(takes.items())),
            refused=tuple(sorted(refused)),
            counts=tuple(sorted(counts.items())),
            order=order,
            cover=cover,
        )

    def refused_of(self, track: int) -> frozenset[int]:
        """Return the takes that a track must not be made of."""
        return frozenset(take for number, take in self.refused if number == track)

    def titled(self, plan: AlbumPlan) -> AlbumPlan:
        """Return the plan under the titles that people gave."""
        given = dict(self.titles)
        tracks = tuple(
            track.but(title=given[track.number]) if track.number in given else track for track in plan.tracks
        )
        return plan.but(title=self.title or plan.title, tracks=tracks)

    def ordered(self, plan: AlbumPlan) -> tuple[int, ...]:
        """Return the numbers of all the plan's tracks as they come on the album."""
        numbers = [track.number for track in plan.tracks]
        return self.order if sorted(self.order) == sorted(numbers) else tuple(numbers)


UNTOUCHED = Edits()
"""Those of an album that nobody edited."""
