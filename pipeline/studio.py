"""The composition root: a studio's name becomes its four parts.

A part is named by a string, "module:Class", so that a library is loaded only when its part is used. Adding a
backend is one file and one line here; a dotted path of your own works as a part's name too.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import Any

from pipeline.errors import BackendUnavailable
from pipeline.roles import Judge, Musician, Painter, Studio, Writer
from pipeline.settings import Settings

STUDIOS: dict[str, dict[str, str]] = {
    "offline": {"writer": "offline", "musician": "band", "judge": "signal", "painter": "offline"},
}

PARTS: dict[str, dict[str, str]] = {
    "writer": {"offline": "pipeline.writers.offline.writer:OfflineWriter"},
    "musician": {"band": "pipeline.musicians.offline.band:OfflineBand"},
    "judge": {"signal": "pipeline.judges.signal:SignalJudge"},
    "painter": {"offline": "pipeline.painters.offline.painter:OfflinePainter"},
}

EXTRAS: dict[str, str] = {}
"""Which extra of the package brings a module that a backend needs: {"torch": "neural"}."""


def open_studio(settings: Settings) -> Studio:
    """Return the studio the settings name. Raises BackendUnavailable with the line that installs what is missing."""
    writer = open_writer(settings)
    names = _names(settings)
    musician: Musician = _load("musician", names["musician"])
    judge: Judge = _load("judge", names["judge"])
    painter: Painter = _load("painter", names["painter"])
    return Studio(settings.studio, writer, musician, judge, painter)


def open_writer(settings: Settings) -> Writer:
    """Return the studio's writer alone: planning an album needs nothing that makes sound or pictures."""
    writer: Writer = _load("writer", _names(settings)["writer"], prompts=settings.prompts)
    return writer


def _names(settings: Settings) -> dict[str, str]:
    names = STUDIOS.get(settings.studio)
    if names is None:
        near = difflib.get_close_matches(settings.studio, STUDIOS, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise BackendUnavailable(
            f"There is no studio called {settings.studio!r}.", f"{hint}Studios here: {', '.join(STUDIOS)}."
        )
    return names


def _load(role: str, name: str, **options: object) -> Any:
    place = PARTS[role].get(name, name)
    module, _, attribute = place.partition(":")
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
