"""Words and numbers of a language model, made to fit the studio."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.writers.openai import fitting
from pipeline.writers.openai.fitting import Repertoire

REPERTOIRE = Repertoire.read()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("felt piano", "felt piano"),
        ("Felt-Piano", "felt piano"),
        ("an old felt piano", "felt piano"),
        ("Rhodes", "electric piano"),
        ("Wurlitzer", "electric piano"),
        ("double bass", "upright bass"),
        ("vibraphones", "vibraphone"),
        ("classical guitar", "nylon guitar"),
        ("theremin", None),
    ],
)
def test_an_instrument_is_the_nearest_there_is(said: str, meant: str | None) -> None:
    """Other names and spellings of an instrument are that instrument; one nobody plays is left out."""
    first, *_ = REPERTOIRE.instruments([said], ("flute", "music box", "soft lead"))
    assert first == (meant or "flute")


def test_there_are_three_to_six_different_instruments() -> None:
    """Too few are made up, too many and repeated ones left out; a list written as text is read."""
    spare = ("flute", "music box", "sub bass")
    assert REPERTOIRE.instruments("Rhodes, electric piano", spare) == ("electric piano", "flute", "music box")
    many = REPERTOIRE.instruments(list(REPERTOIRE.words.instruments), spare)
    assert many == REPERTOIRE.words.instruments[:6]


@pytest.mark.parametrize(
    ("kind", "said", "meant"),
    [
        ("ambience", "ocean waves", "sea"),
        ("ambience", "crackling fireplace", "fire"),
        ("ambience", "none", None),
        ("ambience", "spaceship hum", None),
        ("mood", "nostalgic", "wistful"),
        ("mood", "melancholic", "melancholy"),
        ("groove", "Boom-Bap", "boom bap"),
        ("groove", "bossa nova", "bossa"),
        ("style", "Lo-fi Sleepy Piano", "sleepy piano"),
        ("style", "jazz-hop", "jazzhop"),
        ("scene", "a train", "train"),
        ("mood", 3, None),
    ],
)
def test_a_word_is_the_nearest_there_is(kind: str, said: object, meant: str | None) -> None:
    """A synonym from prompts/music.toml, another spelling or a longer phrase finds its word."""
    assert getattr(REPERTOIRE, kind)(said) == meant


@given(st.text(max_size=300))
def test_any_text_is_a_word_of_the_studio_or_none(said: str) -> None:
    """Nothing a model writes gets past the vocabulary."""
    assert REPERTOIRE.mood(said) in (*REPERTOIRE.words.moods, None)
    assert REPERTOIRE.style(said) in (*REPERTOIRE.styles, None)
    assert set(REPERTOIRE.instruments(said, ())) <= set(REPERTOIRE.words.instruments)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("A minor", "A minor"),
        ("a minor", "A minor"),
        ("Am", "A minor"),
        ("F♯ min", "F# minor"),
        ("C# minor", "C# minor"),
        ("E-flat major", "Eb major"),
        ("Bbm", "Bb minor"),
        ("B", "B major"),
        ("D dorian", "D minor"),
        ("G mixolydian", "G major"),
        ("H major", None),
        ("minor", None),
        (5, None),
    ],
)
def test_a_key_is_read_however_it_is_written(said: object, meant: str | None) -> None:
    """Short and long forms, sharps and flats, and the modes by their third."""
    key = fitting.key(said)
    assert (None if key is None else str(key)) == meant


def test_numbers_are_brought_into_their_range() -> None:
    """Half and double time are folded before a tempo is moved; per cent of swing are a share."""
    span = (76.0, 90.0)
    assert [fitting.tempo(said, span) for said in (160, 40, "82 BPM", 100, -5, "fast")] == [80, 80, 82, 90, None, None]
    assert [fitting.swing(said, (0.5, 0.62)) for said in (58, 0.58, 0.9, None)] == [0.58, 0.58, 0.62, None]
    assert [fitting.energy(said, (0.2, 0.7)) for said in (1, 0, "0.5", float("nan"))] == [0.7, 0.2, 0.5, None]
