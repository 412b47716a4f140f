"""`lofi models` and the parts of the studio, chosen one by one."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from checkpoint_files import MUSICGEN, cached, write
from door import ROOT, SMALL, THEME, Door

Made = Any
BAND = "pipeline.musicians.offline.band:OfflineBand"


def models(door: Door, hub: Path, *words: str, code: int = 0) -> dict[tuple[str, str], dict[str, Any]]:
    said = door.run("models", "--json", *words, LOFI_HUB=str(hub))
    assert said.returncode == code, said.stderr
    return {(model["name"], model["layout"]): model for model in json.loads(said.stdout)}


def test_every_known_model_is_listed_with_what_fetches_it(door: Door, tmp_path: Path) -> None:
    """Licence, layout, sizes and the command; nothing is made for looking."""
    shown = door.run("models", LOFI_HUB=str(tmp_path / "hub"))
    assert shown.returncode == 0, shown.stderr
    for text in ("facebook/musicgen-stereo-melody", "CC-BY-NC-4.0", "laion/clap-htsat-unfused", "2.4 GB", "audiocraft"):
        assert text in shown.stdout
    assert "hf download facebook/musicgen-small --include" in shown.stdout
    assert not door.library.exists() and not (tmp_path / "hub").exists()
    assert "hf download facebook/musicgen-large" not in shown.stdout and "lofi models --json" in shown.stdout
    commands = {model["fetch"] for model in models(door, tmp_path / "hub").values()}
    assert any("facebook/musicgen-large" in command for command in commands)


def test_models_of_ones_own_come_first(door: Door, tmp_path: Path) -> None:
    """Under a heading, before all that are published."""
    own = write(tmp_path / "mine", MUSICGEN)
    lines = door.run("models", LOFI_HUB=str(tmp_path / "hub"), LOFI_MUSICGEN_MODEL=str(own)).stdout.splitlines()
    assert lines[0] == "Your own:" and str(own) in lines[2] and lines.index("Published:") == 4
    assert door.run("models", LOFI_HUB=str(tmp_path / "hub")).stdout.splitlines()[0].startswith("Model")


def test_what_is_here_is_told_from_what_is_damaged(door: Door, tmp_path: Path) -> None:
    """Whole, verified, damaged: by JSON and by exit code."""
    snapshot = cached(tmp_path, "facebook/musicgen-small", MUSICGEN)
    key = ("facebook/musicgen-small", "transformers")
    assert models(door, tmp_path)[key]["state"] == "whole"
    verified = models(door, tmp_path, "--check")[key]
    assert (verified["state"], verified["hash"], verified["remedy"]) == ("verified", True, "")
    (snapshot / "model.safetensors").resolve().write_bytes(b"half a file")
    broken = models(door, tmp_path, "--check", code=1)[key]
    assert (broken["state"], broken["hash"]) == ("damaged", False)
    shown = door.run("models", LOFI_HUB=str(tmp_path))
    assert shown.returncode == 1
    assert "DAMAGED" in shown.stdout and "--force-download" in shown.stdout


def test_the_models_settings_name_the_hub(door: Door, tmp_path: Path) -> None:
    """HF_HOME and HF_HUB_CACHE are where they say; LOFI_HUB wins."""
    cached(tmp_path / "hub", "facebook/musicgen-small", MUSICGEN)
    for variables in ({"HF_HOME": str(tmp_path)}, {"HF_HUB_CACHE": str(tmp_path / "hub")}):
        shown = door.run("models", **variables)
        assert str(tmp_path / "hub") in shown.stdout and " yes" in shown.stdout


@pytest.mark.parametrize("role", ["writer", "musician", "judge", "painter"])
def test_a_part_that_does_not_exist_is_refused_in_one_line(door: Door, role: str) -> None:
    """By option and by variable, before anything is begun."""
    by_variable = {f"LOFI_{role.upper()}": "nobody"}
    for refused in (
        door.run("make", THEME, f"--{role}", "nobody", "--plain"),
        door.run("make", THEME, "--plain", **by_variable),
        door.run("make", THEME, "--dry-run", **by_variable),
    ):
        assert refused.returncode == 2, refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
        assert f"There is no {role} called 'nobody'" in refused.stderr and "auto" in refused.stderr
    assert not list(door.library.glob("albums/*/plan.json"))


def test_the_same_parts_are_the_same_album(by_plain: Made, door: Door) -> None:
    """Naming the studio's own part finds the album that is made; another part is another album."""
    shutil.copytree(by_plain.door.library, door.library)
    words = ("make", THEME, *SMALL, "--seed", "7", "--format", "mp3", "--format", "opus", "--format", "m4a", "--plain")
    assert "made already" in door.run(*words, "--musician", "band").stdout
    assert "made already" in door.run(*words, LOFI_JUDGE="signal").stdout
    other = door.run(*words, "--musician", BAND, "--json")
    assert other.returncode == 0, other.stderr
    assert json.loads(other.stdout)["slug"] != by_plain.said["slug"]
    assert "made already" in door.run(*words, "--musician", BAND).stdout


def test_the_command_that_goes_on_names_the_parts(by_plain: Made, door: Door) -> None:
    """Those that were chosen, and the studio's own where the environment names another."""
    slug = by_plain.said["slug"]
    said = json.loads(by_plain.door.run("show", slug, "--json", LOFI_MUSICIAN="musicgen").stdout)
    words = shlex.split(said["command"])
    assert words[words.index("--musician") + 1] == "band"
    assert "--musician" not in json.loads(by_plain.door.run("show", slug, "--json").stdout)["command"]
    made = door.make("--tracks", "1", "--seconds", "10", "--takes", "1", "--seed", "3", "--plain", LOFI_MUSICIAN=BAND)
    command = json.loads(door.run("show", made["slug"], "--json").stdout)["command"]
    assert f"--musician {BAND}" in command
    words = [word for word in shlex.split(command)[1:] if word != "--"]
    assert "made already" in door.run(*words, "--plain").stdout


def test_show_says_which_part_made_what(by_plain: Made) -> None:
    """Writer, musician, judge and painter, each on a line."""
    shown = by_plain.door.run("show", by_plain.said["slug"]).stdout
    for line in (
        "Writer:   offline writer 1",
        "Musician: offline band 1",
        "Judge:    signal judge 1",
        "Painter:  offline",
    ):
        assert line in shown


def test_replay_takes_the_musician_of_the_take(by_plain: Made) -> None:
    """Whatever the settings name now."""
    played = by_plain.door.run("replay", by_plain.said["slug"], "1", LOFI_MUSICIAN="musicgen", LOFI_STUDIO="neural")
    assert played.returncode == 0, played.stderr
    assert "byte for byte" in played.stdout


STANDIN = """
from pipeline.errors import BackendUnavailable
from pipeline.studio import PARTS, Part

class Absent:
    def __init__(self):
        raise BackendUnavailable("The model a/b is not on this machine.", "Run: hf download a/b")

PARTS["musician"]["musicgen"] = Part("sitecustomize:Absent")
"""


def test_a_part_that_stands_in_is_said_everywhere(door: Door, tmp_path: Path) -> None:
    """Once on the way, by --dry-run, in the manifest and in `lofi show`; a part asked for by name is refused."""
    (tmp_path / "sitecustomize.py").write_text(STANDIN)
    paths = os.pathsep.join((str(tmp_path), str(ROOT)))
    words = ("--tracks", "1", "--seconds", "10", "--takes", "1", "--seed", "3", "--plain")
    refused = door.run("make", THEME, *words, "--musician", "musicgen", PYTHONPATH=paths)
    assert refused.returncode == 2
    assert "a/b is not on this machine. Run: hf download a/b" in refused.stderr.splitlines()[-1]
    made = door.run("make", THEME, *words, "--musician", "auto", PYTHONPATH=paths)
    assert made.returncode == 0, made.stderr
    note = "Note: The musician is 'band', for 'musicgen' cannot work here: The model a/b is not on this machine."
    assert made.stdout.count(note) == 1
    assert note in door.run("make", THEME, *words[:-1], "--musician", "auto", "--dry-run", PYTHONPATH=paths).stdout
    (manifest,) = door.library.glob("albums/*/album.json")
    album = json.loads(manifest.read_text())
    assert album["without"] == [note.removeprefix("Note: ")] and album["brief"]["musician"] == "auto"
    assert note in door.run("show", manifest.parent.name).stdout
    assert "--musician auto" in door.run("show", manifest.parent.name).stdout


def test_the_doctor_looks_at_the_parts_and_never_shows_a_key(door: Door) -> None:
    """Each part of the studio asked for, the device where torch is, and the key as there or not."""
    seen = door.run("doctor", OPENAI_API_KEY="sk-very-secret", OPENAI_BASE_URL="http://me:word@localhost:1/v1")
    assert seen.returncode == 0, seen.stdout
    for text in ("Writer", "Musician    offline band", "Judge", "Painter", "Neural", "a key for", "localhost"):
        assert text in seen.stdout
    assert "sk-very" not in seen.stdout and "me:word" not in seen.stdout
    without = door.run("doctor", OPENAI_API_KEY="")
    assert "no key for a language model" in without.stdout
    wrong = door.run("doctor", "--painter", "nobody")
    assert wrong.returncode == 2 and "There is no painter called 'nobody'" in wrong.stderr


def test_a_neural_album_without_a_key_says_what_else_is_missing(door: Door, tmp_path: Path) -> None:
    """In one line, before anything is begun."""
    (tmp_path / "sitecustomize.py").write_text(STANDIN)
    paths = os.pathsep.join((str(tmp_path), str(ROOT)))
    words = ("--studio", "neural", "--judge", "signal", "--painter", "offline", "--plain")
    refused = door.run("make", THEME, *words, PYTHONPATH=paths, OPENAI_API_KEY="", OPENAI_BASE_URL="")
    assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1
    for text in ("neither a key nor a server", "a/b is not on this machine", "--studio auto, or --writer offline"):
        assert text in refused.stderr
    assert not list(door.library.glob("albums/*"))


def test_the_doctor_says_which_part_cannot_work(door: Door, tmp_path: Path) -> None:
    """BROKEN with the line that mends it; with auto, a note on what stands in."""
    (tmp_path / "sitecustomize.py").write_text(STANDIN)
    paths = os.pathsep.join((str(tmp_path), str(ROOT)))
    seen = door.run("doctor", "--musician", "musicgen", PYTHONPATH=paths)
    assert seen.returncode == 1
    assert "BROKEN  Musician" in seen.stdout and "Run: hf download a/b" in seen.stdout
    seen = door.run("doctor", "--musician", "auto", PYTHONPATH=paths)
    assert seen.returncode == 0 and "note    Musician    offline band" in seen.stdout
