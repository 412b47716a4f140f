"""Fingerprints: the same music is known again, other music is not."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pytest
import soundfile
from scipy.signal import butter, sosfilt
from sounds import RATE, song

from pipeline.audio.clip import Clip
from pipeline.audio.fingerprint import NEAR_DUPLICATE, fingerprint, nearest, similarities, similarity
from pipeline.domain import Key

HOME = Key.parse("A minor")


@cache
def take(seed: int) -> Clip:
    return song(80, HOME, 40, seed)


def through(clip: Clip, format_: str) -> Clip:
    """Encode and decode again."""
    file = io.BytesIO()
    soundfile.write(file, clip.samples, clip.rate, format=format_)
    file.seek(0)
    samples, rate = soundfile.read(file, dtype="float32")
    return Clip(samples, rate)


def brighter(clip: Clip) -> Clip:
    low = sosfilt(butter(1, 700, fs=clip.rate, output="sos"), clip.samples, axis=0)
    return Clip((clip.samples * 1.12 - 0.2 * low).astype(np.float32), clip.rate)


def noisy(clip: Clip, level: float) -> Clip:
    noise = np.random.default_rng(4).standard_normal(clip.samples.shape) * 10 ** (level / 20)
    return Clip((clip.samples + noise).astype(np.float32), clip.rate)


COPIES = {
    "mp3": lambda clip: through(clip, "MP3"),
    "half as loud": lambda clip: Clip(clip.samples * np.float32(0.5), clip.rate),
    "hiss": lambda clip: noisy(clip, -42),
    "brighter": brighter,
    "trimmed": lambda clip: Clip(clip.samples[int(0.33 * clip.rate) :], clip.rate),
    "late": lambda clip: Clip(np.pad(clip.samples, ((int(1.1 * clip.rate), 0), (0, 0))), clip.rate),
    "mono": lambda clip: Clip(clip.samples.mean(axis=1, keepdims=True), clip.rate),
    "cut short": lambda clip: Clip(clip.samples[: clip.frames * 2 // 3], clip.rate),
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_known_again(how: str) -> None:
    """Re-encoded, turned down, with hiss, another tone, shifted or cut, it is the same music."""
    assert similarity(fingerprint(take(1)), fingerprint(COPIES[how](take(1)))) >= NEAR_DUPLICATE + 0.1


def test_other_music_is_far_away() -> None:
    """Another key and another tempo share next to nothing."""
    assert similarity(fingerprint(take(1)), fingerprint(song(87, Key.parse("Eb major"), 40, 1))) < 0.4


def test_likeness_goes_both_ways_and_a_print_is_like_itself() -> None:
    """The order of the two does not matter, and the same is 1."""
    a, b = fingerprint(take(1)), fingerprint(take(5))
    assert similarity(a, a) == pytest.approx(1)
    assert similarity(a, b) == pytest.approx(similarity(b, a), abs=1e-6)


def test_the_copy_is_found_among_many() -> None:
    """Of a catalogue of prints the nearest is the copy, and the same as by comparing one by one."""
    catalogue = [fingerprint(take(seed)) for seed in (1, 5, 9)]
    copy = fingerprint(COPIES["mp3"](take(5)))
    index, alike = nearest(copy, catalogue)
    assert index == 1
    assert alike == pytest.approx(similarity(copy, catalogue[1]))
    assert similarities(copy, catalogue) == pytest.approx([similarity(copy, other) for other in catalogue])
    assert nearest(copy, []) == (-1, 0.0)


def test_a_print_is_short_and_repeatable() -> None:
    """Two minutes fit into 4 kB of plain text, and listening again gives the same."""
    twice = Clip(np.tile(take(1).samples, (3, 1)), RATE)
    text = fingerprint(twice)
    assert len(text.encode()) < 4096
    assert text.isascii()
    assert fingerprint(twice) == text


@pytest.mark.parametrize("channels", [1, 2])
def test_silence_is_like_nothing(channels: int) -> None:
    """Silent, empty and broken clips have a print, and it is like no other, nor like itself."""
    for samples in (np.zeros((RATE * 5, channels)), np.zeros((0, channels)), np.full((RATE, channels), np.nan)):
        text = fingerprint(Clip(samples.astype(np.float32), RATE))
        assert similarity(text, fingerprint(take(1))) == 0
        assert similarity(text, text) == 0


@pytest.mark.parametrize("text", ["", "2.AAAA", "1.????", "1.AAA", "1.AAAA"])
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    """Anything else is an error with the text in it, not a silent zero."""
    with pytest.raises(ValueError, match="not a fingerprint"):
        similarity(text, fingerprint(take(1)))


def test_two_noises_with_one_fade_are_not_the_same_music() -> None:
    """A fade moves every pitch at once, and is no tune."""
    fade = np.minimum(1, np.linspace(5, 0, 10 * RATE))[:, None]
    noises = [np.random.default_rng(seed).standard_normal((10 * RATE, 1)) * 0.1 * fade for seed in (1, 2)]
    one, other = (fingerprint(Clip(noise.astype(np.float32), RATE)) for noise in noises)
    assert similarity(one, other) < NEAR_DUPLICATE / 2
