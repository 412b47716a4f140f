"""The technical gates: what a take must not have, whatever it plays.

Every gate looks at one fault and stays silent about the others, so that the reasons tell a person what to mend.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip
from pipeline.domain import Gate, TrackPlan
from pipeline.judges.levels import FLOOR, QUIET, Levels, decibels, runs

LONGEST_TAIL = 2.0
"""Seconds of silence allowed after the last sound."""


def gates(clip: Clip, track: TrackPlan, heard: Levels) -> tuple[Gate, ...]:
    """Return every gate, in the order in which a person would want to know."""
    plain = (_finite, _not_silent, _no_dropout, _no_dead_tail, _whole_ending, _no_closing_noise, _not_clipped, _no_dc)
    return (*(gate(heard) for gate in plain), _right_length(clip, track), _both_channels(clip, heard), _rate(clip))


def _gate(name: str, fault: str | None, fine: str) -> Gate:
    return Gate(name=name, passed=fault is None, reason=fine if fault is None else fault)


def _finite(heard: Levels) -> Gate:
    fault = None if heard.finite else f"{heard.bad} samples are not numbers (NaN or infinity)."
    return _gate("finite", fault, "Every sample is a number.")


def _not_silent(heard: Levels) -> Gate:
    sounding = _windows(heard, 1.0) > QUIET
    share = float(sounding.mean()) if len(sounding) else 0.0
    fault = None
    if share == 0:
        fault = f"Nothing sounds: no second is louder than {QUIET:.0f} dBFS."
    elif share < 0.5:
        fault = f"Only {share:.0%} of it sounds; the rest lies below {QUIET:.0f} dBFS."
    return _gate("not silent", fault, f"{share:.0%} of its seconds sound, the body at {heard.body:.1f} dBFS.")


def _no_dropout(heard: Levels) -> Gate:
    """A hole is half a second far below the music, or a shorter one that opens as no note ends: within 20 ms."""
    sounding = _sounding(heard)
    name, fine = "no dropout", "The sound never breaks off in the middle."
    if sounding is None:
        return _gate(name, None, fine)
    first, last = sounding
    rms = heard.rms[first : last + 1]
    for low, floor, cliff in ((0.5, max(heard.body - 50, -78.0), 0.0), (0.02, -85.0, 40.0)):
        for start, stop in runs(rms < floor):
            long_enough = (stop - start) * heard.seconds >= low
            edge = rms[max(0, start - 3) : start].max(initial=FLOOR) - rms[start]
            if long_enough and edge >= cliff:
                at, lasts = (first + start) * heard.seconds, (stop - start) * heard.seconds
                return _gate(name, f"The sound breaks off at {at:.1f} s for {lasts:.2f} s.", fine)
    return _gate(name, None, fine)


def _no_dead_tail(heard: Levels) -> Gate:
    name, sounding = "no dead tail", _sounding(heard)
    if sounding is None:
        return _gate(name, None, "There is no sound to have a tail.")
    tail = (len(heard.rms) - 1 - sounding[1]) * heard.seconds
    fault = f"It ends in {tail:.1f} s of silence; {LONGEST_TAIL:.0f} s are allowed." if tail > LONGEST_TAIL else None
    return _gate(name, fault, f"Silence at the end: {tail:.1f} s.")


def _whole_ending(heard: Levels) -> Gate:
    """The last 50 ms must lie well below the music, or at least below what sounded just before."""
    name = "whole ending"
    if _sounding(heard) is None or len(heard.rms) < 10:
        return _gate(name, None, "There is no sound to cut off.")
    end = _mean_level(heard.rms[-round(0.05 / heard.seconds) :])
    before = _mean_level(heard.rms[-round(1.0 / heard.seconds) : -round(0.3 / heard.seconds)])
    below, falls = heard.body - end, before - end
    # A slow fade that has come down 20 dB and is still falling is an ending too; so is one already inaudible.
    whole = below > 30 or end < -55 or (below > 18 and falls > 6)
    fault = f"It is cut off while sounding: the last 50 ms lie {max(below, 0):.0f} dB below the music."
    return _gate(name, None if whole else fault, f"It ends {below:.0f} dB below the music.")


def _no_closing_noise(heard: Levels) -> Gate:
    """The last second must not hiss as no second before it does (music models often end so).

    Hats and cymbals are over soon and noise stays: what three quarters of a second's treble exceed tells them apart.
    """
    name, fine = "no closing noise", "The last second sounds like the others."
    second = round(1 / heard.seconds)
    if len(heard.rms) < 5 * second or heard.body < QUIET:
        return _gate(name, None, fine)
    count = len(heard.rms) // second * second
    hiss = np.percentile(heard.treble[-count:].reshape(-1, second), 25, axis=1)
    last = slice(-second, None)
    share = _mean_level(heard.treble[last]) - _mean_level(heard.rms[last])
    excess = float(hiss[-1] - hiss[:-1].max())
    # White noise changes 3 dB more from sample to sample than its own level, music far less.
    noisy = excess > 6 and share > -6 and hiss[-1] > heard.body - 30
    return _gate(
        name, f"The last second is noise: {excess:.0f} dB more hiss than ever before." if noisy else None, fine
    )


def _not_clipped(heard: Levels) -> Gate:
    seconds = max(len(heard.rms) * heard.seconds, 1.0)
    fault = None
    if heard.clipped > 2 + seconds / 10:
        fault = f"It is clipped: {heard.clipped} times the wave is flat at its highest value."
    return _gate("not clipped", fault, f"The highest sample is {20 * np.log10(max(heard.peak, 1e-6)):.1f} dBFS.")


def _no_dc(heard: Levels) -> Gate:
    offset = float(np.abs(heard.mean).max(initial=0.0))
    fault = f"The wave is off centre by {offset:.3f} of full scale." if offset > 0.01 else None
    return _gate("no DC", fault, f"The wave is centred to {offset:.4f}.")


def _right_length(clip: Clip, track: TrackPlan) -> Gate:
    allowed = max(1.0, 0.02 * track.seconds)
    off = clip.seconds - track.seconds
    fault = None
    if abs(off) > allowed:
        fault = f"It lasts {clip.seconds:.1f} s, {abs(off):.1f} s {'more' if off > 0 else 'less'} than planned."
    return _gate("right length", fault, f"It lasts {clip.seconds:.1f} s; {track.seconds:.1f} s were planned.")


def _both_channels(clip: Clip, heard: Levels) -> Gate:
    name = "sound stage"
    if clip.channels == 1:
        return _gate(name, None, "One channel.")
    if clip.channels != 2:
        return _gate(name, f"It has {clip.channels} channels; one or two can be played.", "")
    soft, loud = sorted(float(value) for value in heard.power)
    if loud > 10 ** (QUIET / 10) and soft < loud * 1e-3:
        side = "left" if heard.power[0] < heard.power[1] else "right"
        return _gate(name, f"The {side} channel is dead.", "")
    if heard.correlation < -0.5:
        fault = f"Left and right are opposed (correlation {heard.correlation:.2f}): it vanishes in mono."
        return _gate(name, fault, "")
    return _gate(name, None, f"Both channels sound, correlation {heard.correlation:.2f}.")


def _rate(clip: Clip) -> Gate:
    fault = None if 16_000 <= clip.rate <= 192_000 else f"{clip.rate} Hz is no rate for music."
    return _gate("sample rate", fault, f"{clip.rate} Hz.")


def _mean_level(rms: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(10 ** (rms / 10)))) if len(rms) else FLOOR


def _windows(heard: Levels, seconds: float) -> NDArray[np.float64]:
    """Return the level of every stretch of that many seconds, [stretches]; a shorter clip is one stretch."""
    size = max(1, round(seconds / heard.seconds))
    if not len(heard.rms):
        return np.zeros(0)
    power = 10 ** (heard.rms / 10)
    edges = np.arange(0, max(len(power) - size // 2, 1), size)
    counts = np.diff(np.append(edges, len(power)))
    return decibels(np.add.reduceat(power, edges) / counts)


def _sounding(heard: Levels) -> tuple[int, int] | None:
    """Return the first and the last slot with sound, or None."""
    # A tail that decays below -66 dBFS, or 55 dB below the music, has ended for the ear.
    places = np.nonzero(heard.rms > max(heard.body - 55, -66.0))[0]
    return (int(places[0]), int(places[-1])) if len(places) and heard.body > QUIET else None
