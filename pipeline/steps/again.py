"""Making a finished album again after people decided on it: only what they touched becomes another.

What nobody touched stays as it is, also where today's judge would choose or name it otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.catalogue import Catalogue
from pipeline.domain import UNTOUCHED, Album, AlbumPlan, Cover, Edits, Loop, Pictures, Track
from pipeline.errors import NotApproved
from pipeline.steps.session import Session


def reopen(session: Session) -> None:
    """Open a finished album, from where on its files become others one by one. An album under way is open.

    The shelf comes first: whoever reads a manifest that is there no more takes nothing of it into the catalogue.
    """
    if session.before is not None:
        session.folder.reopen()
        session.label.catalogue.reopen(session.project.slug)


def close_again(session: Session) -> None:
    """After a step has failed: let the album be what it was, where no file has become another yet."""
    if session.before is not None and session.folder.close_again():
        session.label.catalogue.enter(session.before)


def kept_takes(session: Session) -> dict[int, int]:
    """Return the take that each track is to be made of, where that is settled: by a person, or by what there was."""
    pinned = dict(session.edits.takes)
    if session.before is None:
        return pinned
    made_with = session.before.edits or UNTOUCHED
    for track in session.before.tracks:
        number = track.number
        if number not in pinned and not _anew(track, session.edits, made_with):
            pinned[number] = track.take
    return pinned


def kept_cover(session: Session) -> Cover | None:
    """Return the cover there was, where nobody asked for another picture or title; a newer painter changes nothing."""
    before = session.before
    if before is None or before.plan.title != session.plan.title:
        return None
    if (before.edits or UNTOUCHED).cover != session.edits.cover:
        return None
    return before.cover if all(map(session.folder.matches, before.cover.files)) else None


def kept_pictures(session: Session, plan: AlbumPlan) -> Pictures | None:
    """Return the tracks' pictures there were, where cover and titles are what they were."""
    before = session.before
    if before is None or before.pictures is None or kept_cover(session) is None:
        return None
    was = {track.number: track.title for track in before.tracks}
    same = all(was.get(track.number) == track.title for track in plan.tracks)
    whole = all(session.folder.matches(picture.file) for picture in before.pictures.pictures)
    return before.pictures if same and whole else None


def kept_loop(session: Session, ambience: str) -> Loop | None:
    """Return the loop there was; a newer part changes nothing."""
    for loop in session.before.loops if session.before is not None else ():
        if loop.order.ambience == ambience and loop.file is not None and session.folder.matches(loop.file):
            return loop
    return None


def kept_titles(session: Session) -> dict[int, str]:
    """Return the title of each track, where that is settled: by a person, or by what there was."""
    given = dict(session.edits.titles)
    if session.before is None:
        return given
    return {number: given.get(number, title) for number, title in own_titles(session.before).items()}


def own_titles(album: Album) -> dict[int, str]:
    """Return what writer and judge called each track, whatever people call it now."""
    renamed = dict((album.edits or UNTOUCHED).titles)
    planned = {track.number: track.title for track in album.plan.tracks}
    if album.titles is not None:
        numbers = sorted(planned)
        matched = (album.titles.titles[place] for place in album.titles.assignment)
        planned = dict(zip(numbers, matched, strict=True))
    return {track.number: planned[track.number] if track.number in renamed else track.title for track in album.tracks}


def require_made(album: Album, catalogue: Catalogue) -> None:
    """Raise NotApproved where people decided something on an album that its files do not show: nobody can hear it."""
    left = changes_waiting(album, catalogue)
    if left:
        raise NotApproved(
            f"{len(left)} of the changes decided on {album.slug} {'is' if len(left) == 1 else 'are'} not made yet.",
            f"Make them, and listen to what comes of them: `lofi remake {album.slug}`.",
        )


def changes_waiting(album: Album | None, catalogue: Catalogue) -> tuple[str, ...]:
    """Return what was decided by now and an album's files do not show, a sentence each."""
    return () if album is None else waiting(album, catalogue.review.edits(album.slug))


def waiting(album: Album, edits: Edits) -> tuple[str, ...]:
    """Return what was decided and an album's files do not show, a sentence each."""
    return tuple(_waiting(album, edits, album.edits or UNTOUCHED))


def _waiting(album: Album, edits: Edits, made_with: Edits) -> Iterator[str]:
    if edits.title is not None and edits.title != album.plan.title:
        yield f"The album is called “{edits.title}”."
    elif edits.title is None and album.own_title is not None:
        yield f"The album is called “{album.own_title}” again."
    for track in album.tracks:
        yield from _waiting_of(track, edits, made_with, own_titles(album)[track.number])
    place = {track.number: track.position for track in album.tracks}
    wanted = [place[number] for number in edits.ordered(album.plan)]
    if wanted != sorted(wanted):
        yield f"The tracks come in the order {', '.join(map(str, wanted))}."
    if edits.cover != made_with.cover:
        yield "Another cover is painted." if edits.cover > made_with.cover else "An earlier cover comes back."


def _waiting_of(track: Track, edits: Edits, made_with: Edits, own: str) -> Iterator[str]:
    number, place = track.number, track.position
    title = dict(edits.titles).get(number, own)
    if title != track.title:
        yield f"Track {place} is called “{title}”."
    more = dict(edits.counts).get(number, 0)
    if more > dict(made_with.counts).get(number, 0):
        yield f"Take {more} of track {place} is rendered."
    wanted = dict(edits.takes).get(number)
    if wanted is not None and wanted != track.take:
        yield f"Track {place} is made of take {wanted}."
    elif track.take in edits.refused_of(number):
        yield f"Track {place} is made of another take than {track.take}."
    elif _anew(track, edits, made_with) and more <= dict(made_with.counts).get(number, 0):
        yield f"The take of track {place} is chosen anew."


def _anew(track: Track, edits: Edits, made_with: Edits) -> bool:
    """Whether the judge is to choose once more: what it chose was refused, there are more takes, or all is undone."""
    number, now, then = track.number, dict(edits.takes), dict(made_with.takes)
    if number in now:
        return False
    more = dict(edits.counts).get(number, 0) > dict(made_with.counts).get(number, 0)
    allowed = made_with.refused_of(number) - edits.refused_of(number)
    return number in then or track.take in edits.refused_of(number) or more or bool(allowed)
