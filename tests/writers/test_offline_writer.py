"""The offline writer's albums: they suit the theme, rise and settle, and mix from track to track."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pipeline import prompts
from pipeline.domain import AlbumPlan, Brief, Key
from pipeline.writers.offline.keys import key_walk, neighbours, on_wheel
from pipeline.writers.offline.style import load_styles
from pipeline.writers.offline.writer import OfflineWriter

WRITER = OfflineWriter()
STYLES = load_styles(prompts.vocabulary())
THEMES = ("适合咖啡店播放的Jazz音乐", "rainy night", "noite na praia", "study", "xqzv 42", "🔥", "山の朝", "jazz piano")

# Words that name one scene and no other.
SCENES = {
    "rainy window": {"rainy", "rain"},
    "city at night": {"city", "taxi", "rooftop"},
    "mountain dusk": {"mountain", "dusk", "ridge"},
    "sea": {"sea", "lighthouse", "beach"},
    "forest cabin": {"forest", "cabin"},
    "desk with a cassette and a record player": {"desk", "cassette"},
    "library at night": {"library", "bookshelves"},
    "snow village": {"snow", "village"},
    "train": {"train", "railway", "station"},
    "cafe": {"cafe", "espresso"},
}


def album(theme: str, tracks: int = 10, seed: int = 7, style: str | None = None) -> AlbumPlan:
    return WRITER.write(Brief(theme=theme, tracks=tracks, seed=seed, style=style), ()).plan


@pytest.mark.parametrize("seed", range(8))
def test_the_cafe_sentence_gives_a_jazz_album_for_a_cafe(seed: int) -> None:
    """The seed sentence is answered with jazz, cups and an upright bass, in a cafe."""
    plan = album("适合咖啡店播放的Jazz音乐", seed=seed)
    assert plan.language == "zh"
    assert plan.style in ("cafe jazz", "jazzhop")
    assert plan.cover_prompt.startswith("Cafe")
    assert sum(track.ambience == "cafe" for track in plan.tracks) >= 7
    assert all("upright bass" in track.instruments for track in plan.tracks)
    assert all("jazz" in track.prompt.lower() and "cafe" in track.prompt for track in plan.tracks)


@pytest.mark.parametrize(
    "theme",
    [
        "rainy night",
        "雨夜",
        "雨の夜",
        "비 오는 밤",
        "noche lluviosa",
        "nuit de pluie",
        "Regennacht",
        "noite chuvosa",
        "🌧🌃",
    ],
)
def test_a_rainy_night_sounds_of_rain(theme: str) -> None:
    """In every language rain is heard on most tracks, and the cover shows a window or a city at night."""
    plan = album(theme)
    assert sum(track.ambience == "rain" for track in plan.tracks) >= 7
    assert plan.cover_prompt.startswith(("Rainy window", "City at night"))


@pytest.mark.parametrize(
    ("theme", "scene", "ambience"),
    [
        ("waves on the beach", "Sea", "sea"),
        ("cabin in the woods by the fire", "Forest cabin", "fire"),
        ("old cassettes and records", "Desk with a cassette and a record player", "vinyl"),
        ("snow falling", "Snow village", "fire"),
        ("train across the country", "Train", "vinyl"),
        ("mountains", "Mountain dusk", None),
        ("downtown at night", "City at night", None),
    ],
)
def test_the_cover_names_the_scene_of_the_theme(theme: str, scene: str, ambience: str | None) -> None:
    """The painter reads the scene in the first words of the cover prompt."""
    plan = album(theme)
    assert plan.cover_prompt.startswith(scene)
    assert ambience is None or ambience in {track.ambience for track in plan.tracks}


@pytest.mark.parametrize("theme", THEMES)
def test_tempo_swing_and_energy_stay_in_the_style(theme: str) -> None:
    """Tempos lie in the style's range and neighbouring ones differ by one to four beats a minute."""
    for seed in range(5):
        plan = album(theme, tracks=16, seed=seed)
        style = STYLES[plan.style]
        for track in plan.tracks:
            assert style.tempo[0] <= track.tempo <= style.tempo[1]
            assert style.swing[0] <= track.swing <= style.swing[1]
        steps = [abs(one.tempo - two.tempo) for one, two in pairwise(plan.tracks)]
        assert min(steps) >= 1 and max(steps) <= 4


@pytest.mark.parametrize("theme", THEMES)
def test_an_album_settles_lifts_and_settles(theme: str) -> None:
    """The middle is livelier than the beginning, and the end is the calmest."""
    energy = [track.energy for track in album(theme, tracks=12).tracks]
    start, middle, end = np.mean(energy[:2]), np.mean(energy[4:8]), np.mean(energy[-2:])
    assert middle > start > end


def test_each_key_leads_to_the_next() -> None:
    """Neighbours on the album are neighbours on the Camelot wheel, and no key stays for three tracks."""
    for seed in range(40):
        keys = key_walk(30, {"minor": 3, "major": 2}, np.random.default_rng(seed))
        for one, two in pairwise(keys):
            (place, mode), (next_place, next_mode) = one.camelot, two.camelot
            around = min((place - next_place) % 12, (next_place - place) % 12)
            assert around + (mode != next_mode) <= 1
        assert all(len(set(keys[i : i + 3])) > 1 for i in range(28))


def test_the_wheel_is_the_one_djs_use() -> None:
    """8A is A minor and 8B C major; their neighbours are those of the circle of fifths."""
    assert on_wheel(8, "A") == Key.parse("A minor") and on_wheel(8, "B") == Key.parse("C major")
    assert set(map(str, neighbours(Key.parse("A minor")))) == {"A minor", "E minor", "D minor", "C major"}
    for number in range(1, 13):
        assert on_wheel(number, "A").camelot == (number, "A") and on_wheel(number, "B").camelot == (number, "B")


def test_an_album_is_one_family_with_visitors() -> None:
    """Some instruments play on nearly every track, and still no two neighbours need sound alike."""
    for theme in THEMES:
        tracks = album(theme, tracks=12).tracks
        names = {name for track in tracks for name in track.instruments}
        common = [name for name in names if sum(name in track.instruments for track in tracks) >= 9]
        assert common and 4 <= len(names) <= 9
        assert len({track.instruments for track in tracks}) >= 4
        assert len({track.prompt for track in tracks}) == 12


def test_a_named_instrument_plays() -> None:
    """A theme that names an instrument gets it on every track."""
    for theme, name in (
        ("flute", "flute"),
        ("钢琴", "felt piano"),
        ("guitarra", "nylon guitar"),
        ("オルゴール", "music box"),
    ):
        assert all(name in track.instruments for track in album(theme).tracks)


def test_no_drums_means_no_drums() -> None:
    """A theme that wants no drums gets none, in prompt and plan."""
    for theme in ("piano without drums", "sin batería", "没有鼓的钢琴"):
        plan = album(theme)
        assert {track.groove for track in plan.tracks} == {"beatless"}
        assert "drum" not in plan.concept or "no drums" in plan.concept


def test_no_cafe_chatter_in_a_forest() -> None:
    """The sound of one place is not heard in another."""
    for style in STYLES:
        heard = {track.ambience for track in album("deep forest", style=style).tracks}
        assert heard <= {"night insects", "fire", "vinyl", None}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("tracks", [1, 2, 8])
def test_a_concept_is_two_to_four_sentences(theme: str, tracks: int) -> None:
    """What is published about an album is short, whole English sentences."""
    plan = album(theme, tracks=tracks)
    sentences = plan.concept.split(". ")
    assert 2 <= len(sentences) <= 4
    assert plan.concept.endswith(".") and "{" not in plan.concept
    assert all(sentence[0].isupper() or sentence[0].isdigit() for sentence in sentences)


def test_a_hundred_tracks_are_a_hundred_titles() -> None:
    """The longest album there is has no title twice."""
    plan = album("rain", tracks=100)
    assert len({plan.title.casefold(), *(track.title.casefold() for track in plan.tracks)}) == 101


def test_the_music_does_not_depend_on_the_titles_taken() -> None:
    """Only titles change when the catalogue grows: the same brief sounds the same."""
    brief = Brief(theme="sea", tracks=6, seed=3)
    first = WRITER.write(brief, ()).plan
    second = WRITER.write(brief, [track.title.casefold() for track in first.tracks]).plan
    assert [track.prompt for track in first.tracks] == [track.prompt for track in second.tracks]
    assert [track.title for track in first.tracks] != [track.title for track in second.tracks]


@pytest.mark.parametrize("name", prompts.load_sections("covers.md", ("light", "palette")))
def test_the_painter_reads_the_same_scene(name: str) -> None:
    """Every cover line calls for its own scene by words, and its light and colours call for none."""
    for line in prompts.load_sections("covers.md", ("light", "palette"))[name]:
        heard = {scene for scene, words in SCENES.items() if words & set(line.text.lower().replace(",", "").split())}
        assert heard <= {name} if name in SCENES else not heard, line.text
        assert line.text.lower().startswith(name) or name not in SCENES


def test_cover_concept_and_titles_show_one_world() -> None:
    """An album by the sea has no mountain huts in it, even at sunset."""
    for seed in range(10):
        titles = " ".join(track.title for track in album("sunset at the beach", seed=seed).tracks).lower()
        assert not any(word in titles for word in ("summit", "hut", "ridge", "taxi", "laundrette"))


@pytest.mark.parametrize(("theme", "said"), [("rainy library", 0), ("図書館", 0), ("xqzv 42", 1), ("ночь", 1)])
def test_a_theme_it_cannot_read_is_said_so(theme: str, said: int) -> None:
    """An album comes of every theme, but nobody is left to think that it is about theirs."""
    assert len(WRITER.write(Brief(theme=theme, tracks=2, seed=1), ()).notes) == said
