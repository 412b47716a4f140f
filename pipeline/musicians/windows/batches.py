"""How many windows go side by side: as many as memory holds, and no more than gain from it."""

from __future__ import annotations

from pipeline.memory import available_memory

MOST = 16
"""Windows in a batch beyond which nothing is gained."""

_SPARE = 1 << 30  # bytes for the codec, the text model and whatever else wants memory


def fitting(room: int, row: float, *, ear: bool = False) -> int:
    """Return how many windows of `row` bytes each fit into `room` free bytes, 1 at least; an `ear` takes some too."""
    spare = 2 * _SPARE if ear else _SPARE
    return max(1, min(MOST, int((room - spare) // row)))


def fitting_here(size: int, row: float) -> int:
    """Return how many fit into this machine's memory beside a model of `size` bytes, which takes twice that to load."""
    return fitting(available_memory() - 2 * size, row)
