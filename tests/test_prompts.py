"""The files in prompts/: all of them load, and a mistake in one is explained to the person who made it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline import prompts
from pipeline.errors import PromptError
from pipeline.writers.offline.lexicon import Lexicon
from pipeline.writers.offline.style import load_styles
from pipeline.writers.offline.titlebank import load_titles
from pipeline.writers.offline.writer import OfflineWriter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of prompts/ to make mistakes in."""
    return Path(shutil.copytree(prompts.prompts_folder(), tmp_path / "prompts"))


def edit(path: Path, old: str, new: str) -> int:
    """Replace text in a file; return the line it stood in."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_every_shipped_bank_and_template_loads() -> None:
    """The prompts in the package are whole: a writer reads them all without complaint."""
    OfflineWriter()
    for path in prompts.prompts_folder().rglob("*.toml"):
        assert prompts.load_bank(str(path.relative_to(prompts.prompts_folder()))).data


def test_there_are_at_least_eight_styles_and_they_are_listed() -> None:
    """`--style` offers a choice, all of it in lo-fi's range of tempos."""
    styles = load_styles(prompts.vocabulary())
    assert tuple(styles) == prompts.styles() and len(styles) >= 8
    for name, style in styles.items():
        low, high = (60, 76) if name == "ambient" else (70, 92)
        assert low <= style.tempo[0] < style.tempo[1] <= high, name


def test_every_concept_speaks_the_vocabulary() -> None:
    """What a theme can ask for exists: moods, instruments, grooves, ambiences, styles, scenes, title banks."""
    words, styles, titles = prompts.vocabulary(), prompts.styles(), load_titles()
    scenes = prompts.load_sections("covers.md", ("light", "palette"))
    concepts = Lexicon().concepts
    assert len(concepts) >= 60
    for name, concept in concepts.items():
        assert set(concept.moods) <= set(words.moods), name
        assert set(concept.instruments) <= set(words.instruments), name
        assert set(concept.grooves) <= set(words.grooves), name
        assert set(concept.ambience) <= set(words.ambiences), name
        assert set(concept.styles) <= set(styles), name
        assert set(concept.scene) <= set(scenes), name
        assert set(concept.families) <= set(titles.families), name


def test_a_missing_file_is_named(folder: Path) -> None:
    """A deleted bank is reported by its path."""
    (folder / "music.toml").unlink()
    with pytest.raises(PromptError, match=r"music\.toml is missing"):
        OfflineWriter(folder)


def test_malformed_toml_is_reported_with_its_line(folder: Path) -> None:
    """A forgotten bracket is found by file and line."""
    line = edit(folder / "styles.toml", "tempo = [80, 92]", "tempo = [80, 92")
    with pytest.raises(PromptError, match=rf"styles\.toml.*line {line + 1}"):
        OfflineWriter(folder)


def test_a_wrong_value_is_reported_with_its_table(folder: Path) -> None:
    """A word where a number belongs is refused, with the style it belongs to."""
    line = edit(folder / "styles.toml", "tempo = [80, 92]", "tempo = ['fast', 92]")
    with pytest.raises(PromptError, match=rf"line {line - 2}.*boom bap.*tempo\.0"):
        OfflineWriter(folder)


def test_a_style_may_not_use_an_instrument_no_musician_has(folder: Path) -> None:
    """A word outside vocabulary.toml is found when the bank is read, not when a musician trips over it."""
    edit(folder / "styles.toml", "keep = ['felt piano']", "keep = ['kazoo']")
    with pytest.raises(PromptError, match="kazoo"):
        OfflineWriter(folder)


def test_an_unknown_gap_is_reported_with_its_line(folder: Path) -> None:
    """A template with a gap nobody fills is refused before an album is written."""
    line = edit(folder / "music.md", "- {{genre}} with", "- {{genere}} with")
    with pytest.raises(PromptError, match=rf"music\.md, line {line}: nothing fills \{{\{{genere"):
        OfflineWriter(folder)


def test_a_music_prompt_may_not_leave_out_the_tempo(folder: Path) -> None:
    """A line that forgets a value would let prompt and plan differ: it is refused."""
    edit(folder / "music.md", ", {{tempo}} BPM, {{key}}, {{mood}}, {{energy}}", ", {{key}}, {{mood}}, {{energy}}")
    with pytest.raises(PromptError, match=r"does not use \{\{tempo"):
        OfflineWriter(folder)


def test_a_title_line_with_an_unknown_gap_is_refused(folder: Path) -> None:
    """The frames of titles are checked like every template."""
    line = edit(folder / "titles.toml", "who left {{a_thing}} {{rest}}?", "who left {{thingy}}?")
    with pytest.raises(PromptError, match=rf"titles\.toml, line {line}: .*thingy"):
        OfflineWriter(folder)


def test_a_title_bank_line_without_its_colon_is_refused(folder: Path) -> None:
    """A happening needs who and what."""
    line = edit(folder / "titles" / "sea.toml", "the tide : turns", "the tide turns")
    with pytest.raises(PromptError, match=rf"sea\.toml, line {line}"):
        OfflineWriter(folder)


def test_a_concept_must_speak_every_language(folder: Path) -> None:
    """A theme word in seven languages is a theme lost in the eighth."""
    edit(folder / "lexicon" / "weather.toml", "ko = '안개'\n", "ko = ''\n")
    with pytest.raises(PromptError, match=r"\[fog\] has no words for ko"):
        OfflineWriter(folder)


def test_a_file_that_is_not_utf8_is_refused(folder: Path) -> None:
    """A bank saved in another encoding is reported, not guessed."""
    (folder / "languages.toml").write_bytes(b"en = 'caf\xe9'")
    with pytest.raises(PromptError, match="not UTF-8"):
        OfflineWriter(folder)


def test_a_template_says_which_word_is_missing() -> None:
    """Filling a template without one of its words is an error that names the word."""
    template = prompts.Template("{{tempo}} BPM in {{key}}", "here")
    assert template.render({"tempo": "80", "key": "A minor"}) == "80 BPM in A minor"
    with pytest.raises(PromptError, match="key"):
        template.render({"tempo": "80"})


def test_edited_words_are_used(folder: Path) -> None:
    """What a person writes into a bank comes out in the albums."""
    path = folder / "music.md"
    path.write_text(path.read_text().replace("instrumental, no vocals", "instrumental, no vocals, for Aunt Ada"))
    from pipeline.domain import Brief

    plan = OfflineWriter(folder).write(Brief(theme="rain", tracks=2, seed=1), ()).plan
    assert all(track.prompt.endswith("for Aunt Ada") for track in plan.tracks)
