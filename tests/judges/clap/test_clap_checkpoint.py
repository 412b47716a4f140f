"""A checkpoint that cannot judge is refused before anything is queued, in one line that says what to do."""

from __future__ import annotations

import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from where import DEVICE

from pipeline.errors import BackendUnavailable, Damaged
from pipeline.judges.clap.judge import ClapJudge
from pipeline.judges.signal import SignalJudge
from pipeline.settings import Settings
from pipeline.studio import open_studio

pytestmark = pytest.mark.neural

Tiny = Callable[[str], Path]


def opened(model: Path | str, hub: Path = Path("/nonexistent")) -> ClapJudge:
    return ClapJudge(str(model), hub, DEVICE, "float32", SignalJudge())


@pytest.fixture
def folder(tiny_model: Tiny, tmp_path: Path) -> Path:
    """A copy of the tiny checkpoint for transformers, to be broken."""
    return Path(shutil.copytree(tiny_model("clap"), tmp_path / "clap"))


@pytest.fixture
def file(tiny_model: Tiny, tmp_path: Path) -> Path:
    """A copy of the tiny laion-clap checkpoint, to be broken."""
    return Path(shutil.copytree(tiny_model("laion-clap"), tmp_path / "laion")) / "clap.pt"


def test_the_studio_opens_it_by_its_settings(tiny_model: Tiny) -> None:
    """`--judge clap` with a folder: it is the judge, in a process of its own, and its weights are credited."""
    folder = tiny_model("clap")
    studio = open_studio(Settings(judge="clap", clap_model=str(folder)))
    assert "judge" in studio.modelled
    (weights,) = studio.judge.backend.weights
    assert (weights.name, weights.revision, len(weights.sha256)) == ("clap", "", 64)
    assert weights.licence.startswith("unknown")
    assert "signal judge" in studio.judge.backend.version


def test_a_name_of_the_hub_is_found_in_its_cache(folder: Path, tmp_path: Path) -> None:
    """And credited with its commit."""
    cache = tmp_path / "hub" / "models--laion--clap-htsat-unfused"
    shutil.copytree(folder, cache / "snapshots" / "abc123")
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("abc123")
    judge = opened("laion/clap-htsat-unfused", tmp_path / "hub")
    (weights,) = judge.backend.weights
    assert (weights.revision, weights.licence) == ("abc123", "Apache-2.0")


def test_a_model_that_is_not_here_names_the_command_that_fetches_it(tmp_path: Path) -> None:
    """Nothing is fetched by itself."""
    with pytest.raises(BackendUnavailable) as missing:
        opened("laion/clap-htsat-unfused", tmp_path)
    assert "hf download laion/clap-htsat-unfused" in missing.value.remedy
    with pytest.raises(BackendUnavailable, match="no checkpoint"):
        opened(tmp_path / "none.pt")


def test_a_folder_of_another_kind_is_refused(tiny_model: Tiny, folder: Path) -> None:
    """A music model, or one without its audio settings, is no CLAP."""
    with pytest.raises(BackendUnavailable, match="'musicgen'"):
        opened(tiny_model("musicgen"))
    (folder / "processor_config.json").unlink()
    with pytest.raises(BackendUnavailable, match="preprocessor_config"):
        opened(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(Damaged, match=r"config\.json cannot be read"):
        opened(folder)


@pytest.mark.parametrize("left", [0, 100, -1])
def test_weights_that_are_cut_short_are_damaged(folder: Path, file: Path, left: int) -> None:
    """In both layouts."""
    for weights in (folder / "model.safetensors", file):
        weights.write_bytes(weights.read_bytes()[:left])
        with pytest.raises(Damaged):
            opened(folder if weights.suffix == ".safetensors" else file)


@pytest.mark.parametrize("emptied", [False, True])
def test_an_empty_tokenizer_is_refused(folder: Path, file: Path, emptied: bool) -> None:
    """Files that are missing, which transformers 5 replaces by an empty vocabulary without a word, or hold none."""
    words = folder / "tokenizer.json"
    if emptied:
        known = json.loads(words.read_text())
        known["model"]["vocab"] = known["model"]["vocab"][:3]
        words.write_text(json.dumps(known))
    else:
        words.unlink()
    with pytest.raises(BackendUnavailable, match=r"tokenizer of .*clap is empty"):
        opened(folder)
    roberta = file.parent / "roberta-base"
    (roberta / "tokenizer.json").unlink()
    assert opened(file)  # vocab.json and merges.txt will do
    (roberta / "vocab.json").write_text("{}") if emptied else (roberta / "merges.txt").unlink()
    with pytest.raises(BackendUnavailable, match=r"tokenizer of .*roberta-base is empty"):
        opened(file)


def test_a_pt_file_needs_the_words_of_roberta(file: Path, tmp_path: Path) -> None:
    """Beside it or in the hub's cache, under either of its names; else the line that fetches them."""
    words = file.parent / "roberta-base"
    hub = tmp_path / "hub"
    for name in ("models--FacebookAI--roberta-base", "models--roberta-base"):
        shutil.move(words, hub / name / "snapshots" / "1")
        opened(file, hub).rehearse()
        shutil.move(hub / name / "snapshots" / "1", words)
    shutil.rmtree(words)
    with pytest.raises(BackendUnavailable, match="roberta-base") as missing:
        opened(file, hub)
    assert "hf download FacebookAI/roberta-base" in missing.value.remedy


class Trap:
    """What a checkpoint must not do when it is opened: here, leave a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


def test_a_pt_file_with_code_in_it_is_refused_and_the_code_not_run(file: Path, tmp_path: Path) -> None:
    """Pickles can do anything; only numbers are let in."""
    import torch

    held = torch.load(file, weights_only=True)
    torch.save({**held, "notes": Trap(tmp_path / "trapped")}, file)
    with pytest.raises(Damaged, match="more than numbers"):
        opened(file).rehearse()
    file.write_bytes(pickle.dumps(Trap(tmp_path / "trapped")))
    with pytest.raises(Damaged):
        opened(file)
    assert not (tmp_path / "trapped").exists()


def test_the_numbers_training_left_in_a_pt_file_do_no_harm(file: Path) -> None:
    """The published files hold NumPy's scores of the training, under NumPy 1's names, beside the weights."""
    import numpy as np
    import torch

    held = torch.load(file, weights_only=True)
    torch.save({**held, "best": np.float64(90.14), "epoch": np.int64(15)}, file)
    opened(file).rehearse()
    old = file.with_name("old.pt")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(old, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"numpy._core", b"numpy.core"))
    opened(old).rehearse()


def test_a_pt_file_of_something_else_is_refused(file: Path) -> None:
    """Another model, a fusion checkpoint, one with tensors missing, one beside another text model's words."""
    import torch

    held = torch.load(file, weights_only=True)
    state = held["state_dict"]

    def saved(changed: dict[str, torch.Tensor]) -> Path:
        torch.save({**held, "state_dict": changed}, file)
        return file

    with pytest.raises(BackendUnavailable, match="no laion-clap checkpoint"):
        opened(saved({"weight": torch.zeros(3)}))
    with pytest.raises(BackendUnavailable, match="fusion"):
        opened(saved({**state, "module.audio_branch.patch_embed.mel_conv2d.weight": torch.zeros(1)}))
    with pytest.raises(BackendUnavailable, match="cannot be loaded"):
        opened(saved({name: tensor for name, tensor in state.items() if "text_projection" not in name})).rehearse()
    first = "module.audio_branch.patch_embed.proj.weight"
    with pytest.raises(BackendUnavailable, match="width 48"):
        opened(saved({**state, first: state[first][:48].clone()})).rehearse()
    saved(state)
    config = file.parent / "roberta-base" / "config.json"
    config.write_text(config.read_text().replace('"vocab_size": 500', '"vocab_size": 501'))
    with pytest.raises(BackendUnavailable, match="cannot be loaded"):
        opened(file).rehearse()


def test_a_folder_with_tensors_missing_is_refused(folder: Path) -> None:
    """transformers would fill them with random numbers and go on."""
    from safetensors.torch import load_file, save_file

    weights = folder / "model.safetensors"
    state = load_file(weights)
    save_file({n: t for n, t in state.items() if "text_projection" not in n}, weights, metadata={"format": "pt"})
    with pytest.raises(BackendUnavailable, match="tensors are missing, text_projection"):
        opened(folder).rehearse()


def test_a_collapsed_text_tower_is_refused_when_it_is_tried(folder: Path) -> None:
    """Also by judging, when nobody tried it before; the model is named."""
    from safetensors.torch import load_file, save_file

    weights = folder / "model.safetensors"
    state = load_file(weights)
    # As in the published one: next to no weight, so that the same bias comes out whatever goes in.
    state["text_projection.linear2.weight"] *= 1e-4
    state["text_projection.linear2.bias"] += 1
    save_file(state, weights, metadata={"format": "pt"})
    with pytest.raises(BackendUnavailable, match=rf"{folder} is collapsed.*0\.99|1\.0"):
        opened(folder).rehearse()
