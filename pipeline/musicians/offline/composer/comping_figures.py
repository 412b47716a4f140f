"""What the chord player's hands do, sixteen slots a bar.

"R" rolled and held, "C" struck together, "s" a short stab, "u" upper two voices, "l" lower two, "0" to "3" one voice
from the bottom, "P" the next bar's chord struck early and held over the bar line, "-" hold, "." rest.
"""

from __future__ import annotations

_KEYS_HELD = ("R---------------", "R-----------u---", "R-------u-------", "R-----------....", "l---u-----------")
_KEYS = {
    "boom bap": (
        "C-------....s-..", "C-----s-....s---", "....s-....C---..", "..s-..s-..s-..s-", "C---..s-..C---P-",
        "C-----u-l---..P-", "C-..s-..C-..s-..", "R---------s-..s-", "C--s--s-....s-..", "..C-----..s---..",
        "C-----s-C---..s-", "l-..u-..l-..u-..",
    ),
    "half time": (
        "R-----------s-..", "C-----s---------", "C-------....C---",
        "R---------------", "C-----u-----l---", "..C---------s-..",
        "C-----------..P-",
    ),
    "brushes": (
        "R-------C-------", "C-----s-----s-..", "..s---..C-----..",
        "R-----------C---", "C-------..s---P-", "l---u---l---u---",
        "....s-......s-..", "R-----u---u-....",
    ),
    "bossa": (
        "C--C--C---C--C--", "C-..s-C---..s-..", "..C--C--..C--C--",
        "C--s--s-..s--s-.", "s--s-.s-s-.s--s-", "C-----C-..C---P-",
    ),
    "shuffle": (
        "..s-..s-..s-..s-", "C-----s-....s-..", "....s-......s-..",
        "C---..s-C---..s-", "R-----------s-..", "C-----u---u-..P-",
        "..s---..C-....s-",
    ),
    "beatless": (
        "R---------------", "R-------u-------", "0-1-2-3---------",
        "l-------u---u---", "R-----------3---", "0---2---1---3---",
    ),
}  # fmt: skip
_GUITAR = {
    "boom bap": (
        "0-1-2-3-2-1-2-1-", "0---2-1-3---2-1-", "R-------u-....s-",
        "0--1--2-3---u---", "..s-..s-..s-..s-", "l---u-..l---u---",
    ),
    "half time": ("0---1---2---3---", "R-------..3-2-1-", "0-1-2-3---------", "R-----u-----u---", "0-----2-1-----3-"),
    "brushes": ("R-------C-------", "0-1-2-3-2---1---", "C---s-..C---s-..", "l---u---l---u---", "0---2-1-3-2-1---"),
    "bossa": (
        "C--C--C---C--C--", "l--u--u-l--u--u-", "s--s-.s-s-.s--s-",
        "l-u--u--l-u--u--", "..C--C--..C--C--", "C--u--C---u--C--",
    ),
    "shuffle": ("..s-..s-..s-..s-", "0---1-2-3---2-1-", "C---s-..C---s-..", "R-------u---..s-", "0-..1-2-3-..2-1-"),
    "beatless": ("0-1-2-3-2-1-2-1-", "0---1---2---3---", "R---------3-2---", "0-1-2-3---------", "0---2-1-3-------"),
}  # fmt: skip
_BELLS: dict[str, tuple[str, ...]] = {
    "any": (
        "R---------------", "R-------u-------", "0-1-2-3---------",
        "l---u---------..", "0---1---2---3---", "R-----------3---",
        "0-2-1-3-2-1-2---", "C-----u-....u---",
    ),
}  # fmt: skip

FIGURES: dict[str, dict[str, tuple[str, ...]]] = {
    "electric piano": _KEYS,
    "felt piano": _KEYS,
    "nylon guitar": _GUITAR,
    "muted guitar": _GUITAR,
    "vibraphone": _BELLS,
    "music box": _BELLS,
}


def figures(instrument: str, groove: str, quiet: bool) -> tuple[str, ...]:
    """Return the figures an instrument knows for a groove; the held ones for quiet passages."""
    if instrument == "warm pad":
        return ("R---------------",)
    book = FIGURES[instrument]
    if quiet:
        return (*book.get("beatless", book.get("any", ())), *(_KEYS_HELD if book is _KEYS else ()))
    return book.get(groove, book.get("any", ()))
