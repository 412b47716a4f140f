"""What the catalogue remembers: albums, titles, takes and every render."""

from __future__ import annotations

import multiprocessing
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import papers
import pytest

from pipeline.catalogue import Catalogue, TitleTaken
from pipeline.domain import Loop, LoopOrder, Weights
from pipeline.errors import Damaged, ShelfError
from pipeline.shelf import AlbumFolder

ROOT = Path(__file__).parents[2]
OTHER = papers.plan("Moss Hour", ("Fern", "Stone"))
ORDER = papers.order()


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with Catalogue.open(tmp_path / "catalogue.db", clock=lambda: papers.NOON) as catalogue:
        yield catalogue


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def begin(catalogue: Catalogue, run: str = "run-1", kind: str = "asked", slug: str = "rain-on-tin") -> int:
    return catalogue.begin_render(slug, ORDER, kind, papers.BAND, run)


def test_the_ledger_names_every_model_with_its_licence(catalogue: Catalogue, tmp_path: Path) -> None:
    """Of a render that is begun, and of one that only a manifest proves; models of one's own by their hash."""
    models = (
        Weights(name="facebook/musicgen-small", revision="3e02990f", sha256="a" * 64, licence="CC-BY-NC-4.0"),
        Weights(name="my-t5", revision="", sha256="b" * 64, licence="Apache-2.0"),
    )
    player = papers.BAND.but(name="musicgen", weights=models)
    catalogue.begin_render("rain-on-tin", ORDER, "asked", player, "run-1")
    proven = papers.finished_album(AlbumFolder(tmp_path / "moss-hour", "moss-hour"), OTHER, papers.brief("moss"))
    catalogue.merge(proven.but(takes=tuple(take.but(backend=player) for take in proven.takes)))
    said = "musicgen 1, CC0-1.0; facebook/musicgen-small@3e02990f, CC-BY-NC-4.0; my-t5@bbbbbbbbbbbb, Apache-2.0"
    assert set(rows(tmp_path / "catalogue.db", "select backend from renders")) == {(said,)}


def test_titles_are_remembered_whatever_their_spelling(catalogue: Catalogue) -> None:
    """Album and track titles come back casefolded, for the writer to avoid."""
    assert catalogue.titles() == frozenset()
    catalogue.reserve("rain-on-tin", papers.brief(), papers.plan("STRASSE", ("Gutter Song", "Ｗide")))
    assert {"strasse", "gutter song", "wide", "ｗide"} == catalogue.titles()


@pytest.mark.parametrize("title", ["Gutter Song", "GUTTER  SONG", "gutter song ", "Ｇutter Song", "Rain On Tin"])
def test_no_title_is_given_twice(catalogue: Catalogue, title: str) -> None:
    """A title of another album, in any spelling, is refused, and the refused album leaves nothing behind."""
    catalogue.reserve("rain-on-tin", papers.brief(), papers.plan())
    before = catalogue.titles()
    with pytest.raises(TitleTaken, match="rain-on-tin"):
        catalogue.reserve("moss-hour", papers.brief("moss"), papers.plan("Moss Hour", ("Fern", title)))
    assert catalogue.titles() == before
    assert [row.slug for row in catalogue.albums()] == ["rain-on-tin"]


def test_a_reservation_can_be_repeated_and_changed(catalogue: Catalogue) -> None:
    """The same run again, or a retitled plan, keeps exactly its own titles."""
    for paper in (papers.plan(), papers.plan(), papers.plan("Rain On Tin", ("Gutter Song", "Third"))):
        catalogue.reserve("rain-on-tin", papers.brief(), paper)
    assert catalogue.titles() == {"rain on tin", "gutter song", "third"}
    catalogue.reserve("moss-hour", papers.brief("moss"), papers.plan("Slow Drops", ("Fern",)))


def test_a_title_track_is_no_conflict(catalogue: Catalogue) -> None:
    """An album may have a track of its own name."""
    catalogue.reserve("rain-on-tin", papers.brief(), papers.plan("Rain On Tin", ("Rain on Tin", "B")))


def test_an_album_is_found_by_its_brief(catalogue: Catalogue) -> None:
    """The same words find the unfinished album, with the seed or without."""
    catalogue.reserve("rain-on-tin", papers.brief(seed=1), papers.plan())
    catalogue.reserve("moss-hour", papers.brief("moss", seed=1), OTHER)

    def found(theme: str, seed: int, any_seed: bool = False) -> list[str]:
        return [row.slug for row in catalogue.albums(papers.brief(theme, seed), any_seed=any_seed)]

    assert found("moss", 1) == ["moss-hour"] == found("moss", 99, any_seed=True)
    assert found("moss", 99) == [] == found("fern", 1, any_seed=True)
    (row,) = catalogue.albums(papers.brief("moss", 1))
    assert (row.status, row.brief, row.created) == ("in_progress", papers.brief("moss", 1), papers.NOON)


def test_every_start_is_in_the_ledger_under_one_heading(catalogue: Catalogue) -> None:
    """Asked takes, re-rolls and starts that came to nothing add up to all renders started."""
    outcomes = [
        ("asked", "finished"),
        ("asked", "failed"),
        ("asked", "finished"),
        ("reroll", "finished"),
        ("reroll", None),
    ]
    for kind, outcome in outcomes:
        number = begin(catalogue, kind=kind)
        if outcome:
            catalogue.end_render(number, outcome, 10.0 if outcome == "finished" else 4.0)
    begin(catalogue, slug="moss-hour")
    spend = catalogue.spend("rain-on-tin")
    assert (spend.asked, spend.rerolls, spend.interrupted, spend.seconds) == (2, 2, 1, 30.0)
    assert catalogue.spend("nobody").asked == 0


def test_renders_of_dead_runs_are_settled_and_those_of_this_run_are_not(catalogue: Catalogue) -> None:
    """After a crash the holder counts what was left started; its own renders and other albums are left alone."""
    begin(catalogue, "dead")
    begin(catalogue, "dead", slug="moss-hour")
    mine = begin(catalogue, "alive")
    assert catalogue.mark_interrupted("rain-on-tin", "alive") == 1
    assert catalogue.mark_interrupted("rain-on-tin", "alive") == 0
    catalogue.end_render(mine, "finished", 10)
    spend = catalogue.spend("rain-on-tin")
    assert (spend.asked, spend.interrupted, spend.seconds) == (1, 1, 10)
    assert catalogue.spend("moss-hour").interrupted == 0
    catalogue.end_render(mine, "failed", 0)
    assert catalogue.spend("rain-on-tin") == spend, "a settled render stays settled"


@pytest.mark.parametrize("marked", [True, False])
def test_a_take_found_on_the_shelf_was_not_an_interruption(catalogue: Catalogue, tmp_path: Path, marked: bool) -> None:
    """Killed between shelf and ledger, the render counts as finished once its take is recorded, and only once."""
    catalogue.reserve("rain-on-tin", papers.brief(), papers.plan())
    take = papers.put_take(AlbumFolder(tmp_path, "rain-on-tin"), ORDER)
    begin(catalogue, "first try")
    catalogue.mark_interrupted("rain-on-tin")
    begin(catalogue, "second try")
    if marked:
        catalogue.mark_interrupted("rain-on-tin")
    for _ in range(2):
        catalogue.record_take("rain-on-tin", take, papers.verdict())
    spend = catalogue.spend("rain-on-tin")
    assert (spend.asked, spend.interrupted, spend.seconds) == (1, 1, 10)


def test_a_loop_is_in_the_ledger_beside_the_takes(catalogue: Catalogue) -> None:
    """Under a heading of its own; one that was interrupted between shelf and ledger was finished all the same."""
    catalogue.reserve("rain-on-tin", papers.brief(), papers.plan())
    rain = LoopOrder(ambience="rain", seconds=24, seed=5)
    catalogue.end_render(begin(catalogue), "finished", 10.0)
    failed = catalogue.begin_loop("rain-on-tin", 1, rain, papers.BAND, "run-1")
    catalogue.end_render(failed, "failed", 0.0)
    catalogue.begin_loop("rain-on-tin", 1, rain, papers.BAND, "run-1")
    catalogue.mark_interrupted("rain-on-tin")
    for _ in range(2):
        catalogue.settle_loop("rain-on-tin", 1, Loop(order=rain, prompt="rain", backend=papers.BAND, file=None))
    spend = catalogue.spend("rain-on-tin")
    assert (spend.asked, spend.loops, spend.interrupted, spend.seconds) == (1, 1, 1, 34)


def test_a_finished_album_is_a_draft_with_the_prints_of_its_chosen_takes(catalogue: Catalogue, tmp_path: Path) -> None:
    """The near-duplicate check sees every chosen take of every other album, under the track's title."""
    one = papers.finished_album(AlbumFolder(tmp_path / "rain-on-tin", "rain-on-tin"))
    two = papers.finished_album(AlbumFolder(tmp_path / "moss-hour", "moss-hour"), OTHER, papers.brief("moss"))
    for album in (one, two):
        catalogue.reserve(album.slug, album.brief, album.plan)
        for take in album.takes:
            catalogue.record_take(album.slug, take, papers.verdict())
    assert catalogue.fingerprints() == []
    for album in (one, two, two):
        catalogue.enter(album)
    assert [row.status for row in catalogue.albums()] == ["draft", "draft"]
    assert catalogue.albums(one.brief)[0].manifest == one.digest()
    assert [chosen.title for chosen in catalogue.fingerprints()] == ["Fern", "Stone", "Gutter Song", "Slow Drops"]
    prints = catalogue.fingerprints(excluding="moss-hour")
    assert [tuple(chosen) for chosen in prints] == [
        ("rain-on-tin", 1, "Gutter Song", one.takes[0].fingerprint, None, None),
        ("rain-on-tin", 2, "Slow Drops", one.takes[2].fingerprint, None, None),
    ]


def test_tracks_that_got_other_titles_hold_those(catalogue: Catalogue, tmp_path: Path) -> None:
    """The titles on the finished tracks are taken, and those they were planned under, which may come back."""
    album = papers.finished_album(AlbumFolder(tmp_path, "rain-on-tin"))
    first, second = album.tracks
    catalogue.enter(album.but(tracks=(first.but(title="Eaves"), second)))
    assert catalogue.titles() == {"rain on tin", "eaves", "gutter song", "slow drops"}
    for take, verdict in zip(album.takes, album.verdicts, strict=True):
        catalogue.record_take(album.slug, take, verdict)  # as when the album is made again
    assert [chosen.title for chosen in catalogue.fingerprints()] == ["Eaves", "Slow Drops"]


def test_an_album_that_needs_a_person_says_why(catalogue: Catalogue, tmp_path: Path) -> None:
    """It stays findable, goes on when it is run again, and a finished one is not touched."""
    catalogue.reserve("rain-on-tin", papers.brief(), papers.plan())
    catalogue.needs_attention("rain-on-tin", "every take of track 2 was silent")
    (row,) = catalogue.albums()
    assert (row.status, row.why) == ("needs_attention", "every take of track 2 was silent")
    catalogue.reserve("rain-on-tin", papers.brief(), papers.plan())
    assert catalogue.albums()[0].status == "in_progress"
    catalogue.enter(papers.finished_album(AlbumFolder(tmp_path, "rain-on-tin")))
    catalogue.needs_attention("rain-on-tin", "late")
    catalogue.reserve("rain-on-tin", papers.brief(), papers.plan())
    assert (catalogue.albums()[0].status, catalogue.albums()[0].why) == ("draft", "")


def test_an_approval_holds_for_that_very_manifest(catalogue: Catalogue, tmp_path: Path) -> None:
    """Entered again unchanged, an approved album stays approved; changed, it is a draft again."""
    album = papers.finished_album(AlbumFolder(tmp_path, "rain-on-tin"))
    catalogue.enter(album)
    catalogue.decide("rain-on-tin", album.digest(), "approved", "mia")
    catalogue.enter(album)
    catalogue.merge(album)
    assert catalogue.albums()[0].status == "approved"
    catalogue.enter(album.but(run=album.run.but(finished=papers.NOON + timedelta(hours=1))))
    assert catalogue.albums()[0].status == "draft"


def _reserve(path: str, number: int, gate: object, got: object) -> None:
    paper = papers.plan(f"Album {number}", (f"Track {number}", "Shared Title"))
    gate.wait()
    with Catalogue.open(Path(path)) as catalogue:
        try:
            catalogue.reserve(f"album-{number}", papers.brief(seed=number), paper)
            got.put(number)
        except TitleTaken:
            got.put(None)
        for _ in range(10):
            begin(catalogue, f"run-{number}")


def test_many_runs_can_start_in_a_new_library_at_once(tmp_path: Path) -> None:
    """All make the catalogue, exactly one gets the title they share, and no render is missing from the ledger."""
    context = multiprocessing.get_context("spawn")
    gate, got = context.Barrier(2), context.Queue()
    path = tmp_path / "catalogue.db"
    runs = [context.Process(target=_reserve, args=(str(path), number, gate, got)) for number in range(2)]
    for run in runs:
        run.start()
    winners = [got.get(timeout=60) for _ in runs]
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0, 0]
    assert winners.count(None) == 1
    assert rows(path, "SELECT count(*) FROM renders") == [(20,)]
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


def test_a_commit_that_returned_is_on_the_disk(catalogue: Catalogue, tmp_path: Path) -> None:
    """The file is in WAL mode, and every connection the catalogue opens syncs each commit."""
    assert rows(tmp_path / "catalogue.db", "PRAGMA journal_mode") == [("wal",)]
    with catalogue._database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_writers_queue_and_readers_do_not_wait(catalogue: Catalogue, tmp_path: Path) -> None:
    """A transaction is immediate from its start; reading goes on beside it and sees the moment before."""
    catalogue.reserve("rain-on-tin", papers.brief(), papers.plan())
    other = sqlite3.connect(tmp_path / "catalogue.db", timeout=0)
    with catalogue._database.writing() as connection:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        connection.exec_driver_sql("DELETE FROM titles")
        assert len(catalogue.titles()) == 3
    other.close()
    assert catalogue.titles() == frozenset()


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to be looked at" * 100, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_damaged_catalogue_says_how_to_build_it_again(tmp_path: Path, content: bytes) -> None:
    """The error names the file, tells the command, and reassures about the albums."""
    path = tmp_path / "catalogue.db"
    path.write_bytes(content)
    with pytest.raises(Damaged, match="is damaged") as caught:
        Catalogue.open(path)
    assert str(path) in caught.value.message and "lofi reindex" in caught.value.remedy
    assert path.read_bytes() == content


def test_a_catalogue_that_cannot_be_opened_is_said_so(tmp_path: Path) -> None:
    """A folder in its place, or a folder that is not there."""
    (tmp_path / "catalogue.db").mkdir()
    for path in (tmp_path / "catalogue.db", tmp_path / "nowhere" / "catalogue.db"):
        with pytest.raises(ShelfError) as caught:
            Catalogue.open(path)
        assert str(path) in caught.value.message and caught.value.exit_code == 2


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    """A file of that name that belongs to something else is not turned into a catalogue."""
    path = tmp_path / "catalogue.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE moz_places (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ShelfError, match="another program"):
        Catalogue.open(path)
    assert path.read_bytes() == before


def test_opening_a_catalogue_that_is_up_to_date_does_not_load_alembic(catalogue: Catalogue, tmp_path: Path) -> None:
    """Migrations cost their import only when there is something to migrate."""
    code = (
        "import sys; from pathlib import Path; from pipeline.catalogue import Catalogue\n"
        "with Catalogue.open(Path(sys.argv[1])) as catalogue: catalogue.titles()\n"
        "print([name for name in ('alembic', 'mako', 'numpy', 'prefect') if name in sys.modules])"
    )
    line = [sys.executable, "-c", code, str(tmp_path / "catalogue.db")]
    assert subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "[]\n"
