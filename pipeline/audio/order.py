"""Which track follows which in a long mix.

Neighbours should lie near each other on the wheel of keys, in tempo and in loudness; the mix as a whole should follow
an arc of energy; the same music should not come twice in a row. Each wish has a price, and the order with the lowest
sum is looked for (pipeline/audio/route.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.fingerprint import NEAR_DUPLICATE, similarities
from pipeline.audio.route import cheapest
from pipeline.domain import Bpm, Key, Lufs, Seconds
from pipeline.domain.longmix import Arc
from pipeline.domain.noun import Noun

_Path = NDArray[np.int64]

_ARCS: dict[Arc, Callable[[NDArray[np.float64]], NDArray[np.float64]] | None] = {
    "settle": lambda place: 1 - place,
    "lift": lambda place: place,
    "wave": lambda place: np.sin(np.pi * place),
    "level": None,
}

_KEY, _TEMPO, _LOUDNESS, _ARC = 1.0, 0.35, 0.5, 12.0
"""Prices of one step on the wheel, of one percent of tempo, of one LU, and of energy at the wrong end of the arc.

A song that is three tenths of all songs away from where its energy belongs costs as much as a step on the wheel.
"""

_UNKNOWN = 2.0
"""Price of a key or a tempo that is not known: as much as two steps, which some of them would be."""

_AGAIN = 1000.0
"""Price of the same music twice in a row: more than all else together."""

_HEARD = 2.0
"""Price of a joint that was heard before in the same mix."""


class Song(Noun):
    """What the order of a track depends on. `tempo` and `key` are None where they are not sure.

    `energy` is how busy and bright it is, on a scale that only has to be the same for all; `fingerprint` is its music,
    empty where it was not taken.
    """

    title: str
    artist: str
    seconds: Seconds
    tempo: Bpm | None = None
    key: Key | None = None
    loudness: Lufs = -14.0
    energy: float = 0.0
    fingerprint: str = ""


@dataclass(frozen=True)
class Step:
    """From one song to the next: steps on the wheel, percent of tempo, LU; None where one is not known.

    `again` where both are the same music, or have one artist and one title.
    """

    keys: int | None
    tempo: float | None
    loudness: float
    again: bool

    @property
    def price(self) -> float:
        """What it costs in the order."""
        keys = _UNKNOWN if self.keys is None else self.keys
        tempo = _UNKNOWN if self.tempo is None else min(abs(self.tempo) * _TEMPO, 2 * _UNKNOWN)
        return _KEY * keys + tempo + _LOUDNESS * abs(self.loudness) + _AGAIN * self.again

    @property
    def why(self) -> str:
        """It in words."""
        keys = {None: "key unknown", 0: "same key", 1: "next on the wheel"}.get(self.keys, f"{self.keys} steps apart")
        tempo = "tempo unknown" if self.tempo is None else f"{_rounded(self.tempo):+.1f} % tempo"
        return ", ".join(
            (keys, tempo, f"{_rounded(self.loudness):+.1f} LU", *(("the same music again",) if self.again else ()))
        )


def _rounded(value: float) -> float:
    return round(value, 1) + 0.0  # no minus before a zero


def step(one: Song, other: Song, alike: float = 0.0) -> Step:
    """Return the step between two songs whose music is `alike`, from 0 to 1.

    Half and double time count as the same tempo: they share every second beat.
    """
    tempo = None
    if one.tempo is not None and other.tempo is not None:
        octaves = math.log2(other.tempo / one.tempo)
        tempo = 100 * (2 ** (octaves - round(octaves)) - 1)
    return Step(
        keys=None if one.key is None or other.key is None else one.key.steps_to(other.key),
        tempo=tempo,
        loudness=other.loudness - one.loudness,
        again=alike >= NEAR_DUPLICATE or (one.artist, one.title.casefold()) == (other.artist, other.title.casefold()),
    )


class Order:
    """The best order that was found for some of `songs`: `places` are their indices, `steps` lead to the next."""

    def __init__(self, songs: Sequence[Song], places: Sequence[int], steps: Sequence[Step]) -> None:
        self.songs = tuple(songs[place] for place in places)
        self.places, self.steps = tuple(places), tuple(steps)


def arrange(songs: Sequence[Song], wanted: int | None = None, arc: Arc = "wave", *, repeats: bool = False) -> Order:
    """Order the `wanted` songs that go together best, all by default. The same songs give the same order.

    With `repeats`, more may be wanted than there are: then all are played, and all again in another order, where a
    song comes again after half of all others at the earliest (where there is a way), and neighbours are others than
    before. Raises ValueError when there are fewer, or none is wanted.
    """
    wanted = len(songs) if wanted is None else wanted
    if not 1 <= wanted <= len(songs) and not (repeats and songs and wanted > 0):
        raise ValueError(f"{wanted} of {len(songs)} songs cannot be put in order")
    alike = _alike(songs)
    prices = _prices(songs, alike)
    places: list[int] = []
    while len(places) < wanted:
        arcs = _arc_prices(songs, min(wanted - len(places), len(songs)), arc)
        if places:
            arcs = arcs + _waiting(places[-len(songs) :], arcs.shape)
            arcs[:, 0] += prices[places[-1]]
        fresh = cheapest(prices, arcs)
        for a, b in pairwise([*places[-1:], *fresh]):
            prices[a, b] = prices[b, a] = prices[a, b] + _HEARD
        places += fresh
    return Order(songs, places, [step(songs[a], songs[b], float(alike[a, b])) for a, b in pairwise(places)])


def _waiting(last: Sequence[int], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return what each song costs at each place, [songs, places], for having been played too short a while ago."""
    costs = np.zeros(shape)
    enough = shape[0] // 2
    for back, song in enumerate(reversed(last), 1):
        for place in range(max(0, min(enough - back + 1, shape[1]))):
            costs[song, place] += _AGAIN * (enough - back - place + 1) / enough
    return costs


def _alike(songs: Sequence[Song]) -> NDArray[np.float64]:
    """Return how alike the music of every two songs is, [songs, songs]; 0 where a fingerprint was not taken."""
    prints = [song.fingerprint for song in songs]
    if not any(prints):
        return np.zeros((len(songs), len(songs)))
    return np.array([similarities(mine, prints) if mine else np.zeros(len(songs)) for mine in prints])


def _prices(songs: Sequence[Song], alike: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `Step.price` from every song to every other, [from, to], all at once."""
    keys = _each([np.nan if song.key is None else song.key.camelot[0] for song in songs])
    modes = _each([0 if song.key is None or song.key.mode == "minor" else 1 for song in songs])
    tempos = _each([np.nan if song.tempo is None else math.log2(song.tempo) for song in songs])
    loud = _each([song.loudness for song in songs])
    around = np.abs(keys - keys.T)
    wheel = np.minimum(around, 12 - around) + (modes != modes.T)
    octaves = tempos.T - tempos
    tempo = np.minimum(100 * np.abs(2 ** (octaves - np.round(octaves)) - 1) * _TEMPO, 2 * _UNKNOWN)
    names = [(song.artist, song.title.casefold()) for song in songs]
    number = {name: place for place, name in enumerate(dict.fromkeys(names))}
    named = _each([number[name] for name in names])
    again = (alike >= NEAR_DUPLICATE) | (named == named.T)
    steps = np.nan_to_num(_KEY * wheel, nan=_KEY * _UNKNOWN) + np.nan_to_num(tempo, nan=_UNKNOWN)
    return np.asarray(steps + _LOUDNESS * np.abs(loud.T - loud) + _AGAIN * again)


def _each(values: Sequence[float]) -> NDArray[np.float64]:
    return np.array(values, np.float64)[:, None]


def _arc_prices(songs: Sequence[Song], wanted: int, arc: Arc) -> NDArray[np.float64]:
    """Return what each song costs at each place, [songs, places]: how far its energy's rank lies from the arc."""
    wish = _ARCS[arc]
    if wish is None or len(songs) == 1:
        return np.zeros((len(songs), wanted))
    energy = np.array([song.energy for song in songs])
    # Ranks, and not the figures: one very lively song must not make all others the same.
    rank = (energy[:, None] > energy).mean(axis=1) + (energy[:, None] == energy).mean(axis=1) / 2
    course = wish((np.arange(wanted) + 0.5) / wanted)
    # The course's own ranks, so that every song has a place it fits.
    target = (course.argsort(kind="stable").argsort(kind="stable") + 0.5) / wanted
    return np.asarray(_ARC * (rank[:, None] - target) ** 2)
