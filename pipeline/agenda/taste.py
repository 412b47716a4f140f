"""What people's decisions do to how often something comes: gently, between half and double."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pipeline.domain.past import Made

_PRIOR = 2.0
"""Approvals and rejections that everything is given at first, so that one word is no verdict on a theme."""


class Taste(NamedTuple):
    """How many albums were approved and rejected."""

    approved: int
    rejected: int

    @classmethod
    def of(cls, albums: Iterable[Made]) -> Taste:
        """Count the verdicts on some albums."""
        said = [album.verdict for album in albums]
        return cls(said.count("approved"), said.count("rejected"))

    @property
    def rate(self) -> float:
        """The share approved, as a Beta(2, 2) prior expects it: 0.5 where nobody has said anything."""
        return (self.approved + _PRIOR) / (self.approved + self.rejected + 2 * _PRIOR)

    @property
    def factor(self) -> float:
        """What a weight is multiplied by: 1 at a rate of a half, never below a half or above 2."""
        return float(4 ** (self.rate - 0.5))

    @property
    def why(self) -> str:
        """The same in words; "" where nobody has said anything."""
        heard = self.approved + self.rejected
        if not heard:
            return ""
        how = "as often as without" if self.approved == self.rejected else f"{self.factor:.1f} times as often"
        return f"{self.approved} of {heard} decided on were approved, so it comes {how}"
