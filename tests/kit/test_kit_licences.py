"""A buyer reads in LICENCES.md what everything was made with and whether it may be sold."""

from __future__ import annotations

from hypothesis import given, settings
from kit_material import (
    BAND,
    DIFFUSION,
    HOSTILE,
    JUDGE,
    MUSICGEN,
    PAINTER,
    PROVIDER,
    SMALL,
    WRITER,
    album,
    asset,
    clean,
    hostile_works,
)
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pipeline.domain import Backend
from pipeline.domain.line import one_line
from pipeline.kit.disclosure import disclosure, disclosure_page, involvement, youtube_answer
from pipeline.kit.distributor import checklist
from pipeline.kit.licences_page import licences_page, refusal, remarks
from pipeline.kit.markdown import escaped
from pipeline.kit.work import Work

MARKDOWN = MarkdownIt("commonmark").enable("table")
PLAIN = {"inline", "text", "text_special", "softbreak", "strong_open", "strong_close"}
BLOCKS = {
    f"{name}_{end}"
    for name in ("heading", "paragraph", "bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td")
    for end in ("open", "close")
}


def kinds(tokens: list[Token]) -> set[str]:
    """Every kind of token in a parsed page."""
    return {token.type for token in tokens} | {kid.type for token in tokens for kid in token.children or []}


def shown(token: Token) -> str:
    """What a reader sees of a line."""
    return "".join(kid.content for kid in token.children or [])


def cells(page: str) -> list[list[str]]:
    """The rows of the table in a page, as an independent parser reads them."""
    rows: list[list[str]] = []
    inside = False
    for token in MARKDOWN.parse(page):
        if token.type == "tr_open":
            rows.append([])
        inside = token.type in ("td_open", "th_open") or (inside and token.type == "inline")
        if inside and token.type == "inline":
            rows[-1].append(shown(token))
    return rows


@given(HOSTILE)
def test_markdown_shows_the_very_characters(text: str) -> None:
    """Whatever is in a title, a reader of Markdown sees it, on one line, in one paragraph."""
    tokens = MARKDOWN.parse(f"- {escaped(text)}")
    assert kinds(tokens) <= PLAIN | BLOCKS
    assert "".join(shown(token) for token in tokens if token.type == "inline") == one_line(text)


@settings(max_examples=40, deadline=None)
@given(hostile_works())
def test_a_page_has_one_row_for_each_asset_whatever_it_is_called(work: Work) -> None:
    """No name adds a row, a column, a link or an element."""
    page = licences_page(work)
    rows = cells(page)
    assert len(rows) == 1 + len(work.assets)
    assert {len(row) for row in rows} == {6}
    assert [row[5] for row in rows[1:]] == [made.sha256 for made in work.assets]
    for text in (page, disclosure_page(work), checklist(work)):
        assert clean(text)
        assert kinds(MARKDOWN.parse(text)) <= PLAIN | BLOCKS


def test_the_offline_studio_may_be_sold() -> None:
    """Its licences are those of software, and the page says so with every asset by name."""
    page = licences_page(album())
    assert "It **may be sold**" in page
    assert refusal(album().assets) == []
    row = cells(page)[1]
    assert row[:3] == ["track 1, “Rain on Tin”, take 1", "offline band 1", "Apache-2.0 (synthesised by this software)"]
    assert row[3:5] == ["none", "takes/01.flac"]


def test_what_may_not_be_sold_is_named_with_its_model_and_licence() -> None:
    """As a person would say it, and so in the page; the models stand with revision and hash."""
    assets = [asset("track 1, “A”", "music", BAND), asset("track 2, “X”", "music", MUSICGEN)]
    assert refusal(assets) == ["track 2, “X”: facebook/musicgen-small, CC-BY-NC-4.0"]
    page = licences_page(album(assets=assets))
    assert "It **may not be sold**. CC-BY-NC-4.0 (facebook/musicgen-small) does not allow it" in page
    assert f"commit 4c8334b0, SHA-256 {SMALL.sha256}, CC-BY-NC-4.0" in cells(page)[2][3]


def test_an_unknown_licence_of_what_is_heard_or_seen_is_a_refusal() -> None:
    """Of the model and of the part itself; free ones beside it are not named."""
    unknown = SMALL.but(name="mine", licence="unknown: MusicGen's own weights are CC-BY-NC-4.0")
    mine = Backend(name="musicgen", version="1", licence="Apache-2.0", weights=(unknown,))
    assert refusal([asset("the rain", "ambience", mine)]) == [
        "the rain: mine, unknown licence, while MusicGen's own weights are CC-BY-NC-4.0"
    ]
    assert refusal([asset("the cover", "picture", DIFFUSION)]) == []
    own = Backend(name="house painter", version="2", licence="unknown")
    assert refusal([asset("the cover", "picture", own)]) == ["the cover: house painter 2, unknown"]


def test_words_and_judgements_bind_only_where_a_licence_forbids_it_by_name() -> None:
    """A provider's terms are worth knowing and no obstacle; a non-commercial judge is one."""
    judge = Backend(name="ear", version="1", licence="Apache-2.0", weights=(SMALL.but(name="ear/nc"),))
    strange = Backend(name="ear", version="1", licence="unknown")
    assets = [asset("the titles", "words", PROVIDER), asset("all takes", "judgement", strange)]
    assert refusal(assets) == []
    assert remarks(assets) == [
        "words: openai gpt-5-mini, Text by gpt-5-mini, under its provider's terms",
        "judgement: ear 1, unknown",
    ]
    assert "worth knowing" in licences_page(album(assets=assets))
    assert refusal([asset("all takes", "judgement", judge)]) == ["all takes: ear/nc, CC-BY-NC-4.0"]
    for licence in ("Stability AI Non-Commercial", "cc-by-nc-sa-4.0", "research-only"):
        assert refusal([asset("t", "words", Backend(name="w", version="1", licence=licence))]), licence
    assert refusal([asset("t", "words", Backend(name="w", version="1", licence="NCSA terms"))]) == []


def test_nothing_recorded_is_no_permission() -> None:
    """A release that knows none of its makers may not be sold."""
    assert "may not be sold" in licences_page(album(assets=()))


def test_the_offline_studio_discloses_software_and_no_model() -> None:
    """A synthesiser is an instrument: YouTube's question is answered with no."""
    assert youtube_answer(album()).yes is False
    said = disclosure(album())
    assert "composed and played by software, a synthesiser band without a trained model" in said
    assert "No trained model was used." in said
    assert ("Vocals", "None, it is instrumental") in involvement(album())


def test_a_model_is_named_with_the_part_it_made() -> None:
    """In the sentence, in the answer to YouTube and in the credits for shops."""
    work = album(musician=MUSICGEN, painter=DIFFUSION)
    answer = youtube_answer(work)
    assert answer.yes and "facebook/musicgen-small" in answer.why
    said = disclosure(work)
    assert "the music was generated by facebook/musicgen-small, a trained model." in said
    assert "The pictures were painted by somebody/stable-diffusion, a trained model." in said
    assert "No trained model" not in said
    assert dict(involvement(work))["Instrumentation"] == "Generated by a trained model: facebook/musicgen-small"
    assert "Answer: **Yes**" in disclosure_page(work)


def test_a_mix_of_both_tells_of_both() -> None:
    """Tracks by a model and tracks by the offline band in one release."""
    both = [asset("track 1", "music", MUSICGEN), asset("track 2", "music", BAND)]
    said = disclosure(album(assets=both))
    assert said.endswith("a trained model; other parts of it were made by software without one.")
    assert dict(involvement(album(assets=both)))["Instrumentation"].endswith(", and software without one")
    sampler = Backend(name="my sampler", version="1", licence="MIT")
    assert "synthesiser" not in disclosure(album(musician=sampler))


def test_a_painted_picture_alone_is_a_yes_and_titles_alone_are_not() -> None:
    """A picture may look real; help with words needs no answer, but the sentence tells of it."""
    assert youtube_answer(album(painter=DIFFUSION)).yes
    words = album(assets=[asset("t", "music", BAND), asset("w", "words", PROVIDER), asset("p", "picture", PAINTER)])
    assert not youtube_answer(words).yes
    assert "titles and texts were written by openai gpt-5-mini, a trained model" in disclosure(words)


def test_a_judge_with_a_model_is_told_of() -> None:
    """The offline band's album that a model chose from does not claim that no model was used."""
    judge = JUDGE.but(name="CLAP judge", weights=(SMALL.but(name="laion/clap", licence="CC0-1.0"),))
    said = disclosure(
        album(assets=[asset("t", "music", BAND), asset("w", "words", WRITER), asset("j", "judgement", judge)])
    )
    assert "A trained model (laion/clap) chose among the takes; none made what you hear and see." in said
    assert "No trained model was used" not in said


def test_switched_off_it_is_not_said_but_the_page_still_answers() -> None:
    """A platform's question is answered truthfully all the same."""
    page = disclosure_page(album(musician=MUSICGEN, disclosed=False))
    assert "It was switched off for this release" in page
    assert "Answer: **Yes**" in page
