"""The signal judge: gates and scores from the sound alone, on any machine, the same every time.

It hears whether a take is whole and whether it keeps to its plan. What it cannot hear is whether people will like it:
that is for CLAP, the personal ranker, and people.
"""

from __future__ import annotations

from pipeline.audio.clip import Clip
from pipeline.audio.form import form
from pipeline.audio.hearing import hear
from pipeline.audio.key import SURE as SURE_OF_KEY
from pipeline.audio.key import key
from pipeline.audio.loudness import FLOOR, loudness, true_peak
from pipeline.audio.spectrum import spectrum
from pipeline.audio.tempo import SURE as SURE_OF_TEMPO
from pipeline.audio.tempo import tempo
from pipeline.domain import Backend, Measured, Score, TrackPlan, Verdict
from pipeline.judges.arc import arc
from pipeline.judges.gates import gates
from pipeline.judges.levels import QUIET, levels
from pipeline.judges.scores import (
    BEATLESS,
    arc_score,
    balance_score,
    crest,
    dynamics_score,
    form_score,
    key_score,
    range_score,
    stereo_score,
    tempo_score,
)

SHORTEST = 2.0
"""Seconds below which there is nothing to score."""


class SignalJudge:
    """A Judge that measures. It keeps nothing between takes, and can be pickled."""

    @property
    def backend(self) -> Backend:
        """Who gets the credit."""
        return Backend(name="signal judge", version="1", licence="Apache-2.0")

    def judge(self, clip: Clip, track: TrackPlan) -> Verdict:
        """Measure a dry clip against its plan. Never raises on poor audio: that is a failed gate.

        `measured.tempo` and `measured.key` are None unless they are sure enough to mix by.
        """
        met = levels(clip)
        passed = gates(clip, track, met)
        if not met.finite or met.body < QUIET or clip.seconds < SHORTEST or clip.channels not in (1, 2):
            loud, peak = (loudness(clip), true_peak(clip)) if met.finite and met.peak > 0 else (FLOOR, FLOOR)
            measured = Measured(seconds=clip.seconds, loudness=loud, true_peak=peak, tempo=None, key=None)
            return Verdict(judge=self.backend, gates=passed, scores=(), measured=measured, total=None)
        heard = hear(clip)
        pulse, home = tempo(heard, track.tempo), key(heard)
        beat = track.groove != BEATLESS and pulse.confidence >= SURE_OF_TEMPO
        colour, course = spectrum(heard), arc(heard)
        scores = (
            tempo_score(track, pulse),
            key_score(track, home),
            range_score(course),
            arc_score(course),
            balance_score(colour),
            form_score(form(heard, pulse.bpm if beat else None, pulse.first_beat or 0.0)),
            stereo_score(colour, clip.channels),
            dynamics_score(crest(met.peak, float(met.power.max()))),
        )
        measured = Measured(
            seconds=clip.seconds,
            loudness=loudness(clip),
            true_peak=true_peak(clip),
            tempo=pulse.bpm if beat else None,
            key=home.key if home.confidence >= SURE_OF_KEY else None,
        )
        return Verdict(judge=self.backend, gates=passed, scores=scores, measured=measured, total=_total(scores))


def _total(scores: tuple[Score, ...]) -> float | None:
    """Return the weighted mean; None when nothing has weight."""
    weight = sum(score.weight for score in scores)
    return sum(score.value * score.weight for score in scores) / weight if weight else None
