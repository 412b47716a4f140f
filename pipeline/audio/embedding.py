"""What a model heard, as a short text: packed into a record and compared with others of the same model."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""float32 [dimensions]."""

SAME = 0.99
"""Cosine from which two takes sound the same to a model; docs/clap.md says where it comes from."""


def pack(vector: Vector) -> str:
    """Return a vector as base64 of little-endian float16. Raises ValueError for one that is not finite."""
    if not np.isfinite(vector).all():
        raise ValueError("an embedding with values that are not numbers")
    return base64.b64encode(vector.astype("<f2").tobytes()).decode()


def unpack(text: str) -> Vector:
    """Return the vector of a packed text. Raises ValueError for a text that is none."""
    try:
        raw = base64.b64decode(text, validate=True)
        return np.frombuffer(raw, "<f2").astype(np.float32)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"not an embedding: {text[:20]!r}") from error


def cosines(mine: str, others: Sequence[str]) -> Vector:
    """Return the cosine of a packed vector with each of `others`, [len(others)]; 0 where the lengths differ.

    Raises ValueError for a text that is no embedding.
    """
    here = unpack(mine)
    return np.array([_cosine(here, unpack(text)) for text in others], np.float32)


def _cosine(a: Vector, b: Vector) -> float:
    if len(a) != len(b):
        return 0.0
    # In float64: two takes may differ in the seventh digit only.
    size = float(np.linalg.norm(a.astype(np.float64)) * np.linalg.norm(b.astype(np.float64)))
    return float(a.astype(np.float64) @ b.astype(np.float64)) / size if size else 0.0
