"""What stands on the shelf: whether a file is there, and whether it is another by now."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import Damaged, ShelfError
from pipeline.shelf.folder import Folder
from pipeline.shelf.letting_go import pruned_files


def there(folder: Folder, relative: str) -> Path:
    """Return the path of a file. Raises ShelfError where there is none, Damaged where it was pruned."""
    path = folder.path(relative)
    if path.is_file():
        return path
    if gone := pruned_files(folder).get(relative):
        raise Damaged(
            f"This take was pruned on {gone.time:%Y-%m-%d}: it was not chosen, and made room.",
            "Let the track be made of it all the same, and it is rendered again.",
        )
    raise ShelfError("That is not there any more.", "Load the page again.")


def stamp(path: Path) -> tuple[int, int]:
    """Return what is another once a file was written anew; the same for every file that is not there."""
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size
