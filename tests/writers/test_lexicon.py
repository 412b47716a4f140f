"""What a theme is understood to say."""

from __future__ import annotations

import pytest

from pipeline.writers.offline.concept import LANGUAGES
from pipeline.writers.offline.lexicon import Lexicon

LEXICON = Lexicon()


def concepts(theme: str) -> set[str]:
    return set(LEXICON.read(theme).concepts)


@pytest.mark.parametrize(
    ("theme", "language"),
    [
        ("a rainy night", "en"),
        ("雨夜", "zh"),
        ("下雨的夜晚", "zh"),
        ("雨の夜", "ja"),
        ("비 오는 밤", "ko"),
        ("비가 내리는 밤에", "ko"),
        ("una noche lluviosa", "es"),
        ("une nuit pluvieuse", "fr"),
        ("eine regnerische Nacht", "de"),
        ("uma noite chuvosa", "pt"),
    ],
)
def test_a_rainy_night_is_one_in_every_language(theme: str, language: str) -> None:
    """Rain and night are heard in all eight languages, and the language is recognised."""
    reading = LEXICON.read(theme)
    assert {"rain", "night"} <= set(reading.concepts)
    assert reading.language == language
    assert reading.part == "night"


def test_the_seed_sentence_is_a_jazz_cafe() -> None:
    """适合咖啡店播放的Jazz音乐 asks for jazz to play in a cafe."""
    assert concepts("适合咖啡店播放的Jazz音乐") == {"cafe", "jazz"}


@pytest.mark.parametrize("name", list(LEXICON.concepts))
def test_each_word_of_a_concept_is_understood_on_its_own(name: str) -> None:
    """Every plain word in the lexicon, typed alone, leads to its concept in at least one reading of it."""
    for language in LANGUAGES:
        for word in getattr(LEXICON.concepts[name], language):
            if "*" not in word:
                assert name in concepts(word) or language != LEXICON.read(word).language, (language, word)


@pytest.mark.parametrize(
    ("theme", "concept"),
    [
        ("CAFÉ", "cafe"),
        ("cafe", "cafe"),
        ("gemütlich", "cosy"),
        ("gemuetlich", "cosy"),
        ("Frühlingsmorgen", "spring"),
        ("Sommerregen", "rain"),
        ("outono", "autumn"),
        ("été à la plage", "summer"),
        ("ete a la plage", "summer"),
        ("ｊａｚｚ", "jazz"),
        ("圖書館", "bookshop"),
        ("图书馆", "bookshop"),
        ("studying late", "study"),
        ("studies", "study"),
        ("🌧", "rain"),
        ("☕️", "cafe"),
        ("🌊🌊", "sea"),
        ("🔥", "fire"),
        ("🌃", "night"),
    ],
)
def test_case_accents_inflection_and_pictures_do_not_matter(theme: str, concept: str) -> None:
    """A word counts with or without accents, in any case, inflected, in full-width letters or as an emoji."""
    assert concept in concepts(theme)


@pytest.mark.parametrize(
    ("theme", "other"),
    [
        ("火车上", "fire"),
        ("training", "train"),
        ("a brief, bad song about four brothers", "write"),
        ("a brief, bad song about four brothers", "temple"),
        ("a brief, bad song about four brothers", "kitchen"),
        ("비행기", "rain"),
        ("see you later", "lake"),
        ("no rain today", "rain"),
        ("sin lluvia", "rain"),
        ("没有雨", "rain"),
        ("雨なし", "rain"),
    ],
)
def test_a_word_inside_another_or_denied_does_not_count(theme: str, other: str) -> None:
    """The fire in 火车 is no fire, a German word in an English sentence is English, and "no rain" is no rain."""
    assert other not in concepts(theme)


@pytest.mark.parametrize("theme", ["xqzv 42", "🦑", "12345", "...", "السلام عليكم"])
def test_what_is_not_understood_is_left_alone(theme: str) -> None:
    """An unknown theme gives an empty reading, not a guess."""
    assert concepts(theme) == set()


def test_scripts_tell_their_language() -> None:
    """Scripts of one language name it; anything else is taken for English."""
    assert [LEXICON.read(theme).language for theme in ("тихо", "שקט", "هدوء", "xqzv 42")] == ["ru", "he", "ar", "en"]
