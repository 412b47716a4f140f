"""Playing parts: each distinct stroke is sounded once and then placed wherever the score asks for it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.musicians.offline.score import Hit, Note, Part
from pipeline.musicians.offline.synth.drums import SWELL
from pipeline.musicians.offline.synth.instrument import Instrument, Sound, Stroke
from pipeline.musicians.offline.synth.kit import Kit
from pipeline.musicians.offline.synth.modes import RATE, TONE_RATE
from pipeline.musicians.offline.synth.noise import Shape

LAYERS = 5
"""How many strengths an instrument is sounded at; loudness itself moves without steps."""

VARIATIONS = 2
"""How many different tones there are for one pitch at one strength."""


@dataclass(frozen=True)
class Event:
    """A sound to place: from frame `start`, faded over `release` frames from `hold` on (None: left to ring)."""

    start: int
    hold: int | None
    release: int
    left: float
    right: float
    key: tuple[int | str, ...]


class Lane:
    """Places events on a rolling stereo buffer and hands it out block by block."""

    def __init__(self, events: Sequence[Event], sound: Callable[[tuple[int | str, ...]], Sound], block: int) -> None:
        self._events = sorted(events, key=lambda event: event.start)
        self._sound = sound
        self._block = block
        self._buffer = np.zeros((2, 2 * block), np.float32)
        self._spare = np.zeros((2, 2 * block), np.float32)  # handed out last; memory that is warm is fast
        self._at = 0  # frame at which the buffer begins
        self._until = 0  # how far into the buffer anything sounds
        self._dirty = 0  # the same of the spare one
        self._next = 0
        self._falls: dict[int, NDArray[np.float32]] = {}

    @property
    def silent(self) -> bool:
        """Whether nothing at all sounds in the next block."""
        starts = self._next < len(self._events) and self._events[self._next].start < self._at + self._block
        return not starts and self._until == 0

    def play(self) -> Sound:
        """Return the next block, float32 [2, block]. It may be changed in place, and is good until the next call."""
        while self._next < len(self._events) and self._events[self._next].start < self._at + self._block:
            self._place(self._events[self._next])
            self._next += 1
        full, block = self._buffer, self._block
        ringing = max(self._until - block, 0)
        if self._spare.shape[1] < full.shape[1]:
            self._spare = np.zeros_like(full)
        self._buffer, self._spare = self._spare, full
        self._buffer[:, :ringing] = full[:, block : block + ringing]
        self._buffer[:, ringing : max(self._dirty, block)] = 0.0
        self._dirty, self._until = self._until, ringing
        self._at += block
        return full[:, :block]

    def _place(self, event: Event) -> None:
        tone = self._sound(event.key)
        end = tone.shape[1] if event.hold is None else min(tone.shape[1], event.hold + event.release)
        released = end if event.hold is None else min(end, event.hold)
        begin = event.start - self._at
        stop = begin + end
        if stop > self._buffer.shape[1]:
            grown = np.zeros((2, stop + self._block), np.float32)
            grown[:, : self._buffer.shape[1]] = self._buffer
            self._buffer = grown
        self._until = max(self._until, stop)
        same = tone.shape[0] == 1 and event.left == event.right
        for side, gain in enumerate((event.left, event.right)):
            if side == 0 or not same:
                heard = np.float32(gain) * tone[-side, :end]
                if end > released:
                    heard[released:] *= self._fall(event.release)[: end - released]
            self._buffer[side, begin:stop] += heard

    def _fall(self, frames: int) -> NDArray[np.float32]:
        """The gain of a tone that is let go: cosine times exponential, at once like a damper, and arriving at zero."""
        if frames not in self._falls:
            x = np.arange(frames, dtype=np.float32) / np.float32(max(frames, 1))
            self._falls[frames] = (0.5 + 0.5 * np.cos(np.float32(np.pi) * x)) * np.exp(np.float32(-2.0) * x)
        return self._falls[frames]


def _layer(velocity: float) -> int:
    return min(LAYERS - 1, int(max(velocity, 0.0) * LAYERS))


def _dice(seed: int, *path: int | str) -> np.random.Generator:
    """A generator for one stroke, the same whichever other strokes there are."""
    return np.random.default_rng([seed, *(zlib.crc32(str(step).encode()) for step in path)])


class Player:
    """One musician: a part, the instrument it is played on, and the tones sounded so far."""

    def __init__(self, part: Part, instrument: Instrument, colour: Shape, seed: int, frames: int) -> None:
        self.instrument = instrument
        self._name = part.instrument
        self._colour = colour
        self._seed = seed
        self._tones: dict[tuple[int | str, ...], Sound] = {}
        self._needed: dict[tuple[int | str, ...], float] = {}
        self.events = self._read([note for note in part.notes if note.velocity > 0 and note.length > 0], frames)

    def _read(self, notes: Sequence[Note], frames: int) -> list[Event]:
        events = []
        turn: dict[tuple[int, int], int] = {}
        before: Note | None = None
        for note in sorted(notes, key=lambda note: (note.start, note.pitch)):
            start = max(0, round(note.start * TONE_RATE))
            if start >= frames:
                continue
            slide = 0
            if self.instrument.glides:
                joined = before is not None and note.start < before.start + before.length + 0.1
                slide = max(-7, min(7, before.pitch - note.pitch)) if before is not None and joined else 0
                before = note
            layer = _layer(note.velocity)
            turn[note.pitch, layer] = turn.get((note.pitch, layer), -1) + 1
            key = (note.pitch, layer, turn[note.pitch, layer] % VARIATIONS, slide)
            needed = min(note.length + self.instrument.release, self.instrument.sustain(note.pitch))
            self._needed[key] = max(self._needed.get(key, 0.0), needed)
            gain = 0.12 + 0.88 * min(note.velocity, 1.0) ** 1.3
            hold, release = round(note.length * TONE_RATE), round(self.instrument.release * TONE_RATE)
            events.append(Event(start, hold, release, gain, gain, key))
        return events

    def sound(self, key: tuple[int | str, ...]) -> Sound:
        """Return the tone of a key (pitch, layer, variation, slide), levelled; sounded when first asked for."""
        if key not in self._tones:
            pitch, layer, _, slide = (int(part) for part in key)
            stroke = Stroke(
                pitch=pitch,
                strength=(layer + 0.5) / LAYERS,
                seconds=self._needed[key],
                chance=_dice(self._seed, self._name, *key),
                colour=self._colour,
                slide=slide,
            )
            self._tones[key] = levelled(self.instrument.tone(stroke), pitch)
        return self._tones[key]


def levelled(tone: Sound, pitch: int) -> Sound:
    """Bring a tone to the same loudness as all others: RMS 0.1 at middle C over its loudest quarter of a second or so.

    The ear hears high notes louder, so the target falls by 1 dB an octave upwards.
    """
    step = round(0.05 * TONE_RATE)
    padded = np.zeros((tone.shape[0], -(-tone.shape[1] // step) * step), np.float32)
    padded[:, : tone.shape[1]] = tone
    folded = padded.reshape(tone.shape[0], -1, step)
    power = np.einsum("csf,csf->s", folded, folded) / (step * tone.shape[0])
    weights = 0.7 ** np.arange(8)
    heard = float(np.max(np.convolve(power, weights[::-1] / weights.sum())))
    target = 0.1 * 2.0 ** ((60 - min(max(pitch, 24), 96)) / 72)
    return np.asarray(tone * np.float32(target / np.sqrt(max(heard, 1e-10))), np.float32)


class Drummer:
    """The drums of a score on one kit."""

    def __init__(self, hits: Sequence[Hit], kit: Kit, seed: int, frames: int) -> None:
        self._kit = kit
        self._seed = seed
        self._sounds: dict[tuple[int | str, ...], Sound] = {}
        ordered = sorted((hit for hit in hits if hit.velocity > 0), key=lambda hit: (hit.start, hit.drum))
        hats = [hit.start for hit in ordered if hit.drum in ("hat", "open hat")]
        self.events = []
        turn: dict[str, int] = {}
        for hit in ordered:
            arrives = hit.start - SWELL if hit.drum == "swell" else hit.start
            start = max(0, round(arrives * RATE))
            if start >= frames:
                continue
            turn[hit.drum] = turn.get(hit.drum, -1) + 1
            key = (hit.drum, _layer(hit.velocity), turn[hit.drum] % 3)
            closing = next((time for time in hats if time > hit.start), None) if hit.drum == "open hat" else None
            hold = None if closing is None else round((closing - hit.start) * RATE)
            gain = min(hit.velocity, 1.0) ** 1.4
            self.events.append(Event(start, hold, round(0.03 * RATE), gain, gain, key))

    def sound(self, key: tuple[int | str, ...]) -> Sound:
        """Return the stroke of a key (drum, layer, variation)."""
        if key not in self._sounds:
            drum, layer, _ = key
            self._sounds[key] = self._kit.hit(str(drum), (int(layer) + 0.5) / LAYERS, _dice(self._seed, *key))
        return self._sounds[key]
