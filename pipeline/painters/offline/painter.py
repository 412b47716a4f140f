"""The offline painter: choose a scene, sketch candidates, rank them, paint the winner large and set the type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.domain import AlbumPlan, Backend, Seed, derive_seed
from pipeline.painters.grain import enlarged, grain
from pipeline.painters.layout import COVER, SKETCH, THUMBNAIL, Design, Sheet, designed, measured
from pipeline.painters.lettering import Box
from pipeline.painters.offline import finish, motifs
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.motifs import Motif
from pipeline.painters.palettes import Palette, fitting, words_of
from pipeline.painters.ranking import Measure, measure
from pipeline.roles import Illustration, Painting

CANDIDATES = 4
SKETCHES = 2
"""Of a track's own picture, which bears no type."""

EASEL = 1200
"""Pictures higher than this are painted smaller, at half their size but no less, and enlarged before grain and type."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One way to paint an album: everything but its size."""

    number: int
    motif: Motif
    palette: Palette
    seed: int
    words: frozenset[str]

    def painted(self, height: int, width: int) -> Sheet:
        """Paint it without type, [height, width]: the same picture at any size."""
        tall = min(height, max(EASEL, -(-height // 2)))
        canvas = Canvas(tall, width / height, self.seed)
        self.motif.paint(canvas, self.palette, np.random.default_rng(self.seed), self.words)
        subjects = tuple(_pixels(box, height) for box in canvas.subjects)
        light = canvas.planes
        del canvas
        finish.bloom(light)
        finish.develop(light)
        planes = enlarged(finish.brush(light), height, width)
        del light
        return Sheet(grain(planes, self.seed), subjects)


class OfflinePainter:
    """Paints covers from arithmetic: no weights, no network, the same bytes for the same plan and seed."""

    @property
    def backend(self) -> Backend:
        """Who gets the credit."""
        return Backend(name="offline painter", version="1", licence="Apache-2.0 (painted by this software)")

    def paint(self, plan: AlbumPlan, seed: Seed) -> Painting:
        """Sketch four candidates, rank them by `ranking.measure`, and paint the winner with type on it."""
        chosen = design(plan, seed)
        cover, _ = chosen.cover(COVER)
        thumbnail, _ = chosen.thumbnail(*THUMBNAIL)
        winner = chosen.candidate
        return Painting(cover, thumbnail, winner.motif.name, winner.palette.name, _why(chosen))

    def illustrate(self, plan: AlbumPlan, seed: Seed, side: int) -> Iterator[Illustration]:
        """Sketch two candidates of a scene from each track's words, and paint the better one in the cover's palette."""
        cover = ranked(plan, seed)[0][0]
        shown: list[str] = []
        for track in plan.tracks:
            own = derive_seed(seed, "track", track.number)
            motif = motifs.choose_for_track(track, cover.motif, shown, np.random.default_rng(own))
            shown.append(motif.name)
            words = words_of(track.title, track.mood, track.ambience or "")
            sketches = [
                Candidate(number, motif, cover.palette, derive_seed(own, "picture", number), words)
                for number in range(1, SKETCHES + 1)
            ]
            best = max(sketches, key=lambda sketch: measure(sketch.painted(SKETCH, SKETCH).picture, restless=0.0).total)
            picture = best.painted(side, side).picture
            yield Illustration(track.number, track.number, picture, motif.name, cover.palette.name)


def candidates(plan: AlbumPlan, seed: Seed) -> list[Candidate]:
    """The layouts and palettes to choose among: one scene, the three palettes nearest to the mood."""
    rng = np.random.default_rng(derive_seed(seed, "scene"))
    motif = motifs.choose(plan, rng)
    words = words_of(plan.theme, plan.title, plan.mood, plan.cover_prompt)
    palettes = fitting(words_of(plan.theme, plan.mood, plan.style), rng)[:3]
    return [
        Candidate(number + 1, motif, palettes[(0, 0, 1, 2)[number % 4]], derive_seed(seed, "picture", number), words)
        for number in range(CANDIDATES)
    ]


def ranked(plan: AlbumPlan, seed: Seed) -> list[tuple[Candidate, Measure]]:
    """The candidates with their measures, best first."""
    return sorted(measured(plan, candidates(plan, seed)), key=lambda pair: -pair[1].total)


def design(plan: AlbumPlan, seed: Seed) -> Design[Candidate]:
    """Everything decided about an album's look, before anything is painted large."""
    candidate, measure = ranked(plan, seed)[0]
    return designed(plan, seed, candidate, measure, borders=0.5 if candidate.motif.busy else 0.2)


def _pixels(box: tuple[float, float, float, float], height: int) -> Box:
    """A box in picture heights as pixels."""
    x0, y0, x1, y1 = (round(value * height) for value in box)
    return x0, y0, x1, y1


def _why(chosen: Design[Candidate]) -> str:
    first, second = chosen.measure.best()
    return (
        f"Sketch {chosen.candidate.number} of {CANDIDATES} scored highest, {chosen.measure.total:.2f} of 1, "
        f"with {first} and {second}."
    )
