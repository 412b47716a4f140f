"""What a reviewer is shown: the right takes in the right order, equally loud, and blind ones without a hint."""

from __future__ import annotations

import base64
import random
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image
from room_outside import many_albums
from small_label import build
from sqlalchemy import event

from pipeline.audio.decode import decode
from pipeline.audio.loudness import loudness
from pipeline.audio.waveform import STRETCHES, waveform
from pipeline.catalogue import Catalogue
from pipeline.domain import Album
from pipeline.errors import BadBrief, ShelfError
from pipeline.library import open_library
from pipeline.review import waveforms
from pipeline.review.levels import CEILING, TARGET, gain, matched, peak_of
from pipeline.review.room import Room
from pipeline.review.views import Answer, Ask, Filter
from pipeline.settings import Settings
from pipeline.shelf import Shelf


@pytest.fixture(scope="module")
def papers_library(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Album]]:
    root = tmp_path_factory.mktemp("many") / "library"
    return root, many_albums(root, 4, 3)


@pytest.fixture
def many(papers_library: tuple[Path, list[Album]], tmp_path: Path) -> Iterator[tuple[Room, list[Album]]]:
    """A room over four albums of three tracks with two takes each."""
    shutil.copytree(papers_library[0], tmp_path / "library")
    with open_library(Settings(library=tmp_path / "library")) as (shelf, catalogue):
        yield Room(shelf, catalogue, tmp_path / "cache", "mia", random.Random(1)), papers_library[1]


def decide(room: Room, album: str, decision: str, **more: Any) -> None:
    view = room.album(album)
    version = view.version
    if "take" in more:
        (version,) = (
            take.version
            for track in view.tracks
            for take in track.takes
            if (track.track, take.take) == (more["track"], more["take"])
        )
    asked = {"album": album, "decision": decision, "version": version, "seen": view.seen, **more}
    room.decide(Ask.model_validate(asked), "mia")


def test_every_take_is_listed_once_whatever_the_pages(many: tuple[Room, list[Album]]) -> None:
    """In each order, page by page; and no page has more than it was asked for."""
    room, albums = many
    every = {(a.slug, t.order.track.number, t.order.index) for a in albums for t in a.takes}
    for sort in ("attention", "score", "newest", "mine"):
        seen, offset = [], 0
        while offset is not None:
            page = room.queue(Filter(sort=sort, offset=offset, limit=7))
            assert len(page.takes) <= 7 and page.total == len(every)
            seen += [(row.album, row.track, row.take) for row in page.takes]
            offset = page.next
        assert len(seen) == len(every) and set(seen) == every, sort


def test_what_needs_a_person_comes_first(many: tuple[Room, list[Album]]) -> None:
    """Then drafts; what is decided comes last, and says why it wants attention."""
    room, albums = many
    decide(room, albums[0].slug, "approved")
    decide(room, albums[1].slug, "rejected", note="too alike")
    with Catalogue.open(room._shelf.catalogue_path) as catalogue:  # type: ignore[attr-defined]
        catalogue.reopen(albums[2].slug)
        catalogue.needs_attention(albums[2].slug, "every take of track 2 was silent")
    rows = room.queue(Filter()).takes
    order = list(dict.fromkeys(row.album for row in rows))
    assert order == [albums[2].slug, albums[3].slug, albums[0].slug, albums[1].slug]
    assert rows[0].attention == "every take of track 2 was silent"
    assert [row.slug for row in room.albums()] == order


def test_filters_narrow_and_add_up(many: tuple[Room, list[Album]]) -> None:
    """By status, album, decision, choice, licence, backend, score and words; what is no word finds nothing special."""
    room, albums = many
    decide(room, albums[0].slug, "approved", track=2, take=1)
    decide(room, albums[0].slug, "rejected", track=2, take=2, note="no")

    def count(**wanted: Any) -> int:
        return room.queue(Filter(**wanted)).total

    assert (count(decided="approved"), count(decided="rejected"), count(decided="open")) == (1, 1, 22)
    assert (count(album=albums[1].slug), count(album=albums[1].slug, chosen=True)) == (6, 3)
    assert (count(licence="CC0-1.0"), count(licence="CC0"), count(backend="offline band 1")) == (24, 0, 24)
    assert (count(least=0.8), count(least=0.81), count(status="approved")) == (24, 0, 0)
    assert count(words="SONG 2 album 3") == 4  # and song 3 of album 2: words may come in any order
    assert (count(words="theme 4"), count(words="100%"), count(words="_")) == (6, 0, 0)
    assert count(words="'; drop table takes; --") == 0
    facets = room.facets()
    assert [album.slug for album in facets.albums] == [album.slug for album in albums]
    assert (facets.backends, facets.licences) == (("offline band 1",), ("CC0-1.0",))


def test_a_blind_pair_is_two_takes_of_one_track_in_either_order(many: tuple[Room, list[Album]]) -> None:
    """Every pair is asked before any comes again, and no address tells which take it is."""
    room, albums = many
    seen, firsts = [], []
    for _ in range(12):
        pair = room.blind("mia")
        assert pair is not None
        assert not {album.slug for album in albums} & set(pair.model_dump_json().replace("/", '"').split('"'))
        told = room.answer(pair.id, Answer(winner="a"), "mia")
        assert (told.a.album, told.a.track) == (told.b.album, told.b.track) and told.a.take != told.b.take
        assert told.rating_a.strength > 0.5 > told.rating_b.strength
        seen.append((told.a.album, told.a.track))
        firsts.append(told.a.take)
    assert len(set(seen)) == 12 and set(firsts) == {1, 2}


def test_who_has_nothing_to_compare_is_told(many: tuple[Room, list[Album]]) -> None:
    """An album with one take a track; and what is answered once stays so."""
    room, albums = many
    assert room.blind("mia", "no-such-album") is None
    pair = room.blind("mia", albums[0].slug)
    assert pair is not None
    room.answer(pair.id, Answer(winner="tie"), "mia")
    room.answer(pair.id, Answer(winner="tie"), "mia")  # an answer that was lost on the way is given again
    with pytest.raises(Exception, match="answered already"):
        room.answer(pair.id, Answer(winner="a"), "mia")
    with pytest.raises(ShelfError):
        room.answer(999, Answer(winner="a"), "mia")


def test_the_radio_of_the_day_is_what_was_approved_and_stays_so(many: tuple[Room, list[Album]]) -> None:
    """In the order of the approvals; what was undone is not played."""
    room, albums = many
    decide(room, albums[2].slug, "approved", track=1, take=2)
    decide(room, albums[0].slug, "approved", track=3, take=1)
    assert [(row.album, row.take) for row in room.today()] == [(albums[2].slug, 2), (albums[0].slug, 1)]
    (last,) = (made for made in room.album(albums[0].slug).decisions if not made.undone)
    room.undo(last.id, "mia")
    assert [row.album for row in room.today()] == [albums[2].slug]


@pytest.mark.parametrize(
    "asked",
    [
        {"decision": "rejected", "track": 1, "take": 1},
        {"decision": "rejected", "track": 1, "take": 1, "note": " \u200b "},
        {"decision": "retitled", "track": 1, "value": "\u202e"},
        {"decision": "retitled", "track": 1, "value": "x" * 121},
        {"decision": "retitled", "track": 9, "value": "Kettle"},
        {"decision": "reordered", "value": "1,2"},
        {"decision": "reordered", "value": "1,2,2"},
        {"decision": "reordered", "value": "one, two, three"},
        {"decision": "reroll"},
        {"decision": "approved", "track": 1},
        {"decision": "cover", "track": 1},
        {"decision": "approved", "take": 1},
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    many: tuple[Room, list[Album]], asked: dict[str, Any]
) -> None:
    """A rejection without a reason, an empty title, half an order, a decision on the wrong thing."""
    room, albums = many
    view = room.album(albums[0].slug)
    with pytest.raises(BadBrief):
        room.decide(Ask(album=view.slug, version=view.version, seen=view.seen, **asked), "mia")
    assert room.album(albums[0].slug) == view


def test_takes_of_an_earlier_version_are_listed_like_any(
    papers_library: tuple[Path, list[Album]], tmp_path: Path
) -> None:
    """What the queue shows of them is read from their manifests when the library is opened."""
    shutil.copytree(papers_library[0], tmp_path / "library")
    with sqlite3.connect(tmp_path / "library" / "catalogue.db") as database:
        database.execute(
            "update takes set backend = null, licences = null, scores = null, seconds = null, loudness = null"
        )
    database.close()
    with open_library(Settings(library=tmp_path / "library")) as (shelf, catalogue):
        rows = Room(shelf, catalogue, tmp_path / "cache").queue(Filter(limit=200)).takes
    assert {row.backend for row in rows} == {"offline band 1"} and {row.seconds for row in rows} == {10.0}


@pytest.fixture(scope="module")
def sounding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sounding") / "library"
    build(root)
    return root


def test_small_covers_are_small_and_made_once(sounding: Path, tmp_path: Path) -> None:
    """For lists; another cover has another copy."""
    with open_library(Settings(library=sounding)) as (shelf, catalogue):
        room = Room(shelf, catalogue, tmp_path)
        slug = room.albums()[0].slug
        small = room.cover(slug, small=True)
        with Image.open(small) as picture:
            assert picture.size == (480, 480) and picture.format == "JPEG"
        before = small.stat().st_mtime_ns
        assert room.cover(slug, small=True) == small and small.stat().st_mtime_ns == before


def test_finished_tracks_and_mixes_can_be_heard(sounding: Path, tmp_path: Path) -> None:
    """By number alone; what is not there is said."""
    with open_library(Settings(library=sounding)) as (shelf, catalogue):
        room = Room(shelf, catalogue, tmp_path)
        view = room.album("rain-on-tin")
        assert all(track.master for track in view.tracks)
        clip = decode(room.master("rain-on-tin", 2))
        assert clip.seconds > 10 and decode(room.mix("rain-on-tin")).seconds > 20
        for call in (lambda: room.master("rain-on-tin", 9), lambda: room.sound("rain-on-tin", 1, 9)):
            with pytest.raises(ShelfError):
                call()


def test_a_waveform_is_the_loudest_sample_of_each_stretch() -> None:
    """Of both channels; silence, single samples and what is no number draw a line."""
    samples = np.zeros((40_000, 2), np.float32)
    samples[4_050, 1] = -0.5
    samples[39_999, 0] = 2.0
    drawn = base64.b64decode(waveform(samples))
    assert len(drawn) == STRETCHES and drawn[40] == 128 and drawn[399] == 255 and sum(drawn) == 128 + 255
    for odd in (np.zeros((0, 2)), np.full((7, 1), np.nan), np.full((3, 2), 0.0)):
        assert base64.b64decode(waveform(odd.astype(np.float32))) == bytes(STRETCHES)


def test_two_takes_are_compared_equally_loud() -> None:
    """The measured loudness of both, with their gains, is the same; no sample is brought above the ceiling."""
    tone = np.sin(np.arange(320_000) / 30)[:, None].astype(np.float32).repeat(2, axis=1)
    bursts = tone * (np.arange(320_000)[:, None] % 32_000 < 1_600)
    from pipeline.audio.clip import Clip

    clips = [Clip(0.05 * tone, 32_000), Clip((0.9 * bursts).astype(np.float32), 32_000)]
    levels = [(loudness(clip), 20 * float(np.log10(np.abs(clip.samples).max()))) for clip in clips]
    gains = matched(*levels)  # type: ignore[arg-type]
    played = [Clip(clip.samples * np.float32(10 ** (g / 20)), clip.rate) for clip, g in zip(clips, gains, strict=True)]
    assert loudness(played[0]) == pytest.approx(loudness(played[1]), abs=0.05)
    assert max(np.abs(clip.samples).max() for clip in played) <= 10 ** (CEILING / 20) + 1e-4
    assert gain(TARGET, -20.0) == 0.0 and gain(None, -3.0) == 0.0
    assert peak_of("") == 0.0 and peak_of("not base64!") == 0.0


def test_what_is_running_is_shown_and_forgotten(papers_library: tuple[Path, list[Album]], tmp_path: Path) -> None:
    """While an album is made the list says how far it is, and the pulse tells that there is something new."""
    shutil.copytree(papers_library[0], tmp_path / "library")
    shelf = Shelf.open(tmp_path / "library")
    with Catalogue.open(shelf.catalogue_path) as catalogue, Catalogue.open(shelf.catalogue_path) as elsewhere:
        room, slug = Room(shelf, catalogue, tmp_path), papers_library[1][0].slug
        before = room.pulse()
        with shelf.album(slug).hold():
            elsewhere.review.note_progress(slug, "render", "take 1 of “Gutter Song”", 0.25)
            held = room.pulse()
            assert held != before and room.pulse() == held
            going = next(row.going for row in room.albums() if row.slug == slug)
            assert going is not None and (going.stage, going.share) == ("render", 0.25)
            assert room.album(slug).going == going
        # Whoever was at it was killed, and could not say so.
        assert room.pulse() != held
        assert room.album(slug).going is None and all(row.going is None for row in room.albums())
        with shelf.album(slug).hold():
            elsewhere.review.end_progress(slug)
            assert room.album(slug).going is None


def test_one_album_that_cannot_be_read_leaves_the_others_in_the_list(many: tuple[Room, list[Album]]) -> None:
    """It is listed as well, and says what is wrong with it."""
    room, albums = many
    gone, broken = albums[1].slug, albums[2].slug
    for slug in (gone, broken):
        decide(room, slug, "retitled", track=1, value=f"Kettle of {slug}")
    shutil.rmtree(room._shelf.album(gone).folder)
    for name in ("album.json", "plan.json"):
        room._shelf.album(broken).path(name).write_text("{")
    rows = {row.slug: row for row in room.albums()}
    assert set(rows) == {album.slug for album in albums}
    assert rows[gone].changes == rows[broken].changes == 0
    assert gone in rows[gone].why and "plan.json" in rows[broken].why and rows[albums[0].slug].why == ""


def test_who_does_not_answer_is_asked_the_same_again(many: tuple[Room, list[Album]]) -> None:
    """By themselves, within the album they asked for, and only while the two takes are as they were."""
    room, albums = many
    pair = room.blind("mia")
    assert pair is not None and room.blind("mia") == pair
    bens = room.blind("ben")
    assert bens is not None and bens.id != pair.id
    asked = room._catalogue.review.comparison(pair.id)
    elsewhere = next(album.slug for album in albums if album.slug != asked.a.album)
    other = room.blind("mia", elsewhere)
    assert other is not None and other.id not in (pair.id, bens.id) and room.blind("mia", elsewhere) == other
    assert room.answer(other.id, Answer(winner="a"), "mia").a.album == elsewhere
    assert room.blind("mia") == pair
    with room._catalogue._database.writing() as connection:
        connection.exec_driver_sql("update takes set sha256 = ? where sha256 = ?", ("0" * 64, asked.a.version))
    anew = room.blind("mia")
    assert anew is not None and anew.id != pair.id


def test_what_is_compared_is_what_was_asked_about(many: tuple[Room, list[Album]]) -> None:
    """Once a take is another, nobody hears it as the one that is asked about."""
    room, _ = many
    pair = room.blind("mia")
    assert pair is not None
    heard = room._catalogue.review.comparison(pair.id).a
    place = room._shelf.album(heard.album).path(f"takes/{heard.track:02d}-{heard.take}.flac")
    place.write_bytes(b"fLaC")
    assert room.compared(pair.id, "a") == place
    with room._catalogue._database.writing() as connection:
        connection.exec_driver_sql("update takes set sha256 = ? where sha256 = ?", ("0" * 64, heard.version))
    with pytest.raises(ShelfError):
        room.compared(pair.id, "a")


def test_an_earlier_question_answered_later_is_learned_from(many: tuple[Room, list[Album]]) -> None:
    """The order of the answers does not matter."""
    room, _ = many
    first, second = room.blind("mia"), room.blind("ben")
    assert first is not None and second is not None
    room.answer(second.id, Answer(winner="a"), "ben")
    assert room.agreement("mia").pairs == 0
    room.answer(first.id, Answer(winner="a"), "mia")
    assert room.agreement("mia").pairs == 1


def test_what_is_kept_of_reviewers_is_bounded(many: tuple[Room, list[Album]]) -> None:
    """Whoever said nothing is not remembered, and of many who did the last are."""
    room, _ = many
    for number in range(40):
        assert room.agreement(f"nobody {number}").pairs == 0
    assert len(room._taste._agreement) == 1
    for number in range(40):
        pair = room.blind(f"ann {number}")
        assert pair is not None
        room.answer(pair.id, Answer(winner="a"), f"ann {number}")
    for number in range(40):
        assert room.agreement(f"ann {number}").pairs == 1
    assert len(room._taste._agreement) <= 32


def test_the_ranking_is_that_of_whoever_looks(many: tuple[Room, list[Album]]) -> None:
    """In the queue and on the album's page, whoever the room was opened by."""
    room, albums = many
    keys = [(a.slug, t.order.track.number, t.order.index) for a in albums for t in a.takes]
    room._taste._scores = {"bob": {key: float(place) for place, key in enumerate(keys)}}
    rows = room.queue(Filter(sort="mine", author="bob", limit=200)).takes
    assert [(row.album, row.track, row.take) for row in rows] == keys[::-1]
    assert [row.mine for row in rows] == [float(place) for place in range(len(keys))][::-1]
    assert {row.mine for row in room.queue(Filter(sort="mine")).takes} == {None}
    mine = {take.mine for track in room.album(albums[0].slug, "bob").tracks for take in track.takes}
    assert None not in mine
    assert {take.mine for track in room.album(albums[0].slug).tracks for take in track.takes} == {None}


def test_the_radio_of_the_day_looks_at_the_day_alone(papers_library: tuple[Path, list[Album]], tmp_path: Path) -> None:
    """What was approved before is not played, and costs nothing to leave out."""
    shutil.copytree(papers_library[0], tmp_path / "library")
    shelf, now = Shelf.open(tmp_path / "library"), datetime.now().astimezone().replace(hour=12)
    with Catalogue.open(shelf.catalogue_path, clock=lambda: now) as catalogue:
        room, asked = Room(shelf, catalogue, tmp_path / "cache", "mia"), list[str]()

        @event.listens_for(catalogue._database.engine, "before_cursor_execute")
        def note(_: object, __: object, statement: str, *___: object) -> None:
            asked.append(statement)

        now -= timedelta(days=1)
        decide(room, papers_library[1][0].slug, "approved", track=1, take=1)
        now += timedelta(days=1)
        decide(room, papers_library[1][1].slug, "approved", track=2, take=2)
        asked.clear()
        assert [(row.album, row.track) for row in room.today()] == [(papers_library[1][1].slug, 2)]
        few = len(asked)
        for album in papers_library[1][2:]:
            now -= timedelta(days=1)
            decide(room, album.slug, "approved", track=1, take=1)
            now += timedelta(days=1)
        asked.clear()
        assert len(room.today()) == 1 and len(asked) == few


def test_a_waveform_that_many_want_is_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second waits for the first."""
    place = Shelf(tmp_path).album("rain").path("takes/01-1.flac")
    place.parent.mkdir(parents=True)
    soundfile.write(place, 0.3 * np.sin(np.arange(640_000) / 30), 32_000)
    decoded, start, drawn = list[Path](), threading.Barrier(8), list[str]()
    monkeypatch.setattr(waveforms, "decode", lambda path: (decoded.append(path), decode(path))[1])
    made = waveforms.Waveforms(Shelf(tmp_path))

    def want() -> None:
        start.wait()
        drawn.append(made.of("rain", 1, 1))

    threads = [threading.Thread(target=want) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(decoded) == 1 and len(drawn) == 8 and len(set(drawn)) == 1 and drawn[0]
