"""audiocraft's models built from checked files: its builders, without its loaders, downloads and look-ups by name."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import numpy as np
import torch
from omegaconf import DictConfig
from torch import nn

from pipeline.errors import BackendUnavailable, DamagedModel
from pipeline.musicians.audiocraft.checkpoint import CODEC, LANGUAGE_MODEL, configuration, unpack
from pipeline.musicians.audiocraft.parts import FETCH_DEMUCS, Files
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
            return HFEncodecCompressionModel(model).to(device).eval()
        path = files.folder / CODEC
        package = unpack(path)
        config = configuration(package, path)
        config.device = str(device)
        codec = _built(builders.get_compression_model, config, path)
        return _filled(codec, package["best_state"], path).eval()


def load_language_model(files: Files, device: torch.device, precision: torch.dtype) -> Any:
    """Return the language model of a checkpoint, its transformer in `precision`, all else float32. Raises Damaged."""
    path = files.folder / LANGUAGE_MODEL
    package = unpack(path)
    config = configuration(package, path)
    config.device = str(device)
    config.dtype = str(precision).removeprefix("torch.")
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
    with quietly(), _demucs(files) if files.anatomy.melody else nullcontext():
        lm = _built(builders.get_lm_model, config, path)
        _filled(lm, package["best_state"], path).eval()
    set_precision(lm, precision)
    lm.cfg = config
    if files.anatomy.melody:
        tune = lm.condition_provider.conditioners["self_wav"]
        tune.match_len_on_eval, tune._use_masking = True, False  # as audiocraft does it
    _check_tokenizer(lm.condition_provider.conditioners["description"].t5_tokenizer, name, files.text_encoder)
    return lm


def set_precision(lm: Any, precision: torch.dtype) -> None:
    """Put the transformer of a language model into a number format; norms and embeddings stay float32.

    In bfloat16 the positions beyond 256 could not be told apart: audiocraft counts them in the embeddings' format.
    """
    lm.float()
    lm.transformer.to(precision)
    for part in lm.transformer.modules():
        if isinstance(part, nn.LayerNorm):
            part.float()


def stereo_codec(codec: Any, lm: Any) -> Any:
    """Return the codec as the language model writes it: two interleaved for a stereo model."""
    return builders.get_wrapped_compression_model(codec, lm.cfg)


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
