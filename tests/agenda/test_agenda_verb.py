"""`lofi agenda` as a person runs it, in this process."""

from __future__ import annotations

import json
import os
from pathlib import Path

from click.testing import CliRunner, Result

from flows.cli import lofi
from pipeline.errors import PromptError
from pipeline.prompts import prompts_folder
from pipeline.settings import Settings

WORDS = "[themes.rain]\nwords = 'rain on a tin roof'\nstyles = 'jazzhop'\n[schedule]\nevery_hours = 12\n"


def run(library: Path, *words: str, programme: str | None = None) -> Result:
    given: dict[str, str | None] = {name: None for name in os.environ if name.startswith("LOFI_")}
    if programme is not None:
        folder = library.parent / "prompts"
        folder.mkdir(exist_ok=True)
        (folder / "styles.toml").write_text((prompts_folder() / "styles.toml").read_text())
        (folder / "programme.toml").write_text(programme)
        given["LOFI_PROMPTS"] = str(folder)
    return CliRunner().invoke(lofi, ["agenda", "--library", str(library), *words], env=given, standalone_mode=False)


def test_before_the_first_album_there_is_a_plan(tmp_path: Path) -> None:
    """With no library yet, the programme that is shipped is shown for a week, and nothing is made by looking."""
    shown = run(tmp_path / "output")
    assert shown.exception is None and "Now: “" in shown.output and "The next 7 days, in UTC" in shown.output
    assert "there was no album of it before" in shown.output
    assert not (tmp_path / "output").exists()


def test_programs_read_the_same_as_json(tmp_path: Path) -> None:
    """Every tick with its moment, and an album or a rest with its reasons."""
    found = json.loads(run(tmp_path / "output", "--days", "3", "--json", programme=WORDS).output)
    assert found["now"]["kind"] == "album" and found["now"]["theme"] == "rain on a tin roof"
    assert [each["kind"] for each in found["planned"]] == ["album"] * 6
    assert found["planned"][0]["when"].endswith("+00:00") and found["planned"][1]["why"]


def test_rests_are_gathered_with_their_reason(tmp_path: Path) -> None:
    """A month of nights without room is a line, not thirty."""
    shown = run(tmp_path / "output", "--days", "30", programme=WORDS + "[budgets]\nfree_gb = 1000000\n").output
    assert "Now: nothing. The disk has" in shown
    assert shown.count("are to stay free") == 2 and "59 more times" in " ".join(shown.split())


def test_without_a_schedule_the_plan_says_so(tmp_path: Path) -> None:
    """What would come now is shown all the same."""
    shown = run(tmp_path / "output", programme="[themes.rain]\nwords = 'rain on a tin roof'\n").output
    assert "Now: “rain on a tin roof”" in shown and "The schedule brings nothing in the next 7 days." in shown


def test_a_mistake_in_the_programme_is_said_with_its_line(tmp_path: Path) -> None:
    """Also here it is one line, and the exit code is that of a wrong file."""
    failed = run(tmp_path / "output", programme=WORDS.replace("every_hours", "evry_hours"))
    assert isinstance(failed.exception, PromptError) and failed.exception.exit_code == 2
    assert "line 5: [schedule] there is no key 'evry_hours'; perhaps 'every_hours' is meant." in str(failed.exception)


def test_the_library_that_is_there_counts(tmp_path: Path) -> None:
    """An album of a person's own is an album of its theme."""
    import papers

    from pipeline.library import open_library

    library = tmp_path / "output"
    with open_library(Settings(library=library)) as (_, catalogue):
        catalogue.reserve("rain-on-tin", papers.brief("Rain on a tin roof"), papers.plan())
    shown = run(library, programme=WORDS).output
    assert "it is the only theme that may come now" in shown and "last made today" in shown
