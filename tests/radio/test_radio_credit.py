"""Who plays what is on the air is said in full, and in words that a listener understands."""

from __future__ import annotations

from papers import BAND

from pipeline.domain import Weights
from pipeline.radio.piece import credited
from pipeline.radio.playbill import Playbill
from pipeline.radio.wire import OnAir

CONDITION = "the published weights of this very model are CC-BY-NC-4.0"
MODELS = [Weights(name=f"somebody/model-{n}", revision="", sha256="0" * 64, licence="MIT") for n in range(12)]


def announced(credit: str) -> str:
    """Return the credit that a page shows."""
    return Playbill(0.0).announce(OnAir(1, "Tide", "Band", 0.0, 60.0, "fresh", (), credit), "run").credit


def test_a_licence_is_said_in_words() -> None:
    """What is not known is said as that, with what is known of the like."""
    by = BAND.but(weights=(MODELS[0].but(licence=f"unknown: {CONDITION}"),))
    said = f"offline band (somebody/model-0), CC0-1.0, unknown licence, while {CONDITION}"
    assert credited([by]) == said


def test_a_long_credit_is_said_to_its_end() -> None:
    """Of several models, each under conditions of its own, no licence is cut off."""
    models = [model.but(licence=f"unknown: {model.name} has no card, and {CONDITION}") for model in MODELS]
    credit = credited([BAND.but(weights=tuple(models))])
    assert 1000 < len(credit) < 2000
    assert announced(credit) == credit


def test_a_credit_without_end_is_cut() -> None:
    """A studio of somebody else's making does not fill the memory with it."""
    assert len(announced("x" * 10_000)) == 2000
