"""Credits: what every file says of how it was made."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.domain import Backend
from pipeline.roles import Named
from pipeline.steps.session import Session

LABEL = "Lo-fi Label"
"""The artist where nobody set one and the musician has no name for the tags."""


def artist(session: Session) -> str:
    """Return the artist to name in the tags: what was set when the album was planned, else by who plays."""
    musician = session.label.studio.musician
    return session.project.production.artist or (musician.artist if isinstance(musician, Named) else LABEL)


def disclosure(session: Session, by: Backend, around: Backend | None = None) -> str:
    """Return the one sentence that says this was made by software, and by which; `around` made its ambience."""
    brief = session.project.brief
    credits = _credit(by) + (f"; ambience by {_credit(around)}" if around else "")
    return f"Made by software from the theme “{brief.theme}”: {credits}; seed {brief.seed}."


def mixed(makers: Iterable[Backend]) -> str:
    """Return the one sentence that says a mix was made by software, and by whose."""
    return f"Made by software: {'; '.join(dict.fromkeys(map(_credit, makers)))}."


def _credit(by: Backend) -> str:
    return f"{by.title}, {', '.join(by.licences)}"
