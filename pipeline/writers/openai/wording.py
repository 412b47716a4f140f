"""What is said to the language model: the templates of prompts/writer.md, filled and put into messages."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pipeline.domain import Brief
from pipeline.domain.line import one_line
from pipeline.errors import PromptError
from pipeline.prompts import Template, load_sections, section
from pipeline.writers.openai.fitting import Repertoire

FILE = "writer.md"

_MAY: Mapping[str, frozenset[str]] = {
    "instructions": frozenset(("language", "styles", "instruments", "grooves", "ambiences", "moods", "scenes")),
    "schema": frozenset(("schema",)),
    "request": frozenset(("request",)),
    "repair": frozenset(("faults",)),
    "music prompt": frozenset(("words", "tempo", "key")),
}
"""The gaps a section may use."""

_MUST = {name: gaps for name, gaps in _MAY.items() if name != "instructions"}

MOST_TITLES = 80
"""How many of the titles in use the model is told; what it cannot know is found afterwards."""

_LONGEST_TITLE = 80
_LONGEST_ANSWER = 40_000
"""How many characters of a faulty answer the model is shown again."""

Message = dict[str, str]


class Wording:
    """The templates, checked on loading; see prompts/writer.md for what each section is for."""

    def __init__(self, folder: Path | None = None) -> None:
        """Load from a prompts folder (the shipped one when None). Raises PromptError."""
        everything = frozenset[str]().union(*_MAY.values())
        sections = load_sections(FILE, everything, (), folder)
        self._lines = {name: section(sections, name, FILE) for name in _MAY}
        for name, lines in self._lines.items():
            _check(name, lines)

    def opening(
        self, brief: Brief, repertoire: Repertoire, taken: Collection[str], schema: str | None
    ) -> tuple[str, str]:
        """Return what the system says and what the user says; with `schema` the schema is part of the former."""
        instructions = self._fill(
            "instructions",
            {
                "language": f"the language with the ISO 639-1 code {brief.language!r}"
                if brief.language
                else "the theme's language",
                "styles": "; ".join(repertoire.described(brief.style)),
                "instruments": ", ".join(repertoire.words.instruments),
                "grooves": ", ".join(repertoire.words.grooves),
                "ambiences": ", ".join(repertoire.words.ambiences),
                "moods": ", ".join(repertoire.words.moods),
                "scenes": ", ".join(repertoire.scenes),
            },
        )
        if schema is not None:
            instructions += "\n" + self._fill("schema", {"schema": schema})
        return instructions, self._fill("request", {"request": as_data(_request(brief, taken))})

    def repair(self, faults: Collection[str]) -> str:
        """Return what is said about an answer with these faults."""
        return self._fill("repair", {"faults": "\n".join(f"* {fault}" for fault in faults)})

    def music_prompt(self, words: str, tempo: str, key: str) -> str:
        """Return the prompt for the music model: the model's words, then the values as they are in the plan."""
        return self._fill("music prompt", {"words": words, "tempo": tempo, "key": key})

    def _fill(self, name: str, words: Mapping[str, str]) -> str:
        return "\n".join(line.render(words) for line in self._lines[name])


def again(answer: str, faults: str) -> list[Message]:
    """Return the two turns that ask for a better answer: the faulty one, and what is wrong with it."""
    shown = answer[:_LONGEST_ANSWER]
    return [{"role": "assistant", "content": shown or "(nothing)"}, {"role": "user", "content": faults}]


def as_data(document: Mapping[str, Any]) -> str:
    """Return JSON on one line that no text inside it can end: no line break, no angle bracket, no backtick.

    A theme stays a string between quotes here whatever it says, and cannot look like a tag or a code fence either.
    """
    text = json.dumps(document, ensure_ascii=False)
    return text.translate({ord(char): f"\\u{ord(char):04x}" for char in "<>&`\u2028\u2029\u0085"})


def _request(brief: Brief, taken: Collection[str]) -> dict[str, Any]:
    titles = sorted({one_line(title)[:_LONGEST_TITLE] for title in taken})
    if len(titles) > MOST_TITLES:
        titles = sorted(random.Random(brief.seed).sample(titles, MOST_TITLES))  # noqa: S311 - no secret hangs on it
    return {
        "theme": brief.theme,
        "tracks": brief.tracks,
        "seconds_per_track": brief.seconds,
        "style": brief.style,
        "title_language": brief.language or "the theme's",
        "variation": brief.seed,
        "titles_already_used": titles,
    }


def _check(name: str, lines: tuple[Template, ...]) -> None:
    used = set[str]()
    for line in lines:
        if unknown := sorted(set(line.gaps) - _MAY[name]):
            raise PromptError(
                f"{line.where}: nothing fills {{{{{unknown[0]}}}}} in the section {name!r}.",
                f"Known there: {', '.join(sorted(_MAY[name]))}.",
            )
        used |= set(line.gaps)
    if missing := sorted(_MUST.get(name, frozenset()) - used):
        raise PromptError(f"{FILE}: the section {name!r} does not use {{{{{missing[0]}}}}}.", "Add it.")
