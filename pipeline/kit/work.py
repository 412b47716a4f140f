"""What is released, as every text of the kit is written from it: an album or a long mix, and what it was made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipeline.audio.chapters import Chapter
from pipeline.domain import Backend, Bpm, Key, Seconds, Sha256, Slug
from pipeline.domain.line import one_line
from pipeline.domain.noun import Noun
from pipeline.licences import UNKNOWN

Role = Literal["music", "ambience", "picture", "words", "judgement"]
"""What an asset is to the release: heard, seen, read, or a choice among takes."""

_JOINERS = "\u200c\u200d"


def plain(text: str) -> str:
    """Return `text` as one safe line, "" where nothing of it would be seen."""
    line = one_line(text)
    return line if line.strip(_JOINERS + " ") else ""


Text = Annotated[str, AfterValidator(plain)]
"""Words that a person or a model wrote, kept as one safe line. It may be empty: each text says what stands instead."""


def _as_shown(by: Backend) -> Backend:
    """Return a maker whose every word is one safe line, with something in place of nothing."""
    models = tuple(
        model.but(
            name=plain(model.name) or "unnamed model",
            revision=plain(model.revision),
            licence=plain(model.licence) or UNKNOWN,
        )
        for model in by.weights
    )
    return by.but(
        name=plain(by.name) or "unnamed part",
        version=plain(by.version) or "without a version",
        licence=plain(by.licence) or UNKNOWN,
        weights=models,
        precision=plain(by.precision or "") or None,
    )


Maker = Annotated[Backend, AfterValidator(_as_shown)]
"""Who made an asset. A model's name and licence are written by whoever published it, and cleaned like any words."""


class Piece(Noun):
    """One track of a release, in its order. `tempo` and `key` are None where neither plan nor ear was sure."""

    title: Text
    artist: Text
    seconds: Seconds
    tempo: Bpm | None = None
    key: Key | None = None
    album: Text = ""
    """The album it is from."""
    file: Text = ""
    """The audio file that is uploaded for it, relative to the kit; "" where it is only part of a mix."""


class Asset(Noun):
    """Something the release was made of, and who made it."""

    what: Text
    """In plain words: "track 3, “Rain on Tin”, take 2"."""
    role: Role
    by: Maker
    source: Text
    """The file it came from, relative to the folder of its album."""
    sha256: Sha256


class Work(Noun):
    """An album or a long mix, as it is released.

    `name` is its slug: wording is chosen by it, so that one work always reads the same and two read differently.
    `chapters` are in frames of `rate`, `seconds` is the length of the whole. `themes`, `moods` and `styles` are the
    words it was made from, most important first; `albums` are the titles of the albums it draws on.
    """

    kind: Literal["album", "mix"]
    name: Slug
    title: Text
    artist: Text
    year: Annotated[int, Field(ge=1900, le=9999)]
    themes: tuple[Text, ...] = ()
    moods: tuple[Text, ...] = ()
    styles: tuple[Text, ...] = ()
    albums: tuple[Text, ...] = ()
    pieces: Annotated[tuple[Piece, ...], Field(min_length=1)]
    chapters: tuple[Chapter, ...] = ()
    rate: Annotated[int, Field(ge=8000)] = 44_100
    seconds: Seconds
    assets: tuple[Asset, ...]
    disclosed: bool = True
    """Whether listeners are told that it was made by software: unless somebody switched that off."""

    @property
    def called(self) -> str:
        """Its title, or what stands where there is none."""
        return self.title or f"Untitled {self.kind}"

    @property
    def credited(self) -> str:
        """The artist, or what stands where nobody is named."""
        return self.artist or "Unnamed artist"
