"""What people decide: kept with who, when and on which version, refused when stale, and undone with a record of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import papers
import pytest

from pipeline.catalogue import Catalogue
from pipeline.catalogue.listing import Wanted
from pipeline.catalogue.rows import Decided
from pipeline.domain import UNTOUCHED, Album
from pipeline.errors import BadBrief, ShelfError, Stale, TitleTaken
from pipeline.shelf import AlbumFolder

SLUG = "rain-on-tin"


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with Catalogue.open(tmp_path / "catalogue.db", clock=lambda: papers.NOON) as catalogue:
        yield catalogue


@pytest.fixture
def album(catalogue: Catalogue, tmp_path: Path) -> Album:
    album = papers.finished_album(AlbumFolder(tmp_path / SLUG, SLUG))
    catalogue.enter(album)
    return album


def decide(
    catalogue: Catalogue, album: Album, decision: str, seen: int | None = None, by: str = "mia", **more: Any
) -> Decided:
    version = album.digest()
    if "take" in more:
        keys = {(take.order.track.number, take.order.index): take.sha256 for take in album.takes}
        version = keys.get((more["track"], more["take"]), version)
    made = Decided(
        **{"version": version, "decision": decision, "author": by, "time": papers.NOON, **more}  # type: ignore[arg-type]
    )
    return catalogue.review.decide(SLUG, made, seen)


def status(catalogue: Catalogue) -> str:
    return catalogue.albums()[0].status


def test_a_decision_is_kept_with_author_time_and_version(catalogue: Catalogue, album: Album) -> None:
    """As it was made, in the order in which it was made."""
    decide(catalogue, album, "rejected", track=1, take=1, note="the bass is too loud")
    decide(catalogue, album, "retitled", by="ann", track=2, value="Kettle")
    first, second = catalogue.review.decisions(SLUG)
    assert (first.author, first.time, first.version) == ("mia", papers.NOON, album.takes[0].sha256)
    assert (first.track, first.take, first.note) == (1, 1, "the bass is too loud")
    assert (second.author, second.version, second.value) == ("ann", album.digest(), "Kettle")


def test_all_that_counts_makes_the_edits(catalogue: Catalogue, album: Album) -> None:
    """The last word on a take, the last title, the last order; re-rolls and covers add up."""
    decide(catalogue, album, "approved", track=1, take=1)
    decide(catalogue, album, "rejected", track=1, take=1, note="no")
    decide(catalogue, album, "take", track=2, take=1)
    decide(catalogue, album, "retitled", track=2, value="Kettle")
    decide(catalogue, album, "retitled", track=2, value="Kettle Song")
    decide(catalogue, album, "retitled", value="Tin Weather")
    decide(catalogue, album, "reordered", value="2,1")
    decide(catalogue, album, "reroll", track=1)
    decide(catalogue, album, "reroll", track=1)
    decide(catalogue, album, "cover")
    edits = catalogue.review.edits(SLUG)
    assert (edits.refused, edits.takes) == (((1, 1),), ((2, 1),))
    assert (edits.titles, edits.title, edits.order, edits.cover) == (((2, "Kettle Song"),), "Tin Weather", (2, 1), 1)
    takes_of_first = max(take.order.index for take in album.takes if take.order.track.number == 1)
    assert edits.counts == ((1, takes_of_first + 2),)


def test_undoing_everything_leaves_nothing_but_the_record_of_it(catalogue: Catalogue, album: Album) -> None:
    """What was undone counts no more, and is still known."""
    made = [
        decide(catalogue, album, "rejected", track=1, take=1, note="no"),
        decide(catalogue, album, "retitled", value="Tin Weather"),
        decide(catalogue, album, "reroll", track=2),
        decide(catalogue, album, "approved"),
    ]
    assert status(catalogue) == "approved"
    for each in reversed(made):
        catalogue.review.undo(SLUG, each.id, each)
    assert catalogue.review.edits(SLUG) == UNTOUCHED
    assert status(catalogue) == "draft"
    assert len(catalogue.review.decisions(SLUG)) == 2 * len(made)
    with pytest.raises(Stale, match="undone already"):
        catalogue.review.undo(SLUG, made[0].id, made[0])


def test_a_decision_on_another_version_is_refused(catalogue: Catalogue, album: Album) -> None:
    """Of an album that was made anew meanwhile, and of a take that is another sound by now."""
    with pytest.raises(Stale) as stale:
        decide(catalogue, album, "retitled", track=1, value="Kettle", version="0" * 64)
    assert stale.value.yours == "calls track 1 “Kettle”" and album.digest()[:12] in (stale.value.theirs or "")
    with pytest.raises(Stale):
        decide(catalogue, album, "approved", track=1, take=1, version="0" * 64)
    assert catalogue.review.decisions(SLUG) == ()


def test_who_has_not_seen_the_last_decision_on_the_same_thing_is_refused_with_both_values(
    catalogue: Catalogue, album: Album
) -> None:
    """And who decides on another thing is not in the way of anybody."""
    seen = decide(catalogue, album, "noted", note="hm").id
    decide(catalogue, album, "retitled", seen, by="ann", track=1, value="Hers")
    with pytest.raises(Stale) as stale:
        decide(catalogue, album, "retitled", seen, track=1, value="Mine")
    assert (stale.value.yours, stale.value.theirs) == ("calls track 1 “Mine”", "calls track 1 “Hers”")
    decide(catalogue, album, "retitled", seen, track=2, value="Another")
    decide(catalogue, album, "approved", seen, track=1, take=1)
    with pytest.raises(Stale):
        decide(catalogue, album, "rejected", seen, track=1, take=1, note="no")
    with pytest.raises(Stale, match="decided on this since"):
        decide(catalogue, album, "approved", seen)  # of the whole album: it is another than was looked at
    assert dict(catalogue.review.edits(SLUG).titles) == {1: "Hers", 2: "Another"}


def test_a_title_of_another_album_is_refused(catalogue: Catalogue, album: Album, tmp_path: Path) -> None:
    """And one that somebody chose at review is as taken as any."""
    other = papers.finished_album(
        AlbumFolder(tmp_path / "moss", "moss"), papers.plan("Moss Hour", ("Fern",)), papers.brief("moss")
    )
    catalogue.enter(other)
    with pytest.raises(TitleTaken):
        decide(catalogue, album, "retitled", track=1, value="FERN")
    decide(catalogue, album, "retitled", track=1, value="Kettle")
    assert "kettle" in catalogue.titles()
    assert len(catalogue.review.decisions(SLUG)) == 1


def test_what_is_not_there_cannot_be_decided_on(catalogue: Catalogue, album: Album) -> None:
    """Another album, another take, another decision."""
    with pytest.raises(ShelfError):
        catalogue.review.decide("moss", decide(catalogue, album, "cover"), None)
    with pytest.raises(ShelfError, match="no take 9"):
        decide(catalogue, album, "approved", track=1, take=9)
    with pytest.raises(ShelfError):
        catalogue.review.undo(SLUG, 999, decide(catalogue, album, "cover"))


def test_a_rendered_reroll_cannot_be_undone(catalogue: Catalogue, album: Album) -> None:
    """It was paid for: the take is rejected instead."""
    made = decide(catalogue, album, "reroll", track=1)
    rendered = papers.order(album.plan.tracks[0], int(made.value) + 1)
    take = album.takes[0].but(order=rendered, sha256="9" * 64)
    catalogue.record_take(SLUG, take, papers.verdict(0.5))
    with pytest.raises(BadBrief, match="rendered already"):
        catalogue.review.undo(SLUG, made.id, made)


def test_a_word_on_a_take_stays_with_that_sound(catalogue: Catalogue, album: Album) -> None:
    """Another sound under the same number was never heard."""
    decide(catalogue, album, "approved", track=1, take=1)
    assert [row.track for row in catalogue.review.queue(Wanted(decided="approved"), "score", 0, 9)[1]] == [1]
    takes = tuple(take.but(sha256="8" * 64) if take is album.takes[0] else take for take in album.takes)
    catalogue.enter(album.but(takes=takes))
    assert catalogue.review.queue(Wanted(decided="approved"), "score", 0, 9)[0] == 0


def test_of_two_rerolls_one_undone_leaves_one(catalogue: Catalogue, album: Album) -> None:
    """Whichever of the two: nobody pays for what nobody asks for any more."""
    there = max(take.order.index for take in album.takes if take.order.track.number == 1)
    for number in (0, 1):
        both = [decide(catalogue, album, "reroll", track=1) for _ in range(2)]
        assert dict(catalogue.review.edits(SLUG).counts) == {1: there + 2}
        catalogue.review.undo(SLUG, both[number].id, both[number])
        assert dict(catalogue.review.edits(SLUG).counts) == {1: there + 1}
        catalogue.review.undo(SLUG, both[1 - number].id, both[1 - number])
        assert catalogue.review.edits(SLUG).counts == ()


def test_a_reroll_while_the_album_is_made_is_one_beyond_its_brief(catalogue: Catalogue) -> None:
    """However few of the takes it asks for are there by then."""
    catalogue.reserve(SLUG, papers.brief(), papers.plan())
    made = Decided(version=papers.brief().digest(), decision="reroll", author="mia", time=papers.NOON, track=1)
    catalogue.review.decide(SLUG, made, None)
    assert dict(catalogue.review.edits(SLUG).counts) == {1: papers.brief().takes + 1}


def test_each_other_cover_is_another(catalogue: Catalogue, album: Album) -> None:
    """Undoing the first of two keeps the second, and the next is neither."""
    first, second = decide(catalogue, album, "cover"), decide(catalogue, album, "cover")
    catalogue.review.undo(SLUG, first.id, first)
    assert catalogue.review.edits(SLUG).cover == 2
    catalogue.review.undo(SLUG, second.id, second)
    assert catalogue.review.edits(SLUG).cover == 0
    decide(catalogue, album, "cover")
    assert catalogue.review.edits(SLUG).cover == 3


def test_a_rejected_take_that_is_used_after_all_is_rejected_no_more(catalogue: Catalogue, album: Album) -> None:
    """Neither in the queue nor for the ranking that learns from it."""
    decide(catalogue, album, "rejected", track=1, take=1, note="no")
    decide(catalogue, album, "take", track=1, take=1)
    assert catalogue.review.queue(Wanted(decided="rejected"), "score", 0, 9)[0] == 0


def test_no_track_is_made_of_a_take_that_failed(catalogue: Catalogue, album: Album) -> None:
    """A silent one, say: it is refused before anything is made."""
    take = album.takes[1]
    gate = papers.verdict().gates[0].but(passed=False, reason="it is silent")
    catalogue.record_take(SLUG, take, papers.verdict(None).but(gates=(gate,)))
    for decision in ("approved", "take"):
        with pytest.raises(BadBrief, match="technical requirement"):
            decide(catalogue, album, decision, track=1, take=take.order.index)


def test_what_an_album_was_called_stays_its_own(catalogue: Catalogue, album: Album, tmp_path: Path) -> None:
    """A title that was changed can come back, whoever was there meanwhile; a new one is held from when it is chosen."""
    made = decide(catalogue, album, "retitled", track=1, value="Kettle")
    catalogue.merge(album)
    renamed = tuple(t.but(title="Kettle") if t.number == 1 else t for t in album.tracks)
    catalogue.enter(album.but(tracks=renamed, edits=catalogue.review.edits(SLUG)))
    for title in (album.tracks[0].title, "Kettle"):
        other = papers.plan("Moss Hour", (title,))
        with pytest.raises(TitleTaken):
            catalogue.reserve("moss", papers.brief("moss", tracks=1), other)
    catalogue.review.undo(SLUG, made.id, made)
    catalogue.reserve(SLUG, album.brief, album.plan)


def test_a_lost_catalogue_learns_from_the_manifest_what_an_album_was_made_with(
    catalogue: Catalogue, album: Album, tmp_path: Path
) -> None:
    """Its edits are decisions again, so that making it again changes nothing."""
    decide(catalogue, album, "retitled", value="Tin Weather")
    decide(catalogue, album, "take", track=2, take=1)
    decide(catalogue, album, "rejected", track=1, take=2, note="no")
    decide(catalogue, album, "reroll", track=2)
    decide(catalogue, album, "reordered", value="2,1")
    decide(catalogue, album, "cover")
    edits = catalogue.review.edits(SLUG)
    made = album.but(edits=edits, plan=album.plan.but(title="Tin Weather"), own_title=album.plan.title)
    with Catalogue.open(tmp_path / "new.db") as new:
        new.merge(made)
        new.merge(made)
        assert new.review.edits(SLUG) == edits
        assert len(new.review.decisions(SLUG)) == 6
        assert {each.author for each in new.review.decisions(SLUG)} == {"album.json"}


def test_what_is_being_opened_is_not_entered_as_finished(catalogue: Catalogue, album: Album) -> None:
    """Whoever read its manifest before it was opened takes nothing of it into the catalogue after."""
    decide(catalogue, album, "approved")
    catalogue.reopen(SLUG)
    catalogue.merge(album, still=lambda: False)
    assert status(catalogue) == "in_progress"


def test_a_row_that_is_no_decision_any_more_counts_for_nothing(
    catalogue: Catalogue, album: Album, tmp_path: Path
) -> None:
    """What was saved from a damaged catalogue does not stop an album."""
    decide(catalogue, album, "reroll", track=1)
    with sqlite3.connect(tmp_path / "catalogue.db") as database:
        database.execute("update decisions set value = 'x2'")
    database.close()
    assert catalogue.review.edits(SLUG) == UNTOUCHED
