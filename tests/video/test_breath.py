"""What moves in a film is the music that is heard at that moment, slowed, and an hour of it takes no more memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pipeline.audio.clip import Samples
from pipeline.video.levels import BANDS, Breath, levels

FPS = 10


def sine(hertz: float, seconds: float, rate: int, amplitude: float = 0.3) -> Samples:
    """Play one tone on both sides."""
    wave = amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


@pytest.mark.parametrize("rate", [32_000, 44_100, 48_000])
def test_low_notes_move_the_left_and_high_ones_the_right(rate: int) -> None:
    """A tone moves the pills of its pitch and no others, at every rate."""
    for hertz, place in ((80, 0.07), (700, 0.5), (6000, 0.92)):
        last = list(levels([sine(hertz, 3, rate)], rate, FPS, 25))[-1]
        assert abs(int(last.argmax()) - place * BANDS) < 3
        assert last.max() > 0.5
        assert np.median(last) < 0.05


def test_the_size_of_the_blocks_makes_no_difference() -> None:
    """Sound that arrives in crumbs or at once shows the same; mono as well; frames of silence follow what is short."""
    sound = np.random.default_rng(0).standard_normal((70_001, 2)).astype(np.float32) * np.float32(0.1)
    whole = np.array(list(levels([sound], 44_100, FPS, 30)))
    crumbs = [sound[start : start + 777] for start in range(0, len(sound), 777)]
    assert np.allclose(np.array(list(levels(crumbs, 44_100, FPS, 30))), whole, atol=1e-5)
    assert whole.shape == (30, BANDS)
    assert whole[12, 24:].mean() > 3 * whole[29, 24:].mean()
    left = np.repeat(sound[:, :1], 2, axis=1)
    mono = np.array(list(levels([sound[:, :1]], 44_100, FPS, 30)))
    assert np.allclose(mono, np.array(list(levels([left], 44_100, FPS, 30))), atol=1e-5)


def test_no_more_is_read_than_is_shown() -> None:
    """A mix without end is read as it is shown: about a block ahead and never all of it."""
    read = 0

    def endless() -> Iterator[Samples]:
        nonlocal read
        while True:
            read += 1
            yield np.zeros((44_100, 2), np.float32)

    shown = levels(endless(), 44_100, FPS, 1 << 40 >> 20)
    for second in range(1, 200):
        for _ in range(FPS):
            next(shown)
        assert read <= second + 2


def test_a_beat_swells_and_fades() -> None:
    """A sudden sound takes a quarter of a second to half its height, and goes more slowly than it came."""
    slow, full, none = Breath(FPS), np.ones(BANDS, np.float32), np.zeros(BANDS, np.float32)
    rising = [float(slow.follow(full)[9]) for _ in range(20)]
    falling = [float(slow.follow(none)[9]) for _ in range(20)]
    assert rising[0] < 0.4
    assert rising[2] > 0.5
    assert rising[-1] > 0.99
    assert falling[1] > 0.75
    assert 0 < falling[-1] < 0.2
