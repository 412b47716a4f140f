"""The gates: every fault fails its own gate, and a whole take passes them all."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import papers
import pytest
from numpy.typing import NDArray
from sounds import RATE, song

from pipeline.audio.clip import Clip
from pipeline.domain import Key, TrackPlan
from pipeline.judges.gates import gates
from pipeline.judges.levels import levels

SECONDS = 40
Samples = NDArray[np.float32]


@cache
def good() -> Clip:
    return song(80, Key.parse("A minor"), SECONDS, seed=1)


def plan(seconds: float = SECONDS) -> TrackPlan:
    return papers.lanterns(
        title="Window Seat", prompt="slow lo-fi", mood="calm", style="lo-fi", swing=0.56,
        instruments=("felt piano",), ambience=None, seconds=seconds,
    )  # fmt: skip


def failed(samples: Samples, seconds: float = SECONDS, rate: int = RATE) -> set[str]:
    clip = Clip(np.ascontiguousarray(samples, np.float32), rate)
    return {gate.name for gate in gates(clip, plan(seconds), levels(clip)) if not gate.passed}


def changed(change: Callable[[Samples], None]) -> Samples:
    samples = good().samples.copy()
    change(samples)
    return samples


def with_nan(samples: Samples) -> None:
    samples[RATE * 3, 0] = np.nan


def with_infinity(samples: Samples) -> None:
    samples[RATE * 3, 1] = -np.inf


def with_a_hole(samples: Samples) -> None:
    samples[RATE * 15 : RATE * 16] = 0


def with_a_short_hole(samples: Samples) -> None:
    # In the middle of a held chord, where nothing would fall silent by itself.
    samples[int(RATE * 15.35) : int(RATE * 15.40)] = 0


def with_a_dead_tail(samples: Samples) -> None:
    samples[-RATE * 6 :] *= np.linspace(1, 0, RATE * 6, dtype=np.float32)[:, None] ** 8
    samples[-RATE * 4 :] = 0


def with_noise_at_the_end(samples: Samples) -> None:
    burst = np.random.default_rng(1).standard_normal((RATE, 2)) * 0.1
    samples[-RATE:] += (burst * np.linspace(1, 0, RATE)[:, None] ** 0.5).astype(np.float32)


def clipped(samples: Samples) -> None:
    np.clip(samples * 12, -1, 1, out=samples)


def clipped_and_turned_down(samples: Samples) -> None:
    samples[:] = np.clip(samples * 12, -1, 1) * np.float32(0.4)


def with_dc(samples: Samples) -> None:
    samples += np.float32(0.05)


def with_one_channel(samples: Samples) -> None:
    samples[:, 1] = 0


def with_opposed_channels(samples: Samples) -> None:
    samples[:, 1] = -samples[:, 0]


@pytest.mark.parametrize(
    ("fault", "gate"),
    [
        (with_nan, "finite"),
        (with_infinity, "finite"),
        (with_a_hole, "no dropout"),
        (with_a_short_hole, "no dropout"),
        (with_a_dead_tail, "no dead tail"),
        (with_noise_at_the_end, "no closing noise"),
        (clipped, "not clipped"),
        (clipped_and_turned_down, "not clipped"),
        (with_dc, "no DC"),
        (with_one_channel, "sound stage"),
        (with_opposed_channels, "sound stage"),
    ],
)
def test_each_fault_fails_its_own_gate_and_no_other(fault: Callable[[Samples], None], gate: str) -> None:
    """A take with one fault is refused for that fault, so the reason tells what to mend."""
    # A wave off centre, or hiss, up to the very end is also cut off there.
    others = {"whole ending"} if gate in {"no DC", "no closing noise"} else set()
    assert gate in failed(changed(fault))
    assert failed(changed(fault)) <= {gate} | others


def test_a_whole_take_passes_every_gate() -> None:
    """A song with an ending is not refused, and every gate says something about it."""
    assert failed(good().samples) == set()
    assert all(gate.reason for gate in gates(good(), plan(), levels(good())))


@pytest.mark.parametrize("seconds", [20.0, 20.31, 21.7])
def test_a_take_cut_off_while_sounding_has_no_ending(seconds: float) -> None:
    """Cut in the middle of a bar, the last note has not rung out; a click-free edge of 5 ms hides nothing."""
    cut = good().samples[: int(seconds * RATE)].copy()
    cut[-RATE // 200 :] *= np.linspace(1, 0, RATE // 200, dtype=np.float32)[:, None]
    assert failed(cut, seconds) == {"whole ending"}


def test_a_fade_is_an_ending() -> None:
    """The same cut, faded over three seconds, passes."""
    cut = good().samples[: int(20.31 * RATE)].copy()
    cut[-RATE * 3 :] *= np.linspace(1, 0, RATE * 3, dtype=np.float32)[:, None] ** 2
    assert failed(cut, 20.31) == set()


def test_half_the_length_is_the_wrong_length() -> None:
    """Half as long as planned is refused, 0.9 s off is not, nor is 2 % of a long track."""
    assert failed(good().samples, 80) == {"right length"}
    assert failed(good().samples, SECONDS + 0.9) == set()
    assert failed(good().samples, SECONDS + 1.1) == {"right length"}


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_is_only_silent(level: float) -> None:
    """Silence, and hiss at -80 dBFS, fail for silence and are not called cut off, clipped or broken too."""
    hiss = np.random.default_rng(1).standard_normal((SECONDS * RATE, 2)) * level
    assert failed(hiss.astype(np.float32)) == {"not silent"}


def test_a_clean_sine_at_full_scale_is_not_clipped() -> None:
    """The crest of a low clean tone stays near the top for a while, and that is no fault."""
    t = np.arange(RATE * 10) / RATE
    fade = np.minimum(1, (10 - t) / 2) ** 2
    for peak in (0.4, 0.99):
        tone = (peak * np.sin(2 * np.pi * 55 * t) * fade).astype(np.float32)
        assert "not clipped" not in failed(np.stack([tone, tone * 0.9], axis=1), 10)


def test_a_rate_that_is_no_music_is_refused() -> None:
    """A telephone's 8 kHz fails the sample rate."""
    assert "sample rate" in failed(good().samples, SECONDS * 4, rate=8000)


@pytest.mark.parametrize("frames", [0, 1, 7, 500, RATE])
@pytest.mark.parametrize("channels", [0, 1, 2, 6])
def test_the_smallest_clips_do_no_harm(frames: int, channels: int) -> None:
    """Empty, tiny, mono or six-channel clips are judged without an error, and are too short."""
    assert "right length" in failed(np.zeros((frames, channels), np.float32))
