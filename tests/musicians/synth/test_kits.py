"""The drum kits, one stroke at a time."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.musicians.offline.score import Hit
from pipeline.musicians.offline.synth.drums import brush_swirl
from pipeline.musicians.offline.synth.kit import Kit, sampled
from pipeline.musicians.offline.synth.modes import RATE
from pipeline.musicians.offline.synth.player import Drummer, Lane

DRUMS = ("kick", "snare", "rim", "ghost", "hat", "open hat", "shaker", "brush", "tom", "ride", "crash")
KITS = ("dusty kit", "brush kit")


@pytest.fixture(scope="module", params=KITS)
def kit(request):
    return Kit.named(request.param, np.random.default_rng(2))


def hit(kit, drum, strength=0.7, seed=1):
    return kit.hit(drum, strength, np.random.default_rng(seed))


def share(sound, low, high):
    """The share of a sound's energy between two frequencies."""
    power = np.abs(np.fft.rfft(sound.mean(axis=0))) ** 2
    at = np.fft.rfftfreq(sound.shape[1], 1 / RATE)
    return power[(at >= low) & (at < high)].sum() / power.sum()


def test_a_kick_thumps(kit):
    """Most of a kick lies below 120 Hz, and some of it below 70."""
    assert share(hit(kit, "kick"), 0, 120) > 0.6
    assert share(hit(kit, "kick"), 30, 70) > 0.2


def test_hats_are_high_and_snares_between(kit):
    """A hat has next to nothing in the bass; a snare has both a body and wires."""
    assert share(hit(kit, "hat"), 0, 1000) < 0.1
    assert share(hit(kit, "snare"), 120, 700) > 0.05
    assert share(hit(kit, "snare"), 1000, 9000) > 0.05


@pytest.mark.parametrize("drum", DRUMS)
def test_every_drum_starts_and_ends_silent(kit, drum):
    """No stroke clicks, wraps round or rings on."""
    sound = hit(kit, drum)
    assert sound.dtype == np.float32 and sound.shape[0] == 2
    assert np.abs(sound[:, [0, -1]]).max() < 1e-3
    assert np.isfinite(sound).all() and 0.05 < np.abs(sound).max() < 1.3
    assert abs(sound.mean()) < 2e-3


def test_the_drums_differ(kit):
    """Each name is a sound of its own."""
    heard = {drum: hit(kit, drum)[:, :4000] for drum in DRUMS}
    spectra = [np.abs(np.fft.rfft(sound.mean(axis=0), 8192)) for sound in heard.values()]
    shapes = np.array([s / np.linalg.norm(s) for s in spectra])
    alike = shapes @ shapes.T - np.eye(len(shapes))
    assert alike.max() < 0.99


def test_a_harder_snare_is_brighter(kit):
    """Velocity opens the wires."""
    soft, hard = (share(hit(kit, "snare", strength), 3000, 12_000) for strength in (0.1, 0.9))
    assert hard > soft


def test_strokes_vary_and_repeat(kit):
    """Another stroke is another sound, the same chance the same one."""
    assert np.array_equal(hit(kit, "hat", seed=4), hit(kit, "hat", seed=4))
    assert not np.array_equal(hit(kit, "hat", seed=4), hit(kit, "hat", seed=5))


def test_the_brush_kit_is_softer():
    """A brush swirl takes its time; the dusty snare does not."""
    dusty, brushes = (Kit.named(name, np.random.default_rng(2)) for name in KITS)
    crack, swirl = hit(dusty, "snare"), hit(brushes, "brush")
    assert np.abs(crack[0]).argmax() < 0.02 * RATE < np.abs(swirl[0]).argmax()


def test_an_unknown_drum_or_kit_is_replaced():
    """A cowbell becomes a rim, an unknown kit the dusty one."""
    kit = Kit.named("marching band", np.random.default_rng(2))
    assert kit.dusty
    assert np.array_equal(hit(kit, "cowbell"), hit(kit, "rim"))


def test_the_sampler_keeps_a_low_tone_and_loses_the_air():
    """A 400 Hz tone comes through the early sampler; 14 kHz does not."""
    time = np.arange(RATE) / RATE
    low, high = (np.sin(2 * np.pi * f * time).astype(np.float32) for f in (400, 14_000))
    assert np.std(sampled(low)) == pytest.approx(np.std(low), rel=0.05)
    assert np.std(sampled(high)) < 0.2 * np.std(high)


def test_an_open_hat_is_choked_by_the_next_hat():
    """Closing the hi-hat stops it ringing."""
    kit = Kit.named("dusty kit", np.random.default_rng(2))

    def ringing(*hits):
        drummer = Drummer(hits, kit, 1, RATE)
        return Lane(drummer.events, drummer.sound, RATE).play()

    alone, choked = ringing(Hit(0.0, "open hat", 0.8)), ringing(Hit(0.0, "open hat", 0.8), Hit(0.1, "hat", 0.01))
    later = slice(round(0.15 * RATE), round(0.3 * RATE))
    assert np.std(choked[:, later]) < 0.2 * np.std(alone[:, later])


def test_no_stroke_fails_whatever_its_length():
    """A brush's sweep lasts as long as chance has it; every one of a thousand sounds."""
    chance = np.random.default_rng(4)
    for _ in range(1000):
        assert np.isfinite(brush_swirl(0.5, chance)).all()
