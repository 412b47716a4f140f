"""Which of the candidates becomes the cover, and why, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.painters.diffusion.candidate import Candidate
from pipeline.painters.ranking import Measure

WEIGHTS = {"words": 0.5, "palette": 0.25, "picture": 0.25}
"""What counts: CLIP's word on title, mood and cover prompt; nearness to the album's palette; the picture itself."""

_LEAST_SPREAD = {"words": 0.005, "palette": 0.01, "picture": 0.02}
"""Differences smaller than these say nothing, and are not blown up to full size by standardising."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """One candidate with all that is known of it: `likeness` is CLIP's cosine, the mean over the words compared."""

    candidate: Candidate
    measure: Measure
    likeness: float
    total: float


def rank(measured: Sequence[tuple[Candidate, Measure]], likeness: NDArray[np.float32]) -> list[Ranked]:
    """Rank the candidates, best first; `likeness` is CLIP's cosine, float32 [candidates, words].

    Cosines of one caption differ little between pictures and lie elsewhere for every model and caption. So each
    caption's are standardised over the candidates before they are added up; likewise distance and measure.
    """
    words = _standard(likeness, _LEAST_SPREAD["words"]).mean(axis=1)
    palette = _standard(np.array([-candidate.distance for candidate, _ in measured]), _LEAST_SPREAD["palette"])
    picture = _standard(np.array([measure.total for _, measure in measured]), _LEAST_SPREAD["picture"])
    totals = WEIGHTS["words"] * words + WEIGHTS["palette"] * palette + WEIGHTS["picture"] * picture
    ranked = [
        Ranked(candidate, measure, float(row.mean()), float(total))
        for (candidate, measure), row, total in zip(measured, likeness, totals, strict=True)
    ]
    return sorted(ranked, key=lambda one: (-one.total, one.candidate.number))


def why(ranked: Sequence[Ranked], dropped: Sequence[str], notes: Sequence[str]) -> str:
    """Say in one or two sentences why the first was chosen, what was left out, and what had to be done otherwise."""
    best, others = ranked[0], ranked[1:]
    first, second = best.measure.best()
    beside = f" (the others {np.mean([other.likeness for other in others]):.3f} on average)" if others else ""
    scored = f"scored highest of {len(ranked)}" if others else "was the only one to choose from"
    sentences = [
        f"Picture {best.candidate.number} {scored}: CLIP finds it {best.likeness:.3f} like the cover prompt, title and "
        f"mood{beside}, its colours are {best.candidate.distance:.2f} from the palette, and it has {first} and "
        f"{second}."
    ]
    if dropped:
        counts = ", ".join(f"{dropped.count(fault)} {fault}" for fault in sorted(set(dropped)))
        sentences.append(f"Left out: {counts}.")
    sentences += [f"{note[0].upper()}{note[1:]}." for note in notes]
    return " ".join(sentences)


def _standard(values: NDArray[np.floating], least: float) -> NDArray[np.float64]:
    """Return values as deviations from their mean in units of their spread, over the first axis."""
    centred = values - values.mean(axis=0)
    return np.asarray(centred / np.maximum(values.std(axis=0), least), dtype=np.float64)
