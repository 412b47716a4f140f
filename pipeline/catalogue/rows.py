"""What the catalogue hands out."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Literal, NamedTuple

from pipeline.domain import Brief, Seed, Sha256, Slug
from pipeline.domain.noun import Noun

Status = Literal["in_progress", "needs_attention", "draft", "approved", "rejected", "released"]
"""Finished albums are draft, approved, rejected or released."""

Kind = Literal["asked", "reroll", "loop"]
"""A take the brief asked for, one more because none was good enough, or a loop of ambience."""

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


Decision = Literal["approved", "rejected", "released"]


class Decided(Noun):
    """One decision: on the exact `version`, the hash of the manifest, by whom, when, and why."""

    version: Sha256
    decision: Decision
    author: str
    time: datetime
    note: str = ""


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
