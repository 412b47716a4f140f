"""What decisions come to: which of them count, and how an album is to be made after them. Nothing is kept here."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.catalogue.rows import Decided
from pipeline.domain import Edits

VERDICTS = ("approved", "rejected", "released")


def undone(made: Sequence[Decided]) -> frozenset[int]:
    """Return the numbers of the decisions that were undone."""
    return frozenset(each.undoes for each in made if each.undoes is not None)


def counting(made: Sequence[Decided]) -> tuple[Decided, ...]:
    """Return the decisions that count, the oldest first."""
    gone = undone(made)
    return tuple(each for each in made if each.undoes is None and each.id not in gone)


def verdicts(made: Sequence[Decided]) -> tuple[Decided, ...]:
    """Return those that count and are on the whole album or mix."""
    return tuple(each for each in counting(made) if each.track is None and each.decision in VERDICTS)


def edits_of(made: Sequence[Decided]) -> Edits:
    """Return how an album is to be made after all that was decided on it."""
    title: str | None = None
    titles, chosen, counts = dict[int, str](), dict[int, int](), dict[int, int]()
    refused, order, covers = set[tuple[int, int]](), tuple[int, ...](), 0
    for each in counting(made):
        if each.track is not None and each.take is not None:
            if each.decision in ("approved", "take"):
                chosen[each.track] = each.take
                refused.discard((each.track, each.take))
            elif each.decision == "rejected":
                refused.add((each.track, each.take))
                if chosen.get(each.track) == each.take:
                    del chosen[each.track]
        elif each.track is not None:
            if each.decision == "retitled":
                titles[each.track] = each.value
            elif each.decision == "reroll":  # one more than there were, or than was asked for before
                counts[each.track] = max(int(each.value or 0), counts.get(each.track, 0)) + 1
        elif each.decision == "retitled":
            title = each.value
        elif each.decision == "reordered":
            order = tuple(map(int, each.value.split(",")))
        elif each.decision == "cover":
            covers = max(covers, int(each.value or 1))
    return Edits.of(title=title, titles=titles, takes=chosen, refused=refused, counts=counts, order=order, cover=covers)


def words_of(made: Sequence[Decided]) -> dict[tuple[int, int], Decided]:
    """Return the last word on every take that was approved or rejected, by track and take."""
    said: dict[tuple[int, int], Decided] = {}
    for each in counting(made):
        if each.track is None or each.take is None:
            continue
        if each.decision in VERDICTS:
            said[each.track, each.take] = each
        elif each.decision == "take" and said.get((each.track, each.take), each).decision == "rejected":
            del said[each.track, each.take]  # whoever uses it after all has thought better of it
    return said


def in_words(made: Decided) -> str:
    """Return a decision as a person would say it."""
    if made.take is not None:
        verb = {"take": "uses"}.get(made.decision, made.decision)
        return f"{verb} take {made.take}" + (f" of track {made.track}" if made.track else "")
    what = "the album" if made.track is None else f"track {made.track}"
    said = {
        "retitled": f"calls {what} “{made.value}”",
        "reordered": f"orders the tracks {made.value.replace(',', ', ')}",
        "cover": "asks for another cover",
        "reroll": f"asks for another take of {what}",
        "noted": f"notes on {what}: {made.note}",
    }
    return said.get(made.decision, f"{made.decision} {what}")
