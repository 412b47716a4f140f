"""What is pasted into YouTube is taken by YouTube, whatever the tracks are called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_material import HOSTILE, MUSICGEN, RATE, ZEROS, album, asset, clean, hostile_works, marks_of, mix

from pipeline.domain import Backend, Weights
from pipeline.kit.credits import FEWEST_BYTES, credit_lines
from pipeline.kit.disclosure import disclosure
from pipeline.kit.fit import octets, shortened, units
from pipeline.kit.moments import moments
from pipeline.kit.podcast import notes_text
from pipeline.kit.prose import facts
from pipeline.kit.wording import length, roughly
from pipeline.kit.work import Work
from pipeline.kit.youtube import description, hashtags, tags, tags_length, title

TIME = re.compile(r"^(?:(\d+):)?(\d+):(\d\d) \S", re.MULTILINE)


def times(text: str) -> list[int]:
    """The times a reader of descriptions finds, in seconds."""
    return [int(h or 0) * 3600 + int(m) * 60 + int(s) for h, m, s in TIME.findall(text)]


def makes_chapters(found: list[int], seconds: float) -> bool:
    """Whether YouTube would make chapters of these times."""
    gaps = [b - a for a, b in zip(found, [*found[1:], int(seconds)], strict=True)]
    return found[:1] == [0] and len(found) >= 3 and min(gaps) >= 10


@settings(max_examples=120, deadline=None)
@given(hostile_works())
def test_every_limit_holds_whatever_things_are_called(work: Work) -> None:
    """Title, description and tags fit, hold no sign that YouTube refuses and no control character."""
    name, text, words, marks = title(work), description(work), tags(work), hashtags(work)
    assert 0 < units(name) <= 100
    assert octets(text) <= 5_000
    assert units(text) <= 5_000
    assert tags_length(words) <= 500
    assert len(",".join(words)) <= 500
    assert len(marks) <= 3
    for said in (name, text, *words, *marks):
        assert not set("<>") & set(said)
        assert clean(said)
    assert "\n" not in name
    assert text.count("#") == len(marks)
    assert not any("," in word or '"' in word for word in words)
    if found := times(text):
        assert makes_chapters(found, work.seconds)


@settings(max_examples=60, deadline=None)
@given(hostile_works())
def test_credits_and_disclosure_are_never_cut(work: Work) -> None:
    """They stand whole at the end, or, of dozens of makers, as the number of them; and only a switch leaves one out."""
    text = description(work)
    assert "\n\nCredits\nMusic: " in text
    assert ("How this was made: " in text) == (work.disclosed and bool(disclosure(work)))
    assert octets(credit_lines(work.assets, FEWEST_BYTES)) <= FEWEST_BYTES


@settings(deadline=None)
@given(st.lists(st.floats(0.02, 60), min_size=1, max_size=40), st.lists(HOSTILE, min_size=1, max_size=5))
def test_times_are_what_youtube_makes_chapters_of(seconds: list[float], titles: list[str]) -> None:
    """From 0:00, ascending, ten seconds each and three at least: or no list at all."""
    marks, frames = marks_of(seconds, [titles[n % len(titles)] for n in range(len(seconds))])
    found = moments(marks, RATE, frames / RATE)
    assert not found or makes_chapters([moment.second for moment in found], frames / RATE)
    assert all(moment.title for moment in found)
    if min(seconds) >= 11 and len(seconds) >= 3:
        assert len(found) == len(seconds)


def test_a_short_stretch_is_merged_into_its_neighbour() -> None:
    """Under the name of the longer; two tracks make no list."""
    marks, frames = marks_of((4, 60, 30, 5, 45, 3), ("intro", "one", "two", "bridge", "three", "end"))
    found = moments(marks, RATE, frames / RATE)
    assert [(moment.second, moment.title) for moment in found] == [(0, "one"), (64, "two"), (94, "three")]
    assert moments(*_two()) == ()
    assert "Tracks" not in description(album(chapters=marks_of((60, 60), ("a", "b"))[0], seconds=120))


def _two() -> tuple[object, ...]:
    marks, frames = marks_of((60, 60), ("a", "b"))
    return marks, RATE, frames / RATE


def test_five_hours_of_150_tracks_fit_with_every_track() -> None:
    """Titles of ordinary length are all listed."""
    work = mix()
    text = description(work)
    assert len(times(text)) == 150
    assert "Every" not in text


def test_long_titles_are_shortened_and_then_every_other_one_is_named() -> None:
    """And a line says that the tracklist has them all; credits and disclosure are whole."""
    work = mix()
    names = [f"{chapter.title} and the long road back to the harbour where it began" for chapter in work.chapters]
    marks = tuple(chapter.but(title=name) for chapter, name in zip(work.chapters, names, strict=True))
    text = description(work.but(chapters=marks))
    assert len(times(text)) == 75
    assert "Every second track is named here; the tracklist has all 150." in text
    assert "…" in text
    assert credit_lines(work.assets, 1_600) in text
    assert disclosure(work) in text
    assert 4_000 < octets(text) <= 5_000


def test_the_widest_words_there_are_fit() -> None:
    """Every title, theme, mood, model and licence in 300 characters of three bytes: there is room for chapters yet."""
    wide = "夜" * 300
    models = [Weights(name=f"{n}{wide}", revision="", sha256=ZEROS, licence=f"{n}{wide}") for n in range(6)]
    by = Backend(name=wide, version=wide, licence=wide, weights=models)
    roles = ("music", "ambience", "picture", "words", "judgement")
    words = dict(title=wide, artist=wide, themes=(wide,), moods=(wide, wide, wide), styles=(wide,), albums=(wide,) * 9)
    for kind, base in (("mix", mix()), ("album", album())):
        marks = [mark.but(title=wide) for mark in base.chapters]
        pieces = [piece.but(title=wide) for piece in base.pieces]
        made = [asset(wide, role, by) for role in roles]
        for n in range(4):
            work = base.but(**words, name=f"n{n}", kind=kind, chapters=marks, pieces=pieces, assets=made)
            text = description(work)
            assert octets(text) <= 5_000
            assert makes_chapters(times(text), work.seconds)
            assert disclosure(work) in text
            assert octets(notes_text(work)) <= 4_000


def test_a_title_with_a_clock_is_not_taken_for_a_time() -> None:
    """Else the first time of the description would not be 0:00, and there would be no chapters."""
    pieces = tuple(piece.but(title="3:00 a.m.") for piece in album().pieces)
    text = description(album(pieces=pieces, themes=("12:30 train",)))
    assert re.findall(r"\d:\d\d", text)[0] == "0:00"
    assert "3∶00 a.m." in text


def test_a_title_reads_best_between_40_and_62() -> None:
    """Where its words allow; a title of 300 characters is cut, and none at all has a stand-in."""
    assert all(40 <= units(title(album(name=f"a{n}"))) <= 62 for n in range(30))
    assert all(40 <= units(title(mix(name=f"a{n}"))) <= 62 for n in range(30))
    assert units(title(album(title="x" * 300))) <= 100
    assert "Untitled album" in title(album(title="\u202e"))


def test_texts_differ_between_releases_and_stay_the_same_for_one() -> None:
    """Of thirty albums with the same facts no more than a few share a description; each reads the same twice."""
    texts = [description(album(name=f"album-{n}")) for n in range(30)]
    assert len(set(texts)) > 24
    assert len({text.partition("\n")[0] for text in texts}) >= 5
    assert texts == [description(album(name=f"album-{n}")) for n in range(30)]
    assert description(album(musician=MUSICGEN)) != description(album())


def test_no_text_shouts() -> None:
    """No exclamation mark, and the whole text is made of lines that end."""
    for n in range(40):
        for work in (album(name=f"a{n}"), mix(name=f"m{n}")):
            text = description(work) + title(work)
            assert "!" not in text
            assert "  " not in text
            assert " ." not in text and " ," not in text and ".." not in text


def test_without_moods_themes_tempos_or_keys_it_still_reads() -> None:
    """A work that knows nothing of itself says little, in whole sentences."""
    bare = album(moods=(), themes=(), styles=(), assets=(), pieces=[{"title": "", "artist": "", "seconds": 60}])
    text = description(bare)
    assert text.partition("\n")[0].endswith((".",))
    assert "None" not in text
    assert "Credits" not in text


def test_a_single_piece_is_called_one() -> None:
    """No sentence speaks of a first and a last."""
    one = album(pieces=album().pieces[:1], chapters=())
    texts = [description(one.but(name=f"n{n}")) for n in range(20)]
    assert not any("one pieces" in text or "instrumentals" in text or "the last" in text for text in texts)


def test_nothing_is_called_the_most_that_has_company() -> None:
    """Six keys of 25 tracks each have no favourite, two slowest tracks no slowest, an unknown tempo no range."""
    assert not any("comes back" in fact or "home" in fact for n in range(20) for fact in facts(mix(name=f"n{n}"), 6))
    assert "It goes through six keys." in facts(mix(), 6)
    twins = (album().pieces[0].but(tempo=66), *album().pieces[1:])
    assert not any("slowest" in fact for fact in facts(album(pieces=twins), 6))
    unsure = (album().pieces[0].but(tempo=None), *album().pieces[1:])
    assert "beats a minute" not in description(album(pieces=unsure))


def test_lengths_are_said_in_words_and_titled_in_figures() -> None:
    """Rounded down, never up."""
    said = (0.5, 59.9, 60, 61 * 60, 2 * 3600 + 59, 18_060)
    assert [length(s) for s in said] == [
        "no seconds", "59 seconds", "one minute", "one hour and one minute", "two hours", "five hours and one minute",
    ]  # fmt: skip
    assert [roughly(s) for s in said] == ["0 seconds", "59 seconds", "1 minute", "1 hour", "2 hours", "5 hours"]


def test_dozens_of_makers_are_counted_and_named_elsewhere() -> None:
    """Every name is in LICENCES.md, which has no limit."""
    many = [
        asset(f"track {n}", "music", Backend(name=f"player {n}" * 9, version="1", licence="MIT")) for n in range(90)
    ]
    text = description(album(assets=many))
    assert "Music: 90 parts of the software, in LICENCES.md." in text
    assert "Licences: MIT." in text


@given(HOSTILE, st.integers(2, 40))
def test_shortening_keeps_signs_whole(text: str, limit: int) -> None:
    """What is left is a beginning of the text, within the limit, and no mark or joiner loses its letter."""
    short = shortened(text.encode(errors="ignore").decode(), limit)
    assert units(short) <= limit


def test_shortening_ends_after_a_word_and_never_within_a_flag_or_a_family() -> None:
    """A cut flag would be two letters, a cut family a stranger."""
    assert shortened("the long road to the harbour", 20) == "the long road to…"
    assert shortened("🇩🇪🇫🇷🇯🇵", 8) == "🇩🇪…"
    assert shortened("ab 👩‍👩‍👧‍👦", 8) == "ab…"
    assert shortened("e\u0301" * 5, 6) == "e\u0301" * 2 + "…"
    with pytest.raises(ValueError, match="two units"):
        shortened("abc", 1)
