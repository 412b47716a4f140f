"""What is in a checkpoint in audiocraft's layout, read without running anything that it brings along.

audiocraft's own loaders unpickle, which lets a file run code. The published files hold tensors, text and numbers only.
To look at one, its table of contents is read without PyTorch (outline.py); to load it, it is opened with
`weights_only`, memory-mapped. What does not open that way is refused.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from pipeline.errors import BackendUnavailable, DamagedModel
from pipeline.musicians.audiocraft.outline import Outline, outline
from pipeline.weights import again

LANGUAGE_MODEL = "state_dict.bin"
CODEC = "compression_state_dict.bin"
_ANOTHER = "Name a MusicGen or AudioGen checkpoint such as facebook/musicgen-small."


@dataclass(frozen=True)
class Anatomy:
    """What a checkpoint is made of.

    `text_encoder` is the T5 it was trained with, by the name audiocraft knows, `text_width` the size of its vectors.
    `melody` says whether it follows a tune, `codec` names the EnCodec of the hub it uses, "" where it brings its own.
    `longest` is in seconds, `chroma` how many frames a tune of that length has before the sound; `width` and `layers`
    are the transformer's.
    """

    text_encoder: str
    text_width: int
    melody: bool
    stereo: bool
    codec: str
    longest: float
    width: int
    layers: int
    chroma: int = 0


def unpack(path: Path, known: Sequence[Any] = ()) -> dict[str, Any]:
    """Return what a file of torch.save holds, its tensors mapped from disk.

    `known` are the classes it may hold beside tensors and plain values. Raises DamagedModel, saying what else is in it.
    """
    import torch

    try:
        with torch.serialization.safe_globals(list(known)):
            package = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        what = str(error).partition("WeightsUnpickler error: ")[2].partition(" was not an allowed")[0].splitlines()
        raise DamagedModel(
            f"{path} holds more than weights{f' ({what[0].strip()})' if what else ''} and is not opened.",
            again(path),
        ) from None
    except (RuntimeError, EOFError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DamagedModel(f"{path} does not open: {str(error).splitlines()[0]}", again(path)) from None
    if not isinstance(package, dict):
        raise DamagedModel(f"{path} is not a checkpoint: it holds a {type(package).__name__}.", _ANOTHER)
    return package


def configuration(package: dict[str, Any], path: Path) -> DictConfig:
    """Return the training configuration a package carries as YAML. Raises DamagedModel."""
    text = package.get("xp.cfg")
    if not isinstance(text, str) or not isinstance(package.get("best_state"), dict):
        raise DamagedModel(f"{path} is not as audiocraft exports it: best_state or xp.cfg is missing.", _ANOTHER)
    try:
        config = OmegaConf.create(text)
        if isinstance(config, DictConfig):
            OmegaConf.resolve(config)
            return config
    except (OmegaConfBaseException, yaml.YAMLError):
        pass
    raise DamagedModel(f"{path} has a configuration that cannot be read.", again(path))


def examine(folder: Path) -> Anatomy:
    """Say what a checkpoint is made of. Raises DamagedModel, and BackendUnavailable for a model of another kind."""
    path, package = folder / LANGUAGE_MODEL, outline(folder / LANGUAGE_MODEL)
    config = configuration(package, path)
    try:
        return _anatomy(config, package["best_state"], _codec(folder / CODEC))
    except (OmegaConfBaseException, AttributeError, LookupError, TypeError, ValueError):
        raise DamagedModel(f"{path} has a configuration this version of audiocraft does not know.", _ANOTHER) from None


def _anatomy(config: DictConfig, state: dict[str, Outline], codec: str) -> Anatomy:
    conditioners = {str(name): part for name, part in config.conditioners.items() if name != "args"}
    kinds = {name: str(part.model) for name, part in conditioners.items()}
    if config.lm_model != "transformer_lm":
        raise BackendUnavailable(f"A {config.lm_model} is no model this musician plays.", _ANOTHER)
    if kinds.pop("description", "") != "t5" or kinds not in ({}, {"self_wav": "chroma_stem"}):
        named = ", ".join(f"{name} ({part.model})" for name, part in conditioners.items())
        raise BackendUnavailable(f"The checkpoint is steered by {named or 'nothing'}, not by a text.", _ANOTHER)
    text = conditioners["description"].t5
    if text.get("normalize_text"):
        # It would load a spaCy model, and fetch it where there is none.
        raise BackendUnavailable("The checkpoint rewrites its prompts with spaCy, which is not supported.", _ANOTHER)
    stereo = config.get("interleave_stereo_codebooks") or {}
    if stereo.get("use") and stereo.get("per_timestep"):
        raise BackendUnavailable("The checkpoint puts its channels one after the other in time.", _ANOTHER)
    return Anatomy(
        text_encoder=str(text.name),
        text_width=int(state["condition_provider.conditioners.description.output_proj.weight"].shape[1]),
        melody="self_wav" in kinds,
        stereo=bool(stereo.get("use")),
        codec=codec,
        longest=float(config.dataset.segment_duration),
        width=int(config.transformer_lm.dim),
        layers=int(config.transformer_lm.num_layers),
        chroma=_chroma(config) if "self_wav" in kinds else 0,
    )


def _chroma(config: DictConfig) -> int:
    """Return how many frames of chroma there are in the longest window: four to a span of 2 ** radix2_exp samples."""
    stem = config.conditioners.self_wav.chroma_stem
    samples, span = int(config.dataset.segment_duration * stem.sample_rate), 1 << int(stem.radix2_exp)
    return samples // (span // 4) + 2


def _codec(path: Path) -> str:
    """Return the hub's name of the EnCodec a checkpoint uses, "" where it brings its own."""
    package = outline(path)
    if "pretrained" in package:
        return str(package["pretrained"])
    config = configuration(package, path)
    if config.get("compression_model") != "encodec" or config.encodec.get("renormalize"):
        raise BackendUnavailable(f"{path} is not a codec that a music model can write.", _ANOTHER)
    return ""
