"""Credits: what every file says of how it was made."""

from __future__ import annotations

from pipeline.domain import Backend
from pipeline.steps.session import Session


def disclosure(session: Session, by: Backend) -> str:
    """Return the one sentence that says this was made by software, by which, under which licences."""
    brief = session.project.brief
    made = f"{by.name} {by.version}, {', '.join(by.licences)}"
    return f"Made by software from the theme “{brief.theme}”: {made}; seed {brief.seed}."
