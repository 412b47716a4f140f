"""Prunes a copy of a library and is killed by SIGKILL before the k-th change of a file, for every k in turn.

Run as a program: `prune_and_die.py LIBRARY SCRATCH`. Prints a JSON list: for each k the sounds that were left, and what
was wrong; at last a run that nobody killed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from pruned_library import MONTH, NOW

from pipeline.catalogue import Catalogue
from pipeline.errors import LofiError
from pipeline.pruning import prune_takes
from pipeline.shelf import Shelf

CHANGES = ("os.remove", "os.rename", "os.truncate")


def prune(library: Path, die_at: int) -> None:
    """Prune every album; die before the change of that number."""
    seen = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        wrote = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if (event in CHANGES or wrote) and "albums" in str(arguments[0]):
            seen += 1
            if seen == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    shelf = Shelf.open(library)
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        sys.addaudithook(watch)
        for folder in shelf.albums():
            prune_takes(folder, catalogue, NOW - MONTH, NOW)


def left(library: Path) -> dict[str, object]:
    """Tell which sounds are there, and whether the album is whole by its own account."""
    (folder,) = Shelf.open(library).albums()
    sounds, wrong = sorted(path.stem for path in folder.folder.glob("takes/*.flac")), ""
    try:
        folder.read_whole()
    except LofiError as error:
        wrong = str(error)
    return {"sounds": sounds, "wrong": wrong}


def in_a_child(library: Path, die_at: int) -> bool:
    """Prune in a process of its own; return whether it lived."""
    child = os.fork()
    if child == 0:
        try:
            prune(library, die_at)
        except BaseException:  # noqa: BLE001 - a child must never go on as its parent
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0, f"the run with {die_at} failed"
    return not os.WIFSIGNALED(status)


def main() -> None:
    library, scratch = Path(sys.argv[1]), Path(sys.argv[2])
    told = []
    for die_at in range(1, 100):
        copy = scratch / str(die_at)
        shutil.copytree(library, copy)
        lived = in_a_child(copy, die_at)
        then = left(copy)
        assert in_a_child(copy, 0)
        told.append({"lived": lived, "then": then, "after": left(copy)})
        if lived:
            break
    print(json.dumps(told))


if __name__ == "__main__":
    main()
