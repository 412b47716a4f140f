"""The part that made a sound, with its very models, whatever the settings name now: to go on, or to render again.

Which model a part loads is a setting, and a setting may change while an album is under way. What made its takes is in
their records. Models are told apart by what they hold, not by what they are called.
"""

from __future__ import annotations

from typing import Any

from pipeline.domain import Backend, Brief, Sha256, Weights
from pipeline.errors import BackendUnavailable, DamagedModel, LofiError
from pipeline.models import fetch_command, known_model, setting_of
from pipeline.roles import Studio
from pipeline.settings import PREFIX, Settings
from pipeline.studio import AUTO, PARTS, Opened, Part, candidates, open_part, open_studio, part_names


def open_maker(role: str, backend: Backend, brief: Brief, settings: Settings) -> Any:
    """Return the part of a role that made a sound of the brief, with the models it had then.

    Raises BackendUnavailable or Damaged, before anything is rendered, when it cannot work here any more, or only with
    other models.
    """
    return _open_again(role, backend, as_asked(brief, settings)).made


def as_asked(brief: Brief, settings: Settings) -> Settings:
    """Return settings that name the studio and the parts that a brief asked for, and else stay as they are."""
    return settings.model_copy(update={"studio": brief.studio, **{role: getattr(brief, role) for role in PARTS}})


def open_studio_again(settings: Settings, begun_by: Backend | None) -> Studio:
    """Return the studio the settings name; an album under way keeps the musician, with its models, that began it.

    `begun_by` is who rendered its takes, None when there are none. Raises as `open_maker` does.
    """
    return open_studio(settings, None if begun_by is None else _open_again("musician", begun_by, settings))


def _open_again(role: str, backend: Backend, settings: Settings) -> Opened:
    """Open a part as the settings name it, or, where that is another, as it was; a newer version is the same."""
    now: Opened | None = None
    trouble: LofiError | None = None
    try:
        now = open_part(role, settings)
        if now.made is not None and _is(now.made.backend, backend):
            return Opened(now.made, now.note)  # nobody stands in for who has begun
    except LofiError:
        pass  # the settings may name what is not here: what counts is what was here then
    name = part_names(settings)[role]
    for candidate in candidates(role) if name == AUTO else [name]:
        part = PARTS[role].get(candidate, Part(candidate))
        if part.model and not backend.weights:
            continue  # it has a model, and who made the takes had none
        then = {setting: f"{was.name}@{was.revision}" for setting, was in _named(part, backend).items() if was.revision}
        if "precision" in part.settings:
            then["precision"] = backend.precision or "auto"
        try:
            made = open_part(role, settings.model_copy(update={role: candidate, **then})).made
        except LofiError as error:
            trouble = _gone(part, backend, error)
            continue
        if made is None:
            continue
        if _is(made.backend, backend):
            return Opened(made, f"Going on with {_title(backend, now)}, with which it was begun.")
        if made.backend.name == backend.name:
            trouble = _another(part, backend, made.backend)
    raise trouble or BackendUnavailable(
        f"It was made by {backend.name!r}, and no {role} of this version is called so.",
        "Use the version of lofi that made it.",
    )


def _is(now: Backend, then: Backend) -> bool:
    """Whether a musician is the one of then: the same part, with all the models it had, in the same number format.

    Takes that say nothing of a format may be of any but the one that is never chosen by itself.
    """
    same = now.precision == then.precision or (then.precision is None and now.precision != "int8")
    return same and now.name == then.name and _contents(then) <= _contents(now)


def _contents(backend: Backend) -> set[Sha256]:
    return {weights.sha256 for weights in backend.weights}


def _named(part: Part, backend: Backend) -> dict[str, Weights]:
    """Return which setting names which of a musician's models: of its helpers, those that are well known."""
    named = {part.model: backend.weights[0]} if part.model and backend.weights else {}
    for weights in backend.weights[1:]:
        setting = setting_of(weights.name, part.helpers)
        if setting is not None:
            named[setting] = weights
    return named


def _title(backend: Backend, now: Opened | None) -> str:
    """Name a musician by its model, with the commit where the settings have another one of the same name."""
    if not backend.weights:
        return f"the {backend.name}"
    then = backend.weights[0]
    if now is not None and now.made is not None and _contents(now.made.backend) >= _contents(backend):
        return f"{then.name} in {backend.precision or 'the usual precision'}"
    same = now is not None and then.name in {weights.name for weights in now.made.backend.weights}
    return f"{then.name} at revision {then.revision[:12]}" if same and then.revision else then.name


def _gone(part: Part, then: Backend, error: LofiError) -> LofiError:
    """Say of a musician that cannot be opened again which models it had."""
    if not then.weights:
        return error
    must = "" if then.weights[0].revision else f", which {_variables(part, then, then.weights[0])} must name"
    made = ", ".join(map(_credit, then.weights))
    return BackendUnavailable(f"The takes were made with {made}{must}. {error.message}", error.remedy)


def _another(part: Part, then: Backend, now: Backend) -> LofiError:
    """Say which model was another when the takes were made, and what brings that one back."""
    lacking = next((weights for weights in then.weights if weights.sha256 not in _contents(now)), None)
    if lacking is None:
        return BackendUnavailable(
            f"The takes were made by {then.title}, and it would play in {now.precision or 'another precision'} now.",
            f"Set LOFI_PRECISION={then.precision or 'auto'}.",
        )
    made = f"The takes were made with {_credit(lacking)}"
    if lacking.revision:
        same = [was for was in now.weights if (was.name, was.revision) == (lacking.name, lacking.revision)]
        said = f"what is here of it has other content (sha256 {same[0].sha256[:12]})" if same else "it is not here"
        command = fetch_command(lacking.name, revision=lacking.revision)
        return DamagedModel(f"{made}, and {said}.", f"Run: {command}{' --force-download' if same else ''}")
    known = known_model(lacking.name)
    if known is not None and setting_of(known.name, part.helpers) is None:
        return BackendUnavailable(f"{made}, which is not here.", f"Run: {known.fetch}")
    return BackendUnavailable(
        f"{made}, which is not what the settings name now.",
        f"Set {_variables(part, then, lacking)} to the folder or file of {lacking.name}.",
    )


def _variables(part: Part, then: Backend, weights: Weights) -> str:
    """Return the variable that names one of a musician's models, or those that may."""
    settings = [setting for setting, was in _named(part, then).items() if was == weights] or part.helpers
    return " or ".join(PREFIX + setting.upper() for setting in settings)


def _credit(weights: Weights) -> str:
    revision = f"revision {weights.revision[:12]}, " if weights.revision else ""
    return f"{weights.name} ({revision}sha256 {weights.sha256[:12]})"
