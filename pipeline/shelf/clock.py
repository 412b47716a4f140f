"""The wall clock as an argument."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Tells the time, with a time zone."""


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)
