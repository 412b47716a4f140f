"""Steering a radio with a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipeline
from pipeline.domain import Brief
from pipeline.domain.course import Course
from pipeline.writers.offline.concept import LANGUAGES
from pipeline.writers.offline.steering import Steering
from pipeline.writers.offline.writer import OfflineWriter

STEERING = Steering()
CAFE = STEERING.begin("jazz for a rainy cafe")
SOON = "You hear it within two tracks."


def turn(course: Course, sentence: str, own: Course = CAFE) -> Course:
    """Return where a sentence that is understood leads."""
    turned = STEERING.turn(course, sentence, own)
    assert turned is not None, sentence
    return turned.course


def told(course: Course, sentence: str) -> str:
    """Return what a listener is told of a sentence that is understood."""
    turned = STEERING.turn(course, sentence, CAFE)
    assert turned is not None, sentence
    return turned.said


def test_the_owners_words_are_what_it_begins_with() -> None:
    """Until somebody steers, the writer gets the owner's own sentence."""
    assert CAFE.theme == "jazz for a rainy cafe"
    assert CAFE.words == ("jazz", "rain", "cafe")


@pytest.mark.parametrize(
    ("sentence", "words", "pace"),
    [
        ("slower, more piano, rain", ("jazz", "rain", "cafe", "piano"), -1),
        ("no rain", ("jazz", "cafe"), 0),
        ("less rain please", ("jazz", "cafe"), 0),
        ("boom bap", ("rain", "cafe", "hip hop"), 0),
        ("langsamer, mit Klavier", ("jazz", "rain", "cafe", "piano"), -1),
        ("もっとゆっくり、ピアノ", ("jazz", "rain", "cafe", "piano"), -1),
        ("更快", ("jazz", "rain", "cafe"), 1),
        ("sin lluvia", ("jazz", "cafe"), 0),
    ],
)
def test_a_sentence_adds_takes_away_and_replaces(sentence: str, words: tuple[str, ...], pace: int) -> None:
    """What is named comes, what is not wanted goes, and of two styles the newer one counts."""
    turned = turn(CAFE, sentence)
    assert (turned.words, turned.pace) == (words, pace)


def test_every_wish_that_the_page_suggests_is_understood() -> None:
    """A button that answers "none of that" would be a poor joke."""
    page = (Path(pipeline.__file__).parent / "web" / "templates" / "radio.html").read_text()
    (listed,) = re.findall(r"for hint in \((.*?)\) %}", page)
    suggested = re.findall(r'"(.*?)"', listed)
    assert len(suggested) >= 4
    for wish in suggested:
        assert turn(STEERING.begin("snow"), wish) != STEERING.begin("snow"), wish
    alone = re.findall(r"data-alone[^>]*>(.*?)</button>", page)
    assert [turn(turn(CAFE, "the sea"), wish) for wish in alone] == [CAFE]


def test_what_is_not_understood_changes_nothing() -> None:
    """Nobody is told that something changed when nothing did."""
    assert STEERING.turn(CAFE, "xyzzy qwrt", CAFE) is None
    assert STEERING.turn(CAFE, "", CAFE) is None


def test_taking_everything_away_leaves_lofi() -> None:
    """A radio has to play something."""
    assert turn(CAFE, "no jazz, no rain, no cafe").words == ("lofi",)


def test_the_pace_has_an_end() -> None:
    """A hundred times "slower" is not music any more."""
    course = CAFE
    for _ in range(9):
        course = turn(course, "slower")
    assert course.pace == -2
    assert told(course, "slower") == "It is as slow as it gets."


def test_what_is_steered_for_is_what_the_writer_plans() -> None:
    """Steering is understood by whoever plans the tracks: the style, the piano, the rain."""
    turned = turn(CAFE, "bossa, more flute, the sea")
    plan = OfflineWriter().write(Brief(theme=turned.theme, tracks=6, seconds=60, seed=4), ()).plan
    assert plan.style == "bossa"
    assert sum("flute" in track.instruments for track in plan.tracks) >= 4
    assert sum(track.ambience == "sea" for track in plan.tracks) >= 4


def test_every_word_shown_is_read_back_as_itself() -> None:
    """The writer understands a course as it is shown."""
    for name, called in STEERING._called.items():
        assert name in STEERING._lexicon.read(called).concepts, name


_UNDERSTOOD = st.sampled_from(
    [
        "sax",
        "no rain",
        "no sax",
        "sax, no flute",
        "not slower",
        "slower, faster",
        "start over",
        "boom bap",
        "slower",
        "the sea, piano",
        "funk",
    ]
)
_SAID = st.one_of(st.text(max_size=300), st.builds("{} {}".format, _UNDERSTOOD, st.text(max_size=50)))


@given(st.lists(_SAID, max_size=8))
def test_no_word_of_a_stranger_is_ever_shown(sentences: list[str]) -> None:
    """Whatever is typed, what is shown and planned is in the label's own words."""
    course = CAFE
    answers = list[str]()
    for sentence in sentences:
        turned = STEERING.turn(course, sentence, CAFE)
        course = course if turned is None else turned.course
        answers += [] if turned is None else [turned.said]
    assert set(course.words) <= set(STEERING._called.values())
    said = course.theme.removeprefix(CAFE.theme).strip(", ")
    assert set(filter(None, said.split(", "))) <= set(STEERING._called.values())
    assert all(_words(answer) <= _own_words() for answer in answers)


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("slower, more piano, no rain", f"Heard: piano, no rain, slower. {SOON}"),
        ("boom bap", f"Heard: hip hop instead of jazz. {SOON}"),
        ("rain", "It plays rain already."),
        ("no snow", "There is no snow in it."),
        ("flute, piano, guitar, forest, train, bass",
         f"Heard: flute, piano, guitar, forest, train, bass. It holds 8 ideas at most, so jazz gives way. {SOON}"),
        ("flute, piano, guitar, forest, train, bass, drums, vibraphone",
         "Heard: flute, piano, guitar, forest, train, bass, vibraphone. "
         f"It holds 8 ideas at most, so jazz and rain give way. {SOON}"),
    ],
)  # fmt: skip
def test_the_answer_says_what_this_wish_changes(sentence: str, said: str) -> None:
    """And not all that was ever wished for: the page shows that beside it."""
    assert told(CAFE, sentence) == said


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("sax please", "The band has no saxophone: a flute plays instead."),
        ("サックス", "The band has no saxophone: a flute plays instead."),
        ("mit Geige und Trompete", "The band has no violin: a pad plays instead. "
         "The band has no trumpet: a flute plays instead."),
        ("einen Chor", "The band has no choir: a pad plays instead."),
        ("violonchelo", "The band has no cello: a bass plays instead."),
        ("蓝调", "The band plays no blues: soul comes nearest."),
    ],
)  # fmt: skip
def test_what_the_band_has_not_is_said_and_what_plays_instead(sentence: str, said: str) -> None:
    """Nobody waits for a saxophone that never comes; also where what plays instead was there before."""
    assert said in told(CAFE, sentence)
    assert said in told(turn(CAFE, sentence), sentence)


def test_what_is_not_wanted_is_not_replaced() -> None:
    """Whoever wants no sax hears nothing of a flute in its place, and takes it away from nobody who wished for it."""
    with_flute = turn(CAFE, "flute")
    for course, sentence in ((CAFE, "no sax"), (with_flute, "no saxophone"), (with_flute, "ohne Saxophon")):
        assert told(course, sentence) == "The band has no saxophone anyway."
        assert turn(course, sentence) == course
    assert told(CAFE, "no violin") == "The band has no violin anyway."
    assert told(CAFE, "no blues") == "The band plays no blues anyway."
    assert told(with_flute, "no flute, no sax") == f"Heard: no flute. The band has no saxophone anyway. {SOON}"


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("saxophone but no flute", "The band has no saxophone, and no flute plays instead."),
        ("blues but no soul", "The band plays no blues, and no soul instead."),
    ],
)
def test_what_is_refused_is_not_played_in_the_place_of_something_else(sentence: str, said: str) -> None:
    """Nor planned, where it is the theme of an album or of the radio's owner."""
    assert turn(CAFE, sentence) == CAFE
    assert said in told(CAFE, sentence)
    assert STEERING.begin(f"{sentence}, rain").words == ("rain",)
    assert turn(turn(CAFE, "flute"), "saxophone but no flute").words == CAFE.words


@pytest.mark.parametrize(
    "sentence",
    ["don't start over", "I don’t want to start over", "do not forget that", "不要重新开始", "nicht von vorne",
     "not slower", "don't slow down", "pas plus vite", "not slower, not faster"],
)  # fmt: skip
def test_what_is_only_refused_changes_nothing(sentence: str) -> None:
    """Neither a refused start over nor a refused pace is taken for a wish, or for something that is not in it."""
    far = turn(CAFE, "the sea, slower")
    assert turn(far, sentence) == far
    assert told(far, sentence) == "It goes on as it is."


def test_a_first_snowy_night_is_no_start_over() -> None:
    """In Korean, "for the first time" begins as "back to the start" does."""
    far = turn(CAFE, "piano")
    assert told(far, "처음으로 눈 오는 밤") == f"Heard: snow, night. {SOON}"
    assert turn(far, "처음으로 돌아가") == CAFE


def test_slower_and_faster_cancel_out() -> None:
    """Which is said, also beside what does change."""
    assert told(CAFE, "slower and faster") == "Slower and faster cancel each other out."
    assert turn(CAFE, "slower and faster") == CAFE
    assert told(CAFE, "piano, slower, faster") == f"Heard: piano. Slower and faster cancel each other out. {SOON}"


def test_each_word_for_what_the_band_has_not_is_known() -> None:
    """In every language, and something that it has plays in its place."""
    for stand_in in STEERING._lexicon.stand_ins.values():
        assert stand_in.plays in STEERING._lexicon.concepts
        for language in LANGUAGES:
            for word in getattr(stand_in, language):
                assert stand_in in STEERING._lexicon.replaced(word.replace("*", "")), (language, word)


@pytest.mark.parametrize(
    "sentence",
    ["Start over!", "forget that", "back to the theme, please", "重新开始", "回到主題", "最初から", "テーマに戻って",
     "처음부터 다시", "empieza de nuevo", "olvídalo", "oublie ça", "retour au thème", "von vorne bitte",
     "zurück zum Thema", "começar de novo", "esqueça isso"],
)  # fmt: skip
def test_starting_over_leads_back_to_the_theme(sentence: str) -> None:
    """In every language that is understood, however far it was turned."""
    far = turn(turn(turn(CAFE, "much slower, no jazz"), "the sea, bossa"), "faster, faster, piano")
    turned = STEERING.turn(far, sentence, CAFE)
    assert turned is not None and turned.course == CAFE
    assert turned.said == f"Back to the theme. {SOON}"
    assert told(CAFE, sentence) == "It plays its theme already."


def test_starting_over_with_something_is_the_theme_with_that() -> None:
    far = turn(CAFE, "the sea, slower")
    assert turn(far, "forget that, more piano") == turn(CAFE, "piano")
    assert told(far, "forget that, more piano") == f"Back to the theme. Heard: piano. {SOON}"


def test_a_theme_that_nobody_understands_is_gone_back_to_as_well() -> None:
    own = STEERING.begin("xyzzy")
    assert turn(turn(own, "rain", own), "start over", own) == own


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\s,.:]+", text))


def _own_words() -> set[str]:
    """All that an answer may consist of."""
    lexicon = STEERING._lexicon
    ideas = [idea.called for idea in (*lexicon.concepts.values(), *lexicon.stand_ins.values())]
    frame = (
        "Heard no instead of and slower faster It plays already its theme There is in it as slow fast gets "
        "The band has a comes nearest holds 8 ideas at most so give gives way Back to the You hear within two tracks "
        "anyway Slower cancel each other out goes on"
    )
    return _words(" ".join([*ideas, frame]))


def test_the_owners_theme_counts_for_as_long_as_nothing_of_it_is_taken_back() -> None:
    """Also the part of it that nobody here understands."""
    graz = STEERING.begin("music for my grandmother Ottilie's birthday in Graz")
    for wish, theme in (("slower", graz.theme), ("no rain", graz.theme), ("more piano", f"{graz.theme}, piano")):
        assert turn(graz, wish, graz).theme == theme, wish
