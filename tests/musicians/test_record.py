"""Whether a take makes a record: its balance after the tape, its arc, and how it lets go."""

from __future__ import annotations

import numpy as np
import papers
import pytest

from pipeline.audio.effects.chain import PRESETS
from pipeline.audio.key import key
from pipeline.audio.master import master
from pipeline.domain import Key, RenderOrder
from pipeline.musicians.offline.band import OfflineBand

CENTRES = (63, 125, 250, 500, 1000, 2000, 4000, 8000)
BANDS = {
    "boom bap": ("electric piano", "upright bass", "vibraphone"),
    "half time": ("warm pad", "sub bass", "soft lead"),
    "brushes": ("felt piano", "upright bass", "flute"),
    "bossa": ("nylon guitar", "upright bass", "flute"),
    "shuffle": ("electric piano", "sub bass", "muted guitar"),
    "beatless": ("felt piano", "sub bass", "warm pad"),
}


@pytest.fixture(scope="module")
def takes():
    def play(number, groove, instruments):
        home = "C minor" if number % 2 else "F minor"
        track = papers.lanterns(
            mood="wistful", style="x", key=home, groove=groove, instruments=instruments, ambience=None, seconds=42.0
        )
        return next(iter(OfflineBand().render([RenderOrder(track=track, index=1, seed=number)]))).clip

    return {groove: play(number, groove, band) for number, (groove, band) in enumerate(BANDS.items())}


def octaves(samples, rate):
    """Power of the octaves around CENTRES in dB, the loudest at 0."""
    at = np.fft.rfftfreq(2**15, 1 / rate)
    frames = samples[: len(samples) // 2**15 * 2**15].mean(axis=1).reshape(-1, 2**15) * np.hanning(2**15)
    power = (np.abs(np.fft.rfft(frames)) ** 2).sum(axis=0)
    level = 10 * np.log10([power[(at >= c / 2**0.5) & (at < c * 2**0.5)].sum() for c in CENTRES])
    return level - level.max()


def test_a_finished_record_is_warm_but_not_dull(takes):
    """After tape and mastering the bass leads its neighbours by little, and the presence is there, soft."""
    balance = []
    for take in takes.values():
        track = master(take, PRESETS["tape"], 1)
        balance.append(octaves(track.samples, track.rate))
    low, upper, warmth, body, middle, presence, bite, air = np.mean(balance, axis=0)
    assert -4 < low <= 0 and -4 < upper <= 0 and -6 < warmth < -0.5
    assert -7 < body < -1 and -12 < middle < -6
    assert -18 < presence < -11 and -26 < bite < -16 and air < -22
    # One piece at a time: none is only bass, none hisses.
    for piece in balance:
        assert piece[1:4].max() > -4.5
        assert piece[5] > -22 and piece[6] < -14 and piece[7] < -19


def test_a_minor_piece_is_heard_as_minor(takes):
    """The overtones of the bass do not turn the tonic's third."""
    for number, take in enumerate(takes.values()):
        assert key(take).key == Key.parse("C minor" if number % 2 else "F minor")


def test_a_take_dies_away_by_itself(takes):
    """The last chord fades over seconds: never by more than 18 dB in a quarter second while it can be heard."""
    for take in takes.values():
        step = take.rate // 4
        power = np.mean(take.samples[-16 * step :] ** 2, axis=1).reshape(16, step).mean(axis=1)
        before = np.mean(take.samples[-take.rate * 12 : -take.rate * 8] ** 2)
        level = 10 * np.log10(power / before + 1e-12)
        assert 20 * np.log10(np.abs(take.samples[-take.rate // 20 :]).max() / np.sqrt(before) + 1e-9) < -45
        heard = level[:-1] > -30
        assert (level[:-1] - level[1:])[heard].max() < 18
