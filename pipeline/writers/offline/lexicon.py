"""Reads a theme: which ideas it holds, what they ask for, and the language it seems to be written in."""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path

from pipeline.prompts import load_bank, load_banks, word_list
from pipeline.writers.offline.concept import LANGUAGES, Concept, Reading, read_concepts
from pipeline.writers.offline.matching import Entry, Match, Matcher, fold, without_denied

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
        for bank in load_banks("lexicon", folder):
            self.concepts.update(read_concepts(bank))
        entries = [
            (word, Entry(name, language))
            for name, concept in self.concepts.items()
            for language in LANGUAGES
            for word in getattr(concept, language)
        ]
        entries += [
            (sign, Entry(name, "")) for name, concept in self.concepts.items() for sign in concept.emoji.split()
        ]
        self._matcher = Matcher(entries)
        languages = load_bank("languages.toml", folder)
        self._small_words = {code: frozenset(languages.words(code)) for code in LANGUAGES if code in languages.data}
        without = languages.table("without")
        self._denial = {
            side: tuple(fold(word) for word in word_list(without.get(side))) for side in ("before", "after")
        }

    def read(self, theme: str) -> Reading:
        """Understand a theme in any of the eight languages, or none of it: then the reading is empty."""
        text = fold(theme)
        found = self._matcher.find(text)
        language = self._language(text, found)
        meant = [match for match in found if _belongs(match, language)]
        kept = without_denied(text, meant, self._denial)
        names = list(dict.fromkeys(match.entry.concept for match in kept))
        return Reading({name: self.concepts[name] for name in names}, dict.fromkeys(names, 1.0), language)

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
