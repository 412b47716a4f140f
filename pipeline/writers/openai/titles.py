"""Titles: what is wrong with those a model wrote."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

from pipeline.domain.line import one_line

LONGEST = 60
"""Characters a title may have."""

_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "„": "“", "«": "»", "「": "」", "『": "』"}


def title_key(title: str) -> str:
    """Return what two spellings of one title have in common: compatibility forms, case and spaces folded."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).casefold())
    return " ".join(folded.split())


def clean_title(text: str) -> str:
    """Return a title as one line, without quotation marks around all of it."""
    title = one_line(text)
    if len(title) > 2 and _QUOTES.get(title[0]) == title[-1]:
        title = title[1:-1].strip()
    return title


def title_faults(titles: Sequence[str], taken: Collection[str]) -> dict[int, str]:
    """Return what is wrong, by place in `titles`; of two alike the later one is at fault."""
    used = {title_key(title) for title in taken} | {title.casefold() for title in taken}
    seen = set[str]()
    faults = {}
    for place, title in enumerate(titles):
        key = title_key(title)
        if not any(char.isalnum() for char in title):
            faults[place] = "has no letter in it"
        elif len(title) > LONGEST:
            faults[place] = f"has {len(title)} characters; {LONGEST} are the most"
        elif key in used or title.casefold() in used:
            faults[place] = "is the title of something released already"
        elif key in seen:
            faults[place] = "is used twice on this album"
        seen.add(key)
    return faults
