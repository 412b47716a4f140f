"""Where the judge hands out the titles, nobody ever reads the title that a track was only planned with."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import small_studio
from click.testing import CliRunner

from flows.cli import lofi
from flows.tables import ranked_markdown
from pipeline.domain import Album
from pipeline.errors import NeedsAttention
from pipeline.settings import Settings
from pipeline.steps.progress import Progress


@dataclass(frozen=True)
class Made:
    """An album whose titles all changed places, the settings it was made under and what was said meanwhile."""

    said: Settings
    album: Album
    heard: list[Progress]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Three tracks: the first takes of the second and third are the first track's own."""
    said = small_studio.settings(tmp_path_factory.mktemp("titles"), judge="Swapping", musician="Repeating")
    heard: list[Progress] = []
    return Made(said, small_studio.make(said, small_studio.brief(said), heard.append), heard)


def test_a_take_like_another_of_its_album_names_that_by_its_number(made: Made) -> None:
    """The number stays; at that time nobody knows yet where the titles go."""
    assert made.album.tracks[0].title != made.album.plan.tracks[0].title
    for track in made.album.tracks[1:]:
        assert "like track 1)" in track.why
        assert not any(planned.title in track.why for planned in made.album.plan.tracks)


def test_progress_names_tracks_by_number_until_they_have_their_titles(made: Made) -> None:
    """Renders, verdicts and choices go by number; the masters say the titles that the tracks end with."""
    titles = {track.number: track.title for track in made.album.tracks}
    early = [done for done in made.heard if done.stage in ("render", "judge", "choose")]
    assert {"render", "judge", "choose"} == {done.stage for done in early}
    assert all(f"track {done.track}" in done.text and "“" not in done.text for done in early)
    late = [done for done in made.heard if done.stage == "master" and done.track]
    assert late and all(titles[done.track or 0] in done.text for done in late)


def test_replay_and_the_ranked_table_say_the_final_title(made: Made) -> None:
    """The take's own record has the title that it was ordered under."""
    title = made.album.tracks[1].title
    ran = CliRunner().invoke(lofi, ["replay", made.album.slug, "2", "--library", str(made.said.library)])
    assert ran.exit_code == 0, ran.output
    assert f"Take 2 of “{title}”: the same" in ran.output
    assert f"| 2. {title} | 1 |" in ranked_markdown(made.album)


def test_a_later_album_names_the_final_title_of_another(made: Made) -> None:
    """What it refuses is like the track a person finds under that name."""
    said = made.said.model_copy(update={"rerolls": 0})
    with pytest.raises(NeedsAttention) as refused:
        small_studio.make(said, small_studio.brief(said, "Moss Hour", tracks=1))
    assert f"like “{made.album.tracks[0].title}” of {made.album.slug}" in refused.value.message
    assert made.album.plan.tracks[0].title not in refused.value.message
