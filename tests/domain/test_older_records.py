"""Records written before a noun gained a field: read as they are, and the same to the byte when written again."""

from __future__ import annotations

from pathlib import Path

import papers
import pytest

from pipeline.domain.noun import Later, Noun
from pipeline.shelf import AlbumFolder

BEFORE = {
    "brief": "ee301ea5cb4e33675381e2a2138cba53fa3a8fcc2ceb2ed949e2b54fd54c76c7",
    "brief with a musician": "06c26ce5dfd7018f89c09db50f1dd997e8b8e3b9dcf8afb2569e7605223825a1",
    "project": "871d8e335337fe01d5758a362b866e9b10957a50029e37bea1d820b954d7f850",
    "album": "638f429a4bec2665aecfdf7833cd3f077ffd8eac1cd05fcf26a96e613e52970e",
    "take": "cd6864e5fdc631f0434514eb33b102d24fc7edc46c7d0f0bd63c46557941bde1",
}
"""The digests that the papers of the tests had before ambience, pictures and a language could be asked for."""


class Cup(Noun):
    """A noun that was once a size alone."""

    size: int
    saucer: Later[str | None] = None
    spoons: Later[tuple[int, ...]] = ()


class Shelf(Noun):
    """Holds them."""

    cups: tuple[Cup, ...]


def test_a_record_of_before_has_the_text_it_had() -> None:
    """Also inside another record; what is chosen since is written, and read again as it was."""
    old = '{\n "size": 3\n}\n'
    assert Cup.model_validate_json(old).canonical_json() == old
    assert '"cups": [\n  {\n   "size": 3\n  }\n ]' in Shelf(cups=(Cup(size=3),)).canonical_json()
    new = Cup(size=3, saucer="blue", spoons=(1, 2))
    assert Cup.model_validate_json(new.canonical_json()) == new
    assert new.model_dump(include={"size", "saucer"}) == {"size": 3, "saucer": "blue"}
    assert new.digest() != Cup(size=3).digest()


@pytest.mark.parametrize("name", BEFORE)
def test_albums_of_before_keep_their_digests(name: str, tmp_path: Path) -> None:
    """An album made then is found as made already, its manifest matches the catalogue, and its takes are not redone."""
    album = papers.finished_album(AlbumFolder(tmp_path, "rain-on-tin"))
    written: dict[str, Noun] = {
        "brief": papers.brief(),
        "brief with a musician": papers.brief().but(musician="auto"),
        "project": papers.project(),
        "album": album,
        "take": album.takes[0],
    }
    assert written[name].digest() == BEFORE[name]
