"""audiocraft's models built from checked files: its builders, without its loaders, downloads and look-ups by name."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import numpy as np
import torch
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from torch import nn

from pipeline.errors import BackendUnavailable, DamagedModel
from pipeline.musicians.audiocraft.checkpoint import CODEC, LANGUAGE_MODEL, configuration, unpack
from pipeline.musicians.audiocraft.parts import FETCH_DEMUCS, Files
from pipeline.musicians.musicgen.anatomy import AUDIOCRAFT, Anatomy, Weights
from pipeline.musicians.musicgen.codec import InPieces
from pipeline.weights import again

# audiocraft imports laion_clap, which asks the hub for three tokenizers while it is imported. Nothing is ever fetched
# while rendering, so the hub's library is told to be offline in this process, as HF_HUB_OFFLINE=1 would tell it; the
# variable itself would come too late where the library has been imported before.
huggingface_hub.constants.HF_HUB_OFFLINE = True
logging.getLogger("xformers").setLevel(logging.ERROR)  # it reports at length that its extension is not used
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from audiocraft.models import builders
    from audiocraft.models.encodec import HFEncodecCompressionModel
    from audiocraft.modules.conditioners import T5Conditioner
    from demucs import pretrained
    from demucs.apply import BagOfModels
    from demucs.htdemucs import HTDemucs
    from demucs.states import load_model as restore
    from transformers import EncodecModel
    from transformers.utils import logging as transformers_logging


def load_codec(files: Files, device: torch.device) -> Any:
    """Return the mono EnCodec of a checkpoint, float32. Raises DamagedModel."""
    with quietly():
        if files.codec is not None:
            model = EncodecModel.from_pretrained(files.codec, use_safetensors=True, dtype=torch.float32)
            if model.config.norm_type == "weight_norm" and model.config.num_lstm_layers:
                model.decoder = InPieces(model.decoder.layers)
            return HFEncodecCompressionModel(model).to(device).eval()
        path = files.folder / CODEC
        package = unpack(path)
        config = configuration(package, path)
        config.device = str(device)
        codec = _built(builders.get_compression_model, config, path)
        codec = _filled(codec, package["best_state"], path)
        if config.seanet.norm == "weight_norm" and config.seanet.lstm:
            codec.decoder = InPieces(codec.decoder.model)
        return codec.eval()


@dataclass(frozen=True, eq=False)
class Language:
    """The language model of a checkpoint: its `weights`, unread, the `delays` of its codebooks, what conditions it."""

    weights: Weights
    delays: tuple[int, ...]
    conditioners: Any
    config: DictConfig


def load_language(files: Files, device: torch.device) -> Language:
    """Return the language model of a checkpoint, its conditioners in float32 on a device. Raises DamagedModel."""
    path = files.folder / LANGUAGE_MODEL
    package = unpack(path)
    config = configuration(package, path)
    config.device = str(device)
    if files.anatomy.melody:
        # Where its author kept the tunes it was trained and tried with.
        for option in ("cache_path", "eval_wavs"):
            config.conditioners.self_wav.chroma_stem.pop(option, None)
    # audiocraft knows text models by name alone; the folder becomes one of those names.
    name, folder = files.anatomy.text_encoder, str(files.text_encoder)
    if folder not in T5Conditioner.MODELS:
        T5Conditioner.MODELS.append(folder)
        T5Conditioner.MODELS_DIMS[folder] = files.anatomy.text_width
    config.conditioners.description.t5.name = folder
    state = package["best_state"]
    width, prefix = files.anatomy.width, "condition_provider."
    with quietly(), _demucs(files) if files.anatomy.melody else nullcontext():
        build = partial(builders.get_conditioner_provider, width)
        conditioners = _built(build, config, path)
        own = {name.removeprefix(prefix): each for name, each in state.items() if name.startswith(prefix)}
        _filled(conditioners, own, path).to(device).eval()
    if files.anatomy.melody:
        tune = conditioners.conditioners["self_wav"]
        tune.match_len_on_eval, tune._use_masking = True, False  # as audiocraft does it
    _check_tokenizer(conditioners.conditioners["description"].t5_tokenizer, name, files.text_encoder)
    try:
        weights = Weights(state.__getitem__, AUDIOCRAFT, _decoder(config), path, again(path))
        delays = _delays(config)
    except (OmegaConfBaseException, LookupError, TypeError, ValueError) as error:
        raise DamagedModel(f"{path} does not describe its decoder: {error}", again(path)) from None
    return Language(weights, delays, conditioners, config)


def _decoder(config: DictConfig) -> Anatomy:
    """Return the sizes of the decoder. Raises ValueError for one that is built in another way than MusicGen's."""
    model = config.transformer_lm
    usual = {
        "activation": "gelu", "norm": "layer_norm", "norm_first": True, "positional_embedding": "sin",
        "bias_ff": False, "bias_attn": False, "bias_proj": False, "kv_repeat": 1, "layer_scale": None,
        "qk_layer_norm": False, "qk_layer_norm_cross": False, "past_context": None, "max_period": 10_000,
        "positional_scale": 1.0,
    }  # fmt: skip
    for option, value in usual.items():
        if model.get(option, value) != value:
            raise ValueError(f"{option} is {model[option]!r}, where MusicGen has {value!r}")
    crossed = "description" in config.fuser.cross
    if crossed == ("self_wav" in config.conditioners) or config.fuser.get("cross_attention_pos_emb"):
        raise ValueError("its words stand elsewhere than MusicGen's")
    width = int(model.dim)
    inner = int(model.hidden_scale) * width
    return Anatomy(int(model.num_layers), width, int(model.num_heads), inner, int(model.n_q), int(model.card), crossed)


def _delays(config: DictConfig) -> tuple[int, ...]:
    pattern = config.codebooks_pattern
    if pattern.modeling != "delay" or pattern.delay.get("flatten_first") or pattern.delay.get("empty_initial"):
        raise ValueError(f"its codebooks are not laid out as MusicGen's ({pattern.modeling})")
    delays = tuple(int(delay) for delay in pattern.delay.delays)
    if len(delays) != int(config.transformer_lm.n_q):
        raise ValueError(f"{len(delays)} delays for {config.transformer_lm.n_q} codebooks")
    return delays


def stereo_codec(codec: Any, config: DictConfig) -> Any:
    """Return the codec as the language model writes it: two interleaved for a stereo model."""
    return builders.get_wrapped_compression_model(codec, config)


def _built(build: Any, config: DictConfig, path: Path) -> Any:
    try:
        return build(config)
    except (AttributeError, LookupError, TypeError, ValueError, AssertionError) as error:
        raise DamagedModel(f"{path} has a configuration that audiocraft cannot build: {error}", again(path)) from None


def _filled(model: Any, state: dict[str, torch.Tensor], path: Path) -> Any:
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise DamagedModel(f"{path} holds the weights of another model than it says: {reason}", again(path)) from None
    return model


def _check_tokenizer(tokenizer: Any, name: str, folder: Path) -> None:
    """Refuse a tokenizer with nothing in it: transformers makes one, without an error, of files that are not there."""
    ids = set(tokenizer("warm lo-fi piano, rain").input_ids) - set(tokenizer.all_special_ids)
    if not ids:
        raise BackendUnavailable(f"The tokenizer of {name} in {folder} is empty.", again(folder))


@contextmanager
def quietly() -> Iterator[None]:
    """Build without the warnings and progress bars that the libraries show for their own reasons."""
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if bars:
            transformers_logging.enable_progress_bar()


@contextmanager
def _demucs(files: Files) -> Iterator[None]:
    """Have audiocraft take Demucs from a file of ours while it builds; it would download and unpickle one."""
    model = _silent_demucs() if files.demucs is None else _load_demucs(files.demucs)
    theirs, pretrained.get_model = pretrained.get_model, lambda _: model
    try:
        yield
    finally:
        pretrained.get_model = theirs


def _load_demucs(path: Path) -> Any:
    # What the published file holds beside weights: its class, one length as a fraction, and numbers of NumPy's.
    scalar = np.float64(0).__reduce__()[0]
    numbers = (
        np.dtype,
        type(np.dtype(np.float64)),
        (scalar, "numpy._core.multiarray.scalar"),
        (scalar, "numpy.core.multiarray.scalar"),
    )
    package = unpack(path, (HTDemucs, Fraction, *numbers))
    try:
        if package["klass"] is not HTDemucs:
            raise TypeError(package["klass"])
        return BagOfModels([restore(package).eval()])
    except (LookupError, TypeError, ValueError, RuntimeError, AssertionError):
        raise DamagedModel(f"{path} is not the Demucs that melody models use.", FETCH_DEMUCS) from None


def _silent_demucs() -> nn.Module:
    """Return what stands for a Demucs that is not here: a melody checkpoint plays from text alone without it."""
    stand_in = nn.Identity()
    stand_in.sources = ["drums", "bass", "other", "vocals"]
    return stand_in
