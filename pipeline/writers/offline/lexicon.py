"""Reads a theme: which ideas it holds, what they ask for, and the language it seems to be written in."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.prompts import load_bank, load_banks, word_list
from pipeline.writers.offline.concept import LANGUAGES, Concept, Reading, StandIn, read_concepts
from pipeline.writers.offline.matching import Match, Matcher, Sense, fold, without_denied

_LATIN = frozenset(("en", "es", "fr", "de", "pt"))

# Scripts of one language, by the first word of a letter's Unicode name. Han alone is taken for Chinese.
_SCRIPTS = {
    "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CJK": "zh", "CYRILLIC": "ru", "ARABIC": "ar", "HEBREW": "he",
    "GREEK": "el", "THAI": "th", "DEVANAGARI": "hi", "BENGALI": "bn", "TAMIL": "ta", "ARMENIAN": "hy", "GEORGIAN": "ka",
}  # fmt: skip


class Lexicon:
    """The concepts of prompts/lexicon/, ready to read themes."""

    def __init__(self, folder: Path | None = None) -> None:
        """Load from a prompts folder (the shipped one when None). Raises PromptError."""
        self.concepts: dict[str, Concept] = {}
        self.stand_ins: dict[str, StandIn] = {}
        for bank in load_banks("lexicon", folder):
            for name, idea in read_concepts(bank).items():
                if isinstance(idea, Concept):
                    self.concepts[name] = idea
                elif idea.plays in bank.data and "plays" not in bank.table(idea.plays):
                    self.stand_ins[name] = idea
                else:
                    reason = f"[{name}] plays {idea.plays!r}, which is no idea of this file that has music of its own"
                    raise bank.fault(reason, f"[{name}]")
        spoken = {**self.concepts, **self.stand_ins}
        entries = [
            (word, Sense(name, language))
            for name, idea in spoken.items()
            for language in LANGUAGES
            for word in getattr(idea, language)
        ]
        entries += [(sign, Sense(name, "")) for name, idea in spoken.items() for sign in idea.emoji.split()]
        self._matcher = Matcher(entries)
        languages = load_bank("languages.toml", folder)
        self._small_words = {code: frozenset(languages.words(code)) for code in LANGUAGES if code in languages.data}
        without = languages.table("without")
        self._denial = {
            side: tuple(fold(word) for word in word_list(without.get(side))) for side in ("before", "after")
        }

    def read(self, theme: str) -> Reading:
        """Understand a theme in any of the eight languages, or none of it: then the reading is empty."""
        wanted, refused, language = self._ideas(theme)
        plays = {name: stand_in.plays for name, stand_in in self.stand_ins.items()}
        names = dict.fromkeys(name for idea in wanted if (name := plays.get(idea, idea)) not in refused)
        return Reading({name: self.concepts[name] for name in names}, dict.fromkeys(names, 1.0), language)

    def denied(self, theme: str) -> frozenset[str]:
        """Return the concepts that a theme names only to say that it does not want them."""
        return self._ideas(theme)[1] & self.concepts.keys()

    def replaced(self, theme: str) -> tuple[StandIn, ...]:
        """Return what a theme asks for that the label has not, in the order in which it is said."""
        wanted, refused, _ = self._ideas(theme)
        return tuple(idea for idea in self._absent(wanted) if idea.plays not in refused)

    def given_up(self, theme: str) -> tuple[StandIn, ...]:
        """Return what it asks for that the label has not, where it does not want what would be played instead."""
        wanted, refused, _ = self._ideas(theme)
        return tuple(idea for idea in self._absent(wanted) if idea.plays in refused)

    def needless(self, theme: str) -> tuple[StandIn, ...]:
        """Return what a theme does not want that the label has not anyway."""
        return tuple(self._absent(sorted(self._ideas(theme)[1])))

    def without_denied(self, text: str, matches: Sequence[Match]) -> tuple[Match, ...]:
        """Leave out of what was found in folded text what it says it does not want."""
        return without_denied(text, matches, self._denial)

    def _absent(self, ideas: Iterable[str]) -> Iterator[StandIn]:
        return (self.stand_ins[name] for name in ideas if name in self.stand_ins)

    def _ideas(self, theme: str) -> tuple[list[str], frozenset[str], str]:
        """Return what is wanted, in the order in which it is said, what only is not, and the language.

        These are ideas as they were said, before anything stands in for one: who wants no saxophone has said nothing of
        the flute that would play in its place.
        """
        text, meant, language = self._meant(theme)
        wanted = dict.fromkeys(match.entry.concept for match in self.without_denied(text, meant))
        return list(wanted), frozenset(match.entry.concept for match in meant) - wanted.keys(), language

    def _meant(self, theme: str) -> tuple[str, list[Match], str]:
        """Return the folded text, what was found in it, and its language."""
        text = fold(theme)
        found = self._matcher.find(text)
        language = self._language(text, found)
        return text, [match for match in found if _belongs(match, language)], language

    def _language(self, text: str, found: tuple[Match, ...]) -> str:
        scripts = Counter(code for char in text if char.isalpha() and (code := _script(char)))
        if scripts:
            # Japanese always shows some kana among its kanji, Korean some hangul.
            return next((code for code in ("ja", "ko") if code in scripts), scripts.most_common(1)[0][0])
        tokens = "".join(char if char.isalnum() else " " for char in text).split()
        votes = {code: float(sum(token in small for token in tokens)) for code, small in self._small_words.items()}
        for match in {(match.start, match.entry.language) for match in found}:
            if match[1] in votes:
                votes[match[1]] += 1.0
        return max(votes, key=lambda code: (votes[code], code == "en"))


def _belongs(match: Match, language: str) -> bool:
    """Short words mean different things in different languages (bad, four, leer): they need the right one.

    Latin words in a theme of another script (Jazz音乐) are English.
    """
    spoken = language if language in _LATIN else "en"
    return match.end - match.start > 5 or match.entry.language == spoken or match.entry.language not in _LATIN


def _script(char: str) -> str | None:
    return None if char.isascii() else _SCRIPTS.get(unicodedata.name(char, "").split(" ")[0])
