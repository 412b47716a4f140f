"""A whole piece, as a listener hears it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyloudnorm
import pytest

from pipeline.audio.clip import Clip
from pipeline.musicians.offline.score import Hit, Note, Part
from pipeline.musicians.offline.synth.modes import RATE
from pipeline.musicians.offline.synth.render import perform


@pytest.fixture(scope="module")
def clip(score):
    return perform(score(), 7)


def dry(score, **changes):
    return score(bars=2, ambience=None, **changes)


def share(clip, low, high):
    power = np.abs(np.fft.rfft(clip.samples.mean(axis=1))) ** 2
    at = np.fft.rfftfreq(clip.frames, 1 / RATE)
    return power[(at >= low) & (at < high)].sum() / power.sum()


def test_a_clip_is_stereo_at_the_full_rate_and_lasts_what_the_score_says(score, clip):
    """44.1 kHz, two channels, to the frame."""
    assert clip.rate == RATE == 44_100
    assert clip.samples.shape == (round(score().length * RATE), 2)


def test_a_clip_is_sound(clip):
    """Finite, without DC, peaking between -8 and -3 dBFS, near -18 LUFS."""
    assert np.isfinite(clip.samples).all()
    assert np.abs(clip.samples.mean(axis=0)).max() < 1e-3
    assert -8 < 20 * np.log10(np.abs(clip.samples).max()) < -3
    loudness = pyloudnorm.Meter(RATE).integrated_loudness(clip.samples.astype(np.float64))
    assert loudness == pytest.approx(-18, abs=1.5)


def test_a_clip_begins_and_ends_in_silence(clip):
    """The first and the last frames are silent, and the last tenth of a second is all but."""
    assert np.abs(clip.samples[[0, -1]]).max() < 1e-4
    assert np.abs(clip.samples[-RATE // 10 :]).max() < 0.003


def test_stereo_is_real_and_survives_in_mono(clip):
    """Left and right differ, and their sum does not cancel."""
    assert 0.2 < np.corrcoef(clip.samples.T)[0, 1] < 0.98


def test_the_bass_is_mono(score):
    """Below 100 Hz nothing is wider than the middle."""
    heard = perform(dry(score), 7).samples
    middle, side = heard.sum(axis=1), heard[:, 0] - heard[:, 1]
    low = np.fft.rfftfreq(len(heard), 1 / RATE) < 100
    energy = [np.sum(np.abs(np.fft.rfft(signal)[low]) ** 2) for signal in (middle, side)]
    assert energy[1] < 0.01 * energy[0]


def test_the_spectrum_leans_back(clip):
    """Lo-fi is warm: bass is there without booming, the harsh band is behind the middle."""
    assert 0.1 < share(clip, 20, 120) < 0.75
    assert share(clip, 3000, 6000) < 0.5 * share(clip, 300, 1200)


def test_the_same_seed_gives_the_same_bytes(score):
    """A render can be replayed; another seed is another performance."""
    first, again, other = (perform(score(bars=1), seed).samples for seed in (3, 3, 4))
    assert first.tobytes() == again.tobytes()
    assert np.abs(first - other).max() > 0.01


def test_a_note_does_not_depend_on_the_notes_around_it(score):
    """Adding a distant note leaves the sound before it as it was, but for the overall level."""
    near = Part("felt piano", "chords", (Note(0.5, 1.0, 60, 0.6),))
    both = replace(near, notes=(*near.notes, Note(6.0, 0.2, 60, 0.6)))
    alone, together = (perform(score(parts=(p,), drums=(), kit=None, ambience=None), 1).samples for p in (near, both))
    early = slice(round(0.5 * RATE), round(1.3 * RATE))
    ratio = np.std(together[early]) / np.std(alone[early])
    assert np.abs(together[early] - ratio * alone[early]).max() < 0.1 * np.abs(together[early]).max()


def test_the_chords_make_room_for_the_kick(score):
    """A kick leans on the pad for a moment, by two to three decibels, and lets go again."""
    pad = Part("warm pad", "pad", tuple(Note(0.0, 8.0, pitch, 0.5) for pitch in (57, 64)))
    hits = (Hit(4.0, "kick", 1.0),)
    plain, ducked = (
        perform(score(bars=2, parts=(pad,), drums=(Hit(4.0, drum, 1.0),), ambience=None), 1).samples
        for drum in ("rim", "kick")
    )

    def high(samples, at, length=0.03):
        """Level of the pad above the kick's own band."""
        piece = samples[round(at * RATE) : round((at + length) * RATE)].mean(axis=1)
        power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)))) ** 2
        band = np.fft.rfftfreq(len(piece), 1 / RATE)
        return 10 * np.log10(power[(band > 300) & (band < 800)].sum())

    assert hits[0].start == 4.0
    reference = high(ducked, 3.5, 0.3) - high(plain, 3.5, 0.3)
    after = high(ducked, 4.6, 0.3) - high(plain, 4.6, 0.3)
    assert after == pytest.approx(reference, abs=0.6)


def test_an_ambience_lies_under_the_music(score):
    """With rain the clip starts with rain, 20 to 40 dB below the music, fading in and out."""
    with_rain, without = (perform(score(bars=2, ambience=name), 1).samples for name in ("rain", None))
    rain = with_rain - without
    middle = slice(3 * RATE, 6 * RATE)
    below = 20 * np.log10(np.std(without[middle]) / np.std(rain[middle]))
    assert 22 < below < 34
    assert np.std(rain[: RATE // 4]) < 0.2 * np.std(rain[middle])
    assert np.std(rain[-RATE // 4 :]) < 0.2 * np.std(rain[middle])


def test_vinyl_lies_far_below(score):
    """A record's noise is 42 to 56 dB below the music."""
    with_vinyl, without = (perform(score(ambience=name), 1).samples for name in ("vinyl", None))
    assert 42 < 20 * np.log10(np.std(without) / np.std(with_vinyl - without)) < 56


def test_names_the_band_does_not_know_are_no_obstacle(score):
    """A strange plan still gives music."""
    part = Part("hurdy-gurdy", "drone", (Note(0.5, 1.0, 60, 0.5),))
    heard = perform(
        score(parts=(part,), kit="marching band", drums=(Hit(1.0, "cowbell", 0.8),), ambience="spaceship"), 1
    )
    assert np.isfinite(heard.samples).all() and np.std(heard.samples) > 1e-3


@pytest.mark.parametrize("length", [0.3, 10.0])
def test_an_empty_or_crooked_score_is_no_obstacle(score, length):
    """No notes, notes after the end, notes of no length, far too long or far too low: still a finite clip."""
    odd = (
        Note(-0.1, 1.0, 60, 0.5), Note(0.0, 0.0, 60, 0.5), Note(0.1, 99.0, 127, 1.5), Note(0.1, 1.0, 0, 0.01),
        Note(50.0, 1.0, 60, 0.5),
    )  # fmt: skip
    for parts in ((), (Part("felt piano", "chords", odd), Part("sub bass", "bass", odd), Part("flute", "melody", odd))):
        heard = perform(score(parts=parts, drums=(), kit=None, ambience=None, length=length), 1)
        assert isinstance(heard, Clip) and heard.frames == round(length * RATE)
        assert np.isfinite(heard.samples).all()
        assert np.abs(heard.samples).max() < 0.75
