"""What a reviewer asks for, made sure of before it is entered: whole, sensible, and about what there is."""

from __future__ import annotations

from pipeline.domain.line import one_line
from pipeline.errors import BadBrief
from pipeline.review.views import Ask

TITLE_LIMIT = 120
"""Characters of a title at most: what a plan may hold."""

_ON = {
    "approved": ("album", "take"),
    "rejected": ("album", "take"),
    "take": ("take",),
    "reroll": ("track",),
    "retitled": ("album", "track"),
    "reordered": ("album",),
    "cover": ("album",),
    "noted": ("album", "track", "take"),
}
"""What each decision can be on."""


def value_of(asked: Ask, tracks: int) -> str:
    """Return the value of a decision on an album of so many `tracks` as it is kept.

    Raises BadBrief for one that makes no sense.
    """
    on = "album" if asked.track is None else "track" if asked.take is None else "take"
    if on == "album" and asked.take is not None:
        raise BadBrief(f"Take {asked.take} of which track?", "Name the track.")
    if on not in _ON[asked.decision]:
        can = " or ".join(_ON[asked.decision])
        raise BadBrief(f"A decision “{asked.decision}” is not on the {on}, but on the {can}.")
    if asked.track is not None and asked.track > tracks:
        raise BadBrief(f"There is no track {asked.track}.", f"The album has {tracks}.")
    if asked.decision in ("rejected", "noted") and not one_line(asked.note):
        said = "A rejection says why." if asked.decision == "rejected" else "The note is empty."
        raise BadBrief(said, "Such as: the bass is too loud.")
    if asked.decision == "retitled":
        return _title(asked.value)
    if asked.decision == "reordered":
        return _order(asked.value, tracks)
    return ""


def _title(value: str) -> str:
    title = one_line(value)
    if not title.strip("\u200c\u200d"):  # joiners alone are nothing to read
        raise BadBrief("The title is empty.", "Write one.")
    if len(title) > TITLE_LIMIT:
        raise BadBrief(f"The title has {len(title)} characters; {TITLE_LIMIT} are the most.", "Make it shorter.")
    return title


def _order(value: str, tracks: int) -> str:
    numbers = list(range(1, tracks + 1))
    try:
        order = [int(part) for part in value.split(",")]
    except ValueError:
        order = []
    if sorted(order) != numbers:
        raise BadBrief("That is not an order of all the tracks.", f"Such as {','.join(map(str, reversed(numbers)))}.")
    return ",".join(map(str, order))
