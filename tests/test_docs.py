"""The documents keep their word: every setting, verb and option is documented, every link leads somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from flows.cli import lofi
from pipeline.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/**/*.md"))]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_readme(name: str) -> None:
    """A setting nobody can find does not exist."""
    assert f"`{PREFIX}{name.upper()}`" in README


@pytest.mark.parametrize("verb", lofi.commands)
def test_every_verb_has_a_page_that_names_its_options(verb: str) -> None:
    """docs/verbs/VERB.md mentions every option but --library and --help, which the overview explains."""
    page = (ROOT / "docs" / "verbs" / f"{verb}.md").read_text()
    for parameter in lofi.commands[verb].params:
        if isinstance(parameter, click.Option) and parameter.opts[0] != "--library":
            assert parameter.opts[0] in page, parameter.opts[0]


def commands() -> list[str]:
    """Every lofi command in the README's code blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = "\n".join(blocks).splitlines()
    return [line.removeprefix("uv run ") for line in lines if line.removeprefix("uv run ").startswith("lofi ")]


@pytest.mark.parametrize("line", commands())
def test_every_command_in_the_readme_parses(line: str) -> None:
    """click accepts each one as it stands."""
    _, verb, *words = shlex.split(line, comments=True)
    lofi.commands[verb].make_context(verb, words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture exists."""
    text = page.read_text()
    for target in re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", text):
        link = (target[0] or target[1]).partition("#")[0]
        if link and "://" not in link:
            assert (page.parent / link).exists(), link
