"""From what somebody asks for, and the settings, to the brief of an album: the same through every door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.domain import Brief, Seed, read_brief
from pipeline.settings import Settings
from pipeline.studio import chosen_parts


def brief_of(theme: str, seed: Seed, settings: Settings, wanted: Mapping[str, Any]) -> Brief:
    """Return the brief of a theme; `wanted` are fields of it, which count before the settings. Raises BadBrief."""
    settled = {"studio": settings.studio, "language": None if settings.language == "auto" else settings.language}
    return read_brief(theme=theme, seed=seed, **{**settled, **chosen_parts(settings), **wanted})
