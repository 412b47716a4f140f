"""Finds the words of a lexicon in a theme: whole words in alphabets, substrings in Chinese and Japanese.

A match inside a longer match does not count: the fire in 火车 (train) is no fire.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r"[a-z0-9&]+")
# Korean puts particles behind a noun: a one-syllable noun counts only alone or before one of these.
_KOREAN_PARTICLES = frozenset(
    [
        "은",
        "는",
        "이",
        "가",
        "을",
        "를",
        "에",
        "의",
        "와",
        "과",
        "도",
        "로",
        "속",
        "에서",
        "으로",
        "에는",
        "처럼",
        "과의",
    ]
)
_JOINERS = dict.fromkeys(map(ord, "\u200c\u200d\ufe0e\ufe0f"))


@dataclass(frozen=True, slots=True)
class Sense:
    """A word of the lexicon: the concept it means and the language it belongs to ("" for an emoji)."""

    concept: str
    language: str


@dataclass(frozen=True, slots=True)
class Match:
    """An entry found in a theme, from `start` to `end` (characters of the folded text)."""

    entry: Sense
    start: int
    end: int


def fold(text: str) -> str:
    """Return `text` for comparing: small letters, no Latin accents, full-width forms made plain."""
    composed = unicodedata.normalize("NFKC", text).casefold().translate(_JOINERS)
    return "".join(_plain(char) for char in composed)


def _plain(char: str) -> str:
    if char.isascii():
        return char
    base = unicodedata.normalize("NFKD", char)[0]
    return base if base.isascii() and base.isalpha() else char


def is_alphabetic(word: str) -> bool:
    """Whether a folded word is matched as a whole word (Latin letters), not as a substring."""
    return all(char.isascii() for char in word)


class Matcher:
    """An index over the words of a lexicon."""

    def __init__(self, entries: Sequence[tuple[str, Sense]]) -> None:
        self._phrases: dict[tuple[str, ...], list[Sense]] = defaultdict(list)
        self._prefixes: dict[str, list[tuple[str, Sense]]] = defaultdict(list)
        self._starred: list[tuple[re.Pattern[str], Sense]] = []
        self._substrings: dict[str, list[Sense]] = defaultdict(list)
        for word, entry in entries:
            self._add(fold(word), entry)
        self._longest = max(map(len, self._phrases), default=0)

    def _add(self, word: str, entry: Sense) -> None:
        if not is_alphabetic(word):
            self._substrings[word].append(entry)
        elif "*" not in word:
            self._phrases[tuple(_TOKEN.findall(word))].append(entry)
        elif word.endswith("*") and word[:-1].isalnum():
            self._prefixes[word[:2]].append((word[:-1], entry))
        else:
            inner = (
                re.escape(word).replace(r"\*", "[a-z0-9]*").replace(r"\ ", "[^a-z0-9]+").replace(r"\-", "[^a-z0-9]+")
            )
            self._starred.append((re.compile(rf"(?<![a-z0-9]){inner}(?![a-z0-9])"), entry))

    def find(self, text: str) -> tuple[Match, ...]:
        """Return the matches in folded text, first to last, without those inside a longer one."""
        found = sorted({*self._in_words(text), *self._in_characters(text)}, key=_place)
        return tuple(match for match in found if not any(_inside(match, other) for other in found))

    def _in_words(self, text: str) -> Iterator[Match]:
        tokens = [(token.group(), token.start(), token.end()) for token in _TOKEN.finditer(text)]
        for first in range(len(tokens)):
            for last in range(first, min(first + self._longest, len(tokens))):
                phrase = tuple(token[0] for token in tokens[first : last + 1])
                for entry in self._phrases.get(phrase, ()):
                    yield Match(entry, tokens[first][1], tokens[last][2])
        for token, start, end in tokens:
            # German is also typed without umlauts: gemuetlich, fuer.
            for spelling in {token, token.replace("ue", "u").replace("ae", "a").replace("oe", "o")}:
                for stem, entry in self._prefixes.get(spelling[:2], ()):
                    if spelling.startswith(stem):
                        yield Match(entry, start, end)
                if spelling != token:
                    for entry in self._phrases.get((spelling,), ()):
                        yield Match(entry, start, end)
        for pattern, entry in self._starred:
            for hit in pattern.finditer(text):
                yield Match(entry, hit.start(), hit.end())

    def _in_characters(self, text: str) -> Iterator[Match]:
        for word, entries in self._substrings.items():
            start = text.find(word)
            while start >= 0:
                end = start + len(word)
                if len(word) > 1 or not _is_hangul(word) or _stands_alone(text, start):
                    for entry in entries:
                        yield Match(entry, start, end)
                start = text.find(word, end)


def without_denied(text: str, matches: Sequence[Match], denial: Mapping[str, Sequence[str]]) -> tuple[Match, ...]:
    """Leave out what the theme says it does not want ("no drums", "sin lluvia", 没有鼓)."""
    kept = []
    for match in matches:
        lead, tail = text[: match.start].rstrip(), text[match.end :].lstrip()
        denied = any(lead.endswith(word) and _word_starts(lead, word) for word in denial["before"])
        if not denied and not tail.startswith(tuple(denial["after"])):
            kept.append(match)
    return tuple(kept)


def _word_starts(lead: str, word: str) -> bool:
    at = len(lead) - len(word)
    return not word[0].isascii() or at == 0 or not lead[at - 1].isalnum()


def _place(match: Match) -> tuple[int, int, str, str]:
    return match.start, match.end, match.entry.concept, match.entry.language


def _inside(match: Match, other: Match) -> bool:
    longer = other.end - other.start > match.end - match.start
    return longer and other.start <= match.start and match.end <= other.end


def _is_hangul(char: str) -> bool:
    return "가" <= char <= "힣"


def _stands_alone(text: str, at: int) -> bool:
    if at > 0 and _is_hangul(text[at - 1]):
        return False
    rest = re.match(r"[가-힣]*", text[at + 1 :])
    tail = rest.group() if rest else ""
    return not tail or tail in _KOREAN_PARTICLES
