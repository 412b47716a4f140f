"""Text that people and models wrote, as one line of text and nothing else."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"
"""Format characters that emoji and several scripts need."""


def one_line(text: str) -> str:
    """Return `text` as one safe line: white space folded, control and direction characters dropped.

    Nothing in it can end a line or turn the reading order; letters of every script, emoji and their joiners stay.
    A line comes through as it is.
    """
    kept = (" " if char.isspace() else char for char in text)
    clean = "".join(char for char in kept if unicodedata.category(char)[0] != "C" or char in _JOINERS)
    # Last: letters and accents that a dropped character kept apart would else be composed only the next time.
    return unicodedata.normalize("NFC", " ".join(clean.split()))
