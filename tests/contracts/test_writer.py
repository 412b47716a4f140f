"""What every writer keeps to, whichever backend it is."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from language_server import LanguageServer, listening, sensible

from pipeline import prompts
from pipeline.domain import Brief
from pipeline.errors import BadBrief
from pipeline.roles import Writer
from pipeline.writers.offline.writer import OfflineWriter
from pipeline.writers.openai.writer import OpenAIWriter

BACKENDS = ("offline", "openai")
"""Every backend of the role. A new one is a line here and one in `writers`."""


@pytest.fixture(scope="module")
def writers() -> Iterator[dict[str, Writer]]:
    """Every writer by name; the language model's answers come from a scripted server that writes sensibly."""
    with listening() as http:
        server = LanguageServer(http, sensible)
        yield {
            "offline": OfflineWriter(),
            "openai": OpenAIWriter("scripted", server.address, None, None, OfflineWriter()),
        }


@pytest.fixture(params=BACKENDS)
def writer(writers: dict[str, Writer], request: pytest.FixtureRequest) -> Writer:
    return writers[request.param]


def brief(theme: str = "rainy night in a cafe", tracks: int = 8, **more: object) -> Brief:
    return Brief.model_validate({"theme": theme, "tracks": tracks, "seed": 7, **more})


def test_it_is_a_writer_with_a_name_and_a_licence(writer: Writer) -> None:
    """It has the one verb of the role, and an album it wrote credits it, without a word of apology."""
    assert isinstance(writer, Writer)
    draft = writer.write(brief(tracks=2), ())
    assert draft.backend == writer.backend and not draft.notes
    assert writer.backend.name and writer.backend.version and writer.backend.licence


def test_an_album_has_the_tracks_and_the_length_asked_for(writer: Writer) -> None:
    """Twelve tracks of ninety seconds are twelve tracks of ninety seconds, numbered from one."""
    plan = writer.write(brief(tracks=12, seconds=90), ()).plan
    assert [track.number for track in plan.tracks] == list(range(1, 13))
    assert {track.seconds for track in plan.tracks} == {90}
    assert plan.theme == "rainy night in a cafe"


def test_the_same_brief_gives_the_same_album(writer: Writer) -> None:
    """Nothing but the brief and the titles taken decides what is written."""
    taken = ("closing time",)
    assert writer.write(brief(), taken) == writer.write(brief(), taken)


def test_another_seed_gives_another_album(writer: Writer) -> None:
    """Two albums on one theme share neither title nor track titles."""
    one, other = (writer.write(brief(seed=seed), ()).plan for seed in (1, 2))
    assert {one.title, *(t.title for t in one.tracks)}.isdisjoint({other.title, *(t.title for t in other.tracks)})


def test_no_title_is_used_twice(writer: Writer) -> None:
    """What the catalogue holds is not written again, whatever its case, nor is a title used twice inside an album."""
    first = writer.write(brief(tracks=30), ()).plan
    used = {title.casefold() for title in (first.title, *(track.title for track in first.tracks))}
    again = writer.write(brief(tracks=30), used).plan
    fresh = [title.casefold() for title in (again.title, *(track.title for track in again.tracks))]
    assert len(used) == 31 and len(set(fresh)) == 31
    assert used.isdisjoint(fresh)


def test_a_plan_uses_the_words_every_musician_knows(writer: Writer) -> None:
    """Instruments, grooves, ambiences and moods come from prompts/vocabulary.toml, the style from styles.toml."""
    words = prompts.vocabulary()
    for theme in ("rain", "jazz", "森の朝", "space"):
        plan = writer.write(brief(theme), ()).plan
        assert plan.style in prompts.styles()
        for track in plan.tracks:
            assert set(track.instruments) <= set(words.instruments)
            assert 3 <= len(track.instruments) <= 6 and len(set(track.instruments)) == len(track.instruments)
            assert track.groove in words.grooves
            assert track.ambience is None or track.ambience in words.ambiences
            assert track.mood in words.moods


@pytest.mark.parametrize("theme", ["雨の夜", "适合咖啡店播放的Jazz音乐", "مقهى هادئ", "тихая ночь", "🌧🌧"])
def test_prompts_are_english_in_any_language(writer: Writer, theme: str) -> None:
    """A music model reads English: whatever the theme is written in, prompts, titles and concept are."""
    plan = writer.write(brief(theme), ()).plan
    for text in (plan.title, plan.concept, plan.cover_prompt, *(f"{t.title} {t.prompt}" for t in plan.tracks)):
        assert text.isascii() and text.isprintable()


def test_a_prompt_says_what_the_values_say(writer: Writer) -> None:
    """Tempo and key stand in the prompt as they stand in the plan, and it asks for no singer."""
    for track in writer.write(brief(), ()).plan.tracks:
        assert f"{track.tempo:g} BPM" in track.prompt
        assert str(track.key) in track.prompt
        assert "no vocals" in track.prompt


def test_the_style_asked_for_is_the_style_given(writer: Writer) -> None:
    """`--style` decides, and its name may be typed with capitals, hyphens or underscores."""
    for style in prompts.styles():
        typed = style.title().replace(" ", "-")
        plan = writer.write(brief(style=typed), ()).plan
        assert {plan.style, *(track.style for track in plan.tracks)} == {style}


def test_an_unknown_style_is_refused_with_the_known_ones(writer: Writer) -> None:
    """A typing mistake is answered with the styles there are and the one that was probably meant."""
    with pytest.raises(BadBrief) as caught:
        writer.write(brief(style="jazzhopp"), ())
    assert "'jazzhop'" in caught.value.remedy
    assert all(style in caught.value.remedy for style in prompts.styles())


@settings(max_examples=60, deadline=None)
@given(theme=st.text(min_size=1, max_size=300), seed=st.integers(0, 2**63 - 1))
def test_any_theme_gives_a_safe_album(writers: dict[str, Writer], theme: str, seed: int) -> None:
    """No theme, however odd, breaks a writer or brings a path, a tag or a control character into the album."""
    try:
        asked = Brief(theme=theme, tracks=3, seed=seed)
    except ValueError:
        return  # nothing left of it once white space and control characters are gone: no brief at all
    for writer in writers.values():
        plan = writer.write(asked, ()).plan
        for title in (plan.title, *(track.title for track in plan.tracks)):
            assert title.isprintable() and not set(title) & set('/\\<>|*"\x00')
            assert ".." not in title


@pytest.mark.parametrize("theme", ["../../etc/passwd", "C:\\music\\rain.wav", "<b>cafe</b>", "{{tempo}} ${HOME} %s"])
def test_a_theme_never_becomes_a_path_or_a_tag(writer: Writer, theme: str) -> None:
    """Path-like text, markup and template gaps in a theme stay in the theme."""
    plan = writer.write(brief(theme), ()).plan
    for text in (plan.title, plan.concept, plan.cover_prompt, *(f"{t.title} {t.prompt}" for t in plan.tracks)):
        assert not any(sign in text for sign in ("..", "\\", "<", "{", "$", "%", "passwd"))


def test_a_writer_travels_to_a_worker(writer: Writer) -> None:
    """A studio is sent to other processes whole: a pickled writer writes the same album."""
    copy = pickle.loads(pickle.dumps(writer))
    assert copy.write(brief(), ()) == writer.write(brief(), ())
