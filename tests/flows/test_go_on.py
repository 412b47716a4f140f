"""The command that goes on with an album holds all that decides what it is, whatever the next shell has set."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import papers
import pytest
from click.testing import CliRunner

from flows.cli import lofi
from flows.looking import make_command
from pipeline.domain import Brief
from pipeline.settings import read_settings

HERE: dict[str, dict[str, str]] = {
    "nothing set": {},
    "another language and ambience set": {"LOFI_LANGUAGE": "ko", "LOFI_AMBIENCE": "auto"},
}
ASKED = {
    "plain": papers.brief(),
    "with all that can be added": papers.brief().but(language="ja", ambience="audiogen", pictures=True),
}


@pytest.mark.parametrize("environment", HERE.values(), ids=HERE)
@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_the_command_shown_asks_for_the_very_same_album(
    asked: Brief, environment: dict[str, str], tmp_path: Path
) -> None:
    """Typed into a shell with other settings, it means the same brief."""
    settings = read_settings(environment, library=tmp_path / "library")
    words = shlex.split(make_command(asked, settings))
    place = words.index("--")
    run = CliRunner().invoke(lofi, [*words[1:place], "--dry-run", "--json", *words[place:]], env=environment)
    assert run.exit_code == 0, run.output
    assert Brief.model_validate(json.loads(run.stdout)["brief"]) == asked


def test_a_language_makes_another_album_and_none_makes_the_one_of_before() -> None:
    """The same theme and seed in Japanese is not "made already"."""
    assert papers.brief().but(language="ja").digest() != papers.brief().digest()


def test_the_offline_writer_says_that_its_titles_are_english(tmp_path: Path) -> None:
    """A language it cannot write in is not silently ignored."""
    words = ["make", "雨の夜", "--seed", "1", "--dry-run", "--library", str(tmp_path)]
    asked = CliRunner().invoke(lofi, [*words, "--language", "ja"])
    assert asked.exit_code == 0 and "titles are English" in asked.stdout
    assert "titles are English" not in CliRunner().invoke(lofi, words).stdout
    assert "LOFI_LANGUAGE" in str(CliRunner().invoke(lofi, [*words, "--language", "Japanese"]).exception)
