"""What the writer hands on: an album on paper."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.domain.brief import THEME_LIMIT, Language
from pipeline.domain.noun import Noun
from pipeline.domain.units import Bpm, Key, Seconds

TextLine = Annotated[str, Field(min_length=1, max_length=120)]
Prose = Annotated[str, Field(min_length=1, max_length=2000)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class TrackPlan(Noun):
    """One track on paper.

    `prompt` is English prose for a music model. The other fields say the same in values, for a musician that
    can obey them: `instruments`, `groove` and `ambience` use the names in prompts/vocabulary.toml; a musician
    takes the nearest thing it has for a name it does not know. `swing` is where the off-beat eighth falls in
    the beat (0.5 straight, 0.66 triplet). `energy` runs from 0 (asleep) to 1 (as lively as lo-fi gets).
    """

    number: Annotated[int, Field(ge=1, le=999)]
    title: TextLine
    prompt: Prose
    mood: TextLine
    style: TextLine
    tempo: Annotated[Bpm, Field(ge=40, le=200)]
    key: Key
    swing: Annotated[float, Field(ge=0.5, le=0.7)]
    groove: TextLine
    instruments: tuple[TextLine, ...]
    ambience: TextLine | None
    energy: Share
    seconds: Annotated[Seconds, Field(ge=10, le=600)]


class AlbumPlan(Noun):
    """An album on paper.

    `language` is the ISO 639-1 code the theme seems to be written in ("en" if unsure), or the one titles were asked
    to be in.
    """

    title: TextLine
    theme: Annotated[str, Field(min_length=1, max_length=THEME_LIMIT)]
    language: Language
    concept: Prose
    style: TextLine
    mood: TextLine
    cover_prompt: Prose
    tracks: Annotated[tuple[TrackPlan, ...], Field(min_length=1)]

    @property
    def ambiences(self) -> tuple[str, ...]:
        """Every ambience there is on it, once, in the order of the tracks."""
        return tuple(dict.fromkeys(track.ambience for track in self.tracks if track.ambience))
