"""The library on disk: every path below it, written so that a crash never shows."""

from pipeline.shelf.album_folder import AlbumFolder
from pipeline.shelf.mix_folder import MixFolder
from pipeline.shelf.shelf import Shelf

__all__ = ["AlbumFolder", "MixFolder", "Shelf"]
