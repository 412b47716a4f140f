"""Which track follows which in a long mix.

Neighbours should lie near each other on the wheel of keys, in tempo and in loudness; the mix as a whole should follow
an arc of energy; the same music should not come twice in a row. Each wish has a price, and the order with the lowest
sum is looked for: tracks are inserted where they cost least, then stretches are turned round, tracks moved, and
exchanged with those that were left out, as long as anything gets cheaper (2-opt and or-opt, as for a travelling
salesman who need not visit every town), and all of it again from other beginnings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, pairwise, product

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.fingerprint import NEAR_DUPLICATE, similarities
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

_SLACK = 1e-9

_FEWEST, _ROUNDS = 4, 600
"""New beginnings of the search: so many at least, and for short mixes so many over the number of songs."""


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
        tempo = "tempo unknown" if self.tempo is None else f"{self.tempo:+.1f} % tempo"
        return ", ".join((keys, tempo, f"{self.loudness:+.1f} LU", *(("the same music again",) if self.again else ())))


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
    steps = _steps(songs)
    prices = np.array([[each.price for each in row] for row in steps])
    places: list[int] = []
    while len(places) < wanted:
        arcs = _arc_prices(songs, min(wanted - len(places), len(songs)), arc)
        if places:
            arcs = arcs + _waiting(places[-len(songs) :], arcs.shape)
            arcs[:, 0] += prices[places[-1]]
        fresh = _Search(prices, arcs).best()
        for a, b in pairwise([*places[-1:], *fresh]):
            prices[a, b] = prices[b, a] = prices[a, b] + _HEARD
        places += fresh
    return Order(songs, places, [steps[a][b] for a, b in pairwise(places)])


def _waiting(last: Sequence[int], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return what each song costs at each place, [songs, places], for having been played too short a while ago."""
    costs = np.zeros(shape)
    enough = shape[0] // 2
    for back, song in enumerate(reversed(last), 1):
        for place in range(max(0, min(enough - back + 1, shape[1]))):
            costs[song, place] += _AGAIN * (enough - back - place + 1) / enough
    return costs


def _steps(songs: Sequence[Song]) -> list[list[Step]]:
    prints = [song.fingerprint for song in songs]
    alike = [similarities(mine, prints) if mine else np.zeros(len(songs)) for mine in prints]
    return [[step(a, b, float(alike[i][j])) for j, b in enumerate(songs)] for i, a in enumerate(songs)]


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


class _Search:
    """Looks for the cheapest path: `prices` [songs, songs] of steps, `arcs` [songs, places] of places."""

    def __init__(self, prices: NDArray[np.float64], arcs: NDArray[np.float64]) -> None:
        self._prices, self._arcs = prices, arcs
        self._places = np.arange(arcs.shape[1])

    def best(self) -> list[int]:
        """Return the cheapest path found: of a first one, and of some that begin with it cut and put together anew."""
        path, cost = self._improved(self._inserted())
        chance = np.random.default_rng(0)  # the same songs, the same order
        for _ in range(max(_FEWEST, _ROUNDS // len(path))):
            cuts = np.sort(chance.integers(0, len(path) + 1, 3))
            one, two, three, four = np.split(path, cuts)
            other, less = self._improved(np.concatenate([one, three, two, four]))
            if less < cost:
                path, cost = other, less
        return [int(place) for place in path]

    def _improved(self, path: _Path) -> tuple[_Path, float]:
        """Return what becomes of a path while any change makes it cheaper, and what it costs then."""
        cost, before = self._cost(path), math.inf
        while cost < before - _SLACK:
            before = cost
            for change in self._changes(len(path)):
                changed = change(path)
                other = self._cost(changed)
                if other < cost - _SLACK:
                    path, cost = changed, other
        return path, cost

    def _cost(self, path: _Path) -> float:
        return float(self._prices[path[:-1], path[1:]].sum() + self._arcs[path, self._places[: len(path)]].sum())

    def _inserted(self) -> _Path:
        """Return a first path: songs of all energies, each put where it makes the path least dearer."""
        count, wanted = self._arcs.shape
        path = [int(self._arcs[:, 0].argmin())]
        left = [song for song in range(count) if song != path[0]]
        while len(path) < wanted:
            ends = np.array(path)
            rest = np.array(left)
            before, after = self._prices[ends][:, rest], self._prices[ends][:, rest]
            between = before[:-1] + after[1:] - self._prices[ends[:-1], ends[1:]][:, None]
            growth = np.concatenate([after[:1], between, before[-1:]])
            # Where along the whole mix each gap will lie.
            share = np.round(np.arange(len(path) + 1) * (wanted - 1) / len(path)).astype(int)
            growth = growth + self._arcs[rest][:, share].T
            gap, song = divmod(int(growth.argmin()), len(left))
            path.insert(gap, left.pop(song))
        return np.array(path, np.int64)

    def _changes(self, length: int) -> Iterator[Callable[[_Path], _Path]]:
        """Yield what may be done to a path: turn a stretch round, move up to three elsewhere, exchange one."""
        for start, end in combinations(range(length + 1), 2):
            if end - start > 1:
                yield partial(_turned, start=start, end=end)
        for size, start, place in product(range(1, min(4, length)), range(length), range(length)):
            if start + size <= length and place + size <= length and place != start:
                yield partial(_moved, start=start, size=size, place=place)
        if length < len(self._arcs):
            for place, song in product(range(length), range(len(self._arcs))):
                yield partial(_exchanged, place=place, song=song)


def _turned(path: _Path, start: int, end: int) -> _Path:
    return np.concatenate([path[:start], path[start:end][::-1], path[end:]])


def _moved(path: _Path, start: int, size: int, place: int) -> _Path:
    rest = np.concatenate([path[:start], path[start + size :]])
    return np.concatenate([rest[:place], path[start : start + size], rest[place:]])


def _exchanged(path: _Path, place: int, song: int) -> _Path:
    """Return the path with a song at a place, and the song of that place where the other was, if anywhere."""
    changed = path.copy()
    changed[path == song] = path[place]
    changed[place] = song
    return changed
