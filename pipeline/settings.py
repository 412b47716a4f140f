"""Everything a person can set, read once at the doors and passed down as values."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from pipeline.errors import BadSettings

PREFIX = "LOFI_"


class Settings(BaseModel):
    """The settings, each also an environment variable: LOFI_ and the name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    library: Path = Field(Path("output"), description="Folder that holds albums/ and catalogue.db.")
    studio: str = Field("offline", description="Which studio makes the album.")
    writer: str | None = Field(None, description="Which writer, in place of the studio's own.")
    musician: str | None = Field(None, description="Which musician, in place of the studio's own.")
    judge: str | None = Field(None, description="Which judge, in place of the studio's own.")
    painter: str | None = Field(None, description="Which painter, in place of the studio's own.")
    ambience: str | None = Field(None, description="Who makes the ambience under the tracks: audiogen, auto or none.")
    artist: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="Artist named in the tags of every file, in place of the musician's own name or the label's."
    )
    workers: Annotated[int, Field(ge=1, le=64)] = Field(
        default_factory=lambda: min(len(_usable_cores()), 8), description="Processes that render at the same time."
    )
    rerolls: Annotated[int, Field(ge=0, le=50)] = Field(
        4, description="Extra takes a track may cost when no take is good enough."
    )
    crossfade: Annotated[float, Field(ge=3, le=10)] = Field(6.0, description="Seconds of a crossfade in the mix.")
    effects: Literal["tape", "vinyl", "night", "worn", "none"] = Field(
        "tape", description="Lo-fi effects put on every track after scoring."
    )
    language: Annotated[str, Field(pattern=r"^([a-z]{2}|auto)$")] = Field(
        "auto",
        description="Language of a language model's titles, as two letters such as ja; auto is the theme's own.",
    )
    openai_model: str = Field("gpt-5-mini", description="Language model of the writer openai.")
    openai_base_url: str | None = Field(
        None, description="Address of the language model's server; OPENAI_BASE_URL too."
    )
    openai_api_key: SecretStr | None = Field(None, description="Key for it; OPENAI_API_KEY too.")
    musicgen_model: str = Field(
        "facebook/musicgen-small",
        description="Model of the musician musicgen: a folder, or a name on the hub, with @REVISION for that alone.",
    )
    audiocraft_model: str = Field("facebook/musicgen-small", description="Model of the musician audiocraft.")
    audiogen_model: str = Field("facebook/audiogen-medium", description="Model of the ambience audiogen.")
    text_model: str | None = Field(
        None, description="T5 of the musician audiocraft: a folder or a name, where it is not in its usual places."
    )
    multiband_model: str = Field(
        "facebook/multiband-diffusion",
        description="MultiBand Diffusion of the musician audiocraft: a folder or a name.",
    )
    clap_model: str = Field(
        "laion/clap-htsat-unfused", description="Model of the judge clap: a folder, a name, or a laion-clap .pt file."
    )
    diffusion_model: str = Field(
        "stable-diffusion-v1-5/stable-diffusion-v1-5", description="Model of the painter diffusion."
    )
    clip_model: str = Field(
        "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", description="open_clip model that ranks the painter's candidates."
    )
    candidates: Annotated[int, Field(ge=1, le=32)] = Field(
        4, description="Pictures the painter diffusion makes to choose from."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="Where models run.")
    precision: Literal["auto", "float32", "bfloat16", "float16", "int8"] = Field(
        "auto",
        description="How models compute: bfloat16 on CUDA, else float32; int8, less exact, is MusicGen's on a CPU.",
    )
    token: SecretStr | None = Field(
        None, description="What a visitor of the review page must know where others than this machine can reach it."
    )
    site: str | None = Field(None, description="Address on the web under which the podcast's folder will lie.")
    podcast: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="Title of the podcast, in place of the artist's name."
    )
    mail: str | None = Field(None, description="Where podcast directories write to prove whose the feed is.")
    disclosure: bool = Field(True, description="Whether releases tell that they were made by software.")
    hub: Path = Field(
        Path("~/.cache/huggingface/hub"), description="The model hub's cache; HF_HUB_CACHE or HF_HOME name it too."
    )
    cache: Path = Field(
        Path("~/.cache/lofi"), description="Where what can be found out again is kept, such as hashes of big models."
    )
    prompts: Path | None = Field(None, description="A prompts/ folder of your own, in place of the one shipped.")


_ELSEWHERE = {
    "hub": "HF_HUB_CACHE",
    "openai_base_url": "OPENAI_BASE_URL",
    "openai_api_key": "OPENAI_API_KEY",
}
"""Settings that other programs have a variable of their own for; LOFI_ wins."""


def _usable_cores() -> set[int]:
    affinity = getattr(os, "sched_getaffinity", None)
    return affinity(0) if affinity else set(range(os.cpu_count() or 1))


def read_settings(environment: Mapping[str, str], **given: object) -> Settings:
    """Read LOFI_* from `environment`; `given` values that are not None win.

    An empty variable counts as unset. Raises BadSettings naming the variable, also for a LOFI_ variable that no
    setting has: a typing mistake must not silently do nothing.
    """
    names = Settings.model_fields
    values: dict[str, object] = {}
    for variable, text in environment.items():
        # Completion variables (_LOFI_COMPLETE) belong to the shell and do not carry the prefix.
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = (
                f"Did you mean {PREFIX}{near[0].upper()}?"
                if near
                else f"Known: {', '.join(PREFIX + name.upper() for name in names)}."
            )
            raise BadSettings(f"There is no setting {variable}.", hint)
        if text:
            values[name] = text
    for name, elsewhere in _ELSEWHERE.items():
        if environment.get(elsewhere):
            values.setdefault(name, environment[elsewhere])
    if environment.get("HF_HOME"):
        values.setdefault("hub", f"{environment['HF_HOME']}/hub")
    if Path(environment.get("XDG_CACHE_HOME", "")).is_absolute():
        values.setdefault("cache", f"{environment['XDG_CACHE_HOME']}/lofi")
    values |= {name: value for name, value in given.items() if value is not None}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise BadSettings(
            f"{PREFIX}{name.upper()} cannot be {first['input']!r}: {first['msg'].lower()}.",
            str(names[name].description),
        ) from None
