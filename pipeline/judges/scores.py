"""The scores: how good a sound take is, in parts that each give their reason with figures.

Every score has an ideal and falls off on both sides of it without a step, so that of two sound takes the better one
is ahead. The ideals are those of lo-fi records before tape and vinyl; the figure after each is how far off halves it.
"""

from __future__ import annotations

from pipeline.audio.form import Form
from pipeline.audio.key import SURE as SURE_OF_KEY
from pipeline.audio.key import KeyEstimate
from pipeline.audio.loudness import decibels
from pipeline.audio.spectrum import Spectrum
from pipeline.audio.tempo import SURE as SURE_OF_TEMPO
from pipeline.audio.tempo import TempoEstimate
from pipeline.domain import Key, Score, TrackPlan
from pipeline.judges.arc import Arc

BEATLESS = "beatless"
"""The groove of a plan that has no beat to find."""

# Share of the whole power in dB, and the dB below and above it that halve the score. Warm in the lower three bands,
# soft above; too little rumble or hiss is no fault.
_BALANCE: dict[str, tuple[float, float, float]] = {
    "rumble": (-25, 99, 9),
    "bass": (-3, 6, 4),
    "warmth": (-5.5, 6, 5),
    "body": (-8.5, 7, 6),
    "presence": (-20, 12, 8),
    "air": (-28, 18, 10),
    "hiss": (-38, 99, 12),
}


def tempo_score(track: TrackPlan, found: TempoEstimate) -> Score:
    """Compare tempos: 3.5 % off is half as good. A beatless plan is not asked for a beat."""
    if track.groove == BEATLESS:
        return Score(name="tempo", value=1.0, weight=0.0, reason="The plan has no beat to compare with.")
    if found.bpm is None or found.confidence < 0.15:
        reason = f"No steady beat was found; {track.tempo:.1f} BPM were planned."
        return Score(name="tempo", value=0.2, weight=2.0, reason=reason)
    off = found.bpm / track.tempo - 1
    steady = min(found.confidence / (2 * SURE_OF_TEMPO), 1.0)
    value = near(off, 0.0, 0.035, 0.035) * (0.75 + 0.25 * steady)
    reason = (
        f"{found.bpm:.1f} BPM, {abs(off):.1%} off the {track.tempo:.1f} planned (confidence {found.confidence:.2f})."
    )
    return Score(name="tempo", value=value, weight=2.0, reason=reason)


def key_score(track: TrackPlan, found: KeyEstimate) -> Score:
    """Compare keys by what they share; of an uncertain ear, right and wrong both count for less."""
    if found.key is None:
        reason = f"Nothing tonal was heard; {track.key} was planned."
        return Score(name="key", value=0.3, weight=1.0, reason=reason)
    kin, what = kinship(track.key, found.key)
    sure = min(found.confidence / (2 * SURE_OF_KEY), 1.0)
    reason = f"{found.key}, {what} {track.key} as planned (confidence {found.confidence:.2f})."
    return Score(name="key", value=0.7 + (kin - 0.7) * (0.5 + 0.5 * sure), weight=1.5, reason=reason)


def kinship(planned: Key, found: Key) -> tuple[float, str]:
    """Return how near two keys are (1 the same, 0.7 relative, 0.5 a fifth away, 0.1 strangers) and in words."""
    neighbours = planned.fifths_to(found) == 1
    if found == planned:
        return 1.0, "the same as"
    if found == planned.relative:
        return 0.7, "the relative of"
    if neighbours and found.mode == planned.mode:
        return 0.5, "a fifth away from"
    if found.tonic == planned.tonic:
        return 0.4, "the parallel of"
    if neighbours:
        return 0.35, "a near relation of"
    return 0.1, "a stranger to"


def range_score(found: Arc) -> Score:
    """Judge the loudness range: lo-fi breathes a little and never startles."""
    reason = f"{found.span:.1f} LU between its quiet and its loud passages."
    return Score(name="loudness range", value=near(found.span, 6.0, 5.0, 8.0), weight=1.0, reason=reason)


def arc_score(found: Arc) -> Score:
    """Judge the course: it opens and closes below the level of its middle."""
    value = 0.5 * near(found.opening, 7.0, 8.0, 14.0) + 0.5 * near(found.closing, 7.0, 8.0, 14.0)
    reason = f"It opens {found.opening:.0f} dB and closes {found.closing:.0f} dB below its middle."
    return Score(name="arc", value=value, weight=0.75, reason=reason)


def balance_score(found: Spectrum) -> Score:
    """Judge the balance of the bands: warm below, soft above; the worst band counts as much as all together."""
    values = {name: near(found.balance[name], *shape) for name, shape in _BALANCE.items()}
    worst = min(values, key=lambda name: values[name])
    value = 0.5 * sum(values.values()) / len(values) + 0.5 * values[worst]
    level, ideal = found.balance[worst], _BALANCE[worst][0]
    reason = f"Furthest off is the {worst}: {level:.0f} dB where {ideal:.0f} is ideal; tilt {found.tilt:.1f} dB/octave."
    return Score(name="balance", value=value, weight=1.5, reason=reason)


def form_score(found: Form) -> Score:
    """Judge repetition against novelty: themes come back, and not every bar is the one before."""
    if found.bars < 6:
        return Score(name="form", value=0.5, weight=0.5, reason=f"{found.bars} bars are too few to speak of form.")
    value = near(found.variety, 0.3, 0.2, 0.25) * near(found.returns, 0.91, 0.2, 0.12)
    reason = (
        f"Over {found.bars} bars two differ by {found.variety:.0%} on average, "
        f"and each comes back to {found.returns:.0%} somewhere."
    )
    return Score(name="form", value=value, weight=2.0, reason=reason)


def stereo_score(found: Spectrum, channels: int) -> Score:
    """Judge the stereo picture: some width above, mono below. Mono is poorer, and no fault."""
    if channels < 2:
        return Score(name="stereo", value=0.5, weight=0.75, reason="One channel: no picture, but no fault.")
    value = 0.4 + 0.6 * near(found.width, 0.08, 0.06, 0.2) if found.width < 0.08 else near(found.width, 0.08, 1, 0.25)
    value *= near(found.width_low, 0.0, 1.0, 0.15)
    reason = f"{found.width:.0%} of the power is width, {found.width_low:.0%} below 120 Hz."
    return Score(name="stereo", value=value, weight=0.75, reason=reason)


def dynamics_score(crest: float) -> Score:
    """Judge the crest factor: strokes that are neither squashed nor needles."""
    value = near(crest, 15.0, 6.0, 7.0)
    return Score(name="dynamics", value=value, weight=0.75, reason=f"Peaks stand {crest:.1f} dB above the average.")


def crest(peak: float, power: float) -> float:
    """Return how far a peak amplitude stands above a mean power, in dB."""
    return decibels(peak, -180.0) - decibels(power**0.5, -180.0)


def near(value: float, ideal: float, below: float, above: float) -> float:
    """Return 1 at the ideal and a half at `below` under it or `above` over it, along a bell."""
    distance = (value - ideal) / (above if value > ideal else below)
    return float(2.0 ** -(distance**2))
