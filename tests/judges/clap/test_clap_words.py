"""The canonical prompt says what was ordered in words CLAP reads to the end."""

from __future__ import annotations

import itertools

import papers
import pytest

from pipeline import prompts
from pipeline.judges.clap.words import LIMIT, canonical


def test_it_says_style_mood_instruments_and_tempo() -> None:
    """As a sentence of the form the music checkpoint was trained on."""
    track = papers.track().but(
        mood="dreamy", style="jazzhop", instruments=("felt piano", "upright bass", "flute"), tempo=78
    )
    assert canonical(track) == (
        "This audio is a dreamy lo-fi jazzhop song with felt piano, upright bass and flute at a slow tempo."
    )
    assert canonical(track.but(mood="eerie", style="Lo-Fi house", instruments=(), tempo=118)) == (
        "This audio is an eerie Lo-Fi house song at a moderate tempo."
    )


def test_two_takes_of_a_track_are_held_against_the_same_words_and_another_tempo_against_others() -> None:
    """The prompt for the music model has no part in it."""
    track = papers.track()
    assert canonical(track) == canonical(track.but(prompt="something else entirely", title="Other"))
    assert canonical(track) != canonical(track.but(tempo=110))


def test_endless_words_are_left_out() -> None:
    """A writer's novel still gives one short sentence."""
    long = "a " * 50 + "novel"
    track = papers.track().but(mood=long, style="x" * 120, instruments=tuple(f"{long} {n}" for n in range(8)))
    assert len(canonical(track)) <= LIMIT and canonical(track).endswith("tempo.")


@pytest.mark.neural
def test_every_word_a_plan_may_use_is_read_to_the_end() -> None:
    """The longest moods, styles and instruments together stay under 77 tokens.

    Counted with CLIP's vocabulary of 49,408 byte pairs, which is near RoBERTa's 50,265 and comes with a package.
    """
    from open_clip.tokenizer import SimpleTokenizer

    count = SimpleTokenizer().encode
    words = prompts.vocabulary()
    instruments = sorted(words.instruments, key=lambda name: -len(count(name)))[:4]
    for mood, style in itertools.product(words.moods, prompts.styles()):
        sentence = canonical(papers.track().but(mood=mood, style=style, instruments=tuple(instruments)))
        assert instruments[-1] in sentence
        assert len(count(sentence)) + 2 < 77
