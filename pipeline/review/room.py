"""The review room of one library: what there is to hear, and what people decide on it.

    room = Room(shelf, catalogue, cache)
    for row in room.queue(Filter(decided="open", author="ann")).takes: ...
    room.decide(Ask(album="rain-on-tin", track=2, take=1, decision="approved", version=row.version), "ann")

Every method is one short look or transaction, safe to call from many threads and beside a running album. Errors are
LofiErrors; a decision that is stale is refused and changes nothing.
"""

from __future__ import annotations

import random
import threading
from datetime import datetime
from itertools import combinations, groupby
from pathlib import Path

from pipeline.catalogue import AlbumRow, Catalogue
from pipeline.catalogue.comparisons import Comparison, Contender
from pipeline.catalogue.listing import TakeRow, Wanted
from pipeline.catalogue.meaning import counting, edits_of
from pipeline.catalogue.rows import Decided, Going
from pipeline.domain import Slug
from pipeline.domain.line import one_line
from pipeline.errors import BadBrief, LofiError, ShelfError
from pipeline.review import views
from pipeline.review.asking import value_of
from pipeline.review.levels import gain, matched, peak_of
from pipeline.review.pictures import small_copy
from pipeline.review.ratings import closest
from pipeline.review.reading import Begun, read
from pipeline.review.showing import Known, album_view, cover_url, going_view, said, sound_url, version_of
from pipeline.review.standing import stamp, there
from pipeline.review.taste import Taste, results_of
from pipeline.review.waveforms import Waveforms
from pipeline.shelf import AlbumFolder, Shelf
from pipeline.shelf.album_folder import BEFORE, COVER_FOR_TAGS, MANIFEST, PLAN
from pipeline.shelf.lease import is_held
from pipeline.shelf.letting_go import pruned_files
from pipeline.shelf.work_folder import mix_path
from pipeline.steps.again import require_made, waiting

KEPT = 48
"""Albums remembered as they were read: a megabyte each with fifty takes."""
AVERAGE = views.Rating(wins=0, losses=0, strength=0.5)


class Room:
    """One library under review. `cache` is where small copies of covers are kept."""

    def __init__(
        self,
        shelf: Shelf,
        catalogue: Catalogue,
        cache: Path,
        author: str = "",
        chance: random.Random | None = None,
    ) -> None:
        self._shelf, self._catalogue, self._cache, self._author = shelf, catalogue, cache, author
        self._chance = chance or random.SystemRandom()
        self._taste = Taste(catalogue)
        self._waveforms = Waveforms(shelf)
        self._reading = threading.Lock()
        self._read: dict[Slug, tuple[object, Begun]] = {}
        self._noted: tuple[int, tuple[Slug, ...]] = (-1, ())
        self._waiting: dict[Slug, tuple[object, tuple[str, ...]]] = {}

    # What there is

    def queue(self, wanted: views.Filter) -> views.Queue:
        """Return a page of takes, in the order asked for."""
        author = one_line(wanted.author) or self._author
        review, mine = self._catalogue.review, self._taste.scores(author)
        kind = Wanted(**{name: getattr(wanted, name) for name in Wanted.__dataclass_fields__})
        if wanted.sort == "mine" and mine:
            keys = sorted(review.keys(kind), key=lambda key: -mine.get(key, 0.0))
            total, rows = len(keys), review.some(keys[wanted.offset : wanted.offset + wanted.limit])
        else:
            sort = "score" if wanted.sort == "mine" else wanted.sort
            total, rows = review.queue(kind, sort, wanted.offset, wanted.limit)
        beyond = wanted.offset + wanted.limit
        return views.Queue(total=total, next=beyond if beyond < total else None, takes=tuple(self._rows(rows, author)))

    def facets(self) -> views.Facets:
        """Return what there is to filter by."""
        backends, licences = self._catalogue.review.facets()
        albums = tuple(views.NamedAlbum(slug=row.slug, title=row.title) for row in self._catalogue.albums())
        return views.Facets(albums=albums, backends=backends, licences=licences)

    def albums(self) -> tuple[views.AlbumRow, ...]:
        """Return every album, what needs attention first, then what waits for a decision, the newest first."""
        stages = ("needs_attention", "in_progress", "draft", "approved", "released", "rejected")
        going, open_tracks = self._catalogue.review.progress(), self._catalogue.review.open_tracks()
        rows = sorted(self._catalogue.albums(), key=lambda row: row.created, reverse=True)
        rows.sort(key=lambda row: stages.index(row.status))
        changes = {row.slug: self._count(row) for row in rows}
        return tuple(
            views.AlbumRow(
                slug=row.slug,
                title=row.title,
                theme=row.theme,
                status=row.status,
                why=" ".join(filter(None, (row.why, changes[row.slug][1]))),
                tracks=row.brief.tracks,
                open=open_tracks.get(row.slug, 0),
                changes=changes[row.slug][0],
                cover=cover_url(row.slug, version_of(row), small=True) if self._has_cover(row.slug) else None,
                made=row.finished or row.created,
                going=self._going(going.get(row.slug)),
            )
            for row in rows
        )

    def album(self, slug: Slug, author: str = "") -> views.AlbumView:
        """Return one album, finished or being made. Raises ShelfError where there is none."""
        row, begun = self._row(slug), self._begun(slug)
        mine = {
            (track, take): score
            for (of, track, take), score in self._taste.scores(one_line(author) or self._author).items()
            if of == slug
        }
        lacking = [(t.order.track.number, t.order.index) for t, _ in begun.judged if t.peaks is None]
        known = Known(
            row=row,
            decided=self._catalogue.review.decisions(slug),
            ratings=self._taste.ratings(),
            peaks={key: self._waveforms.of(slug, *key) for key in lacking},
            mine=mine,
            going=self._catalogue.review.progress().get(slug) if self._is_made(slug) else None,
        )
        return album_view(begun, known)

    def today(self, author: str = "") -> tuple[views.TakeRow, ...]:
        """Return what was approved since midnight, in that order: for the radio of the day."""
        now = self._catalogue.review.now().astimezone()
        midnight = datetime.combine(now.date(), datetime.min.time()).astimezone()
        keys: dict[tuple[Slug, int, int], datetime] = {}
        for slug, made in self._catalogue.review.decided_since(midnight).items():
            for each in counting(made):
                on_take = each.decision == "approved" and each.track is not None and each.take is not None
                if on_take:
                    keys[slug, each.track or 0, each.take or 0] = each.time
        rows = self._catalogue.review.some(sorted(keys, key=lambda key: keys[key]))
        return tuple(row for row in self._rows(rows, author) if row.decided == "approved")

    def pulse(self) -> int:
        """Return a number that is another after every change in the library, and when a maker is gone."""
        pulse = self._catalogue.review.pulse()
        if self._noted[0] != pulse:
            self._noted = pulse, tuple(self._catalogue.review.progress())
        return hash((pulse, *(self._is_made(slug) for slug in self._noted[1]))) & 0x7FFF_FFFF_FFFF_FFFF

    # What people decide

    def decide(self, asked: views.Ask, author: str) -> views.Said:
        """Enter a decision. Raises BadBrief, ShelfError, Stale, TitleTaken or NotApproved, and changes nothing then."""
        row = self._row(asked.album)
        value = value_of(asked, row.brief.tracks)
        on_album = asked.track is None and asked.decision in ("approved", "rejected")
        if on_album and asked.decision == "approved" and self._changes(row):
            require_made(self._shelf.album(row.slug).read_manifest(), self._catalogue)
        made = Decided(
            version=asked.version,
            decision=asked.decision,
            author=one_line(asked.author) or author,
            time=self._catalogue.review.now(),
            note=one_line(asked.note),
            track=asked.track,
            take=asked.take,
            value=value,
        )
        entered = self._catalogue.review.decide(asked.album, made, asked.seen)
        return said(asked.album, entered, frozenset())

    def undo(self, number: int, author: str) -> views.Said:
        """Let a decision count no more. Raises ShelfError, Stale or BadBrief."""
        review = self._catalogue.review
        slug = review.album_of(number)
        if slug is None:
            raise ShelfError(f"There is no decision {number}.", "Load the page again.")
        target = next(made for made in review.decisions(slug) if made.id == number)
        who = target.model_copy(update={"author": one_line(author), "time": review.now(), "note": ""})
        review.undo(slug, number, who)
        return said(slug, target, frozenset({number}))

    def waiting(self, slug: Slug) -> tuple[str, ...]:
        """Return what was decided and the album's files do not show yet, a sentence each."""
        return self._changes(self._row(slug))

    # Blind comparisons and taste

    def blind(self, author: str, album: Slug | None = None) -> views.Blind | None:
        """Return two takes of one track to compare, without saying which; None where there is nothing to compare.

        Who has not answered is asked the same again, as long as the two are there.
        """
        review, who = self._catalogue.review, one_line(author)
        rows = [row for row in self._all(Wanted(album=album)) if row.passed]
        if album is None:
            rows = [row for row in rows if row.status in ("draft", "in_progress", "needs_attention")] or rows
        gone = {slug: pruned_files(self._shelf.album(slug)) for slug in {row.album for row in rows}}
        rows = [row for row in rows if AlbumFolder.take_path(row.track, row.take) not in gone[row.album]]
        by_hash = {row.sha256: row for row in rows}
        for asked in review.asked(who):
            if all(_is(by_hash.get(side.version), side) for side in (asked.a, asked.b)):
                return self._blind(asked, by_hash[asked.a.version], by_hash[asked.b.version])
        rows.sort(key=lambda row: (row.album, row.track, row.take))
        pairs = [
            (a.sha256, b.sha256)
            for _, group in groupby(rows, key=lambda row: (row.album, row.track))
            for a, b in combinations(group, 2)
        ]
        found = closest(pairs, results_of(review.compared()))
        if found is None:
            return None
        first, second = (by_hash[key] for key in self._chance.sample(found, 2))
        sides = [Contender(album=r.album, track=r.track, take=r.take, version=r.sha256) for r in (first, second)]
        return self._blind(review.ask(Comparison(a=sides[0], b=sides[1], author=who, time=review.now())), first, second)

    def _blind(self, asked: Comparison, first: TakeRow, second: TakeRow) -> views.Blind:
        levels = [(row.loudness, peak_of(self._peaks(row))) for row in (first, second)]
        gain_a, gain_b = matched(*levels)
        plan = {track.number: track for track in self._begun(first.album).project.plan.tracks}[first.track]
        return views.Blind(
            id=asked.id,
            title=first.title,
            prompt=plan.prompt,
            a=f"/compared/{asked.id}/a.flac",
            b=f"/compared/{asked.id}/b.flac",
            gain_a=gain_a,
            gain_b=gain_b,
        )

    def answer(self, number: int, given: views.Answer, author: str) -> views.Unveiled:
        """Keep which was better, and say what the two were. Raises ShelfError or Stale."""
        made = self._catalogue.review.answer(number, given.winner, one_line(given.author) or author)
        ratings = self._taste.ratings()
        return views.Unveiled(
            id=number,
            a=_compared(made.a),
            b=_compared(made.b),
            winner=given.winner,
            rating_a=ratings.get(made.a.version, AVERAGE),
            rating_b=ratings.get(made.b.version, AVERAGE),
        )

    def agreement(self, author: str) -> views.Agreement:
        """Return how often the rankings agreed with a reviewer; learns, for a second, from what was decided since."""
        return self._taste.agreement(one_line(author))

    # Files, by ids alone

    def sound(self, slug: Slug, track: int, take: int) -> Path:
        """Return the file of a take. Raises ShelfError where there is none, Damaged where it was pruned."""
        return there(self._shelf.album(slug), AlbumFolder.take_path(track, take))

    def master(self, slug: Slug, track: int) -> Path:
        """Return the file of a finished track, by its number in the plan. Raises ShelfError where there is none."""
        begun = self._begun(slug)
        for made in begun.album.tracks if begun.album is not None and begun.whole else ():
            if made.number == track:
                return there(self._shelf.album(slug), made.files[0].path)
        raise ShelfError(f"There is no finished track {track} of {slug}.", "Load the page again.")

    def mix(self, slug: Slug) -> Path:
        """Return the album, or the long mix, as one piece. Raises ShelfError where there is none."""
        folder = self._shelf.mix(slug) if self._shelf.mix(slug).folder.is_dir() else self._shelf.album(slug)
        return there(folder, mix_path("flac"))

    def cover(self, slug: Slug, small: bool = False) -> Path:
        """Return the cover as a JPEG. Raises ShelfError where there is none."""
        large = there(self._shelf.album(slug), COVER_FOR_TAGS)
        return small_copy(large, self._cache) if small else large

    def compared(self, number: int, side: str) -> Path:
        """Return what is heard as one side of a comparison, as it was then. Raises ShelfError where that is gone."""
        asked = self._catalogue.review.comparison(number)
        heard = {"a": asked.a, "b": asked.b}.get(side)
        if heard is None:
            raise BadBrief("A comparison has the sides a and b.")
        if not any(_is(row, heard) for row in self._catalogue.review.some([(heard.album, heard.track, heard.take)])):
            raise ShelfError("One of the two is not there any more.", "Ask for the next two.")
        return self.sound(heard.album, heard.track, heard.take)

    def _rows(self, rows: list[TakeRow], author: str) -> list[views.TakeRow]:
        mine = self._taste.scores(one_line(author) or self._author)
        covers = {slug: self._has_cover(slug) for slug in {row.album for row in rows}}
        return [
            views.TakeRow(
                album=row.album,
                album_title=row.album_title,
                status=row.status,
                track=row.track,
                take=row.take,
                title=row.title,
                version=row.sha256,
                chosen=row.chosen,
                decided=row.word,
                passed=row.passed,
                score=row.total,
                mine=mine.get((row.album, row.track, row.take)),
                backend=row.backend or "",
                licence="; ".join((row.licences or "").splitlines()),
                seconds=row.seconds or 0.0,
                attention=row.why if row.status == "needs_attention" else "",
                peaks=row.peaks,
                gain=gain(row.loudness, peak_of(row.peaks)),
                audio=sound_url(row.album, row.track, row.take, row.sha256),
                cover=cover_url(row.album, row.version, small=True) if covers[row.album] else None,
            )
            for row in rows
        ]

    def _all(self, wanted: Wanted) -> list[TakeRow]:
        total, _ = self._catalogue.review.queue(wanted, "newest", 0, 0)
        return self._catalogue.review.queue(wanted, "newest", 0, total)[1]

    def _peaks(self, row: TakeRow) -> str | None:
        return row.peaks or self._waveforms.of(row.album, row.track, row.take)

    def _row(self, slug: Slug) -> AlbumRow:
        row = self._catalogue.album(slug)
        if row is None:
            raise ShelfError(f"There is no album {slug}.", "Load the page again.")
        return row

    def _begun(self, slug: Slug) -> Begun:
        """Read an album, or remember it while nothing of it has changed."""
        folder = self._shelf.album(slug)
        seen = tuple(stamp(folder.folder / name) for name in (MANIFEST, BEFORE, PLAN, "takes"))
        with self._reading:
            kept = self._read.get(slug)
        if kept is not None and kept[0] == seen:
            return kept[1]
        begun = read(folder)
        with self._reading:
            while len(self._read) >= KEPT:
                self._read.pop(next(iter(self._read)))
            self._read[slug] = seen, begun
        return begun

    def _changes(self, row: AlbumRow) -> tuple[str, ...]:
        decided = self._catalogue.review.decisions(row.slug)
        if not decided:
            return ()
        seen = row.manifest, decided[-1].id
        with self._reading:
            known = self._waiting.get(row.slug)
        if known is not None and known[0] == seen:
            return known[1]
        album = self._begun(row.slug).album
        changes = () if album is None else waiting(album, edits_of(decided))
        if row.manifest is not None:
            with self._reading:
                self._waiting[row.slug] = seen, changes
        return changes

    def _count(self, row: AlbumRow) -> tuple[int, str]:
        """Return how many changes wait, and what is wrong where that cannot be told: a list is more than one album."""
        try:
            return len(self._changes(row)), ""
        except LofiError as error:
            return 0, str(error)

    def _is_made(self, slug: Slug) -> bool:
        """Whether somebody is at an album right now: what a killed process said of it is no news."""
        return is_held(self._shelf.album(slug).folder)

    def _going(self, going: Going | None) -> views.Going | None:
        return None if going is None or not self._is_made(going.album) else going_view(going)

    def _has_cover(self, slug: Slug) -> bool:
        return (self._shelf.album(slug).folder / COVER_FOR_TAGS).is_file()


def _compared(heard: Contender) -> views.Compared:
    return views.Compared(album=heard.album, track=heard.track, take=heard.take)


def _is(row: TakeRow | None, heard: Contender) -> bool:
    """Whether a take that is there is the very one that was asked about."""
    return row is not None and (row.album, row.track, row.take, row.sha256) == (
        heard.album,
        heard.track,
        heard.take,
        heard.version,
    )
