"""An album with every part neural, through the door: the real libraries on tiny checkpoints with random weights."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from door import Door
from language_server import LanguageServer, listening, sensible
from pytest_httpserver import HTTPServer

from pipeline.domain import Album

pytestmark = [pytest.mark.neural, pytest.mark.slow]

WORDS = ("late train home", "--studio", "neural", "--tracks", "2", "--seconds", "10", "--takes", "2", "--seed", "1")
LAYERS = ("--ambience", "audiogen", "--pictures")


@pytest.fixture(scope="module")
def http() -> Iterator[HTTPServer]:
    with listening() as http:
        yield http


@pytest.fixture
def models(tiny_model: Callable[[str], Path], http: HTTPServer) -> dict[str, str]:
    """Every part's model, by the settings a person would use."""
    return {
        "LOFI_OPENAI_BASE_URL": LanguageServer(http, sensible).address,
        "LOFI_OPENAI_API_KEY": "sk-test",
        "LOFI_MUSICGEN_MODEL": str(tiny_model("musicgen")),
        "LOFI_AUDIOGEN_MODEL": str(tiny_model("audiogen")),
        "LOFI_CLAP_MODEL": str(tiny_model("clap")),
        "LOFI_DIFFUSION_MODEL": str(tiny_model("stable-diffusion")),
        "LOFI_CLIP_MODEL": str(tiny_model("open-clip")),
        "LOFI_CANDIDATES": "2",
        "LOFI_REROLLS": "8",
        "NO_PROXY": "127.0.0.1",
    }


def test_an_album_with_every_part_neural_is_killed_and_goes_on(door: Door, models: dict[str, str]) -> None:
    """Through Prefect; killed after its first take; the same command finishes it and renders nothing twice."""
    run = door.start("make", *WORDS, *LAYERS, **models)
    assert run.stdout is not None
    for line in run.stdout:
        if line.startswith("render") and list(door.library.glob("albums/*/takes/*.flac")):
            break  # a line may also say how far a take is
    run.send_signal(signal.SIGKILL)
    _, errors = run.communicate()
    kept = {path: path.stat().st_mtime_ns for path in door.library.glob("albums/*/takes/*.flac")}
    assert kept, errors

    finished = door.run("make", *WORDS, *LAYERS, "--json", **models)
    assert finished.returncode == 0, finished.stderr
    folder = door.album(json.loads(finished.stdout)["slug"])
    album = Album.model_validate_json((folder / "album.json").read_bytes())
    assert {path: path.stat().st_mtime_ns for path in kept} == kept

    assert album.writer.name == "openai"
    assert {take.backend.name for take in album.takes} == {"musicgen"}
    assert {verdict.judge.name for verdict in album.verdicts} == {"CLAP judge"}
    assert album.cover.painter.name == "diffusion"
    weights = [*album.takes[0].backend.weights, *album.verdicts[0].judge.weights, *album.cover.painter.weights]
    assert any("CC-BY-NC-4.0" in model.licence for model in weights) and len(weights) == 4  # two of them the painter's
    assert not any("/" in model.name for model in weights)  # folders of one's own, by their names alone
    assert all(take.codes is not None for take in album.takes)
    _check_layers(album)
    assert door.run("verify", **models).returncode == 0
    shown = door.run("show", album.slug, **models)
    assert "CC-BY-NC-4.0" in shown.stdout


def _check_layers(album: Album) -> None:
    """A loop of AudioGen's for each ambience of the plan, under its tracks; a picture for each, dealt by CLIP."""
    assert album.without == ()
    assert [loop.order.ambience for loop in album.loops] == list(album.plan.ambiences) != []
    assert [track.ambience for track in album.tracks] == [track.ambience for track in album.plan.tracks]
    assert {loop.backend.name for loop in album.loops} == {"audiogen"}
    assert "CC-BY-NC-4.0" in album.loops[0].backend.weights[0].licence
    assert album.pictures is not None and album.pictures.painter.name == "diffusion"
    assert [picture.track for picture in album.pictures.pictures] == [1, 2]
    assert all(len(picture.likeness) == 2 for picture in album.pictures.pictures)


def test_auto_makes_do_with_what_is_here_and_says_so(door: Door, models: dict[str, str]) -> None:
    """Without a language model and a painter, those two are the offline ones, and the manifest and the table say so."""
    here = {name: value for name, value in models.items() if "OPENAI" not in name and "DIFFUSION" not in name}
    words = ("late train home", "--studio", "auto", *WORDS[3:])
    made = door.run("make", *words, "--plain", **here)
    assert made.returncode == 0, made.stderr
    (manifest,) = door.library.glob("albums/*/album.json")
    album = Album.model_validate_json(manifest.read_bytes())
    assert album.writer.name == "offline writer" and album.cover.painter.name == "offline painter"
    assert album.takes[0].backend.name == "musicgen"
    assert len(album.remarks) == 2 and all(note in made.stdout.replace("\n", " ") for note in album.remarks)


def test_a_missing_part_is_named_before_anything_is_begun(door: Door, models: dict[str, str]) -> None:
    """Asked for by name, nothing stands in: one line, exit 2, no album."""
    refused = door.run("make", *WORDS, "--plain", **{**models, "LOFI_CLAP_MODEL": "laion/clap-htsat-unfused"})
    assert refused.returncode == 2
    assert "hf download laion/clap-htsat-unfused" in refused.stderr and "Traceback" not in refused.stderr
    assert not list(door.library.glob("albums/*"))
