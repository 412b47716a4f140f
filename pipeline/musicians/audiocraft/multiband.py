"""MultiBand Diffusion: a slower decoder of MusicGen's tokens with less hiss and warble than EnCodec's."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, ListConfig, nodes
from omegaconf.base import ContainerMetadata, Metadata

from pipeline.errors import BackendUnavailable, DamagedModel
from pipeline.musicians.audiocraft import loading  # first: it puts the hub offline
from pipeline.musicians.audiocraft.checkpoint import unpack
from pipeline.musicians.audiocraft.parts import FETCH_MULTIBAND
from pipeline.weights import again

from audiocraft.models import MultiBandDiffusion, builders  # isort: skip
from audiocraft.models.multibanddiffusion import DiffusionProcess  # isort: skip
from audiocraft.modules.diffusion_schedule import NoiseSchedule  # isort: skip

_CONFIGURATION = (
    DictConfig,
    ListConfig,
    ContainerMetadata,
    Metadata,
    *(getattr(nodes, f"{kind}Node") for kind in ("Any", "String", "Integer", "Float", "Boolean")),
    defaultdict,
    dict,
    list,
    int,
    float,
    bool,
    str,
    Any,
)
"""The published file keeps its configuration as OmegaConf's records: data, no code."""


class Multiband:
    """Decodes tokens of `codec`, a mono EnCodec; the diffusion models are loaded when first used."""

    def __init__(self, path: Path | None, codec: Any) -> None:
        self._path, self._codec = path, codec
        self._model: Any = None

    def decode(self, tokens: torch.Tensor, seed: int) -> torch.Tensor:
        """Return float32 [channels, frames] of tokens [channels, codebooks, steps]; all chance comes from `seed`.

        Raises BackendUnavailable without a checkpoint, and DamagedModel.
        """
        if self._path is None:
            raise BackendUnavailable("MultiBand Diffusion is not on this machine.", FETCH_MULTIBAND)
        if self._model is None:
            self._model = load_multiband(self._path, self._codec)
        device = self._model.device
        with torch.random.fork_rng([device] if device.type == "cuda" else []), torch.no_grad():
            torch.manual_seed(seed)
            sound: torch.Tensor = self._model.tokens_to_wav(tokens)
        return sound[:, 0]


def load_multiband(path: Path, codec: Any) -> Any:
    """Return audiocraft's MultiBandDiffusion over a codec. Raises DamagedModel."""
    package: dict[Any, Any] = {**unpack(path, _CONFIGURATION)}
    device = next(iter(codec.parameters())).device
    processes = []
    with loading.quietly():
        try:
            for band in range(package["n_bands"]):
                part = package[band]
                model = builders.get_diffusion_model(part["cfg"])
                model.load_state_dict(part["model_state"])
                processor = builders.get_processor(part["cfg"].processor, package["sample_rate"])
                processor.load_state_dict(part["processor_state"])
                schedule = NoiseSchedule(
                    **part["cfg"].schedule, sample_processor=processor.to(device).eval(), device=device
                )
                processes.append(DiffusionProcess(model.to(device).eval(), schedule))
        except (LookupError, AttributeError, TypeError, ValueError, RuntimeError, AssertionError):
            raise DamagedModel(f"{path} is not MultiBand Diffusion for MusicGen.", again(path)) from None
    return MultiBandDiffusion(processes, codec)
