"""What was measured of every track, kept between runs: a track is listened to once, however many mixes it is in."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import ValidationError

from pipeline.audio.portrait import Portrait, portray
from pipeline.domain import Sha256
from pipeline.errors import LofiError
from pipeline.shelf.atomic import writing
from pipeline.workers import Workers

VERSION = 1
"""Of what is measured: another one and every track is listened to again."""


class Portraits:
    """Portraits of tracks by the hash of their file, in a folder that may be lost: what is missing is made again."""

    def __init__(self, cache: Path, workers: Workers) -> None:
        self._folder = cache.expanduser() / f"portraits-{VERSION}"
        self._workers = workers

    def of(self, tracks: Sequence[tuple[Path, Sha256]], done: Callable[[int], None]) -> list[Portrait]:
        """Return the portrait of every track, in their order; `done` is told how many there are so far.

        Raises Damaged for a track that does not decode.
        """
        threads = ThreadPoolExecutor(self._workers.count)
        try:
            portraits = []
            for portrait in threads.map(self._portrait, *zip(*tracks, strict=True)):
                portraits.append(portrait)
                done(len(portraits))
            return portraits
        finally:
            # After Ctrl-C or a damaged track nobody waits for what has not begun.
            threads.shutdown(cancel_futures=True)

    def _portrait(self, path: Path, sha256: Sha256) -> Portrait:
        kept = self._folder / sha256[:2] / f"{sha256}.json"
        with contextlib.suppress(OSError, ValidationError):
            return Portrait.model_validate_json(kept.read_bytes())
        portrait = self._workers.run(portray, path)
        with contextlib.suppress(LofiError, OSError), writing(kept) as temp:
            temp.write_text(portrait.canonical_json(), encoding="utf-8")
        return portrait
