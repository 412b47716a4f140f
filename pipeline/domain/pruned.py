"""What was pruned of an album: files that were made, recorded and let go."""

from __future__ import annotations

from datetime import datetime

from pipeline.domain.noun import Noun
from pipeline.domain.units import Sha256


class PrunedFile(Noun):
    """A file that was let go: where it lay, what it hashed to, and when it went."""

    path: str
    sha256: Sha256
    time: datetime


class Pruned(Noun):
    """All of an album's, in the order of their paths. What is there again, rendered anew, is not among them."""

    files: tuple[PrunedFile, ...] = ()
