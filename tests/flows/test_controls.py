"""What the page can order is what the command line can do: the same options, and a line that it reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from flows.cli import lofi
from flows.controls import Menu
from pipeline.errors import BadBrief
from pipeline.studio import PARTS

MENU = Menu(lofi.commands)
ON_A_TERMINAL_ALONE = {"library", "as_json", "plain", "trace", "dry_run", "out"}


def line(verb: str, words: str = "rain", **wanted: Any) -> list[str]:
    return MENU.line(verb, words, wanted, Path("here"), lambda name: Path("uploads") / f"{name}.flac")


@pytest.mark.parametrize("verb", ["make", "render"])
def test_every_option_has_a_control(verb: str) -> None:
    """But those that only a terminal has a use for; each says what it does."""
    options = {param.name for param in lofi.commands[verb].params if isinstance(param, click.Option)}
    controls = {control.name: control for control in MENU.controls(verb)}
    assert set(controls) == options - ON_A_TERMINAL_ALONE
    assert all(control.help.endswith((".", '"')) and "module:" not in control.help for control in controls.values())


def test_what_was_chosen_is_what_the_command_line_reads() -> None:
    """Numbers, switches, lists, parts and sounds, each as its option; what was left empty is left out."""
    words = line("make", tracks=3.0, seconds=12.5, seed=0, formats="mp3,opus", pictures=True, judge="clap", style="")
    read = lofi.commands["make"].make_context("make", words[1:]).params
    assert (read["tracks"], read["seconds"], read["seed"], read["judge"]) == (3, 12.5, 0, "clap")
    assert (read["formats"], read["pictures"], read["style"]) == (("mp3", "opus"), True, None)
    assert (read["theme"], read["library"], read["as_json"]) == ("rain", Path("here"), True)
    clip = lofi.commands["render"].make_context("render", line("render", melody="a1", top_k=50.0, greedy=False)[1:])
    assert (clip.params["melody"], clip.params["top_k"]) == (Path("uploads/a1.flac"), 50)


def test_words_are_never_an_option() -> None:
    """Whatever they begin with."""
    for words in ("--trace=/etc/passwd", "-h", "--", "--library=/"):
        read = lofi.commands["make"].make_context("make", line("make", words)[1:]).params
        assert (read["theme"], read["trace"], read["library"]) == (words, None, Path("here"))


@pytest.mark.parametrize("verb", ["make", "render"])
def test_parts_are_those_that_are_known(verb: str) -> None:
    """A module of anybody's choosing is for whoever has a terminal."""
    for role in {*PARTS} & {control.name for control in MENU.controls(verb)}:
        for name in ("os:system", "pipeline.judges.signal:SignalJudge"):
            with pytest.raises(BadBrief, match="to choose here"):
                line(verb, **{role: name})


def test_a_value_that_is_none_is_said_in_the_words_of_the_command_line() -> None:
    """And so is a control that there is not."""
    with pytest.raises(BadBrief, match=r"--tracks is “many”, and must be a whole number, such as 8"):
        line("make", tracks="many")
    with pytest.raises(BadBrief, match="no control 'trace'"):
        line("make", trace="/etc/passwd")
