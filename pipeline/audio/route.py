"""The cheapest way through some of many places, where each step has a price and each place has one by when it comes.

A travelling salesman who need not visit every town, and who would rather be in some of them early. A first route takes
in one place after the other where it costs least; then, of all stretches that could be turned round (2-opt), of up to
three places that could be moved (or-opt), and of places that could be exchanged for others, the change that saves most
is made, as long as one saves anything; and all of that again from the best route cut and put together anew. The savings
of all changes are reckoned at once: sums along the diagonals tell what a stretch costs elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

Prices = NDArray[np.float64]
Route = NDArray[np.int64]
Change = Callable[[Route], Route]

_SLACK = 1e-9
_BLOCKS = (1, 2, 3)
_FEWEST, _MOST, _ROUNDS = 16, 80, 4000
"""New beginnings: so many at least and at most, and between them so many over the number of places."""


def cheapest(steps: Prices, places: Prices) -> list[int]:
    """Return the cheapest route found: indices of as many places as `places` has columns, none twice.

    `steps` [all, all] are the prices from one to the next, `places` [all, wanted] of each at each position. The same
    prices give the same route.
    """
    search = _Search(steps, places)
    route, cost = search.improved(search.inserted())
    chance = np.random.default_rng(0)
    for _ in range(min(_MOST, max(_FEWEST, _ROUNDS // len(route)))):
        other, less = search.improved(_anew(route, len(steps), chance))
        if less < cost - _SLACK:
            route, cost = other, less
    return [int(place) for place in route]


def _anew(route: Route, count: int, chance: np.random.Generator) -> Route:
    """Return another beginning: the route cut and put together anew, some of it exchanged for what it leaves out."""
    cuts = np.sort(chance.integers(0, len(route) + 1, 3))
    one, two, three, four = np.split(route, cuts)
    other = np.concatenate([one, three, two, four])
    outside = np.setdiff1d(np.arange(count), other)
    some = min(len(outside), 1 + len(route) // 4)
    if some:
        other[chance.choice(len(route), some, replace=False)] = chance.choice(outside, some, replace=False)
    return other


class _Search:
    def __init__(self, steps: Prices, places: Prices) -> None:
        # Beyond both ends lies a place that costs nothing to come from and to go to.
        self._steps = np.pad(steps, (0, 1))
        self._places = places
        self._size = places.shape[1]
        index = np.arange(self._size)
        self._diagonal = index
        # Position c - i of place i, for every sum c: where there is none, the zero behind the last column.
        mirrored = np.arange(2 * self._size - 1)[None, :] - index[:, None]
        self._mirrored = np.where((mirrored >= 0) & (mirrored < self._size), mirrored, self._size)

    def cost(self, route: Route) -> float:
        """Return what a route costs."""
        return float(self._steps[route[:-1], route[1:]].sum() + self._places[route, self._diagonal].sum())

    def improved(self, route: Route) -> tuple[Route, float]:
        """Return what becomes of a route while any change saves something, and what it costs then."""
        while True:
            saved, change = min(self._savings(route), key=lambda each: each[0])
            if saved > -_SLACK:
                return route, self.cost(route)
            route = change(route)

    def inserted(self) -> Route:
        """Return a first route: each place put where it makes the route least dearer, and where it fits best."""
        count, wanted = self._places.shape
        route = [int(self._places[:, 0].argmin())]
        left = [place for place in range(count) if place != route[0]]
        while len(route) < wanted:
            ends, rest = np.array([count, *route, count]), np.array(left)
            growth = self._steps[np.ix_(ends[:-1], rest)] + self._steps[np.ix_(rest, ends[1:])].T
            growth -= self._steps[ends[:-1], ends[1:]][:, None]
            # Where along the whole route each gap will lie.
            share = np.round(np.arange(len(route) + 1) * (wanted - 1) / len(route)).astype(int)
            growth += self._places[rest][:, share].T
            gap, place = divmod(int(growth.argmin()), len(left))
            route.insert(gap, left.pop(place))
        return np.array(route, np.int64)

    def _savings(self, route: Route) -> Iterator[tuple[float, Change]]:
        """Yield the best change of each kind, with what it makes dearer: below zero where it saves."""
        at = np.pad(self._places[route], ((0, 0), (0, 1)))  # [position now, position then]
        ends = np.concatenate([[len(self._steps) - 1], route, [len(self._steps) - 1]])
        yield (0.0, lambda same: same)
        if self._size > 1:
            yield self._turning(ends, at)
        for size in _BLOCKS:
            if size < self._size:
                yield self._moving(ends, at, size)
        others = np.setdiff1d(np.arange(len(self._places)), route)
        if len(others):
            yield self._exchanging(ends, at, others)

    def _turning(self, ends: Route, at: Prices) -> tuple[float, Change]:
        start, stop = np.triu_indices(self._size + 1, 2)
        forth, back = (np.cumsum(self._steps[a, b]) for a, b in ((ends[:-1], ends[1:]), (ends[1:], ends[:-1])))
        mirror = np.pad(np.cumsum(at[self._diagonal[:, None], self._mirrored], axis=0), ((1, 0), (0, 0)))
        stay = np.pad(np.cumsum(at[self._diagonal, self._diagonal]), (1, 0))
        # `ends` has one place before the route: its index i is position i - 1.
        dearer = self._steps[ends[start], ends[stop]] + self._steps[ends[start + 1], ends[stop + 1]]
        dearer -= self._steps[ends[start], ends[start + 1]] + self._steps[ends[stop], ends[stop + 1]]
        dearer += (back[stop - 1] - back[start]) - (forth[stop - 1] - forth[start])
        dearer += mirror[stop, start + stop - 1] - mirror[start, start + stop - 1] - (stay[stop] - stay[start])
        best = int(dearer.argmin())
        return float(dearer[best]), partial(_turned, start=int(start[best]), stop=int(stop[best]))

    def _moving(self, ends: Route, at: Prices, size: int) -> tuple[float, Change]:
        """Return the best move of a block of `size`, as an exchange of it with the stretch it jumps over."""
        count = self._size - size + 1
        block, place = (each.ravel() for each in np.meshgrid(np.arange(count), np.arange(count), indexing="ij"))
        block, place = block[block != place], place[block != place]
        # Two neighbouring stretches change sides: [low, middle) and [middle, high).
        later = place > block
        low, high = np.where(later, block, place), np.where(later, place, block) + size
        middle = np.where(later, block + size, block)
        before, first, last, second, end, after = (
            ends[index] for index in (low, low + 1, middle, middle + 1, high, high + 1)
        )
        dearer = self._steps[before, second] + self._steps[end, first] + self._steps[last, after]
        dearer -= self._steps[before, first] + self._steps[last, second] + self._steps[end, after]
        stay = np.pad(np.cumsum(at[self._diagonal, self._diagonal]), (1, 0))
        dearer -= stay[high] - stay[low]
        # What the block jumps over moves by its size, the block by as much as it jumps.
        jumped, onward = np.where(later, middle, low), np.where(later, -size, size)
        end_of_jumped = np.where(later, high, middle)
        for way in (-size, size):
            moved = np.clip(self._diagonal + way, -1, self._size)
            moved = np.where((moved < 0) | (moved >= self._size), self._size, moved)
            sums = np.pad(np.cumsum(at[self._diagonal, moved]), (1, 0))
            dearer += np.where(onward == way, sums[end_of_jumped] - sums[jumped], 0.0)
        for member in range(size):
            dearer += at[block + member, place + member]
        best = int(dearer.argmin())
        return float(dearer[best]), partial(
            _swapped, low=int(low[best]), middle=int(middle[best]), high=int(high[best])
        )

    def _exchanging(self, ends: Route, at: Prices, others: Route) -> tuple[float, Change]:
        before, here, after = ends[:-2], ends[1:-1], ends[2:]
        dearer = self._steps[np.ix_(before, others)] + self._steps[np.ix_(others, after)].T
        dearer -= (self._steps[before, here] + self._steps[here, after])[:, None]
        dearer += self._places[others].T - at[self._diagonal, self._diagonal][:, None]
        position, other = divmod(int(dearer.argmin()), len(others))
        return float(dearer[position, other]), partial(_exchanged, position=position, place=int(others[other]))


def _turned(route: Route, start: int, stop: int) -> Route:
    return np.concatenate([route[:start], route[start:stop][::-1], route[stop:]])


def _swapped(route: Route, low: int, middle: int, high: int) -> Route:
    return np.concatenate([route[:low], route[middle:high], route[low:middle], route[high:]])


def _exchanged(route: Route, position: int, place: int) -> Route:
    changed = route.copy()
    changed[position] = place
    return changed
