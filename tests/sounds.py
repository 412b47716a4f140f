"""Small test music with known facts: drums at a known tempo, cadences in a known key, songs with sections."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip
from pipeline.domain import Key

RATE = 32_000


def clip(signal: NDArray[np.float64], rate: int = RATE) -> Clip:
    """Make a stereo clip of one signal [frames], a little wider than mono."""
    side = np.roll(signal, 37) * 0.2
    return Clip(np.stack([signal + side, signal - side], axis=1).astype(np.float32), rate)


def place(out: NDArray[np.float64], sound: NDArray[np.float64], second: float, gain: float = 1.0) -> None:
    """Add `sound` into `out` at `second`; what hangs over the end is lost."""
    start = round(second * RATE)
    if start < len(out):
        sound = sound[: len(out) - start]
        out[start : start + len(sound)] += gain * sound


def kick() -> NDArray[np.float64]:
    t = np.arange(int(0.25 * RATE)) / RATE
    return np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-t * 30)))) * np.exp(-t * 16)


def snare(rng: np.random.Generator) -> NDArray[np.float64]:
    t = np.arange(int(0.2 * RATE)) / RATE
    return (0.6 * rng.standard_normal(len(t)) + np.sin(2 * np.pi * 190 * t)) * np.exp(-t * 26) * 0.5


def hat(rng: np.random.Generator) -> NDArray[np.float64]:
    t = np.arange(int(0.06 * RATE)) / RATE
    return np.diff(rng.standard_normal(len(t) + 1)) * np.exp(-t * 90) * 0.25


def drums(
    tempo: float,
    seconds: float,
    swing: float = 0.5,
    late: float = 0.0,
    jitter: float = 0.0,
    first: float = 0.0,
    seed: int = 1,
) -> NDArray[np.float64]:
    """Play boom bap [frames]: kick on 1, 2-and and 3, snare on 2 and 4 `late` seconds behind, swung hats."""
    rng = np.random.default_rng(seed)
    out, beat = np.zeros(int(seconds * RATE)), 60 / tempo

    def at(beats: float) -> float:
        return max(0.0, first + beats * beat + rng.normal(0, jitter) if jitter else first + beats * beat)

    for number in range(int((seconds - first) / beat) + 1):
        place(out, hat(rng), at(number), 0.5)
        place(out, hat(rng), at(number + swing), 0.35)
        if number % 4 in (0, 2):
            place(out, kick(), at(number), 0.8)
        if number % 4 == 1:
            place(out, kick(), at(number + swing), 0.5)
        if number % 2 == 1:
            place(out, snare(rng), at(number) + late, 0.5)
    return out


@cache
def note(pitch: float, seconds: float) -> NDArray[np.float64]:
    """Play one plucked note with six partials [frames]."""
    t = np.arange(int(seconds * RATE)) / RATE
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    tone = sum(np.sin(2 * np.pi * frequency * k * t + k) / k**1.6 for k in range(1, 7))
    return np.asarray(tone) * np.exp(-t * 1.6) * np.minimum(1, t * 200) * np.minimum(1, (seconds - t) * 60)


MAJOR = {
    "I": (0, 4, 7, 11),
    "ii": (2, 5, 9, 12),
    "iii": (4, 7, 11, 14),
    "IV": (5, 9, 12, 16),
    "V": (7, 11, 14, 17),
    "vi": (9, 12, 16, 19),
}
MINOR = {
    "i": (0, 3, 7, 10),
    "ii": (2, 5, 8, 12),
    "III": (3, 7, 10, 14),
    "iv": (5, 8, 12, 15),
    "V": (7, 11, 14, 17),
    "VI": (8, 12, 15, 19),
}


def chords(
    key: Key, names: tuple[str, ...], seconds: float, length: float, detune: float = 0.0, melody: int | None = None
) -> NDArray[np.float64]:
    """Play a progression over and over [frames]: bass and a four-note chord each `length` seconds.

    `detune` is in semitones; `melody` seeds a tune of chord and scale notes above.
    """
    table = MAJOR if key.mode == "major" else MINOR
    out, rng = np.zeros(int(seconds * RATE)), np.random.default_rng(melody)
    for index in range(int(seconds / length)):
        degrees = table[names[index % len(names)]]
        place(out, note(36 + key.tonic + degrees[0] + detune, length), index * length, 0.3)
        for degree in degrees:
            place(out, note(55 + (key.tonic + degree - 7) % 12 + detune, length), index * length, 0.12)
        if melody is not None:
            for step in range(4):
                if rng.random() < 0.7:
                    pitch = 67 + (key.tonic + degrees[rng.integers(4)] - 7) % 12 + 12 * (rng.random() < 0.2)
                    place(out, note(pitch + detune, length / 2), (index + step / 4) * length, 0.2)
    return out


def song(tempo: float, key: Key, seconds: float, seed: int, swing: float = 0.56) -> Clip:
    """Play a small song with an intro, A and B sections, drums and a tune, that ends with a last chord ringing out."""
    bar = 240 / tempo
    first, second = (
        (("ii", "V", "I", "vi"), ("IV", "iii", "ii", "V"))
        if key.mode == "major"
        else (("i", "iv", "VI", "V"), ("VI", "III", "iv", "V"))
    )
    out = np.zeros(int(seconds * RATE))
    bars = int((seconds - 3) / bar)
    for start in range(0, bars, 4):
        part = chords(
            key, second if start // 4 % 4 == 2 else first, min(4, bars - start) * bar, bar, melody=seed + start // 8
        )
        place(out, part, start * bar)
    beat = drums(tempo, bars * bar, swing, late=0.015, jitter=0.004, seed=seed)
    place(out, beat[int(4 * bar * RATE) :] if bars > 8 else beat, 4 * bar if bars > 8 else 0, 0.4)
    for degree in (0, 12, 16 if key.mode == "major" else 15, 19):
        place(out, note(36 + key.tonic + degree, seconds - bars * bar - 0.2), bars * bar, 0.15)
    out += 1e-5 * np.random.default_rng(seed).standard_normal(len(out))
    fade = int(1.5 * RATE)
    out[-fade:] *= np.linspace(1, 0, fade) ** 2
    return clip(out * 0.5)
