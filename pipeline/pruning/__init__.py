"""What a library can do without: takes that were not chosen, and what was left over. Nothing anybody liked."""

from pipeline.pruning.gone import Gone, Stays
from pipeline.pruning.leftovers import leftovers, remove_leftovers
from pipeline.pruning.takes import AlbumSorted, prune_takes, sort_takes

__all__ = ["AlbumSorted", "Gone", "Stays", "leftovers", "prune_takes", "remove_leftovers", "sort_takes"]
