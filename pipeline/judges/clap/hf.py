"""CLAP through transformers: laion/clap-htsat-unfused and its relatives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import ClapModel, ClapProcessor
from transformers.utils import logging

from pipeline.device import room_to_load
from pipeline.errors import BackendUnavailable
from pipeline.judges.clap.checkpoint import Checkpoint
from pipeline.judges.clap.sounds import UNRELATED
from pipeline.judges.clap.towers import TOKENS, Vectors, check_tokenizer, embed, refusing
from pipeline.judges.clap.windows import LENGTH, RATE
from pipeline.weights import again
from pipeline.weights.layouts import in_safetensors


class TransformersTowers:
    """Both towers of a checkpoint folder."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, precision: torch.dtype) -> None:
        name, folder = checkpoint.weights.name, checkpoint.path
        logging.disable_progress_bar()
        with refusing(folder):
            model, told = ClapModel.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=in_safetensors(folder),  # else .bin, read with weights_only
                dtype=precision,
                output_loading_info=True,
            )
            processor = ClapProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        if missing := sorted(told["missing_keys"]):
            # transformers would go on with random numbers in their place.
            raise BackendUnavailable(
                f"{name} is no whole CLAP checkpoint: {len(missing)} tensors are missing, {missing[0]} first.",
                again(folder),
            )
        self._features, self._tokenizer = processor.feature_extractor, processor.tokenizer
        if (self._features.sampling_rate, self._features.nb_max_samples) != (RATE, LENGTH):
            raise BackendUnavailable(
                f"{name} does not hear ten seconds at 48 kHz.", "Name a checkpoint such as laion/clap-htsat-unfused."
            )
        check_tokenizer(folder, self._tokenizer, UNRELATED, model.config.text_config.vocab_size)
        self._device = device
        with room_to_load(name, device):
            self._model = model.to(device).eval()

    def embed_audio(self, waves: Sequence[NDArray[np.float32]]) -> Vectors:
        """Embed mono windows, each float32 [LENGTH]."""
        return embed(self._model, waves, self._hear)

    def embed_text(self, texts: Sequence[str]) -> Vectors:
        """Embed sentences."""
        return embed(self._model, texts, self._read)

    def _hear(self, waves: Sequence[NDArray[np.float32]]) -> torch.Tensor:
        heard = self._features(list(waves), sampling_rate=RATE, return_tensors="pt")["input_features"]
        # Never "longer": with fusion the library would call one of them so at random.
        longer = torch.zeros((len(waves), 1), dtype=torch.bool, device=self._device)
        features = self._model.get_audio_features(
            input_features=heard.to(self._device, self._model.dtype), is_longer=longer
        )
        return features.pooler_output

    def _read(self, texts: Sequence[str]) -> torch.Tensor:
        tokens = self._tokenizer(list(texts), padding=True, truncation=True, max_length=TOKENS, return_tensors="pt").to(
            self._device
        )
        features = self._model.get_text_features(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"])
        return features.pooler_output
