"""Rehearse: every part with a model is tried before anything is paid for that it would be needed for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.domain import Backend
from pipeline.errors import LofiError, Stopped
from pipeline.roles import Modelled, plays_ambience
from pipeline.steps.conductor import Promise
from pipeline.steps.progress import Progress
from pipeline.steps.resume import digest, resume
from pipeline.steps.session import Label, Session


def settle(label: Label, rehearsals: Mapping[str, Promise[Backend]]) -> None:
    """Wait until every part has tried its model.

    A part that "auto" chose and that cannot play after all, however often it was tried, gives its place to its
    stand-in, with a note. Raises what any other part raises.
    """
    for role, rehearsal in rehearsals.items():
        try:
            rehearsal.result()
        except Stopped:
            raise  # Ctrl-C says nothing of the model
        except LofiError as error:
            if role not in label.studio.standins:
                raise
            label.studio = label.studio.instead(role, error.message)
            label.crew.dismiss(role)
            label.report(Progress("note", label.studio.notes[role]))
    if label.studio.ambience is not None and plays_ambience(label.studio.musician):
        label.studio = replace(label.studio, ambience=None)  # whoever stands in plays its own


def rehearse_part(session: Session, role: str) -> Backend:
    """Let a part with a model try it, once an album. Raises what the part raises."""
    part = session.label.studio.modelled[role]
    backend: Backend = getattr(session.label.studio, role).backend

    def play() -> Backend:
        session.label.crew.run(role, rehearse, part)
        return backend

    return resume(session.folder, session.folder.rehearsal_path(role), Backend, digest(backend), play)


def rehearse(part: Modelled) -> None:
    """Load and try a part's model in its process."""
    part.rehearse()
