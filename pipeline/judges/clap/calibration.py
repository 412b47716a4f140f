"""What one checkpoint's similarities mean: thresholds of one do not hold for another, so each is measured.

Nothing here loads a model: it works on embeddings, which are L2-normalised float32 [count, dimensions].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipeline.errors import BackendUnavailable

Vectors = NDArray[np.float32]

COLLAPSED = 0.99
"""Mean cosine of unrelated sentences from which a text tower is refused.

The published laion/larger_clap_music has 0.9993; clap-htsat-unfused has 0.18 and larger_clap_general 0.29, measured in
https://github.com/embeddings-benchmark/mteb/issues/5069.
"""

HEARS = 4
"""Of six named sounds, how many must find their names. By chance 16 of 720 orders have four or more in place."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """A checkpoint measured on sounds that are no music.

    `sounds` are their embeddings, `spread` is the standard deviation of the similarities of sounds with names that
    are not theirs, and `named` is how many of the sounds find their own name.
    """

    sounds: Vectors
    spread: float
    named: int

    @property
    def hears(self) -> bool:
        """Whether the checkpoint can tell one sound from another at all, and may therefore turn takes down."""
        return self.named >= HEARS

    def floor(self, text: NDArray[np.float32]) -> float:
        """Return how similar a text is to sounds that are no music, on average: a take must be nearer than that."""
        return float((self.sounds @ text).mean())

    def score(self, similarity: float, floor: float) -> float:
        """Return a similarity as a score from 0 to 1: 0.12 at the floor, a half two spreads above it, 0.88 four.

        It rises with the similarity and depends on nothing else of the take: two takes of one track compare by it.
        """
        above = (similarity - floor) / self.spread
        return float(1 / (1 + np.exp(np.clip(2 - above, -50, 50))))


def calibrate(sounds: Vectors, names: Vectors) -> Calibration:
    """Measure a checkpoint by the embeddings of sounds and of their names, in the same order."""
    similar = sounds @ names.T
    # What all sounds share with a name, or all names with a sound, says nothing about which belong together.
    centred = similar - similar.mean(axis=0, keepdims=True) - similar.mean(axis=1, keepdims=True)
    rows, columns = linear_sum_assignment(centred, maximize=True)
    strangers = similar[~np.eye(len(similar), dtype=bool)]
    return Calibration(sounds, max(float(strangers.std()), 1e-4), int((rows == columns).sum()))


def refuse_collapsed(model: str, sentences: Vectors) -> None:
    """Raise BackendUnavailable when unrelated sentences, [at least 2, d], are nearly the same to the text tower."""
    alike = sentences @ sentences.T
    mean = float(alike[~np.eye(len(alike), dtype=bool)].mean())
    if not mean < COLLAPSED:  # NaN counts as collapsed too
        raise BackendUnavailable(
            f"The text tower of {model} is collapsed: unrelated sentences are {mean:.4f} alike, so it cannot judge.",
            "Use another checkpoint, such as LOFI_CLAP_MODEL=laion/clap-htsat-unfused.",
        )
