"""The words takes are held against: one short sentence for each plan, always of the same form."""

from __future__ import annotations

from textwrap import shorten

from pipeline.domain import Bpm, TrackPlan

LIMIT = 200
"""Characters of a canonical prompt. English takes more than three for a token, and CLAP cuts beyond 77 tokens."""

_INSTRUMENTS = 4
"""How many are named; of a longer list CLAP hears the first ones best."""

_TEMPOS: tuple[tuple[Bpm, str], ...] = ((72, "very slow"), (84, "slow"), (100, "relaxed"), (120, "moderate"))


def canonical(track: TrackPlan) -> str:
    """Return the sentence a track is scored against, from its style, instruments, mood and tempo.

    A music model's prompt is prose of its own, too long for CLAP and different for every writer. "This audio is a
    (genre) song" is what the music checkpoint was trained on (https://github.com/LAION-AI/CLAP/issues/138).
    """
    style = _brief(track.style, 40)
    if "lo-fi" not in style.casefold() and "lofi" not in style.casefold():
        style = f"lo-fi {style}"
    mood = _brief(track.mood, 30)
    opening = f"This audio is {_article(mood)} {mood} {style} song"
    ending = f" at a {_tempo(track.tempo)} tempo."
    named: list[str] = []
    for instrument in track.instruments[:_INSTRUMENTS]:
        more = [*named, _brief(instrument, 30)]
        if len(opening) + len(_list(more)) + len(ending) > LIMIT:
            break
        named = more
    return opening + _list(named) + ending


def _tempo(tempo: Bpm) -> str:
    return next((word for limit, word in _TEMPOS if tempo < limit), "fast")


def _list(instruments: list[str]) -> str:
    if not instruments:
        return ""
    *first, last = instruments
    return f" with {', '.join(first)} and {last}" if first else f" with {last}"


def _brief(text: str, width: int) -> str:
    """Return the first words of a text, at most `width` characters."""
    return shorten(text, width, placeholder="") or text[:width].strip()


def _article(word: str) -> str:
    return "an" if word[:1].casefold() in set("aeiou") else "a"
