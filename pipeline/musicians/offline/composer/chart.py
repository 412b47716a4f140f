"""The chord chart every player reads from: which chord, voiced how, at which beat."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.musicians.offline.composer.harmony import Span
from pipeline.musicians.offline.composer.voicing import Voicing, lead_voices


@dataclass(frozen=True)
class Chart:
    """Chords back to back from beat 0, each with its voicing. `starts` are their first beats."""

    spans: tuple[Span, ...]
    voicings: tuple[Voicing, ...]
    starts: tuple[float, ...]

    def index(self, beat: float) -> int:
        """Return the number of the chord that sounds at a beat; the nearest one outside the piece."""
        return max(0, bisect_right(self.starts, beat + 1e-6) - 1)

    def at(self, beat: float) -> Span:
        """Return the chord that sounds at a beat."""
        return self.spans[self.index(beat)]

    def voicing(self, beat: float) -> Voicing:
        """Return the voicing that sounds at a beat."""
        return self.voicings[self.index(beat)]

    def within(self, start: float, end: float) -> range:
        """Return the numbers of the chords that begin in [start, end), and of the one sounding at `start`."""
        return range(self.index(start), self.index(end - 1e-4) + 1)


def chart_of(spans: Sequence[Span]) -> Chart:
    """Voice the chords of a piece and return its chart."""
    voicings = lead_voices([span.chord for span in spans])
    return Chart(tuple(spans), voicings, tuple(span.start for span in spans))
