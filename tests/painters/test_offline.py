"""The offline painter: what a listener sees."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import papers
import pytest
from scipy.ndimage import gaussian_filter

from pipeline.domain import AlbumPlan
from pipeline.painters.legibility import LEAST_CONTRAST, luminance
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.motifs import MOTIFS, choose
from pipeline.painters.offline.painter import OfflinePainter, candidates, design, ranked
from pipeline.painters.palettes import PALETTES, fitting

MakePlan = Callable[..., AlbumPlan]

THEMES = {
    "rainy library at night": "library at night",
    "neon city streets": "city after rain",
    "mountain dusk by a lake": "mountains at dusk",
    "sea breeze and lighthouse": "by the sea",
    "a cabin in the forest": "cabin in the woods",
    "old cassette tapes": "records on the desk",
    "first snow in the village": "village in the snow",
    "the last train home": "window seat on a train",
    "coffee and jazz in a small cafe": "cafe in the evening",
    "a cat on a rainy sill": "rainy window",
}


def difference(first: np.ndarray, second: np.ndarray) -> float:
    """Mean difference after a blur: what an eye sees, not what grain does."""
    blurred = [gaussian_filter(p.astype(float), (p.shape[0] / 40, p.shape[1] / 40, 0)) for p in (first, second)]
    return float(np.abs(blurred[0] - blurred[1]).mean())


@pytest.mark.parametrize(("theme", "scene"), THEMES.items())
def test_words_choose_the_scene(theme: str, scene: str, make_plan: MakePlan) -> None:
    """A theme is painted as what it names."""
    plan = make_plan(theme=theme)
    assert choose(plan, np.random.default_rng(1)).name == scene


def test_a_theme_that_names_no_scene_still_gets_one(make_plan: MakePlan) -> None:
    """Chance decides, and reaches every scene."""
    plan = make_plan(theme="zzz", cover_prompt="zzz", title="zzz")
    assert {choose(plan, np.random.default_rng(seed)).name for seed in range(120)} == {motif.name for motif in MOTIFS}


@pytest.mark.parametrize("motif", MOTIFS, ids=lambda motif: motif.name)
def test_every_scene_is_a_picture(motif: object, make_plan: MakePlan) -> None:
    """Each scene has darks, lights, detail and grain, in square and wide, and its lamps do not burn out."""
    word = sorted(motif.words)[0]  # type: ignore[attr-defined]
    candidate = candidates(make_plan(theme=word, cover_prompt=word), 3)[0]
    for shape in ((200, 200), (200, 356)):
        picture = candidate.painted(*shape).picture
        assert picture.shape == (*shape, 3)
        grey = luminance(picture) ** (1 / 2.4)
        low, high = np.percentile(grey, [3, 97])
        assert high - low > 0.25
        assert (grey > 0.97).mean() < 0.2
        fine = picture.astype(float).mean(-1)
        assert (fine - gaussian_filter(fine, 1.5)).std() > 1


def test_moods_have_their_own_palettes() -> None:
    """Different moods lead to different colours, and every mood word leads to a palette that lists it."""
    rng = np.random.default_rng(1)
    first = {
        mood: fitting(frozenset([mood]), rng)[0].name
        for mood in ("melancholy", "nostalgic", "winter", "summer", "jazz")
    }
    assert len(set(first.values())) >= 4
    for palette in PALETTES:
        for mood in palette.moods:
            assert mood in fitting(frozenset([mood]), rng)[0].moods


def test_the_same_seed_paints_the_same_bytes(make_plan: MakePlan) -> None:
    """A cover can be painted again."""
    plan = make_plan(theme="cassette")
    first, second = (design(plan, 11) for _ in range(2))
    assert np.array_equal(first.cover(160)[0], second.cover(160)[0])
    assert np.array_equal(first.thumbnail(108, 192)[0], second.thumbnail(108, 192)[0])


def test_another_seed_paints_another_picture(make_plan: MakePlan) -> None:
    """Two albums on one theme do not share a cover."""
    plan = make_plan(theme="city")
    pictures = [candidates(plan, seed)[0].painted(160, 160).picture for seed in (1, 2, 3)]
    assert min(difference(a, b) for a, b in ((pictures[0], pictures[1]), (pictures[1], pictures[2]))) > 4


def test_a_picture_is_the_same_at_any_size(make_plan: MakePlan) -> None:
    """What was ranked small is what is painted large."""
    candidate = candidates(make_plan(theme="mountains"), 4)[0]
    large = candidate.painted(480, 480).picture
    reduced = large.reshape(160, 3, 160, 3, 3).mean((1, 3))
    assert difference(reduced, candidate.painted(160, 160).picture) < 6


def test_the_winner_has_the_highest_measure(make_plan: MakePlan) -> None:
    """The ranking is by its stated measure, over four candidates that differ."""
    plan = make_plan(theme="vinyl")
    order = ranked(plan, 8)
    totals = [measured.total for _, measured in order]
    assert len(totals) == 4
    assert totals == sorted(totals, reverse=True)
    assert all(0 <= total <= 1 for total in totals)
    assert len({round(total, 6) for total in totals}) > 1
    assert design(plan, 8).candidate.number == order[0][0].number


@pytest.mark.parametrize(("seed", "framed"), [(1, False), (4, True)])
def test_the_type_can_be_read(seed: int, framed: bool, make_plan: MakePlan) -> None:
    """Cover and thumbnail have type inside the frame with a contrast of at least 4.5, framed or full-bleed."""
    plan = make_plan(theme="sea" if seed % 2 else "vinyl", title="Paper Lanterns Drifting Over Kyoto")
    chosen = design(plan, seed)
    assert chosen.framed == framed
    cover, thumbnail = chosen.cover(300), chosen.thumbnail(180, 320)
    for picture, lettered in (cover, thumbnail):
        x0, y0, x1, y1 = lettered.box
        assert lettered.contrast >= LEAST_CONTRAST
        assert 0 < x0 < x1 < picture.shape[1] and 0 < y0 < y1 < picture.shape[0]
        assert lettered.lines
    assert len(" ".join(thumbnail[1].lines).split()) <= 4


def test_a_title_of_pictographs_alone_leaves_no_hole(make_plan: MakePlan) -> None:
    """Something that can be read stands on the cover whatever the title is."""
    plan = make_plan(title="🎧🌙", theme="night train")
    _, lettered = design(plan, 1).cover(240)
    assert "".join(lettered.lines).strip()


def test_the_moon_is_never_under_the_type(make_plan: MakePlan) -> None:
    """On a thumbnail of the sea, where moon or sun always hangs, neither letters nor their shade lie on it."""
    chosen = design(make_plan(theme="sea", title="Paper Lanterns Drifting Over Kyoto"), 0)
    lettered, _ = chosen.thumbnail(180, 320)
    plain = chosen.candidate.painted(180, 320)
    x0, y0, x1, y1 = plain.subjects[0]
    before, after = (picture[y0:y1, x0:x1].astype(int) for picture in (plain.picture, lettered))
    assert (np.abs(after - before).max(-1) > 60).mean() < 0.1


@pytest.mark.parametrize("edge", [-2.0, -1.0, -0.5, -0.01, 0.0, 0.01, 0.5, 63.5, 64.0, 64.01, 65.0])
def test_a_light_just_outside_the_picture_is_no_trouble(edge: float) -> None:
    """Whichever side of the frame a glow stops at (3.2 radii from its middle), painting goes on."""
    canvas = Canvas(64, 64, 1)
    for x, y in ((edge, 32.0), (32.0, edge)):
        for radius in (0.01, 0.05):
            canvas.glow(x / 64 - 3.2 * radius, y / 64, radius, (1.0, 0.9, 0.7))
            canvas.glow(x / 64, y / 64 - 3.2 * radius, radius, (1.0, 0.9, 0.7))


def test_pictures_of_tracks_stay_in_the_world_of_the_cover() -> None:
    """In its palette, no two neighbours alike, and no snow by the sea; a title that names a scene gets it."""
    titles = ("Low Tide", "Coffee on Deck", "A Train to the Pier", "Salt", "Ferry Ticket", "Gulls")
    plan = papers.plan("Low Water", titles).but(theme="summer by the sea", mood="calm", cover_prompt="a beach")
    cover = design(plan, 5).candidate
    pictures = list(OfflinePainter().illustrate(plan, 5, 160))
    scenes = [made.scene for made in pictures]
    assert {made.palette for made in pictures} == {cover.palette.name} and cover.motif.name == "by the sea"
    assert scenes[1:3] == ["cafe in the evening", "window seat on a train"]
    assert "village in the snow" not in scenes and scenes.count("by the sea") >= 2
    assert all(one != next_ for one, next_ in pairwise(scenes))
