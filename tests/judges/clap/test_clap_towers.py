"""The towers give what the published libraries give, the same every time, and always numbers."""

from __future__ import annotations

import contextlib
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from where import DEVICE

from pipeline.judges.clap.checkpoint import find_checkpoint
from pipeline.judges.clap.sounds import UNRELATED, named_sounds

pytestmark = pytest.mark.neural

Tiny = Callable[[str], Path]
SENTENCES = [*UNRELATED, "lo-fi " * 200]


def checkpoint(tiny_model: Tiny, name: str) -> str:
    return str(tiny_model(name) / "clap.pt" if name == "laion-clap" else tiny_model(name))


@pytest.fixture(params=["clap", "laion-clap"], scope="module")
def towers(request: pytest.FixtureRequest, tiny_model: Tiny):
    """Both kinds."""
    import torch

    return _towers(checkpoint(tiny_model, request.param), torch.float32)


def _towers(model: str, precision: object):
    import torch

    from pipeline.judges.clap.hf import TransformersTowers
    from pipeline.judges.clap.laion import LaionTowers

    kind = LaionTowers if model.endswith(".pt") else TransformersTowers
    return kind(find_checkpoint(model, Path("/nonexistent")), torch.device(DEVICE), precision)


def waves() -> list[np.ndarray]:
    return list(named_sounds()[1][:4])


def test_embeddings_have_length_one(towers) -> None:
    """float32 [count, d] from both towers, in one space."""
    heard, read = towers.embed_audio(waves()), towers.embed_text(SENTENCES)
    assert heard.dtype == read.dtype == np.float32
    assert heard.shape == (4, read.shape[1]) and len(read) == len(SENTENCES)
    for vectors in (heard, read):
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_one_by_one_is_as_good_as_together(towers) -> None:
    """A window's embedding does not depend on the windows beside it, nor a sentence's."""
    together = towers.embed_audio(waves())
    assert np.concatenate([towers.embed_audio([wave]) for wave in waves()]) == pytest.approx(together, abs=1e-4)
    read = towers.embed_text(SENTENCES)
    assert np.concatenate([towers.embed_text([one]) for one in SENTENCES]) == pytest.approx(read, abs=1e-4)


def test_the_same_again_to_the_last_bit(towers) -> None:
    """No dropout, no random crop."""
    assert np.array_equal(towers.embed_audio(waves()), towers.embed_audio(waves()))
    assert np.array_equal(towers.embed_text(SENTENCES), towers.embed_text(SENTENCES))


def test_it_hears_what_transformers_hears(tiny_model: Tiny) -> None:
    """The processor and model, used as their documentation does, give the same."""
    import torch
    from transformers import ClapModel, ClapProcessor

    folder = checkpoint(tiny_model, "clap")
    towers = _towers(folder, torch.float32)
    model, processor = ClapModel.from_pretrained(folder).eval(), ClapProcessor.from_pretrained(folder)
    given = processor(text=list(UNRELATED), audio=waves(), sampling_rate=48_000, return_tensors="pt", padding=True)
    given["input_features"] = given["input_features"].float()
    with torch.inference_mode():
        out = model(**given)
    assert towers.embed_audio(waves()) == pytest.approx(out.audio_embeds.numpy(), abs=1e-4)
    assert towers.embed_text(UNRELATED) == pytest.approx(out.text_embeds.numpy(), abs=1e-4)


def test_it_hears_what_laion_clap_hears(tiny_model: Tiny) -> None:
    """The package's own module, which must run beside its roberta-base folder, gives the same."""
    import torch

    folder = tiny_model("laion-clap")
    towers = _towers(checkpoint(tiny_model, "laion-clap"), torch.float32)
    with contextlib.chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import laion_clap

        module = laion_clap.CLAP_Module(enable_fusion=False, amodel="HTSAT-tiny", device="cpu")
        held = torch.load("clap.pt", weights_only=True)["state_dict"]
        module.model.load_state_dict({k.removeprefix("module."): v for k, v in held.items() if "position_ids" not in k})
        heard = module.get_audio_embedding_from_data(np.stack(waves()))
        read = module.get_text_embedding(list(UNRELATED))
    assert towers.embed_audio(waves()) == pytest.approx(heard, abs=1e-4)
    assert towers.embed_text(UNRELATED) == pytest.approx(read, abs=1e-4)


def test_opening_a_checkpoint_leaves_the_process_where_it_was(tiny_model: Tiny, tmp_path: Path) -> None:
    """The working directory and what is in it have no part in it."""
    import torch

    (tmp_path / "roberta-base").mkdir()
    with contextlib.chdir(tmp_path):
        _towers(checkpoint(tiny_model, "laion-clap"), torch.float32)
        assert Path.cwd() == tmp_path


@pytest.mark.parametrize("name", ["clap", "laion-clap"])
def test_half_precision_says_nearly_the_same(tiny_model: Tiny, name: str) -> None:
    """bfloat16 has three digits, and the same sounds are nearest."""
    import torch

    model = checkpoint(tiny_model, name)
    whole, half = _towers(model, torch.float32), _towers(model, torch.bfloat16)
    heard = half.embed_audio(waves())
    assert heard.dtype == np.float32
    assert (heard * whole.embed_audio(waves())).sum(axis=1).min() > 0.9
    assert (half.embed_text(UNRELATED) * whole.embed_text(UNRELATED)).sum(axis=1).min() > 0.9


def test_what_half_precision_cannot_hold_is_computed_again(tiny_model: Tiny, tmp_path: Path) -> None:
    """Weights whose products float16 cannot hold give numbers all the same, those of float32."""
    import torch
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(checkpoint(tiny_model, "clap"), tmp_path / "clap"))
    state = load_file(folder / "model.safetensors")
    for layer in ("audio_projection.linear1", "text_projection.linear1"):
        state[f"{layer}.weight"] *= 3e4
        state[f"{layer}.bias"] *= 3e4
    state = {name: tensor.clamp(-6e4, 6e4) for name, tensor in state.items()}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    half, whole = _towers(str(folder), torch.float16), _towers(str(folder), torch.float32)
    assert half.embed_audio(waves()) == pytest.approx(whole.embed_audio(waves()), abs=0.02)
    assert half.embed_text(UNRELATED) == pytest.approx(whole.embed_text(UNRELATED), abs=0.02)


def test_nothing_asked_nothing_answered(towers) -> None:
    """No window and no sentence give no embedding."""
    assert len(towers.embed_audio([])) == 0 and len(towers.embed_text([])) == 0
