"""What the library's radio played before is recalled from its ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from papers import BAND
from radio_kitchen import kept
from radio_pieces import tune
from small_label import put_album

from pipeline.domain import Weights
from pipeline.domain.airing import Airing
from pipeline.library import open_library
from pipeline.radio.kitchen import piece_of
from pipeline.radio.playbill import HISTORY
from pipeline.radio.recalled import newest, recall
from pipeline.radio.store import Store
from pipeline.settings import Settings
from pipeline.shelf import Shelf

NOW = datetime(2026, 3, 1, 22, tzinfo=UTC)


def airing(title: str, minutes: float, **more: object) -> Airing:
    values = {"time": NOW - timedelta(minutes=minutes), "title": title, "source": "fresh", "file": "gone-1"}
    return Airing(**{**values, "seconds": 120.0, "fingerprint": "", **more})


def test_the_page_has_room_for_the_newest() -> None:
    """And what a clock that was set wrong has put into the future was not heard before."""
    found = newest([airing(str(number), 100 - number) for number in range(101)] + [airing("later", -5)], NOW)
    assert [each.title for each in found] == [str(number) for number in range(101 - HISTORY, 101)]


def test_what_is_gone_from_the_disk_is_recalled_by_its_title(tmp_path: Path) -> None:
    """A track that was dropped, an album that was deleted, a row of an older version: none keeps the others back."""
    rows = [airing("dropped", 9), airing("deleted", 8, album="gone", track=1), airing("odd", 7, made="{}")]
    found = recall(rows, Store(tmp_path), Shelf(tmp_path))
    assert [(each.on_air(-1).title, each.artist, each.words, each.picture()) for each in found] == [
        (title, "", (), None) for title in ("dropped", "deleted", "odd")
    ]


def test_what_was_rendered_for_an_earlier_radio_keeps_its_credit(tmp_path: Path) -> None:
    """Also where the track itself is gone from the disk: its airing says who played it."""
    store = Store(tmp_path)
    store.folder.folder.mkdir()
    piece = piece_of(kept(store, "tune"), store)
    store.drop("tune")
    (found,) = recall([airing(piece.title, 9, made=piece.made)], store, Shelf(tmp_path))
    assert found.on_air(-1).credit == piece.credit == "offline band, Apache-2.0 (synthesised by this software)"


def test_an_approved_track_that_is_recalled_keeps_its_credit(tmp_path: Path) -> None:
    """Its album's manifest says who played it; a track that is not in it any more has none, and keeps nothing back."""
    by = BAND.but(weights=(Weights(name="hum", revision="", sha256="0" * 64, licence="unknown: its card says MIT"),))
    with open_library(Settings(library=tmp_path)) as (shelf, catalogue):
        album = put_album(shelf, catalogue, "Evening Ferry", ("Gangway",), [tune(1, 10.0)], by=by, formats=("flac",))
        rows = [airing("Gangway", 9, source="approved", album=album.slug, track=number) for number in (1, 2)]
        found = recall(rows, Store(tmp_path), shelf)
    assert [each.on_air(-1).credit for each in found] == [
        "offline band (hum), CC0-1.0, unknown licence, while its card says MIT",
        "",
    ]
