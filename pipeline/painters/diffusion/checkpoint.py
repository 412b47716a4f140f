"""What kind of diffusion checkpoint a folder holds, and what is wrong with it, from its small files alone.

The size and the family come from the configuration files, never from a file's name. Only one question is answered by
the name as well: whether the checkpoint was distilled to paint in a few steps, for not every such one says so inside.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import BackendUnavailable, DamagedModel
from pipeline.weights import again
from pipeline.weights.layouts import variant_of, weights_of_part

_PIPELINES = ("StableDiffusionPipeline", "StableDiffusionXLPipeline", "LatentConsistencyModelPipeline")
_LIBRARIES = ("diffusers", "transformers", "stable_diffusion")
"""Where a checkpoint may take its parts from; anything else would be code of its own."""
_MODELS = ("unet", "vae", "text_encoder", "text_encoder_2", "safety_checker", "image_encoder")
_FEW_STEPS = re.compile(r"(?<![a-z])(turbo|lightning|lcm|hyper)(?![a-z])", re.IGNORECASE)
_FEWEST_WORDS = 100
"""A tokenizer with fewer entries knows no words: libraries make such a one when its files are missing."""


@dataclass(frozen=True)
class Kind:
    """A family of checkpoints: how many `steps` it paints in, how closely it holds to the prompt.

    `guidance` is the scale of classifier-free guidance; 0 is without it, and then a negative prompt does nothing.
    """

    name: str
    steps: int
    guidance: float


FIRST = Kind("Stable Diffusion 1", 30, 7.5)
SECOND = Kind("Stable Diffusion 2", 30, 7.5)
LARGE = Kind("Stable Diffusion XL", 30, 6.0)
TURBO = Kind("a few-step Stable Diffusion", 4, 0.0)
CONSISTENCY = Kind("a latent consistency model", 6, 8.0)
"""Its guidance is an input of the network, not a second pass."""


@dataclass(frozen=True)
class Checkpoint:
    """A checked folder: its kind, the side it was trained to paint in pixels, and which files to load.

    `cell` is how many pixels a step of the latent grid stands for; sizes are multiples of 8 cells.
    `variant` is the infix of its files ("fp16") where it has only such ones.
    """

    path: Path
    kind: Kind
    side: int
    cell: int
    variant: str | None


def read_checkpoint(folder: Path, name: str) -> Checkpoint:
    """Read and check a folder in the diffusers layout, asked for by `name`.

    Raises BackendUnavailable when it does not paint from text or would need code or pickles of its own, and Damaged
    when a part it lists is missing or cannot be read.
    """
    index = _json(folder / "model_index.json")
    pipeline = index.get("_class_name")
    unet, vae = _json(folder / "unet" / "config.json"), _json(folder / "vae" / "config.json")
    if pipeline not in _PIPELINES or unet.get("in_channels") != 4:
        raise BackendUnavailable(
            f"{folder} holds a {pipeline}, which this painter cannot paint from text with.",
            f"Name a checkpoint of one of these: {', '.join(_PIPELINES)}.",
        )
    variant = variant_of(folder / "unet")
    for part, source in index.items():
        if isinstance(source, list) and source != [None, None]:
            _check_part(folder, part, source, variant)
    side, channels = unet.get("sample_size"), vae.get("block_out_channels")
    if not isinstance(side, int) or not isinstance(channels, list) or not channels:
        raise DamagedModel(f"{folder} does not say which size it paints.", again(folder))
    cell = 2 ** (len(channels) - 1)
    scheduler = _json(folder / "scheduler" / "scheduler_config.json")
    kind = _kind(str(pipeline), unet, scheduler, f"{name} {index.get('_name_or_path', '')}")
    return Checkpoint(folder, kind, side * cell, cell, variant)


def _kind(pipeline: str, unet: dict[str, Any], scheduler: dict[str, Any], names: str) -> Kind:
    """Tell the family.

    Few-step models are published with a scheduler made for them (LCM, TCD) or with "trailing" time steps; models
    trained to zero terminal signal have trailing steps too, but say so, or predict velocity. A second generation
    model reads its prompt through a text encoder 1024 wide.
    """
    if pipeline == "LatentConsistencyModelPipeline":
        return CONSISTENCY
    trailing = (
        scheduler.get("timestep_spacing") == "trailing"
        and not scheduler.get("rescale_betas_zero_snr")
        and scheduler.get("prediction_type", "epsilon") == "epsilon"
    )
    if trailing or scheduler.get("_class_name") in ("LCMScheduler", "TCDScheduler") or _FEW_STEPS.search(names):
        return TURBO
    if pipeline == "StableDiffusionXLPipeline":
        return LARGE
    return SECOND if unet.get("cross_attention_dim") == 1024 else FIRST


def _check_part(folder: Path, part: str, source: list[object], variant: str | None) -> None:
    """Raise unless a part listed in model_index.json is there, whole, and comes from a known library."""
    if source[0] not in _LIBRARIES:
        raise BackendUnavailable(
            f"{folder} wants to run code of its own for its {part}; that is never done.", "Name another checkpoint."
        )
    place = folder / part
    if not place.is_dir():
        raise DamagedModel(f"{folder} lists a {part}, but has no folder {part}.", again(folder))
    if part in _MODELS and not weights_of_part(place, variant):
        raise BackendUnavailable(
            f"{place} has no weights in the safetensors format under their usual name; others are not opened.",
            "Name a checkpoint that has them, or convert it.",
        )
    if part.startswith("tokenizer") and _words(place) < _FEWEST_WORDS:
        raise DamagedModel(f"The tokenizer in {place} is empty: it knows no words.", again(place))


def _words(tokenizer: Path) -> int:
    """Return how many entries a tokenizer's files hold."""
    whole = tokenizer / "tokenizer.json"
    words = _json(whole).get("model", {}).get("vocab") if whole.is_file() else None
    if words is None and (tokenizer / "vocab.json").is_file():
        words = _json(tokenizer / "vocab.json")
    return len(words) if isinstance(words, dict | list) else 0


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise DamagedModel(f"{path} is missing or cannot be read.", again(path))
    return found
