"""Credits: what every file says of how it was made."""

from __future__ import annotations

from pipeline.domain import Backend
from pipeline.steps.session import Session


def disclosure(session: Session, by: Backend) -> str:
    """Return the one sentence that says this was made by software, and by which."""
    brief = session.project.brief
    return f"Made by software from the theme “{brief.theme}”: {by.name} {by.version}, {by.licence}; seed {brief.seed}."
