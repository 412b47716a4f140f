"""Small copies of covers, for lists: made when first wanted, and kept in the cache by what they are copies of."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PIL import Image

from pipeline.shelf.atomic import make_folder, writing

SIDE = 480
"""Pixels: what a list shows on a screen with two pixels to a point."""


def small_copy(cover: Path, cache: Path) -> Path:
    """Return a small JPEG of a cover. Raises ShelfError where the cache cannot be written."""
    stat = cover.stat()
    name = hashlib.sha256(f"{cover}\0{stat.st_mtime_ns}\0{stat.st_size}\0{SIDE}".encode()).hexdigest()[:32]
    folder = cache.expanduser() / "covers"
    place = folder / f"{name}.jpg"
    if not place.is_file():
        make_folder(folder)
        with Image.open(cover) as picture, writing(place) as temp:
            picture.draft("RGB", (SIDE, SIDE))  # a JPEG is decoded at half or a quarter of its size for it
            picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(temp, "JPEG", quality=85)
    return place
