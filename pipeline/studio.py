"""The composition root: a studio's name becomes its parts.

A part is named by a string, "module:Class", so that a library is loaded only when its part is used. Adding a
backend is one file and one line here; a dotted path of your own works as a part's name too.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pipeline.errors import BackendUnavailable, DamagedModel, LofiError
from pipeline.roles import Ambience, Judge, Musician, Painter, Standin, Studio, Writer, plays_ambience
from pipeline.settings import PREFIX, Settings
from pipeline.weights import own_path
from pipeline.weights.hashes import remembered

AUTO = "auto"
"""Takes the neural part where it can work here, and the offline part, with a note, where it cannot."""


@dataclass(frozen=True)
class Part:
    """Where a backend's class is ("" for a part that is left out), and what its constructor is given.

    `settings` are passed under their own names; `uses` are other parts of the same role, {"argument": "name"}.
    `model` is the setting that names the model whose weights its backend credits first, `helpers` are the settings
    that name models it needs beside that. `auto` is what else the constructor is given when "auto" chose the part.
    """

    place: str
    settings: tuple[str, ...] = ()
    uses: Mapping[str, str] | None = None
    model: str | None = None
    helpers: tuple[str, ...] = ()
    auto: Mapping[str, object] | None = None


STUDIOS: dict[str, dict[str, str]] = {
    "offline": {"writer": "offline", "musician": "band", "judge": "signal", "painter": "offline", "ambience": "none"},
    "neural": {"writer": "openai", "musician": "musicgen", "judge": "clap", "painter": "diffusion", "ambience": "none"},
    AUTO: {"writer": AUTO, "musician": AUTO, "judge": AUTO, "painter": AUTO, "ambience": "none"},
}

PARTS: dict[str, dict[str, Part]] = {
    "writer": {
        "offline": Part("pipeline.writers.offline.writer:OfflineWriter", ("prompts",)),
        "openai": Part(
            "pipeline.writers.openai.writer:OpenAIWriter",
            ("openai_model", "openai_base_url", "openai_api_key", "prompts"),
            uses={"standin": "offline"},
            auto={"forgiving": True},
        ),
    },
    "musician": {
        "band": Part("pipeline.musicians.offline.band:OfflineBand"),
        "musicgen": Part(
            "pipeline.musicians.musicgen.musician:MusicGen",
            ("musicgen_model", "hub", "device", "precision"),
            model="musicgen_model",
        ),
        "audiocraft": Part(
            "pipeline.musicians.audiocraft.musician:AudiocraftMusicGen",
            ("audiocraft_model", "text_model", "multiband_model", "hub", "device", "precision"),
            model="audiocraft_model",
            helpers=("text_model", "multiband_model"),
        ),
    },
    "judge": {
        "signal": Part("pipeline.judges.signal:SignalJudge"),
        "clap": Part(
            "pipeline.judges.clap.judge:ClapJudge",
            ("clap_model", "hub", "device", "precision"),
            uses={"ears": "signal"},
            model="clap_model",
        ),
    },
    "painter": {
        "offline": Part("pipeline.painters.offline.painter:OfflinePainter"),
        "diffusion": Part(
            "pipeline.painters.diffusion.painter:DiffusionPainter",
            ("diffusion_model", "clip_model", "candidates", "hub", "device", "precision", "prompts"),
            model="diffusion_model",
            helpers=("clip_model",),
        ),
    },
    "ambience": {
        "none": Part(""),
        "audiogen": Part(
            "pipeline.musicians.audiocraft.audiogen:AudioGenAmbience",
            ("audiogen_model", "hub", "device", "precision"),
            model="audiogen_model",
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
        "omegaconf",
        "laion_clap",
        "safetensors",
        "numba",
    ),
    "neural",
)
"""Which extra of the package brings a module that a backend needs."""

_OFFLINE, _NEURAL = STUDIOS["offline"], {**STUDIOS["neural"], "ambience": "audiogen"}
"""What "auto" falls back to, and what it tries first."""
_ROLES: dict[str, type] = {
    "writer": Writer,
    "musician": Musician,
    "judge": Judge,
    "painter": Painter,
    "ambience": Ambience,
}
_RUN = "Run: "
_OWN = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
"""A part of one's own: module:Class."""


def open_studio(settings: Settings, musician: Opened | None = None) -> Studio:
    """Return the studio the settings name, with another `musician` where one is given.

    Raises what a part raises; where several cannot be opened, BackendUnavailable that names all they lack.
    """
    opened = {} if musician is None else {"musician": musician}
    failed: dict[str, LofiError] = {}
    for role in PARTS:  # ambience comes last, and asks who plays
        if role in opened:
            continue
        try:
            asks = role == "ambience" and "musician" in opened
            opened[role] = open_ambience(settings, opened["musician"].made) if asks else open_part(role, settings)
        except LofiError as error:
            failed[role] = error
    if failed:
        raise _refusal(failed, settings)
    parts = {role: part.made for role, part in opened.items()}
    standins = {role: part.standin for role, part in opened.items() if part.standin}
    notes = {role: part.note for role, part in opened.items() if part.note}
    return Studio(settings.studio, **parts, standins=standins, notes=notes)


@dataclass(frozen=True)
class Opened:
    """One part, `made`; a `note` when it stands in for what was wanted, else who could stand in for it, if anybody."""

    made: Any
    note: str = ""
    standin: Standin | None = None


def open_part(role: str, settings: Settings) -> Opened:
    """Return the part for one role alone. Raises BackendUnavailable, Damaged or PromptError."""
    name = part_names(settings)[role]
    if name != AUTO:
        return Opened(_load(role, name, settings))
    neural, offline = _NEURAL[role], _OFFLINE[role]
    standin = Standin(_load(role, offline, settings), offline, neural)
    try:
        return Opened(_load(role, neural, settings, auto=True), standin=standin)
    except (LofiError, ImportError, OSError, RuntimeError) as error:  # a broken installation is as good as none
        why = error.message if isinstance(error, LofiError) else str(error).partition("\n")[0]
        return Opened(standin.part, standin.note(role, why))


def open_ambience(settings: Settings, musician: Musician) -> Opened:
    """Return who makes the ambience under a musician's takes: nobody, with a note, where it plays its own.

    Raises as `open_part` does.
    """
    if part_names(settings)["ambience"] != "none" and plays_ambience(musician):
        note = f"The {musician.backend.name} plays its own ambience, so nothing is laid under its takes."
        return Opened(None, note)
    return open_part("ambience", settings)


def open_writer(settings: Settings) -> Writer:
    """Return the studio's writer alone: planning an album needs nothing that makes sound or pictures."""
    try:
        writer: Writer = open_part("writer", settings).made
    except LofiError as error:
        raise _refusal({"writer": error}, settings) from None
    return writer


def standing_in(settings: Settings) -> tuple[str, ...]:
    """Return the notes of a studio opened now on what stands in for what; a part that cannot be opened has none."""
    names, notes = part_names(settings), []
    musician: Musician | None = None
    for role, name in names.items():
        try:
            if role == "ambience" and musician is not None:
                notes.append(open_ambience(settings, musician).note)
            elif name == AUTO or (role == "musician" and names["ambience"] != "none"):
                opened = open_part(role, settings)
                notes.append(opened.note)
                musician = opened.made if role == "musician" else musician
        except LofiError:
            continue  # a plan needs no more than a writer
    return tuple(filter(None, notes))


def what_works(roles: Collection[str], settings: Settings) -> str:
    """Return the options that make an album although the parts of some roles cannot be opened, "" if there are none."""
    names = part_names(settings)
    stuck = [role for role in roles if names[role] in PARTS[role] and names[role] != _OFFLINE[role]]
    if not stuck:
        return ""
    named = [role for role in stuck if getattr(settings, role)]
    autos = [*(["--studio auto"] if named != stuck else []), *(f"--{role} auto" for role in named)]
    return f"{' '.join(autos)}, or {' '.join(f'--{role} {_OFFLINE[role]}' for role in stuck)}"


def candidates(role: str) -> tuple[str, str]:
    """Return the names of the parts that "auto" may come to, the one tried first before the one that always works."""
    return _NEURAL[role], _OFFLINE[role]


def chosen_parts(settings: Settings) -> dict[str, str | None]:
    """Return for each role the part chosen beside the studio's own, None where it is the studio's own.

    Naming the part that the studio has anyway is no choice: both ways of asking are the same brief.
    Raises BackendUnavailable for a name that does not exist.
    """
    own = STUDIOS.get(settings.studio, {})
    return {role: None if name == own.get(role) else name for role, name in part_names(settings).items()}


def part_names(settings: Settings) -> dict[str, str]:
    """Return the name of the part for each role: the studio's, or the one asked for by itself.

    Raises BackendUnavailable for a studio or a part that does not exist; a dotted path is looked for on opening.
    """
    names = STUDIOS.get(settings.studio)
    if names is None:
        raise BackendUnavailable(
            f"There is no studio called {settings.studio!r}.",
            f"{_near(settings.studio, STUDIOS)}Studios here: {', '.join(STUDIOS)}.",
        )
    names = {role: getattr(settings, role) or names[role] for role in PARTS}
    for role, name in names.items():
        if not is_part(role, name):
            raise BackendUnavailable(
                f"There is no {role} called {name!r}.",
                f"{_near(name, PARTS[role])}There are: {', '.join((*PARTS[role], AUTO))}, or a module:Class.",
            )
    return names


def is_part(role: str, name: str) -> bool:
    """Whether a name can be that of a part: of this package, auto, or a module:Class that may not be there."""
    return name in PARTS[role] or name == AUTO or _OWN.fullmatch(name) is not None


def _load(role: str, name: str, settings: Settings, *, auto: bool = False) -> Any:
    part = PARTS[role].get(name)
    if part is None:
        return _load_own(role, name)
    if not part.place:
        return None
    options = {option: getattr(settings, option) for option in part.settings}
    options |= {argument: _load(role, other, settings) for argument, other in (part.uses or {}).items()}
    options |= (part.auto or {}) if auto else {}
    module, _, attribute = part.place.partition(":")
    try:
        with remembered(settings.cache / "hashes.json"):
            return getattr(import_module(module), attribute)(**options)
    except ModuleNotFoundError as error:
        raise _missing_extra(role, name, error) or error from None
    except (BackendUnavailable, DamagedModel) as error:
        raise _naming_setting(part, settings, error) from error


def _naming_setting(part: Part, settings: Settings, error: LofiError) -> LofiError:
    """Return an error about a model that says which setting chose that model, where one did."""
    for setting in filter(None, (part.model, *part.helpers)):
        asked = getattr(settings, setting) or ""
        if any(name and name in error.message for name in (asked, str(own_path(asked).resolve()) if asked else "")):
            return type(error)(f"{error.message} {PREFIX}{setting.upper()} names it.", error.remedy)
    return error


def _load_own(role: str, name: str) -> Any:
    """Return a part that is no part of this package: a class that needs no arguments."""
    module, _, attribute = name.partition(":")
    try:
        kind = getattr(import_module(module), attribute, None)
    except ModuleNotFoundError as error:
        if error.name and f"{module}.".startswith(f"{error.name}."):
            raise BackendUnavailable(
                f"There is no module {error.name} for the {role} {name!r}.",
                "Python must find it: name its folder in PYTHONPATH.",
            ) from None
        raise _missing_extra(role, name, error) or error from None
    if not isinstance(kind, type):
        raise BackendUnavailable(f"The module {module} has no class {attribute!r}.", f"Name a {role} as module:Class.")
    made = kind()
    if not isinstance(made, _ROLES[role]):
        raise BackendUnavailable(f"{name} is no {role}.", "See pipeline/roles.py for what the role asks for.")
    return made


def _refusal(failed: Mapping[str, LofiError], settings: Settings) -> LofiError:
    """Return one error that says of every part why it cannot be opened, and what works in its place."""
    errors = list(failed.values())
    remedies = list(dict.fromkeys(error.remedy for error in errors if error.remedy))
    commands = [remedy.removeprefix(_RUN) for remedy in remedies if remedy.startswith(_RUN)]
    said = [remedy for remedy in remedies if not remedy.startswith(_RUN)]
    if commands:
        said.append(_RUN + " && ".join(commands))
    lacking = [role for role, error in failed.items() if isinstance(error, BackendUnavailable | DamagedModel)]
    works = what_works(lacking, settings)
    if works:
        said.append(f"(Or take what works here: {works}.)")
    kind = type(errors[0]) if len(errors) == 1 else BackendUnavailable
    return kind(" ".join(dict.fromkeys(error.message for error in errors)), " ".join(said))


def _missing_extra(role: str, name: str, error: ModuleNotFoundError) -> BackendUnavailable | None:
    """Return how to install what is missing, or None when it is a bug, which must look like one."""
    missing = (error.name or "").partition(".")[0]
    if missing not in EXTRAS:
        return None
    return BackendUnavailable(
        f"The {role} {name!r} needs {missing}, which is not installed.", f"Run: uv sync --extra {EXTRAS[missing]}"
    )


def _near(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {near[0]}? " if near else ""
