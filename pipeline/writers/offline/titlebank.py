"""The word banks and frames that titles are made of, read from prompts/titles.toml and prompts/titles/."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from pipeline.prompts import Bank, Template, load_bank, load_banks, word_list
from pipeline.writers.offline.concept import Part
from pipeline.writers.offline.english import article, plural, words

# "A postcard from under the lamp" is no address: only these make a place one can write from.
_HERE = ("at ", "in ", "on ")

PARTS: tuple[Part, ...] = ("morning", "day", "evening", "night")
_THING = ("thing", "a_thing", "plain", "things")
_BANK_GAPS = (*_THING, "rest", "spot", "at", "happens", "do", "person", "role")
_COMMON_GAPS = ("name", "number", "clock", "when", "day")

Choices = Mapping[str, tuple[str, ...]]
"""For each gap, everything that may fill it."""


@dataclass(frozen=True)
class Shape:
    """A kind of title: `often` is its weight, `lines` its frames for tracks, `album` those for album titles."""

    name: str
    often: float
    lines: tuple[Template, ...]
    album: tuple[Template, ...]


@dataclass(frozen=True)
class TitleBook:
    """All shapes, and what may fill their gaps: `families` by theme, `common` by part of the day."""

    shapes: tuple[Shape, ...]
    families: Mapping[str, Choices]
    common: Mapping[str, Choices]
    banned: frozenset[str]
    common_words: frozenset[str]
    """Words that may come again soon: a title is about its other words."""

    def possible(self, family: str, part: str = "day") -> dict[str, int]:
        """Return, for each shape, how many different titles its frames can make for one family of words.

        The words of the everyday bank are counted in, those of other families are not. Titles that the editor's
        rules refuse (too long, a word twice) are still counted: about a third.
        """
        own, shared = self.families[family], self.families["everyday"]
        common = self.common[part]

        def size(gap: str) -> int:
            if gap in common:
                return len(common[gap])
            return len(own[gap]) + (len(shared[gap]) if family != "everyday" else 0)

        counts = {}
        for shape in self.shapes:
            counts[shape.name] = 0
            for line in shape.lines:
                titles = 1
                for index, gap in enumerate(line.gaps):
                    titles *= size(gap) - line.gaps[:index].count(gap)
                counts[shape.name] += titles
        return counts


def load_titles(folder: Path | None = None) -> TitleBook:
    """Read every title bank. Raises PromptError."""
    bank = load_bank("titles.toml", folder)
    families = {words_bank.path.stem: _choices(words_bank) for words_bank in load_banks("titles", folder)}
    if "everyday" not in families:
        raise bank.fault("prompts/titles/everyday.toml is missing")
    shapes = tuple(_shape(bank, name, table) for name, table in bank.table("shapes").items())
    return TitleBook(shapes, families, _common(bank), frozenset(bank.words("banned")), frozenset(bank.words("common")))


def _shape(bank: Bank, name: str, table: object) -> Shape:
    if not isinstance(table, dict) or not isinstance(table.get("lines"), str):
        raise bank.fault(f"[shapes.{name}] needs lines", f"[shapes.{name}]")
    often = table.get("often", 1)
    if not isinstance(often, int | float) or often <= 0:
        raise bank.fault(f"[shapes.{name}] often must be a number above 0", f"[shapes.{name}]")
    knows = (*_BANK_GAPS, *_COMMON_GAPS)
    lines = bank.templates(table["lines"], knows)
    if not lines:
        raise bank.fault(f"[shapes.{name}] has no lines", f"[shapes.{name}]")
    return Shape(name, float(often), lines, bank.templates(str(table.get("album", "")), knows))


def _common(bank: Bank) -> dict[str, Choices]:
    hours, days = bank.table("hours"), bank.words("days")
    clocks = bank.templates("\n".join(bank.lines("clocks")), ("hour",))
    whens = bank.templates("\n".join(bank.lines("whens")), ("hour", "day"))
    made: dict[str, Choices] = {}
    for part in PARTS:
        hour_words = word_list(hours.get(part))
        if not hour_words:
            raise bank.fault(f"[hours] {part} must be a list of hours", "[hours]")
        made[part] = {
            "name": bank.words("names"),
            "number": bank.words("numbers"),
            "day": days,
            "clock": tuple(line.render({"hour": hour}) for line, hour in product(clocks, hour_words)),
            "when": tuple(
                dict.fromkeys(line.render({"hour": h, "day": d}) for line, h, d in product(whens, hour_words, days))
            ),
        }
    return made


def _choices(bank: Bank) -> Choices:
    things: list[str] = []
    plain: list[str] = []
    several: list[str] = []
    for line in bank.lines("things"):
        noun, _, adjectives = line.partition(":")
        single, _, irregular = (part.strip() for part in noun.partition("|"))
        if not single:
            raise bank.fault("a thing has no name", line)
        plain.append(single)
        several.append(irregular or plural(single))
        things += [single, *(f"{adjective} {single}" for adjective in word_list(adjectives))]
    spots = bank.lines("spots")
    for spot in spots:
        if spot.split()[1:2] not in (["the"], ["a"]):
            raise bank.fault('a spot must be a preposition, then "the", then the place', spot)
    people = bank.lines("people")
    for person in people:
        if not person.startswith("the "):
            raise bank.fault('people start with "the"', person)
    return {
        "thing": tuple(things),
        "a_thing": tuple(f"{article(thing)} {thing}" for thing in things),
        "plain": tuple(plain),
        "things": tuple(several),
        "rest": bank.lines("rest"),
        "at": spots,
        "spot": tuple(spot.split(" ", 1)[1] for spot in spots if spot.startswith(_HERE)),
        "happens": _pairs(bank, "happens"),
        "do": _pairs(bank, "does"),
        "person": people,
        "role": tuple(person.removeprefix("the ") for person in people),
    }


def _pairs(bank: Bank, name: str) -> tuple[str, ...]:
    made: list[str] = []
    for line in bank.lines(name):
        left, colon, right = line.partition(":")
        firsts, seconds = word_list(left), word_list(right)
        if not colon or not firsts or not seconds:
            raise bank.fault(f"a line of {name} is written 'words : words, words'", line)
        made += [f"{first} {second}" for first, second in product(firsts, seconds)]
    return tuple(dict.fromkeys(made))


def content_words(title: str, ignored: Collection[str] = ()) -> frozenset[str]:
    """Return the words of a title that carry its picture: four letters or more, not in `ignored`."""
    return frozenset(word for word in words(title) if len(word) > 3 and word not in ignored)
