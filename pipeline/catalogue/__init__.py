"""The catalogue: which albums exist, which titles are taken, what every render cost, and what was decided."""

from pipeline.catalogue.catalogue import Catalogue
from pipeline.catalogue.rows import AlbumRow, ChosenTake
from pipeline.errors import TitleTaken

__all__ = ["AlbumRow", "Catalogue", "ChosenTake", "TitleTaken"]
