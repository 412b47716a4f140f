"""Being the only service of its kind at one library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipeline.errors import Held
from pipeline.shelf.atomic import explained, make_folder
from pipeline.shelf.lease import holder_of, holding


@contextmanager
def alone(folder: Path, what: str, remedy: str) -> Iterator[None]:
    """Hold a service's own folder inside the block, which is made where it is missing.

    Raises Held where another process does, naming it; "{pid}" in the `remedy` is its number.
    """
    with explained(folder):
        make_folder(folder)
    with ExitStack() as stack:
        try:
            stack.enter_context(holding(folder, what))
        except Held as held:
            lease = holder_of(folder)
            if lease is None:
                raise
            since = f"{lease.claimed:%Y-%m-%d %H:%M} UTC"
            said = f"{what} is on already: process {lease.pid} on {lease.host} since {since}."
            raise Held(said, remedy.format(pid=lease.pid)) from held
        yield
