"""Which scene an album calls for: the words each scene listens to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.domain import AlbumPlan, TrackPlan
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


_HEARD_AT = {"fire": "fireplace", "night insects": "woods", "vinyl": "turntable"}
"""A place for the ambiences that are none of the scenes' words."""

_KIN = {
    "library at night": ("rainy window", "records on the desk", "cafe in the evening"),
    "city after rain": ("window seat on a train", "cafe in the evening", "rainy window"),
    "mountains at dusk": ("cabin in the woods", "window seat on a train", "by the sea"),
    "by the sea": ("mountains at dusk", "window seat on a train", "cafe in the evening"),
    "cabin in the woods": ("mountains at dusk", "rainy window", "records on the desk"),
    "records on the desk": ("rainy window", "library at night", "city after rain"),
    "village in the snow": ("cabin in the woods", "window seat on a train", "library at night"),
    "window seat on a train": ("city after rain", "mountains at dusk", "by the sea"),
    "cafe in the evening": ("city after rain", "rainy window", "records on the desk"),
    "rainy window": ("records on the desk", "library at night", "cafe in the evening"),
}
"""The scenes that belong to the world of a cover: an album by the sea has no snow."""

_HOME, _NEAR, _ELSEWHERE = 1.0, 0.5, -2.0
"""What the cover's own scene, its kin and all others weigh before a track's words are read, in words."""


def choose(plan: AlbumPlan, rng: np.random.Generator) -> Motif:
    """The scene whose words weigh most: in the theme and title twice, in cover prompt and mood once; else by chance.

    The first scenes in the table are the more particular ones, and win a tie: a library in the rain is a library.
    """
    weights = _weights(words_of(plan.theme, plan.title), words_of(plan.cover_prompt, plan.mood))
    if max(weights) == 0:
        return MOTIFS[int(rng.integers(len(MOTIFS)))]
    return MOTIFS[weights.index(max(weights))]


def choose_for_track(track: TrackPlan, cover: Motif, shown: Sequence[str], rng: np.random.Generator) -> Motif:
    """The scene whose words weigh most, in the track's title twice and in its ambience once, in the cover's world.

    A scene that was `shown` for earlier tracks gives way the more often it was, and most after the last of them;
    chance decides among equals.
    """
    heard = track.ambience or ""
    weights = _weights(words_of(track.title), words_of(_HEARD_AT.get(heard, heard)))
    for place, motif in enumerate(MOTIFS):
        at_home = _HOME if motif is cover else _NEAR if motif.name in _KIN[cover.name] else _ELSEWHERE
        weights[place] += at_home - shown.count(motif.name) - shown[-1:].count(motif.name)
    return MOTIFS[max(rng.permutation(len(MOTIFS)), key=lambda place: weights[place])]


def _weights(said: frozenset[str], described: frozenset[str]) -> list[float]:
    """What each scene weighs: words that were said count twice."""
    return [motif.weight * (2 * len(motif.words & said) + len(motif.words & described)) for motif in MOTIFS]
