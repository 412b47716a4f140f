"""The styles: what a name such as "boom bap" means in numbers, and which one a theme asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from pipeline.domain.noun import Noun
from pipeline.prompts import Bank, Vocabulary, find_style, load_bank
from pipeline.writers.offline.chance import pick

Weights = Annotated[dict[str, Annotated[float, Field(gt=0)]], Field(min_length=1)]
Phrases = Annotated[tuple[str, ...], Field(min_length=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Style(Noun):
    """One table of prompts/styles.toml. Ranges are (lowest, highest); `tempo` in beats a minute."""

    summary: str
    tempo: tuple[Annotated[float, Field(ge=40)], Annotated[float, Field(le=200)]]
    swing: tuple[Annotated[float, Field(ge=0.5)], Annotated[float, Field(le=0.7)]]
    energy: tuple[Fraction, Fraction]
    modes: Weights
    grooves: Weights
    instruments: Weights
    keep: tuple[str, ...]
    ambiences: Weights
    moods: Weights
    genre: Phrases
    texture: Phrases

    @model_validator(mode="after")
    def _ranges_ascend(self) -> Style:
        for name in ("tempo", "swing", "energy"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name} must be [lowest, highest]")
        if extra := set(self.modes) - {"minor", "major"}:
            raise ValueError(f"modes has {sorted(extra)[0]!r}; it may hold minor and major")
        return self


def load_styles(words: Vocabulary, folder: Path | None = None) -> dict[str, Style]:
    """Read prompts/styles.toml and check its words against the vocabulary. Raises PromptError."""
    bank = load_bank("styles.toml", folder)
    styles = {name: bank.read(Style, name) for name in bank.data}
    for name, style in styles.items():
        _check(bank, name, "instruments", {*style.instruments, *style.keep}, words.instruments)
        _check(bank, name, "grooves", set(style.grooves), words.grooves)
        _check(bank, name, "ambiences", set(style.ambiences) - {"none"}, words.ambiences)
        _check(bank, name, "moods", set(style.moods), words.moods)
    return styles


def _check(bank: Bank, style: str, kind: str, used: set[str], known: tuple[str, ...]) -> None:
    if extra := sorted(used - set(known)):
        raise bank.fault(f"[{style}] {kind}: {extra[0]!r} is not in vocabulary.toml", style)


def choose_style(
    asked: str | None, wishes: Mapping[str, float], styles: Mapping[str, Style], rng: np.random.Generator
) -> str:
    """Return the style asked for, or else one that suits the theme's `wishes`. BadBrief on an unknown name."""
    if asked is not None:
        return find_style(asked, styles)
    known = {name: weight for name, weight in wishes.items() if name in styles}
    if not known:
        return pick(dict.fromkeys(styles, 1.0), rng)
    best = max(known.values())
    # Only near-ties are left to chance, so that a theme keeps its style from one album to the next.
    return pick({name: weight for name, weight in known.items() if weight >= 0.75 * best}, rng)
