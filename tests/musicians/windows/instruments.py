"""A small window model that can be made to fail: an interface, so no library is pretended to be here."""

from __future__ import annotations

import numpy as np
import papers

from pipeline.domain import RenderOrder
from pipeline.musicians.windows.model import Window, batches

RATE, HOP = 16_000, 320
TONICS = {"low": 110.0, "mid": 220.0, "high": 330.0}


class Organ:
    """Holds a chord with a slow tremolo: the pitch by the prompt, a little noise by the seed, `longest` 6 s.

    `faults` maps (prompt, window) or (prompt, window, try) to what is done to the sound; windows and tries count
    from 0. `room` is how many windows fit into memory.
    """

    rate, channels, longest, hop = RATE, 1, 6.0, HOP

    def __init__(self, faults=None, room=99):
        self.faults, self.room = faults or {}, room
        self.batches = []
        self.ends = {}

    @property
    def orders(self):
        return [order for batch in self.batches for order in batch]

    def generate(self, ask, size, report):
        for orders in batches(ask, size):
            self.batches.append(orders)
            if len(orders) > self.room:
                raise MemoryError
            for order in orders:
                report(order, 0.5)
            yield from [(order, self._window(order)) for order in orders]

    def _window(self, order):
        steps = round(order.seconds * self.rate / HOP)
        window, again = self._place(order)
        time = np.arange(steps * HOP) / self.rate
        tonic = TONICS.get(order.prompt, 165.0)
        chord = sum(np.sin(2 * np.pi * tonic * part * time) / part for part in (1, 1.5, 2, 3, 5, 8))
        noise = np.random.default_rng(order.seed).standard_normal(len(time))
        sound = (0.1 * chord + 0.003 * noise)[:, None].astype(np.float32)
        fault = self.faults.get((order.prompt, window, again), self.faults.get((order.prompt, window)))
        sound = sound if fault is None else fault(sound)
        codes = np.full((4, steps), window, np.int16)
        return Window(np.repeat(sound, self.channels, axis=1).astype(np.float32), codes)

    def _place(self, order):
        """Tell a new try from the next window by what it goes on from."""
        key = None if order.opening is None else order.opening.tobytes()
        seen = self.ends.setdefault(order.prompt, [])
        if not seen or seen[-1][0] != key:
            seen.append((key, -1))
        seen[-1] = (key, seen[-1][1] + 1)
        return len(seen) - 1, seen[-1][1]


def played(model, orders, report=lambda _, __: None):
    """Return a window for each order, all of them side by side."""
    waiting = list(orders)
    done = dict(model.generate(lambda: waiting.pop(0) if waiting else None, len(waiting), report))
    return [done[order] for order in orders]


def silence(sound):
    return np.zeros_like(sound)


def nonsense(sound):
    return np.full_like(sound, np.nan)


def louder(decibels):
    return lambda sound: sound * np.float32(10 ** (decibels / 20))


def noisy_end(sound):
    """White noise over the last second that is kept, and the one that is cut."""
    sound = sound.copy()
    sound[-2 * RATE :] += 0.3 * np.random.default_rng(1).standard_normal((2 * RATE, 1)).astype(np.float32)
    return sound


def only_hiss(sound):
    return (0.1 * np.random.default_rng(2).standard_normal(sound.shape)).astype(np.float32)


def order(seed=1, **changes):
    """An order; what is no field of a plan is one of the order."""
    rest = {name: changes.pop(name) for name in ("controls", "opening", "melody", "rhythm", "index") if name in changes}
    plain = {"prompt": "low", "instruments": ("electric piano",), "ambience": None, "seconds": 15.0}
    return RenderOrder(track=papers.lanterns(**{**plain, **changes}), seed=seed, **{"index": 1, **rest})
