"""How the tests wait: for a fact, and long enough for a machine that stands still now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 240.0
"""Seconds within which whatever is waited for comes, wherever the tests run; it only ends what would never end."""


def until(look: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait for something to be true, and return it."""
    give_up = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.02)
    return found
