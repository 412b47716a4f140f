"""`lofi render --ambience`: words of one's own or a part's name, by whoever is set to make it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli import lofi

PROMPT = "warm rhodes by the sea"
BY_HUM = {"LOFI_AMBIENCE": "test_clips:Hum", "LOFI_MUSICIAN": "test_clips:Sines"}

ASKED = {
    "words": (("--ambience", "a kettle, far away"), "a kettle, far away"),
    "what the prompt suggests": ((), "sea"),
    "what the prompt suggests, by a part": (("--ambience", "test_clips:Hum"), "sea"),
    "nothing": (("--ambience", "none"), None),
}


@pytest.mark.parametrize(("words", "heard"), ASKED.values(), ids=ASKED)
def test_what_is_heard_under_a_clip(words: tuple[str, ...], heard: str | None, tmp_path: Path) -> None:
    """The JSON and the line for people say what, and the licence of both."""
    asked = ("render", PROMPT, "--seed", "3", *words, "--library", str(tmp_path))
    said = CliRunner().invoke(lofi, [*asked, "--json"], env=BY_HUM)
    assert said.exit_code == 0, said.output
    (clip,) = json.loads(said.stdout)
    assert (clip["ambience"] and clip["ambience"]["order"]["ambience"]) == heard
    shown = CliRunner().invoke(lofi, asked, env=BY_HUM).stdout
    assert (f"over {heard} by hum 1. Licence: CC0-1.0; CC-BY-NC-4.0" in shown) is bool(heard)


def test_a_prompt_without_ambience_says_what_to_type(tmp_path: Path) -> None:
    """Nothing is laid under the clip without a word."""
    asked = ("render", "plain drums", "--seed", "2", "--library", str(tmp_path))
    shown = CliRunner().invoke(lofi, asked, env=BY_HUM)
    assert shown.exit_code == 0 and "dry" in shown.stdout and "--ambience rain" in shown.stdout


def test_the_band_plays_it_by_itself(tmp_path: Path) -> None:
    """Its plan has the words, nothing is laid under it, and no model is asked for."""
    asked = ("render", PROMPT, "--seconds", "10", "--seed", "3", "--ambience", "rain", "--library", str(tmp_path))
    shown = CliRunner().invoke(lofi, asked)
    assert shown.exit_code == 0, shown.output
    assert "The offline band plays its own ambience" in shown.stdout
    (record,) = tmp_path.glob("clips/*.json")
    take = json.loads(record.read_text())
    assert take["order"]["track"]["ambience"] == "rain" and "loop" not in take


def test_without_audiogen_it_says_what_to_install(tmp_path: Path) -> None:
    """Words alone mean audiogen; where it is not, one line, and nothing is rendered."""
    asked = ("render", PROMPT, "--ambience", "rain", "--library", str(tmp_path))
    environment = {"LOFI_MUSICIAN": "test_clips:Sines", "LOFI_AUDIOGEN_MODEL": "not/here", "LOFI_HUB": str(tmp_path)}
    refused = CliRunner().invoke(lofi, asked, env=environment)
    assert "uv sync --extra neural" in str(refused.exception) or "not/here" in str(refused.exception)
    assert not list(tmp_path.rglob("*.flac"))
