"""The known models: what each is for, its licence, its size, and the command that fetches what is needed of it.

Facts of the publishers' pages on the hub: licences as stated there, sizes of the files that are fetched, rounded.
Many pages hold the same weights several times over, so only what the named layout needs is fetched.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pipeline.licences import may_be_sold

LayoutName = Literal["transformers", "audiocraft", "diffusers", "open_clip", "file"]

NON_COMMERCIAL = "CC-BY-NC-4.0"
DOWNLOADS = "~/.cache/torch/hub/checkpoints"
"""Where models that are not on the hub are put: PyTorch's place for them."""
_TEXTS = ("*.json", "*.txt", "*.model")
_DIFFUSERS = ("*.json", "*.txt", "*/model.safetensors", "*/diffusion_pytorch_model.safetensors")
_AUDIOCRAFT = ("state_dict.bin", "compression_state_dict.bin")


@dataclass(frozen=True)
class Model:
    """One published model in one layout.

    `files` are the globs to fetch; `needs` those without which it is not whole. `bytes` is their size on disk and
    `parameters` how many numbers it has, both rounded, None where we are not sure.
    """

    name: str
    part: str
    """Which part of the studio loads it, and for what."""
    licence: str
    layout: LayoutName
    files: tuple[str, ...]
    needs: tuple[str, ...]
    bytes: int | None
    parameters: int | None
    url: str = ""
    """Where it is published, when that is not the hub."""

    @property
    def commercial(self) -> bool:
        """Whether what it makes may be sold without asking its publisher."""
        return may_be_sold(self.licence)

    @property
    def fetch(self) -> str:
        """The command that fetches it."""
        if self.url:
            return f"curl --create-dirs -o {DOWNLOADS}/{self.files[0]} {self.url}"
        single = self.layout == "file" and not any("*" in name for name in self.files)
        names = self.files if single else tuple(f"--include {shlex.quote(name)}" for name in self.files)
        return f"uv run --extra neural hf download {self.name} {' '.join(names)}"

    def memory(self, bytes_a_number: int) -> int | None:
        """Return the bytes its weights take when loaded: 4 a number in float32, 2 in bfloat16 or float16."""
        return None if self.parameters is None else self.parameters * bytes_a_number


def _musicgen(kind: str, weights: str, megabytes: int, audiocraft: int, millions: int) -> tuple[Model, Model]:
    """Return a MusicGen in both of its layouts. A stereo one in audiocraft's also needs facebook/encodec_32khz."""
    name = f"facebook/musicgen-{kind}"
    return (
        Model(
            name, "musician musicgen", NON_COMMERCIAL, "transformers", (*_TEXTS, weights), ("config.json", weights),
            megabytes * 10**6, millions * 10**6,
        ),
        Model(
            name, "musician audiocraft", NON_COMMERCIAL, "audiocraft", _AUDIOCRAFT, _AUDIOCRAFT,
            audiocraft * 10**6, millions * 10**6,
        ),
    )  # fmt: skip


def _picture(name: str, licence: str, gigabytes: float, millions: int) -> Model:
    needs = ("model_index.json", "unet/*.safetensors", "vae/*.safetensors")
    return Model(
        name, "painter diffusion", licence, "diffusers", _DIFFUSERS, needs, int(gigabytes * 10**9), millions * 10**6
    )


_SHARDS, _BIN_SHARDS = "model-*.safetensors", "pytorch_model-*.bin"

MODELS: tuple[Model, ...] = (
    *_musicgen("small", "model.safetensors", 2360, 1080, 591),
    *_musicgen("medium", "pytorch_model.bin", 8040, 3920, 2010),
    *_musicgen("large", _BIN_SHARDS, 13720, 6750, 3430),
    *_musicgen("melody", _SHARDS, 6200, 3000, 1550),
    *_musicgen("stereo-small", "model.safetensors", 1220, 870, 608),
    *_musicgen("stereo-medium", "model.safetensors", 4070, 3730, 2030),
    *_musicgen("stereo-large", _SHARDS, 6920, 6580, 3460),
    *_musicgen("stereo-melody", _SHARDS, 6330, 2900, 1580),
    Model(
        "facebook/audiogen-medium", "musician audiocraft, ambience", NON_COMMERCIAL, "audiocraft",
        _AUDIOCRAFT, _AUDIOCRAFT, 3_920_000_000, 2_010_000_000,
    ),
    Model(
        "facebook/multiband-diffusion", "musicians, --multiband", NON_COMMERCIAL, "file",
        ("mbd_musicgen_32khz.th",), ("mbd_musicgen_32khz.th",), None, None,
    ),
    Model(
        "facebook/encodec_32khz", "musicians, codec", NON_COMMERCIAL, "transformers",
        (*_TEXTS, "model.safetensors"), ("config.json", "model.safetensors"), 236_000_000, 59_000_000,
    ),
    Model(
        "htdemucs", "musician audiocraft, tunes", "MIT", "file", ("955717e8-8726e21a.th",), ("955717e8-8726e21a.th",),
        84_000_000, 42_000_000, "https://dl.fbaipublicfiles.com/demucs/hybrid_transformer/955717e8-8726e21a.th",
    ),
    Model(
        "google-t5/t5-base", "musician audiocraft, words", "Apache-2.0", "transformers",
        (*_TEXTS, "model.safetensors"), ("config.json", "model.safetensors"), 894_000_000, 223_000_000,
    ),
    Model(
        "google-t5/t5-large", "ambience, words", "Apache-2.0", "transformers",
        (*_TEXTS, "model.safetensors"), ("config.json", "model.safetensors"), 2_950_000_000, 738_000_000,
    ),
    Model(
        "laion/clap-htsat-unfused", "judge clap", "Apache-2.0", "transformers",
        (*_TEXTS, "pytorch_model.bin"), ("config.json", "pytorch_model.bin|model.safetensors"),
        615_000_000, 153_000_000,
    ),
    Model(
        "lukewys/laion_clap", "judge clap, music", "CC0-1.0", "file",
        ("music_audioset_epoch_15_esc_90.14.pt",), ("music_audioset_epoch_15_esc_90.14.pt",),
        2_350_000_000, 199_000_000,
    ),
    Model(
        "FacebookAI/roberta-base", "judge clap, words of the .pt", "MIT", "transformers",
        (*_TEXTS, "model.safetensors"), ("config.json", "model.safetensors"), 502_000_000, 125_000_000,
    ),
    _picture("stable-diffusion-v1-5/stable-diffusion-v1-5", "CreativeML OpenRAIL-M", 5.5, 1370),
    _picture("stabilityai/stable-diffusion-2-1", "CreativeML OpenRAIL++-M", 5.2, 1290),
    _picture("stabilityai/stable-diffusion-xl-base-1.0", "CreativeML OpenRAIL++-M", 13.9, 3470),
    _picture("stabilityai/sd-turbo", "Stability AI NC Community", 5.2, 1290),
    _picture("stabilityai/sdxl-turbo", "Stability AI NC Community", 13.9, 3470),
    Model(
        "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "painter diffusion, ranking", "MIT", "open_clip",
        ("*.json", "*.txt", "open_clip_model.safetensors"),
        ("open_clip_config.json", "open_clip_model.safetensors"), 605_000_000, 151_000_000,
    ),
)  # fmt: skip


_FORMERLY = {
    "t5-base": "google-t5/t5-base",
    "t5-large": "google-t5/t5-large",
    "roberta-base": "FacebookAI/roberta-base",
}
"""Names some models had on the hub before it asked for an owner; caches have them under these still."""


class Use(NamedTuple):
    """What a setting names a model for: the part that loads it (as in `Model.part`), and in which layout.

    `usual` is said of the licence where nothing is known of it.
    """

    part: str
    layout: LayoutName
    usual: str


MUSICGEN_USUAL = f"MusicGen's own weights are {NON_COMMERCIAL}"
META_USUAL = f"Meta's own weights are {NON_COMMERCIAL}"
T5_USUAL = "T5's own weights are Apache-2.0"
CLAP_USUAL = "LAION's own CLAP weights are Apache-2.0 or CC0-1.0"
DIFFUSION_USUAL = "Stable Diffusion's own weights are under CreativeML OpenRAIL licences"
CLIP_USUAL = "OpenCLIP's own weights are MIT"

USES: dict[str, Use] = {
    "musicgen_model": Use("musician musicgen", "transformers", MUSICGEN_USUAL),
    "audiocraft_model": Use("musician audiocraft", "audiocraft", MUSICGEN_USUAL),
    "text_model": Use("musician audiocraft, words", "transformers", T5_USUAL),
    "multiband_model": Use("musicians, --multiband", "file", META_USUAL),
    "clap_model": Use("judge clap", "transformers", CLAP_USUAL),
    "diffusion_model": Use("painter diffusion", "diffusers", DIFFUSION_USUAL),
    "clip_model": Use("painter diffusion, ranking", "open_clip", CLIP_USUAL),
}
"""The settings that name a model."""


def known_model(name: str) -> Model | None:
    """Return a model by its name on the hub, or by the name of the one file it is published as."""
    full = _FORMERLY.get(name, name)
    for model in MODELS:
        if full == model.name or (model.layout == "file" and name in model.files):
            return model
    return None


def setting_of(name: str, among: Collection[str]) -> str | None:
    """Return which of some settings a known model of the hub is named by, None for a model nobody knows."""
    parts = {model.part for model in MODELS if model.name == name}
    return next((setting for setting in among if setting in USES and USES[setting].part in parts), None)


def fetch_command(name: str, layout: str | None = None, revision: str = "") -> str:
    """Return the command that fetches a model of the hub, known or not, at a `revision` where one is named."""
    known = [model for model in MODELS if model.name == name]
    fitting = [model for model in known if model.layout == layout] or known
    command = fitting[0].fetch if fitting else f"uv run --extra neural hf download {name}"
    return f"{command} --revision {shlex.quote(revision)}" if revision else command
