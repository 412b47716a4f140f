"""CLAP as laion-clap publishes it: one .pt file, whose audio tower is laion-clap's own HTSAT.

The package itself is not imported, only the folder of models in it: `import laion_clap` asks the hub for three
tokenizers, and its loader unpickles whatever is in the file.
"""

from __future__ import annotations

import pickle
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import RobertaConfig, RobertaModel, RobertaTokenizer

from pipeline.device import room_to_load
from pipeline.errors import BackendUnavailable, DamagedModel
from pipeline.judges.clap.checkpoint import Checkpoint
from pipeline.judges.clap.sounds import UNRELATED
from pipeline.judges.clap.towers import TOKENS, Vectors, check_tokenizer, embed, refusing
from pipeline.weights import again

SIZES = {96: "tiny", 128: "base", 256: "large"}
"""HTSAT by the width of its patches (laion_clap/clap_module/htsat.py); the music checkpoint is "base"."""

# laion_clap/clap_module/model_configs/HTSAT-*.json: one audio_cfg for every size.
_AUDIO = {"audio_length": 1024, "clip_samples": 480_000, "mel_bins": 64, "sample_rate": 48_000, "window_size": 1024}
_AUDIO |= {"hop_size": 480, "fmin": 50, "fmax": 14_000, "class_num": 527}

_JOINT = 512
"""Dimensions of the space between the towers."""


class LaionModel(nn.Module):  # type: ignore[misc]  # torch is not looked into
    """The parts of laion-clap's CLAP that make embeddings, under the names they have in its checkpoints."""

    def __init__(self, size: str, words: RobertaConfig) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # timm's and torch's about how laion-clap calls them
            models = _clap_module()
            audio = models.CLAPAudioCfp(**_AUDIO, model_type="HTSAT", model_name=size)
            self.audio_branch: Any = import_module("clap_module.htsat").create_htsat_model(audio)
        self.audio_projection = _projection(self.audio_branch.num_features)
        self.text_branch = RobertaModel(words)
        self.text_projection = _projection(words.hidden_size)

    def after_the_spectrogram(self) -> list[nn.Module]:
        """Return all that may compute in half precision; a spectrogram would lose its quiet half."""
        layers = {name: part for name, part in self.audio_branch.named_children() if not name.endswith("_extractor")}
        return [*layers.values(), self.audio_projection, self.text_branch, self.text_projection]


class LaionTowers:
    """Both towers of a .pt file."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, precision: torch.dtype) -> None:
        name = checkpoint.weights.name
        state = read_state(checkpoint.path)
        width = int(state["audio_branch.patch_embed.proj.weight"].shape[0])
        if width not in SIZES:
            raise BackendUnavailable(
                f"{name} has an HTSAT of width {width}, which laion-clap has no model for.", "Name another checkpoint."
            )
        with refusing(checkpoint.path):
            words = RobertaConfig.from_pretrained(checkpoint.tokenizer, local_files_only=True)
            model = LaionModel(SIZES[width], words)
            model.load_state_dict({key: state[key] for key in model.state_dict() if key in state})
            self._tokenizer = RobertaTokenizer.from_pretrained(checkpoint.tokenizer, local_files_only=True)
        check_tokenizer(checkpoint.tokenizer, self._tokenizer, UNRELATED, words.vocab_size)
        self._device = device
        with room_to_load(name, device):
            self._model = model.to(device).eval()
        for part in model.after_the_spectrogram():
            part.to(precision)

    def embed_audio(self, waves: Sequence[NDArray[np.float32]]) -> Vectors:
        """Embed mono windows, each float32 [LENGTH]."""
        return embed(self._model, waves, self._hear)

    def embed_text(self, texts: Sequence[str]) -> Vectors:
        """Embed sentences."""
        return embed(self._model, texts, self._read)

    def _hear(self, waves: Sequence[NDArray[np.float32]]) -> torch.Tensor:
        # As laion-clap does before it embeds: to 16 bits and back.
        wave = torch.from_numpy(np.stack([(w.clip(-1, 1) * 32767).astype(np.int16) for w in waves])).float() / 32767
        branch = self._model.audio_branch
        mel = branch.logmel_extractor(branch.spectrogram_extractor(wave.to(self._device)))
        normal = branch.bn0(mel.to(branch.bn0.weight.dtype).transpose(1, 3)).transpose(1, 3)
        heard: torch.Tensor = branch.forward_features(branch.reshape_wav2img(normal))["embedding"]
        return self._model.audio_projection(heard)

    def _read(self, texts: Sequence[str]) -> torch.Tensor:
        tokens = self._tokenizer(list(texts), padding=True, truncation=True, max_length=TOKENS, return_tensors="pt").to(
            self._device
        )
        read = self._model.text_branch(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"])
        return self._model.text_projection(read.pooler_output)


def read_state(path: Path) -> Mapping[str, torch.Tensor]:
    """Return the tensors of a .pt file by their names in the model. Raises DamagedModel for one that holds code."""
    # The training wrote its best scores beside the weights, as NumPy numbers; they are data, and nothing else passes.
    scalar = import_module("numpy._core.multiarray").scalar
    numbers = [
        scalar,
        (scalar, "numpy.core.multiarray.scalar"),
        np.dtype,
        *map(type, map(np.dtype, ("f4", "f8", "i8"))),
    ]
    try:
        with torch.serialization.safe_globals(numbers):
            held = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError:
        raise DamagedModel(f"{path} holds more than numbers, and is not opened.", again(path)) from None
    except (RuntimeError, ValueError, EOFError, OSError) as error:
        raise DamagedModel(f"{path} cannot be read: {str(error).splitlines()[0]}", again(path)) from None
    state = held.get("state_dict", held) if isinstance(held, dict) else {}
    # The published files have what data-parallel training puts before each name, and an old index, position_ids,
    # that the text tower computes itself today.
    return {str(key).removeprefix("module."): value for key, value in state.items()}


def _clap_module() -> Any:
    """Return laion-clap's module of models; it expects its own folder among the import paths, as laion_clap does."""
    package = find_spec("laion_clap")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'laion_clap'", name="laion_clap")
    folder = package.submodule_search_locations[0]
    if folder not in sys.path:
        sys.path.append(folder)
    return import_module("clap_module.model")


def _projection(width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(width, _JOINT), nn.ReLU(), nn.Linear(_JOINT, _JOINT))
