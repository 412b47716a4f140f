"""Credits: what every file says of how it was made."""

from __future__ import annotations

from pipeline.domain import Backend
from pipeline.steps.session import Session


def disclosure(session: Session, by: Backend, around: Backend | None = None) -> str:
    """Return the one sentence that says this was made by software, and by which; `around` made its ambience."""
    brief = session.project.brief
    credits = _credit(by) + (f"; ambience by {_credit(around)}" if around else "")
    return f"Made by software from the theme “{brief.theme}”: {credits}; seed {brief.seed}."


def _credit(by: Backend) -> str:
    return f"{by.name} {by.version}, {', '.join(by.licences)}"
