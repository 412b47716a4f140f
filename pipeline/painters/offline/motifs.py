"""Which scene an album calls for: the words each scene listens to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.domain import AlbumPlan
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.scenes import cabin, cafe, city, desk, library, mountains, sea, train, village, window
from pipeline.painters.palettes import Palette, words_of

Paint = Callable[[Canvas, Palette, np.random.Generator, frozenset[str]], None]


@dataclass(frozen=True)
class Motif:
    """A scene by name, the words that call for it and how to paint it; `busy` scenes leave little "
    "room for type."""

    name: str
    words: frozenset[str]
    paint: Paint
    busy: bool
    weight: float
    """How much one of its words counts: weather and rooms are named in passing, places are meant."""


def _motif(name: str, words: str, paint: Paint, busy: bool = False, weight: float = 1.0) -> Motif:
    return Motif(name, frozenset(words.split()), paint, busy, weight)


MOTIFS = (
    _motif(
        "library at night",
        "library bookshop bookstore books book bookshelves reading archive scholar pages novel study studying",
        library.paint,
        busy=True,
    ),
    _motif(
        "city after rain",
        "city cities street streets urban downtown neon tokyo seoul alley skyline rooftop metropolis "
        "umbrella crossing "
        "traffic taxi midtown avenue arcade",
        city.paint,
    ),
    _motif(
        "mountains at dusk",
        "mountain mountains peak peaks valley lake ridge hills alpine dusk dawn hiking camp campfire "
        "horizon sky canyon",
        mountains.paint,
    ),
    _motif(
        "by the sea",
        "sea ocean beach coast coastal harbour harbor waves shore island lighthouse sail tide seaside "
        "palm surf bay pier",
        sea.paint,
    ),
    _motif(
        "cabin in the woods",
        "cabin forest woods woodland trees pine pines hut cottage fireflies moss clearing fireplace lodge grove",
        cabin.paint,
    ),
    _motif(
        "records on the desk",
        "cassette tape record records vinyl turntable mixtape desk walkman headphones studio bedroom "
        "crate sampler dust",
        desk.paint,
        busy=True,
    ),
    _motif(
        "village in the snow",
        "snow snowy winter village christmas ice frost blizzard december holidays sleigh chalet aurora snowfall",
        village.paint,
    ),
    _motif(
        "window seat on a train",
        "train trains railway rail journey travel commute carriage station express passing departure subway metro trip",
        train.paint,
        busy=True,
    ),
    _motif(
        "cafe in the evening",
        "cafe café coffee coffeehouse espresso barista bar bistro diner bakery latte tea restaurant jazz kissa",
        cafe.paint,
        busy=True,
    ),
    _motif(
        "rainy window",
        "rain rainy raining window windowsill storm drizzle cat sill curtain home room apartment sunday "
        "indoors cozy cosy",
        window.paint,
        weight=0.3,
    ),
)


def choose(plan: AlbumPlan, rng: np.random.Generator) -> Motif:
    """The scene whose words weigh most: in the theme and title twice, in cover prompt and mood once; else by chance.

    The first scenes in the table are the more particular ones, and win a tie: a library in the rain is a library.
    """
    said = words_of(plan.theme, plan.title)
    described = words_of(plan.cover_prompt, plan.mood)
    weights = [motif.weight * (2 * len(motif.words & said) + len(motif.words & described)) for motif in MOTIFS]
    if max(weights) == 0:
        return MOTIFS[int(rng.integers(len(MOTIFS)))]
    return MOTIFS[weights.index(max(weights))]
