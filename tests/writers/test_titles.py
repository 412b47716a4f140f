"""Titles: plentiful, grammatical, never twice, and nothing like "Rainy Dreams"."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.prompts import prompts_folder
from pipeline.writers.offline.english import article, headline, joined, plural, words
from pipeline.writers.offline.titlebank import TitleBook, load_titles
from pipeline.writers.offline.titles import LONGEST, LONGEST_ALBUM, TitleDesk

BOOK = load_titles()


def desk(family: str = "rain", seed: int = 1, taken: tuple[str, ...] = (), book: TitleBook = BOOK) -> TitleDesk:
    return TitleDesk(book, {family: 1.0}, "evening", taken, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def thousands() -> list[str]:
    """Twenty thousand titles from one desk."""
    writing = TitleDesk(BOOK, {"cafe": 2, "rain": 2, "night": 1}, "night", (), np.random.default_rng(1))
    return [writing.track() for _ in range(20_000)]


def test_twenty_thousand_titles_are_all_different(thousands: list[str]) -> None:
    """A label that makes an album a day for years does not repeat itself, nor number its titles."""
    assert len({title.casefold() for title in thousands}) == 20_000
    assert not any(re.search(r"No\. \d|\d$", title) for title in thousands)


def test_titles_are_short_and_clean(thousands: list[str]) -> None:
    """At most sixty letters and eight words, at least three, and no word that is on every other album."""
    for title in thousands:
        assert len(title) <= LONGEST
        assert 3 <= len(words(title)) <= 8, title
        assert BOOK.banned.isdisjoint(words(title)), title
        assert "{" not in title and "  " not in title


def test_every_article_fits_its_noun(thousands: list[str]) -> None:
    """An Old Menu, a Used Ticket: a and an are never mixed up."""
    for title in thousands:
        for found, following in re.findall(r"\b(an?) (\S+)", title, flags=re.IGNORECASE):
            vowel = following[0].lower() in "aeiou" and not following.lower().startswith(("one-", "uni", "use", "eu"))
            assert (found.lower() == "an") == vowel, title


@pytest.mark.parametrize("family", sorted(set(BOOK.families) - {"everyday"}))
def test_each_theme_has_hundreds_of_thousands_of_titles(family: str) -> None:
    """The shapes and words of one theme make more titles than a label needs in its life."""
    counts = BOOK.possible(family)
    assert len(counts) >= 8
    assert min(counts.values()) >= 300
    assert sum(counts.values()) >= 200_000


def test_an_album_shows_most_of_the_shapes() -> None:
    """Thirty titles in a row come in at least eight shapes, and no two neighbours share one."""
    writing = desk()
    shapes = [writing._next_shape().name for _ in range(30)]
    assert len(set(shapes)) >= 8
    assert all(one != other for one, other in pairwise(shapes))


def test_neighbours_are_about_different_things() -> None:
    """One album has one kettle: no telling word comes back within ten titles."""
    writing = desk("home")
    titles = [set(words(writing.track())) - BOOK.common_words for _ in range(40)]
    for index, title in enumerate(titles):
        lately = set().union(*titles[max(0, index - 10) : index])
        assert not {word for word in title & lately if len(word) > 3}


def test_no_title_is_a_pair_of_nouns() -> None:
    """Every title has at least three words, and every frame holds more than a bare noun."""
    for shape in BOOK.shapes:
        for line in (*shape.lines, *shape.album):
            assert line.text not in ("{{thing}}", "{{plain}}", "{{things}}", "{{role}}", "{{name}}")


def test_an_album_title_fits_on_a_cover() -> None:
    """Album titles stay short enough to read on a thumbnail."""
    for seed in range(300):
        assert len(desk(seed=seed).album()) <= LONGEST_ALBUM


def test_a_title_taken_in_any_case_is_not_given() -> None:
    """What exists is avoided whatever its capitals."""
    first = [desk(seed=3).track() for _ in range(1)] + [desk(seed=3).album()]
    again = desk(seed=3, taken=tuple(title.upper() for title in first))
    assert again.track() not in first
    assert again.album() not in first


def test_a_tiny_bank_runs_dry_and_still_gives_new_titles(tmp_path: Path) -> None:
    """When every sentence is used up, titles are numbered: the writer neither fails nor loops."""
    titles = tmp_path / "titles"
    titles.mkdir()
    (titles / "everyday.toml").write_text(
        "things = '''\ncup\n'''\nrest = '''\non the sill\n'''\nspots = '''\nat the bar\n'''\n"
        "happens = '''\nthe rain : stops\n'''\ndoes = '''\nclose : the door\n'''\npeople = '''\nthe baker\n'''\n"
    )
    text = (prompts_folder() / "titles.toml").read_text()
    shapes = "[shapes.observation]\noften = 1\nlines = '''\n{{happens}}\n'''\nalbum = '''\n{{happens}}\n'''\n"
    (tmp_path / "titles.toml").write_text(text[: text.index("[shapes.observation]")] + shapes)
    writing = desk("everyday", book=load_titles(tmp_path))
    assert [writing.track() for _ in range(3)] == ["The Rain Stops", "The Rain Stops, No. 2", "The Rain Stops, No. 3"]


def test_capitals_follow_a_title() -> None:
    """Short words stay small inside a title; the first and the last word never do."""
    assert headline("the last bus in") == "The Last Bus In"
    assert headline("a half-empty cup on the table by the door") == "A Half-Empty Cup on the Table by the Door"
    assert headline("P.S. the cat comes In wet") == "P.S. The Cat Comes In Wet"


def test_articles_and_plurals() -> None:
    """The sound decides the article; plurals follow the last letters."""
    nouns = ("egg", "hour", "uniform", "one-way ticket", "cup", "umbrella", "used cup", "honest answer")
    assert [article(noun) for noun in nouns] == ["an", "an", "a", "a", "a", "an", "a", "an"]
    assert [plural(noun) for noun in ("cup", "match", "daisy", "key", "box")] == [
        "cups",
        "matches",
        "daisies",
        "keys",
        "boxes",
    ]
    assert joined(("a", "b", "c")) == "a, b and c" and joined(("a",)) == "a"


@given(seed=st.integers(0, 2**32), family=st.sampled_from(sorted(BOOK.families)))
def test_any_desk_writes_printable_english(seed: int, family: str) -> None:
    """Whatever the theme and the seed, a title is plain printable English that starts with a capital."""
    writing = desk(family, seed)
    for title in (writing.album(), writing.track()):
        assert title.isascii() and title.isprintable() and title == title.strip()
        assert title[0].isupper() or title[0].isdigit()
