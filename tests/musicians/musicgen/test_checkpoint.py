"""What can be wrong with a checkpoint is said when the musician is made, in one line with a remedy."""

from __future__ import annotations

import json
import shutil

import pytest
from where import DEVICE

from pipeline.errors import BackendUnavailable, Damaged
from pipeline.musicians.musicgen.musician import MusicGen
from pipeline.settings import Settings
from pipeline.studio import open_studio

pytestmark = pytest.mark.neural


@pytest.fixture
def folder(tiny_model, tmp_path):
    """A copy that may be spoilt."""
    return shutil.copytree(tiny_model("musicgen"), tmp_path / "model")


def refused(asked, hub, kind=(BackendUnavailable, Damaged)):
    with pytest.raises(kind) as caught:
        MusicGen(str(asked), hub)
    assert "\n" not in str(caught.value) and caught.value.remedy
    return str(caught.value)


def test_a_missing_one(tmp_path):
    """A folder that is not there, a name that was not fetched: with the line that fetches it."""
    refused(tmp_path / "nothing", tmp_path, BackendUnavailable)
    assert "hf download facebook/musicgen-small" in refused("facebook/musicgen-small", tmp_path)


def test_a_cut_one(folder):
    """Weights that lack their end."""
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    assert "cut short" in refused(folder, folder, Damaged)


@pytest.mark.filterwarnings("ignore")  # of the libraries that build the others
@pytest.mark.parametrize("other", ["clap", "audiocraft", "open-clip"])
def test_one_of_another_kind(tiny_model, tmp_path, other):
    """CLAP has the same layout and is no MusicGen; audiocraft's layout is named."""
    told = refused(tiny_model(other), tmp_path, BackendUnavailable)
    assert {"clap": "clap", "audiocraft": "audiocraft", "open-clip": "open_clip"}[other] in told


def test_one_without_words(folder):
    """Without tokenizer files transformers would make an empty vocabulary and say nothing."""
    path = folder / "tokenizer.json"
    words = json.loads(path.read_text())
    words["model"]["vocab"] = words["model"]["vocab"][:3]
    path.write_text(json.dumps(words))
    assert "empty vocabulary" in refused(folder, folder, Damaged)
    path.unlink()
    assert "tokenizer" in refused(folder, folder, Damaged)


@pytest.mark.parametrize("text", ["{", "[]", '{"model_type": "musicgen"}', '{"model_type": "musicgen", "decoder": 3}'])
def test_one_with_a_spoilt_description(folder, text):
    """config.json that is no JSON, or says nothing of a decoder."""
    (folder / "config.json").write_text(text)
    assert "config.json" in refused(folder, folder, Damaged)


def test_one_that_lacks_tensors_is_refused_when_it_is_loaded(folder):
    """transformers would fill the gap with noise and go on."""
    from musicians.windows.instruments import order
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    tensors.pop(next(name for name in tensors if name.startswith("decoder.model.decoder.layers.1.fc1")))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(Damaged, match=r"has no tensor decoder.model.decoder.layers\.1\.fc1\.weight"):
        list(MusicGen(str(folder), folder, DEVICE).render([order()]))


def test_a_device_that_is_not_there(folder):
    """Asked for by name, it is missed at once."""
    with pytest.raises(BackendUnavailable, match="mps"):
        MusicGen(str(folder), folder, "mps")


def test_the_studio_opens_it_by_its_settings(folder):
    """Settings alone make the musician."""
    studio = open_studio(Settings(studio="offline", musician="musicgen", musicgen_model=str(folder)))
    assert studio.musician.backend.name == "musicgen" and "musician" in studio.modelled
