"""The composition root: a studio's name becomes its four parts.

A part is named by a string, "module:Class", so that a library is loaded only when its part is used. Adding a
backend is one file and one line here; a dotted path of your own works as a part's name too.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pipeline.errors import BackendUnavailable, LofiError
from pipeline.roles import Studio, Writer
from pipeline.settings import Settings

AUTO = "auto"
"""Takes the neural part where it can work here, and the offline part, with a note, where it cannot."""


@dataclass(frozen=True)
class Part:
    """Where a backend's class is, and what its constructor is given.

    `settings` are passed under their own names; `uses` are other parts of the same role, {"argument": "name"}.
    `solo` parts hold a model: one process of their own has it.
    """

    place: str
    settings: tuple[str, ...] = ()
    uses: Mapping[str, str] | None = None
    solo: bool = False


STUDIOS: dict[str, dict[str, str]] = {
    "offline": {"writer": "offline", "musician": "band", "judge": "signal", "painter": "offline"},
    "neural": {"writer": "openai", "musician": "musicgen", "judge": "clap", "painter": "diffusion"},
    AUTO: {"writer": AUTO, "musician": AUTO, "judge": AUTO, "painter": AUTO},
}

PARTS: dict[str, dict[str, Part]] = {
    "writer": {
        "offline": Part("pipeline.writers.offline.writer:OfflineWriter", ("prompts",)),
        "openai": Part(
            "pipeline.writers.openai.writer:OpenAIWriter",
            ("openai_model", "openai_base_url", "openai_api_key", "language", "prompts"),
            uses={"standin": "offline"},
        ),
    },
    "musician": {
        "band": Part("pipeline.musicians.offline.band:OfflineBand"),
        "musicgen": Part(
            "pipeline.musicians.musicgen.musician:MusicGen",
            ("musicgen_model", "clap_model", "hub", "device", "precision"),
            solo=True,
        ),
        "audiocraft": Part(
            "pipeline.musicians.audiocraft.musician:AudiocraftMusicGen",
            ("audiocraft_model", "hub", "device", "precision"),
            solo=True,
        ),
    },
    "judge": {
        "signal": Part("pipeline.judges.signal:SignalJudge"),
        "clap": Part(
            "pipeline.judges.clap.judge:ClapJudge",
            ("clap_model", "hub", "device", "precision"),
            uses={"ears": "signal"},
            solo=True,
        ),
    },
    "painter": {
        "offline": Part("pipeline.painters.offline.painter:OfflinePainter"),
        "diffusion": Part(
            "pipeline.painters.diffusion.painter:DiffusionPainter",
            ("diffusion_model", "clip_model", "candidates", "hub", "device", "precision", "prompts"),
            solo=True,
        ),
    },
}

EXTRAS: dict[str, str] = dict.fromkeys(
    (
        "torch",
        "torchvision",
        "torchaudio",
        "transformers",
        "diffusers",
        "open_clip",
        "audiocraft",
        "laion_clap",
        "safetensors",
    ),
    "neural",
)
"""Which extra of the package brings a module that a backend needs."""

_OFFLINE, _NEURAL = STUDIOS["offline"], STUDIOS["neural"]


def open_studio(settings: Settings) -> Studio:
    """Return the studio the settings name. Raises BackendUnavailable with the line that installs what is missing."""
    names = _names(settings)
    notes: list[str] = []
    parts, solo = {}, set()
    for role, known in PARTS.items():
        parts[role], name = _open(role, names[role], settings, notes)
        if name in known and known[name].solo:
            solo.add(role)
    return Studio(settings.studio, **parts, solo=frozenset(solo), notes=tuple(notes))


def open_writer(settings: Settings) -> Writer:
    """Return the studio's writer alone: planning an album needs nothing that makes sound or pictures."""
    writer: Writer = _open("writer", _names(settings)["writer"], settings, [])[0]
    return writer


def _names(settings: Settings) -> dict[str, str]:
    """Return the name of the part for each role: the studio's, or the one asked for by itself."""
    names = STUDIOS.get(settings.studio)
    if names is None:
        raise BackendUnavailable(
            f"There is no studio called {settings.studio!r}.",
            f"{_near(settings.studio, STUDIOS)}Studios here: {', '.join(STUDIOS)}.",
        )
    return {role: getattr(settings, role) or names[role] for role in PARTS}


def _open(role: str, name: str, settings: Settings, notes: list[str]) -> tuple[Any, str]:
    """Return a part and the name of what it really is; a stand-in leaves a line in `notes`."""
    if name != AUTO:
        return _load(role, name, settings), name
    try:
        return _load(role, _NEURAL[role], settings), _NEURAL[role]
    except LofiError as error:
        notes.append(f"The {role} is {_OFFLINE[role]!r}, for {_NEURAL[role]!r} cannot work here: {error.message}")
        return _load(role, _OFFLINE[role], settings), _OFFLINE[role]


def _load(role: str, name: str, settings: Settings) -> Any:
    known = PARTS[role]
    if name not in known and ":" not in name:
        raise BackendUnavailable(
            f"There is no {role} called {name!r}.", f"{_near(name, known)}There are: {', '.join((*known, AUTO))}."
        )
    part = known.get(name, Part(name))
    options = {option: getattr(settings, option) for option in part.settings}
    options |= {argument: _load(role, other, settings) for argument, other in (part.uses or {}).items()}
    module, _, attribute = part.place.partition(":")
    try:
        return getattr(import_module(module), attribute)(**options)
    except ModuleNotFoundError as error:
        # Only a missing third-party package is a missing extra; anything else is a bug and must look like one.
        missing = (error.name or "").partition(".")[0]
        if missing in EXTRAS:
            raise BackendUnavailable(
                f"The {role} {name!r} needs {missing}, which is not installed.",
                f"Run: uv sync --extra {EXTRAS[missing]}",
            ) from None
        raise


def _near(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {near[0]}? " if near else ""
