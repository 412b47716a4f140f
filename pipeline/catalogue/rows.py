"""What the catalogue hands out."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import model_validator

from pipeline.domain import Brief, Seed, Sha256, Slug
from pipeline.domain.noun import Noun

Status = Literal["in_progress", "needs_attention", "draft", "approved", "rejected", "released"]
"""Finished albums are draft, approved, rejected or released."""

Kind = Literal["asked", "reroll", "loop", "radio"]
"""A take the brief asked for, one more because none was good enough, a loop of ambience, or a track for the radio."""

Outcome = Literal["finished", "failed", "interrupted"]


class AlbumRow(Noun):
    """An album as the catalogue knows it. `manifest` is the SHA-256 of its album.json, once it is finished."""

    slug: Slug
    title: str
    theme: str
    status: Status
    why: str
    brief: Brief
    seed: Seed
    created: datetime
    finished: datetime | None
    manifest: Sha256 | None


class MixRow(Noun):
    """A finished long mix as the catalogue knows it. `manifest` is the SHA-256 of its mix.json."""

    slug: Slug
    title: str
    status: Status
    finished: datetime
    manifest: Sha256


Verb = Literal["approved", "rejected", "released"]
"""What is decided on a whole album or mix."""

Decision = Literal["approved", "rejected", "released", "take", "reroll", "retitled", "reordered", "cover", "noted"]
"""What a person can decide. On a take it may be approved, rejected or made the track's own without a word on it."""


class Decided(Noun):
    """One decision: on what, in which exact version, by whom, when, and why.

    Without `take` it is on a whole track, without `track` on the whole album or mix. `version` is the hash of the take
    or of the manifest (of the brief, while an album is being made). `value` is a title, the order of the tracks as
    "2,1,3", how many takes a track had when one more was asked for, or which other cover it is. One that `undoes`
    another repeats it.
    """

    version: Sha256
    decision: Decision
    author: str
    time: datetime
    note: str = ""
    id: int = 0
    track: int | None = None
    take: int | None = None
    value: str = ""
    undoes: int | None = None

    @model_validator(mode="after")
    def _has_its_value(self) -> Decided:
        """Refuse a row that nobody can act on."""
        if self.decision in ("reroll", "cover") and not (self.value or "0").isdecimal():
            raise ValueError(f"a {self.decision} without a number")
        if self.decision == "reordered" and not all(part.isdecimal() for part in self.value.split(",")):
            raise ValueError("an order without tracks")
        if self.decision == "retitled" and not 0 < len(self.value) <= 120:
            raise ValueError("no title")
        return self


class Going(Noun):
    """How far an album is that is being made; `share` from 0 to 1."""

    album: Slug
    stage: str
    text: str
    share: float
    time: datetime


class ChosenTake(NamedTuple):
    """The take that became a track of a finished album, for the near-duplicate check."""

    slug: Slug
    track: int
    title: str
    fingerprint: str
    embedding: str | None = None
    embedder: Sha256 | None = None
    """The model `embedding` is of."""


def title_key(title: str) -> str:
    """Return what two spellings of one title have in common: compatibility forms, case and spaces folded."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).casefold())
    return " ".join(folded.split())
