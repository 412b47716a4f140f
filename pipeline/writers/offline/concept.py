"""What a theme can hold, and what it was understood to say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from pipeline.domain.noun import Noun
from pipeline.prompts import Bank, word_list

Weights = dict[str, Annotated[float, Field(gt=0)]]
Words = Annotated[tuple[str, ...], BeforeValidator(word_list)]
Part = Literal["morning", "day", "evening", "night"]
Facet = Literal["scene", "ambience", "families", "moods", "styles", "instruments", "grooves"]

LANGUAGES = ("en", "zh", "ja", "ko", "es", "fr", "de", "pt")
"""The languages every concept has words in."""


class Spoken(Noun):
    """The words for an idea, in each language, and the pictures that mean it. They are matched by Lexicon."""

    en: Words
    zh: Words
    ja: Words
    ko: Words
    es: Words
    fr: Words
    de: Words
    pt: Words
    emoji: str = ""

    @property
    def called(self) -> str:
        """What people are told it is: its first English word."""
        return self.en[0].replace("*", "")


class StandIn(Spoken):
    """An idea that the label knows of and has not: `plays` names the concept that is played in its place."""

    plays: str


class Concept(Spoken):
    """One idea a theme can hold, and what it asks for; see prompts/lexicon/."""

    setting: str = ""
    scene: Weights = Field(default_factory=dict)
    ambience: Weights = Field(default_factory=dict)
    families: Weights = Field(default_factory=dict)
    moods: Weights = Field(default_factory=dict)
    styles: Weights = Field(default_factory=dict)
    instruments: Weights = Field(default_factory=dict)
    grooves: Weights = Field(default_factory=dict)
    part: Part | None = None
    energy: Annotated[float, Field(ge=-1, le=1)] = 0.0


@dataclass(frozen=True)
class Reading:
    """What a theme was understood to say: concepts by name with their weight, in the order they were said."""

    concepts: Mapping[str, Concept]
    weights: Mapping[str, float]
    language: str

    def asks(self, facet: Facet) -> dict[str, float]:
        """Return the summed weights of one facet over all concepts."""
        total: dict[str, float] = {}
        for name, concept in self.concepts.items():
            for word, weight in getattr(concept, facet).items():
                total[word] = total.get(word, 0.0) + weight * self.weights[name]
        return total

    @property
    def part(self) -> Part | None:
        """The part of the day most concepts agree on, the first said on a tie; None when none says."""
        votes = Counter[Part]()
        for name, concept in self.concepts.items():
            if concept.part is not None:
                votes[concept.part] += round(self.weights[name] * 100)
        return votes.most_common(1)[0][0] if votes else None

    @property
    def energy(self) -> float:
        """How much livelier (to 1) or calmer (to -1) than usual."""
        total = sum(concept.energy * self.weights[name] for name, concept in self.concepts.items())
        return max(-1.0, min(1.0, total))

    @property
    def settings(self) -> tuple[str, ...]:
        """English phrases for where and when, strongest first."""
        ranked = sorted(self.concepts, key=lambda name: -self.weights[name])
        return tuple(dict.fromkeys(self.concepts[name].setting for name in ranked if self.concepts[name].setting))

    def with_concept(self, name: str, concept: Concept, weight: float) -> Reading:
        """Return a reading that also holds `concept`."""
        return Reading({**self.concepts, name: concept}, {**self.weights, name: weight}, self.language)


def read_concepts(bank: Bank) -> dict[str, Concept | StandIn]:
    """Read one file of prompts/lexicon/. PromptError names the concept and the field."""
    made: dict[str, Concept | StandIn] = {}
    for name, given in bank.data.items():
        stands_in = isinstance(given, dict) and "plays" in given
        made[name] = bank.read(StandIn, name) if stands_in else bank.read(Concept, name)
        if empty := [code for code in LANGUAGES if not getattr(made[name], code)]:
            raise bank.fault(f"[{name}] has no words for {empty[0]}", f"[{name}]")
    return made
