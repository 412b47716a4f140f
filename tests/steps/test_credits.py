"""What an album says of how it was made names every licence that anything of it stands under."""

from __future__ import annotations

from pathlib import Path

import papers
from rooms import planned, session

from pipeline.domain import Weights
from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder
from pipeline.steps.credits import disclosure


def weights(name: str, licence: str) -> Weights:
    return Weights(name=name, revision="", sha256="0" * 64, licence=licence)


def test_every_file_says_under_which_licences_it_was_made(tmp_path: Path) -> None:
    """The part's own, and those of all its models, each once."""
    settings = Settings()
    with session(tmp_path, planned(settings), settings) as held:
        assert disclosure(held, papers.BAND).endswith(": offline band 1, CC0-1.0; seed 7.")
        models = (weights("a", "CC-BY-NC-4.0"), weights("b", "Apache-2.0"), weights("c", "CC-BY-NC-4.0"))
        player = papers.BAND.but(name="player", licence="CC-BY-NC-4.0", weights=models)
        assert disclosure(held, player).endswith(": player 1, CC-BY-NC-4.0, Apache-2.0; seed 7.")


def test_an_album_knows_the_licences_of_all_that_made_it(tmp_path: Path) -> None:
    """Of its takes, what judged them, its words, and both models of the cover: the one that paints, and CLIP."""
    album = papers.finished_album(AlbumFolder(tmp_path / "rain-on-tin", "rain-on-tin"))
    assert album.licences() == ("CC0-1.0",)
    painter = papers.BAND.but(weights=(weights("sd", "CreativeML OpenRAIL-M"), weights("clip", "MIT")))
    first, *rest = album.takes
    player = papers.BAND.but(weights=(weights("musicgen", "CC-BY-NC-4.0"),))
    judge = papers.BAND.but(weights=(weights("clap", "Apache-2.0"),))
    made = album.but(
        takes=(*rest, first.but(backend=player)),
        verdicts=tuple(verdict.but(judge=judge) for verdict in album.verdicts),
        cover=album.cover.but(painter=painter),
    )
    assert set(made.licences()) == {"CC0-1.0", "CC-BY-NC-4.0", "Apache-2.0", "CreativeML OpenRAIL-M", "MIT"}
