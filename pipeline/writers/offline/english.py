"""The little English grammar that titles need: articles, plurals and capitals."""

from __future__ import annotations

import re

_SMALL = frozenset(
    ("a", "an", "the", "and", "but", "or", "nor", "for", "at", "by", "in", "of", "on", "to", "as", "from", "with")
)
_SOUNDS_LIKE_CONSONANT = ("one", "once", "uni", "use", "usu", "eu", "ukulele")
_SOUNDS_LIKE_VOWEL = ("hour", "honest", "heir", "honour")
_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")


def article(phrase: str) -> str:
    """Return "a" or "an" for the sound `phrase` begins with: an hour, a used ticket, an egg."""
    word = phrase.lower()
    if word.startswith(_SOUNDS_LIKE_VOWEL):
        return "an"
    if word.startswith(_SOUNDS_LIKE_CONSONANT):
        return "a"
    return "an" if word[:1] in "aeiou" else "a"


def plural(noun: str) -> str:
    """Return the regular plural of `noun`; irregular ones are written in the word banks."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def words(text: str) -> tuple[str, ...]:
    """Return the words of `text` in small letters, without punctuation. An apostrophe s is left off."""
    found = _WORD.findall(text.lower())
    return tuple(word.removesuffix("'s") for word in found)


def headline(line: str) -> str:
    """Write `line` with the capitals of a title. Short articles and prepositions stay small inside; a word that
    is capitalised already stays so."""
    parts = line.split(" ")
    last = len(parts) - 1
    done = []
    for index, part in enumerate(parts):
        inner = 0 < index < last and not parts[index - 1].endswith((".", "?", ":"))
        done.append(part if inner and part in _SMALL else _capital(part))
    return " ".join(done)


def _capital(part: str) -> str:
    return "-".join(piece[:1].upper() + piece[1:] for piece in part.split("-"))


def joined(parts: tuple[str, ...]) -> str:
    """Join as English does: "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


_ONES = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def count_word(count: int) -> str:
    """Return a count as a word below a hundred, in digits from there."""
    if count < len(_ONES):
        return _ONES[count]
    if count >= 100:
        return str(count)
    tens, ones = divmod(count, 10)
    return f"{_TENS[tens]}-{_ONES[ones]}" if ones else _TENS[tens]
