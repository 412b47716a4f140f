"""What people decided: on an exact version, by whom, when. What has changed since it was looked at is refused.

Every function works inside the caller's transaction. Rows are added, never changed or removed: undoing is a decision
too, and what counts is what was not undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from pydantic import ValidationError
from sqlalchemy import Connection, RowMapping, insert, select, update

from pipeline.catalogue.meaning import VERDICTS, in_words, undone, verdicts, words_of
from pipeline.catalogue.rows import Decided, Decision, Status
from pipeline.catalogue.tables import albums, decisions, mixes, takes
from pipeline.domain import Album, Slug
from pipeline.errors import BadBrief, NotApproved, ShelfError, Stale

FROM_MANIFEST = "album.json"
"""Who decided what only a manifest remembers."""
_OF_TAKES = ("approved", "rejected", "take")


def decide(connection: Connection, slug: Slug, made: Decided, seen: int | None = None) -> Decided:
    """Enter a decision on an album or mix, or on something of an album; return it with its number.

    `seen` is the newest decision whoever decides had before them; None where nobody looked. Raises ShelfError where
    there is nothing of the kind, Stale where its version is another by now or somebody decided the same thing since,
    NotApproved for a release of a version nobody approved. Changes nothing then.
    """
    row = _work(connection, slug)
    before = of(connection, slug)
    _require_version(connection, row, slug, made)
    if seen is not None:
        _require_newest(before, made, seen)
    if made.track is None and made.decision == "released" and row["status"] not in ("approved", "released"):
        raise NotApproved(f"{slug} is not approved in this version: it is {row['status']}.", f"`lofi approve {slug}`")
    return _enter(connection, slug, made)


def undo(connection: Connection, slug: Slug, number: int, made: Decided) -> Decided:
    """Let a decision count no more; `made` says who undoes it, and when. Raises ShelfError, Stale or BadBrief."""
    before = of(connection, slug)
    target = next((each for each in before if each.id == number), None)
    if target is None:
        raise ShelfError(f"There is no decision {number} on {slug}.", "Load the page again.")
    if number in undone(before):
        raise Stale(f"“{in_words(target)}” was undone already.", "Load the page again.")
    if target.undoes is not None:
        raise BadBrief("What was undone is decided anew, not undone again.", "Decide it once more.")
    if target.decision == "released":
        raise BadBrief("A release cannot be undone here.", f"Take it down where it is, then `lofi reject {slug}`.")
    return _enter(connection, slug, target.model_copy(update={**_who(made), "undoes": number}))


def of(connection: Connection, slug: Slug) -> tuple[Decided, ...]:
    """Return all that was decided on an album or mix and on what is in it, undone or not, the oldest first."""
    columns = [column for column in decisions.c if column.name != "album"]
    query = select(*columns).where(decisions.c.album == slug).order_by(decisions.c.id)
    made = []
    for row in connection.execute(query).mappings():
        # What was saved from a damaged catalogue may be no decision any more: it counts for nothing.
        with suppress(ValidationError):
            made.append(Decided(**row))
    return tuple(made)


def restore(connection: Connection, album: Album) -> None:
    """Enter what an album says it was made with, where the catalogue was lost and knows of no decision on it."""
    if album.edits is None or of(connection, album.slug):
        return
    sounds = {(take.order.track.number, take.order.index): take.sha256 for take in album.takes}
    edits, made = album.edits, list[tuple[Decision, int | None, int | None, str]]()
    made += [("retitled", None, None, edits.title)] if edits.title is not None else []
    made += [("retitled", track, None, title) for track, title in edits.titles]
    made += [("take", track, take, "") for track, take in edits.takes]
    made += [("rejected", track, take, "") for track, take in edits.refused]
    made += [("reroll", track, None, str(count - 1)) for track, count in edits.counts]
    made += [("reordered", None, None, ",".join(map(str, edits.order)))] if edits.order else []
    made += [("cover", None, None, str(edits.cover))] if edits.cover else []
    for decision, track, take, value in made:
        heard = sounds.get((track or 0, take or 0), album.digest())
        entry = Decided(
            version=heard,
            decision=decision,
            author=FROM_MANIFEST,
            time=album.run.finished,
            track=track,
            take=take,
            value=value,
            note="as the album was made",
        )
        connection.execute(insert(decisions).values(album=album.slug, **entry.model_dump(exclude={"id"})))


def settle(connection: Connection, slug: Slug) -> None:
    """Let the catalogue show what the decisions on an album come to: the word on every take, and the status.

    Also after a manifest was entered, or decisions were salvaged: nothing of it is kept anywhere else.
    """
    made = of(connection, slug)
    said = words_of(made)
    of_album = takes.c.album == slug
    connection.execute(update(takes).where(of_album, takes.c.word.is_not(None)).values(word=None))
    for (track, take), each in said.items():
        # The word is on a sound: whatever else bears its number was never heard.
        same = (takes.c.track == track, takes.c.take == take, takes.c.sha256 == each.version)
        connection.execute(update(takes).where(of_album, *same).values(word=each.decision))


def _enter(connection: Connection, slug: Slug, made: Decided) -> Decided:
    row = insert(decisions).values(album=slug, **made.model_dump(exclude={"id"}))
    number = int(connection.execute(row.returning(decisions.c.id)).scalar_one())
    settle(connection, slug)
    if made.track is None and made.decision in VERDICTS:
        set_status(connection, slug)
    return made.but(id=number)


def set_status(connection: Connection, slug: Slug) -> None:
    """Give a finished work the status of the last verdicts on the version there is."""
    row = _work(connection, slug)
    status: Status = "draft"
    for each in verdicts(of(connection, slug)):
        if each.version == row["manifest"] and each.decision in VERDICTS:
            # Approved once more, what is released stays so.
            stays = (status, each.decision) == ("released", "approved")
            status = status if stays else each.decision  # type: ignore[assignment]  # one of VERDICTS
    table = albums if "brief_digest" in row else mixes
    connection.execute(update(table).where(table.c.slug == slug).values(status=status))


def _work(connection: Connection, slug: Slug) -> RowMapping:
    """Return the row of an album or mix. Raises ShelfError where there is none."""
    for table in (mixes, albums):
        row = connection.execute(select(table).where(table.c.slug == slug)).mappings().first()
        if row is not None:
            return row
    raise ShelfError(f"There is no finished album or mix {slug}.", "`lofi list` shows what is there.")


def _require_version(connection: Connection, row: RowMapping, slug: Slug, made: Decided) -> None:
    """Raise Stale unless a decision is on what there is now, ShelfError where there is nothing of the kind."""
    if made.track is None and made.decision in VERDICTS and row["manifest"] is None:
        raise ShelfError(f"There is no finished album or mix {slug}.", "`lofi list` shows what is there.")
    if made.take is not None:
        key = (takes.c.album == slug, takes.c.track == made.track, takes.c.take == made.take)
        there = connection.execute(select(takes.c.sha256).where(*key)).scalar()
        if there is None:
            raise ShelfError(f"{slug} has no take {made.take} of track {made.track}.", "Load the page again.")
    else:
        there = row["manifest"] or row["brief_digest"]
    if there != made.version and made.decision != "noted":
        raise Stale(
            f"This is about version {made.version[:12]} of {slug}, and the catalogue has version {there[:12]}.",
            "Look at it again: it was made anew, or is being made. `lofi reindex` reads what is on the shelf.",
            yours=in_words(made),
            theirs=f"version {there[:12]}",
        )


def _require_newest(before: Sequence[Decided], made: Decided, seen: int) -> None:
    """Raise Stale when somebody decided the same thing since it was looked at, with both values."""
    for each in reversed(before):
        if each.id <= seen:
            return
        whole = made.track is None and made.decision in VERDICTS and each.decision != "noted"
        if whole or (_field(made) is not None and _field(made) == _field(each)):
            theirs = f"{'undoes: ' if each.undoes else ''}{in_words(each)}"
            raise Stale(
                f"{each.author or 'Somebody'} decided on this since you looked: {theirs}.",
                "Look at it again, then decide.",
                yours=in_words(made),
                theirs=theirs,
            )


def _field(made: Decided) -> tuple[object, ...] | None:
    """Return what a decision sets, so that of two that set the same the later must have seen the earlier."""
    if made.decision == "reroll":
        return None  # everybody may want one more
    if made.take is not None and made.decision in _OF_TAKES:
        return ("take", made.track)
    if made.decision in VERDICTS:
        return ("verdict", made.track)
    return (made.decision, made.track, made.take)


def _who(made: Decided) -> dict[str, object]:
    return {"author": made.author, "time": made.time, "note": made.note, "id": 0}
