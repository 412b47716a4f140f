"""`lofi render`, as a person meets it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from door import ROOT, Door

from pipeline.domain import Take

PROMPT = "warm rhodes and brushes in the rain"


def test_one_command_renders_a_clip(door: Door) -> None:
    """It lies in the library's clips/, named after the prompt and the seed, with its record beside it."""
    made = door.run("render", PROMPT, "--seconds", "10", "--seed", "5", "--tempo", "76", "--key", "D minor")
    assert made.returncode == 0, made.stderr
    clip = door.library / "clips" / "warm-rhodes-and-brushes-in-the-rain-5.flac"
    assert str(clip) in made.stdout and "offline band" in made.stdout and "Licence" in made.stdout
    assert soundfile.info(clip).duration == pytest.approx(10, abs=1)
    take = Take.model_validate_json(clip.with_name(f"{clip.name}.json").read_bytes())
    assert (take.order.track.prompt, take.order.track.tempo) == (PROMPT, 76)
    assert str(take.order.track.key) == "D minor"


def test_the_same_seed_is_the_same_clip(door: Door, tmp_path: Path) -> None:
    """To the byte, wherever it is put; more takes are other clips; --json is one document."""
    said = []
    for name in ("a.flac", "b.flac"):
        words = ("--seconds", "10", "--seed", "5", "--takes", "2", "--out", str(tmp_path / name), "--json")
        made = door.run("render", PROMPT, *words)
        assert made.returncode == 0, made.stderr
        said.append(json.loads(made.stdout))
    hashes = [[clip["sha256"] for clip in clips] for clips in said]
    assert hashes[0] == hashes[1] and len(set(hashes[0])) == 2
    assert all(Path(clip["file"]).is_file() and Path(clip["record"]).is_file() for clips in said for clip in clips)
    assert not (door.library / "clips").exists()
    assert all(not clip["found"] for clips in said for clip in clips)


def test_a_clip_that_is_there_is_said_to_be(door: Door) -> None:
    """The second of two same commands does not look as if it had rendered."""
    words = ("render", PROMPT, "--seconds", "10", "--seed", "5")
    first, again = door.run(*words), door.run(*words)
    assert "already" not in first.stdout and "Found" not in first.stdout
    assert "-5.flac (it was there already)" in again.stdout and "Found, rendered by offline band" in again.stdout
    (clip,) = json.loads(door.run(*words, "--json").stdout)
    assert clip["found"]


def test_wav_by_its_suffix(door: Door, tmp_path: Path) -> None:
    """24 bits, and it decodes."""
    made = door.run("render", PROMPT, "--seconds", "10", "--out", str(tmp_path / "clip.wav"))
    assert made.returncode == 0, made.stderr
    assert soundfile.info(tmp_path / "clip.wav").subtype == "PCM_24"


REFUSED = {
    "no prompt": ((), "prompt is empty"),
    "endless prompt": (("rain " * 2000,), "9,999 characters"),
    "no quotes": (("rain", "night"), "in quotes"),
    "too long": (("rain", "--seconds", "3601"), "--seconds"),
    "too fast": (("rain", "--tempo", "1000"), "--tempo"),
    "no key": (("rain", "--key", "Z"), "--key"),
    "top k": (("rain", "--top-k", "-3"), "--top-k"),
    "temperature": (("rain", "--temperature", "0"), "--temperature"),
    "guidance": (("rain", "--cfg-coef", "nan"), "--cfg-coef"),
    "an unknown control": (("rain", "--topk", "3"), "--topk"),
    "takes": (("rain", "--takes", "17"), "--takes"),
    "a melody that is not there": (("rain", "--melody", "no.wav"), "no.wav is not there"),
    "an opening that is no sound": (("rain", "--opening", "words.wav"), "does not decode"),
    "a silent melody": (("rain", "--melody", "silent.wav"), "silent"),
    "a melody for the band": (("rain", "--melody", "tune.wav"), "offline band cannot use --melody"),
    "sampling for the band": (("rain", "--greedy", "--multiband"), "--multiband, --greedy"),
    "greedy and chance": (("rain", "--greedy", "--top-k", "50"), "--top-k would do nothing"),
    "a folder to go on from": (("rain", "--opening", "."), "is a folder"),
    "a folder that is not there": (("rain", "--out", "new/clip.flac"), "there is no folder"),
    "an album's folder": (("rain", "--out", "../library/albums/mine/clip.flac"), "for albums alone"),
    "another suffix": (("rain", "--out", "clip.mp3"), ".flac or .wav"),
    "a name that is taken": (("rain", "--out", "tune.wav"), "there already"),
    "an unknown musician": (("rain", "--musician", "bnad"), "Did you mean band?"),
    "an unknown studio": (("rain", "--studio", "abbey-road"), "abbey-road"),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_a_mistake_gets_one_line_and_nothing_is_written(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """Exit 2, one line that names the mistake, no traceback, and no file that was not there before."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "words.wav").write_text("la la la")
    soundfile.write(home / "silent.wav", np.zeros(16000), 16000)
    soundfile.write(home / "tune.wav", 0.3 * np.sin(np.arange(32000) / 20), 16000)
    before = {path: path.read_bytes() for path in home.iterdir()}
    refused = Door(tmp_path / "library", home).run("render", *words)
    assert refused.returncode == 2, refused.stderr
    lines = refused.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("lofi: ") and said in lines[0]
    assert {path: path.read_bytes() for path in home.iterdir() if path.is_file()} == before
    assert not list((tmp_path / "library").rglob("*.*"))


def test_a_musician_of_ones_own_gets_every_control(door: Door, tmp_path: Path) -> None:
    """A dotted path plays; what was asked for stands in the record."""
    soundfile.write(tmp_path / "tune.wav", 0.3 * np.sin(np.arange(32000) / 20), 16000)
    controls = ("--top-k", "50", "--top-p", "0.9", "--temperature", "0.8", "--cfg-coef", "4", "--two-step-cfg")
    more = ("--stride", "12", "--unconditional", "--multiband", "--rhythm")
    words = ("--musician", "test_clips:Sines", "--melody", str(tmp_path / "tune.wav"), *controls, *more)
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    made = door.run("render", PROMPT, "--seed", "5", *words, "--json", PYTHONPATH=paths)
    assert made.returncode == 0, made.stderr
    (clip,) = json.loads(made.stdout)
    order = Take.model_validate_json(Path(clip["record"]).read_bytes()).order
    assert order.controls is not None and order.controls.model_dump() == {
        "use_sampling": True, "top_k": 50, "top_p": 0.9, "temperature": 0.8, "cfg_coef": 4.0, "two_step_cfg": True,
        "stride": 12.0, "unconditional": True, "multiband": True,
    }  # fmt: skip
    assert order.melody is not None and order.rhythm and order.opening is None
