"""A checkpoint in the transformers layout, read part by part: the decoder's tensors, T5, EnCodec and the projections.

transformers builds T5 and EnCodec; the decoder is not built by it, so that the largest part of the model is read once,
straight into the format it is played in.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError, safe_open

from pipeline.device import out_of_memory
from pipeline.errors import BackendUnavailable, DamagedModel
from pipeline.musicians.musicgen.anatomy import TRANSFORMERS, Anatomy, Weights, check_shape
from pipeline.musicians.musicgen.checkpoint import Checkpoint, or_another
from pipeline.musicians.musicgen.codec import InPieces
from pipeline.weights import TRANSFORMERS as LAYOUT
from pipeline.weights.layouts import loaded

_SENTENCE = "a warm lo-fi beat with mellow piano"


class Tensors:
    """The tensors of a checkpoint, mapped from its files. Raises DamagedModel where a file does not open."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._where: dict[str, Any] = {}
        for path in files:
            try:
                if path.suffix == ".safetensors":
                    file = safe_open(path, framework="pt")
                    self._where |= dict.fromkeys(file.keys(), file.get_tensor)
                else:
                    content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
                    self._where |= dict.fromkeys(content, content.__getitem__)
            except (OSError, SafetensorError, RuntimeError, ValueError, TypeError, EOFError) as error:
                reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                raise DamagedModel(f"{path} cannot be loaded: {reason[:200]}", or_another(path)) from None

    def __call__(self, name: str) -> torch.Tensor:
        """Return a tensor by its name. Raises KeyError."""
        tensor: torch.Tensor = self._where[name](name)
        return tensor

    def under(self, prefix: str) -> dict[str, torch.Tensor]:
        """Return every tensor whose name begins so, by the rest of its name."""
        return {name.removeprefix(prefix): self(name) for name in self._where if name.startswith(prefix)}


@dataclass(frozen=True, eq=False)
class Published:
    """A checkpoint that is opened.

    `weights` are the decoder's, read only when it is built; `codec` and `text_encoder` are modules in float32 on the
    CPU; `listener` hears a melody's chroma, in melody models; `projections` bring words and tunes to the decoder's
    width.
    """

    config: Any
    weights: Weights
    tokenizer: Any
    text_encoder: torch.nn.Module
    codec: torch.nn.Module
    listener: Any | None
    projections: dict[str, torch.nn.Linear]


def open_published(checkpoint: Checkpoint) -> Published:
    """Open a checkpoint and load all of it but the decoder. Raises BackendUnavailable or DamagedModel."""
    # Its remarks on the published configurations are for developers.
    logging.getLogger("transformers").setLevel(logging.ERROR)
    transformers.utils.logging.disable_progress_bar()
    where, remedy = checkpoint.path, or_another(checkpoint.path)
    try:
        config = transformers.AutoConfig.from_pretrained(where, local_files_only=True, trust_remote_code=False)
        tokenizer = transformers.AutoTokenizer.from_pretrained(where, local_files_only=True, trust_remote_code=False)
        listener = None
        if checkpoint.melody:
            listener = transformers.AutoFeatureExtractor.from_pretrained(
                where, local_files_only=True, trust_remote_code=False
            )
        text_encoder = transformers.T5EncoderModel(config.text_encoder)
        codec = transformers.EncodecModel(config.audio_encoder)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError) as error:
        if out_of_memory(error):
            raise
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise BackendUnavailable(f"{where} cannot be loaded: {reason[:200]}", remedy) from None
    words = tokenizer(_SENTENCE).input_ids
    if words.count(tokenizer.unk_token_id) > len(words) / 3:
        raise DamagedModel(f"The tokenizer of {where} knows no words: every prompt would sound the same.", remedy)
    tensors = Tensors(loaded(where, LAYOUT))
    _fill(text_encoder, tensors.under("text_encoder."), "text_encoder.", where, remedy)
    _fill(codec, tensors.under("audio_encoder."), "audio_encoder.", where, remedy)
    if config.audio_encoder.norm_type == "weight_norm" and config.audio_encoder.num_lstm_layers:
        codec.decoder = InPieces(codec.decoder.layers)
    projections = {}
    for name in ("enc_to_dec_proj", "audio_enc_to_dec_proj"):
        if own := tensors.under(f"{name}."):
            projections[name] = torch.nn.Linear(*reversed(own["weight"].shape))
            _fill(projections[name], own, f"{name}.", where, remedy)
    decoder = config.decoder
    anatomy = Anatomy(
        layers=decoder.num_hidden_layers,
        width=decoder.hidden_size,
        heads=decoder.num_attention_heads,
        inner=decoder.ffn_dim,
        codebooks=decoder.num_codebooks,
        card=decoder.vocab_size,
        crossed=not checkpoint.melody,
    )
    _fits(config, where, remedy)
    weights = Weights(tensors, TRANSFORMERS, anatomy, where, remedy)
    return Published(config, weights, tokenizer, text_encoder.eval(), codec.eval(), listener, projections)


def _fits(config: Any, where: Path, remedy: str) -> None:
    """Raise DamagedModel unless the decoder writes what the codec can read."""
    decoder, codec = config.decoder, config.audio_encoder
    channels = int(getattr(decoder, "audio_channels", 1))
    codes, card = decoder.num_codebooks / channels, decoder.vocab_size
    most = int(1000 * codec.target_bandwidths[-1] // (codec.frame_rate * math.log2(codec.codebook_size)))
    if codes > most or card != codec.codebook_size:
        raise DamagedModel(
            f"{where} writes {codes:g} codebooks of {card} codes a channel, and its codec reads {most} of "
            f"{codec.codebook_size}.",
            remedy,
        )
    if getattr(decoder, "activation_function", "gelu") != "gelu" or getattr(decoder, "scale_embedding", False):
        raise BackendUnavailable(f"{where} is built in another way than MusicGen, and is not played.", remedy)
    if decoder.hidden_size % decoder.num_attention_heads:
        raise DamagedModel(
            f"{where} has a width of {decoder.hidden_size}, which {decoder.num_attention_heads} heads cannot share.",
            remedy,
        )


def _fill(module: torch.nn.Module, tensors: dict[str, torch.Tensor], prefix: str, where: Path, remedy: str) -> None:
    """Fill a module with its tensors. Raises DamagedModel, naming the tensor that is not there or does not fit."""
    wanted = module.state_dict()
    # T5 has its word vectors under two names, of which a file has one.
    tied = [name for name in ("shared.weight", "encoder.embed_tokens.weight") if name in tensors]
    if tied and "shared.weight" in wanted:
        tensors |= {"shared.weight": tensors[tied[0]], "encoder.embed_tokens.weight": tensors[tied[0]]}
    for name, there in wanted.items():
        if name not in tensors:
            raise DamagedModel(f"{where} has no tensor {prefix}{name}.", remedy)
        check_shape(where, prefix + name, tensors[name], tuple(there.shape), remedy)
    module.load_state_dict({name: tensors[name].to(there.dtype) for name, there in wanted.items()})
