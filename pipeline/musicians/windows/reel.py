"""One take in the making: which window it needs next, what was made of it so far, and the end."""

from __future__ import annotations

import logging
import math

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip, Samples
from pipeline.domain import Controls, RenderOrder, derive_seed
from pipeline.errors import BackendFailed, BadBrief, LofiError
from pipeline.musicians.windows.health import QUIET, Health, Profile, examine
from pipeline.musicians.windows.model import Window, WindowModel, WindowOrder
from pipeline.musicians.windows.openings import click, open_file, open_melody
from pipeline.musicians.windows.seams import allowance, close, find_end, splice
from pipeline.roles import Ear, Rendering

CUT = 1.0
"""Seconds at the end of every window that are thrown away: MusicGen's last second may be noise."""

OVERLAP = 0.04
"""Seconds that two windows share, to fade from one into the other; two steps of MusicGen's codec."""

LEAST = 2.0
"""Seconds of sound that a window beyond the first must at least go on from."""

TRIES = 3
"""How often one window is generated before the best of them is kept."""

log = logging.getLogger(__name__)


def widest_stride(longest: float) -> float:
    """Return the most seconds that a window of `longest` seconds can add to a take and still go on from its end."""
    return longest - CUT - OVERLAP - LEAST


def refuse_stride(order: RenderOrder, longest: float) -> BadBrief | None:
    """Say that an order wants more of each window than there is; the default stride, nobody's wish, is shortened."""
    widest = widest_stride(longest)
    if order.controls is None or order.controls.stride <= max(widest, Controls().stride):
        return None
    return BadBrief(
        f"A stride of {order.controls.stride:g} s is too wide: a window of {longest:g} s can add {widest:.2f} s.",
        "Name a smaller --stride.",
    )


class Reel:
    """A take that grows window by window. Raises BadBrief when its opening or melody cannot be used.

    The tape holds the opening and all sound kept so far, [frames, channels]; the opening is no part of the take.
    """

    def __init__(self, order: RenderOrder, model: WindowModel, ear: Ear | None = None) -> None:
        self.order = order
        self.outcome: Rendering | LofiError | None = None
        self._model = model
        self._controls = order.controls or Controls()
        self._ear = None if self._controls.unconditional else ear
        self._stride = min(self._controls.stride, widest_stride(model.longest))
        self._context = model.longest - self._stride - CUT - OVERLAP
        self._tape = self._opening()
        self._lead = len(self._tape)
        wanted = order.track.seconds + allowance(order.track.seconds)
        self._melody = open_melody(order.melody, wanted + model.longest) if order.melody else None
        self._goal = math.ceil(wanted * model.rate)
        self._codes: list[NDArray[np.int16]] = []
        self._first: Profile | None = None
        self._window = 0
        self._tried: list[tuple[Health, Window]] = []

    @property
    def share(self) -> float:
        """How much of the take is made, from 0 to 1: 1 only when it is whole."""
        if self.outcome is not None:
            return float(isinstance(self.outcome, Rendering))
        return self._share(0)

    def share_with(self, order: WindowOrder) -> float:
        """Return how much of the take is made once what comes of `order` is kept."""
        return self._share(round((order.seconds - CUT) * self._model.rate) - self._overlap - self._model.hop)

    def _share(self, more: int) -> float:
        return min(0.99, max(0, len(self._tape) - self._lead + more) / self._goal)

    def ask(self) -> WindowOrder:
        """Return the order for the next window: the next stretch, or the same one again with another seed."""
        rate = self._model.rate
        left = (self._goal - (len(self._tape) - self._lead)) / rate
        if self._window == 0:
            opening = self._tape
            seconds = min(left + CUT, self._model.longest - len(opening) / rate)
        else:
            end = len(self._tape) - self._overlap
            opening = self._tape[max(0, end - self._frames(self._context)) : end]
            seconds = min(left, self._stride) + CUT + self._overlap / rate
        return WindowOrder(
            prompt=None if self._controls.unconditional else self.order.track.prompt,
            seconds=seconds,
            seed=derive_seed(self.order.seed, "window", self._window, "try", len(self._tried)),
            controls=self._controls,
            opening=opening if len(opening) else None,
            melody=self._tune(len(self._tape) - self._overlap - len(opening) - self._lead),
        )

    def hear(self, window: Window) -> None:
        """Take in what came of `ask`: kept, or rolled again when it is bad and tries are left."""
        kept = self._kept(window)
        health = examine(Clip(kept.samples, self._model.rate), self._first, self._fault)
        self._tried.append((health, kept))
        if health.faults and len(self._tried) < TRIES:
            return
        health, best = min(self._tried, key=lambda tried: tried[0].badness)
        if health.profile is None:
            self.fail(BackendFailed(f"{self.name} came out as nothing that can be played, {TRIES} times."))
            return
        if health.faults:
            log.warning("%s, window %d: %s, in each try.", self.name, self._window + 1, " and ".join(health.faults))
        self._lay_on(best, health.profile)

    def fail(self, error: LofiError) -> None:
        """Give this take up."""
        self.outcome = error
        self._tape, self._tried, self._codes = self._tape[:0], [], []

    def _fault(self, clip: Clip) -> str | None:
        return None if self._ear is None else self._ear.fault(clip, self.order.track)

    @property
    def name(self) -> str:
        """What a person calls it, at the beginning of a sentence."""
        return f"Take {self.order.index} of “{self.order.track.title}”"

    @property
    def _overlap(self) -> int:
        """Frames that the next window shares with the tape: none where the opening meets the take."""
        return self._frames(OVERLAP) if self._window else 0

    def _frames(self, seconds: float) -> int:
        """Return the frames of whole steps of the codec that fit into some seconds."""
        return round(seconds * self._model.rate) // self._model.hop * self._model.hop

    def _opening(self) -> Samples:
        """Return what the first window goes on from: a file, else a click if one is asked for, else nothing."""
        order, model = self.order, self._model
        if order.opening is not None:
            return open_file(order.opening, model.rate, model.channels, self._context)
        if order.rhythm:
            # At the published length all of it; a model with shorter windows gets the click's last bars.
            return click(order.track, model.rate, model.channels)[-self._frames(model.longest / 2) :]
        return np.zeros((0, model.channels), np.float32)

    def _tune(self, start: int) -> Clip | None:
        """Return the stretch of the melody that sounds while a window does; a short tune begins again."""
        if self._melody is None:
            return None
        samples, rate = self._melody.samples, self._melody.rate
        at = round(start / self._model.rate * rate) + np.arange(round(self._model.longest * rate))
        return Clip(samples[at % len(samples)], rate)

    def _kept(self, window: Window) -> Window:
        """Return a window without its last second, whole steps of the codec."""
        keep = max(0, int((len(window.samples) - CUT * self._model.rate) // self._model.hop))
        return Window(window.samples[: keep * self._model.hop], window.codes[:, :keep])

    def _lay_on(self, window: Window, profile: Profile) -> None:
        overlap = self._overlap
        if len(window.samples) <= overlap:
            self.fail(BackendFailed(f"{self.name} does not get on: the model gave next to nothing."))
            return
        if self._first is not None:
            pull = self._first.level - profile.level if self._first.level > QUIET else 0.0
            self._tape = splice(self._tape, window.samples, overlap, pull, self._model.rate)
        else:
            self._tape = np.concatenate([self._tape, window.samples])
            self._first = profile
        self._codes.append(window.codes[:, overlap // self._model.hop :])
        self._window, self._tried = self._window + 1, []
        if len(self._tape) - self._lead >= self._goal - self._model.hop:
            self._finish()

    def _finish(self) -> None:
        rate, track = self._model.rate, self.order.track
        sound = self._tape[self._lead :]
        end = min(len(sound), round(find_end(Clip(sound, rate), track) * rate))
        codes = np.concatenate(self._codes, axis=1)[:, : -(-end // self._model.hop)]
        clip = Clip(close(sound[:end], rate, 240 / track.tempo), rate)
        self.outcome = Rendering(clip, np.ascontiguousarray(codes, dtype=np.int16))
        self._tape, self._codes = self._tape[:0], []
