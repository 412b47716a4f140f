"""The radio's ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.catalogue import Catalogue
from pipeline.domain.airing import Airing

NIGHT = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)


class Wall:
    """A clock on the wall, which somebody may set."""

    now = NIGHT

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def catalogue(tmp_path: Path, wall: Wall) -> Iterator[Catalogue]:
    with Catalogue.open(tmp_path / "catalogue.db", clock=wall) as opened:
        yield opened


def airing(time: datetime, title: str = "Moss") -> Airing:
    return Airing(time=time, title=title, source="fresh", file=title.lower(), seconds=120, fingerprint="1.abc")


def test_what_was_heard_is_remembered_with_what_people_said(catalogue: Catalogue) -> None:
    """Love counts up, a skip is noted, and each is on its own airing."""
    one, other = (catalogue.airings.begin(airing(NIGHT, title)) for title in ("Moss", "Fern"))
    catalogue.airings.love(one)
    catalogue.airings.love(one)
    catalogue.airings.skip(other)
    heard = catalogue.airings.since(NIGHT - timedelta(hours=1))
    assert [(each.title, each.loved, each.skipped) for each in heard] == [("Moss", 2, False), ("Fern", 0, True)]
    assert catalogue.airings.loved() == {"moss"}


def test_a_clock_that_is_set_back_forgets_nothing(catalogue: Catalogue, wall: Wall) -> None:
    """What was heard an hour ago by the old time is in the future by the new one, and still must not come again."""
    catalogue.airings.begin(airing(NIGHT))
    wall.now = NIGHT - timedelta(days=2)
    assert len(catalogue.airings.since(catalogue.airings.now() - timedelta(hours=24))) == 1


def test_the_ledger_of_a_radio_that_never_ends_stays_small(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old ones lose their fingerprint, older ones go, but for what somebody loved; and no clock has a say in it."""
    monkeypatch.setattr("pipeline.catalogue.airings.KEPT", 6)
    monkeypatch.setattr("pipeline.catalogue.airings.IN_FULL", 3)
    catalogue.airings.love(catalogue.airings.begin(airing(NIGHT, "Loved")))
    for place in range(8):
        catalogue.airings.begin(airing(NIGHT + timedelta(days=400 * (place % 2)), f"Track {place}"))
    heard = catalogue.airings.since(NIGHT - timedelta(days=1))
    assert [each.title for each in heard] == ["Loved", *(f"Track {place}" for place in range(2, 8))]
    assert [bool(each.fingerprint) for each in heard] == [True, False, False, False, True, True, True]
    assert list(catalogue.airings.files().values())[-1] == "Track 7"
