"""How a piece is let in and out."""

from __future__ import annotations

import numpy as np

from pipeline.musicians.offline.score import Hit, Section
from pipeline.musicians.offline.synth.kit import Kit
from pipeline.musicians.offline.synth.modes import RATE
from pipeline.musicians.offline.synth.opening import farewell, open_up
from pipeline.musicians.offline.synth.player import Drummer, Lane


def high(samples):
    """Level above 3 kHz."""
    power = np.abs(np.fft.rfft(samples[:, 0])) ** 2
    return power[np.fft.rfftfreq(len(samples), 1 / RATE) > 3000].sum()


def test_some_intros_open_from_the_next_room(score):
    """Filtered intros begin without treble, end with all of it, and what follows them is untouched."""
    sections = (Section("intro", 0.0, 8.0), Section("A", 8.0, 8.0), Section("outro", 16.0, 4.0))
    plain = np.random.default_rng(1).standard_normal((20 * RATE, 2)).astype(np.float32)
    opened = 0
    for seed in range(20):
        heard = plain.copy()
        open_up(heard, score(sections=sections, length=20.0), np.random.default_rng(seed))
        assert np.array_equal(heard[8 * RATE :], plain[8 * RATE :])
        if np.array_equal(heard, plain):
            continue
        opened += 1
        assert high(heard[:RATE]) < 1e-3 * high(plain[:RATE])
        assert high(heard[-RATE // 2 + 8 * RATE : 8 * RATE]) > 0.9 * high(plain[-RATE // 2 + 8 * RATE : 8 * RATE])
        assert np.abs(np.diff(heard[8 * RATE - 2 : 8 * RATE + 2, 0])).max() < 8
    assert 3 <= opened <= 15


def test_a_farewell_goes_down_smoothly_to_nothing():
    """The fader never goes up, never jumps, and ends at zero, however short the clip."""
    for seconds in (0.1, 1, 10, 120):
        gain = farewell(round(seconds * RATE))
        assert gain[0] > 0.99 and gain[-1] < 1e-3
        assert np.diff(gain).max() < 1e-4
        if seconds > 5:
            assert np.abs(np.diff(gain)).max() < 1e-3


def test_a_swell_grows_and_is_there_on_time():
    """A reversed cymbal is loudest just before the moment it leads to, and gone right after it."""
    kit = Kit.named("dusty kit", np.random.default_rng(2))
    drummer = Drummer([Hit(3.0, "swell", 0.8)], kit, 1, 5 * RATE)
    heard = Lane(drummer.events, drummer.sound, 5 * RATE).play()

    def level(start, end):
        return np.std(heard[:, round(start * RATE) : round(end * RATE)])

    assert level(0, 1.25) == 0.0
    assert level(1.4, 1.9) < level(2.0, 2.4) < level(2.6, 2.95)
    assert level(3.3, 4) < 0.1 * level(2.6, 2.95)
