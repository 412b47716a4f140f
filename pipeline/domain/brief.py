"""What a person asks for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator

from pipeline.domain.line import one_line
from pipeline.domain.noun import Later, Noun
from pipeline.domain.units import Seconds, Seed
from pipeline.errors import BadBrief

THEME_LIMIT = 300
"""The longest theme, in characters."""

LIMITS = {"tracks": (1, 100), "seconds": (10, 600), "takes": (1, 16), "seed": (0, 2**63 - 1)}
"""The least and the most of every number in a brief."""

Format = Literal["flac", "mp3", "m4a", "opus", "wav"]

Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
"""A language by its ISO 639-1 code, such as ja."""

PartName = Annotated[str, Field(min_length=1, max_length=200)]
"""Name of a part of the studio, or "module:Class"."""


class Brief(Noun):
    """One album as asked for: everything that decides what is made.

    `takes` is how many takes each track gets before the judge chooses; `formats` are the files made of every
    finished track (FLAC is always among them); `style` of None leaves the choice to the writer, and
    `language`, of the titles, to the theme. `writer`, `musician`, `judge`, `painter` and `ambience` name the parts that
    are not the studio's own. With `pictures`, every track gets one of its own.
    """

    theme: Annotated[str, Field(min_length=1, max_length=THEME_LIMIT)]
    tracks: Annotated[int, Field(ge=LIMITS["tracks"][0], le=LIMITS["tracks"][1])] = 8
    seconds: Annotated[Seconds, Field(ge=LIMITS["seconds"][0], le=LIMITS["seconds"][1])] = 120.0
    takes: Annotated[int, Field(ge=LIMITS["takes"][0], le=LIMITS["takes"][1])] = 2
    seed: Seed
    style: str | None = None
    studio: str = "offline"
    formats: tuple[Format, ...] = ("flac",)
    writer: Later[PartName | None] = None
    musician: Later[PartName | None] = None
    judge: Later[PartName | None] = None
    painter: Later[PartName | None] = None
    language: Later[Language | None] = None
    ambience: Later[PartName | None] = None
    pictures: Later[bool] = False

    @field_validator("theme", mode="before")
    @classmethod
    def _one_clean_line(cls, theme: object) -> object:
        return one_line(theme) if isinstance(theme, str) else theme

    @field_validator("formats")
    @classmethod
    def _flac_first(cls, formats: tuple[Format, ...]) -> tuple[Format, ...]:
        return tuple(dict.fromkeys(("flac", *formats)))


def read_brief(**values: Any) -> Brief:
    """Return the brief, or raise BadBrief saying in one line what is wrong and what would be right."""
    try:
        return Brief(**values)
    except ValidationError as error:
        first = error.errors()[0]
    name, given, kind = str(first["loc"][0]), first["input"], first["type"]
    if kind == "string_too_short":
        raise BadBrief("The theme is empty.", 'Say what it should feel like: lofi make "rainy library at night".')
    if kind == "string_too_long":
        raise BadBrief(f"The theme has {len(given):,} characters; {THEME_LIMIT} are the most.", "Say it in a sentence.")
    if name in LIMITS:
        low, high = LIMITS[name]
        raise BadBrief(f"--{name} cannot be {given}.", f"It is a number from {low} to {high:,}.")
    raise BadBrief(f"--{name} cannot be {given!r}: {first['msg'].lower()}.")
