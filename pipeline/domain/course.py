"""What a radio plays: a theme in the label's own words, and how far from its usual tempo."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.domain.brief import THEME_LIMIT
from pipeline.domain.noun import Noun


class Course(Noun):
    """Where a radio is heading.

    `theme` is what a writer is asked to write about. `words` say the same to people, in the words of prompts/lexicon/
    alone: a stranger's sentence is never shown to anybody. `pace` are steps of tempo, below 0 slower.
    """

    theme: Annotated[str, Field(min_length=1, max_length=THEME_LIMIT)]
    words: tuple[str, ...]
    pace: Annotated[int, Field(ge=-2, le=2)] = 0


class Turned(Noun):
    """Where a listener's sentence turned a course, and what they are told of it, in the label's own words as well."""

    course: Course
    said: str
