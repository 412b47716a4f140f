"""The desk of a radio: what is written down of what is on the air, in its order, by a thread that may wait."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from pipeline.catalogue.airings import Airings
from pipeline.domain.airing import Airing
from pipeline.errors import LofiError
from pipeline.radio.piece import Piece

KNOWN = 200
"""Of what was on the air, the newest that may still be skipped or loved."""
_log = logging.getLogger("lofi.studio")


class Desk:
    """Writes the radio's ledger. Nothing of it is waited for, and nobody hears it when it fails."""

    def __init__(self, airings: Airings) -> None:
        self._airings = airings
        self._entered: dict[int, int] = {}
        # One thread, so that what is written down keeps its order.
        self._thread = ThreadPoolExecutor(1, "desk")

    def enter(self, number: int, piece: Piece) -> None:
        """Enter what begins to be heard: from then on somebody may say something of it by its number."""
        self.do(lambda: self._enter(number, piece))

    def remember(self, airings: Mapping[int, int]) -> None:
        """Take what earlier radios entered, by the numbers it is known under now; to be called at the desk."""
        self._entered.update(airings)

    def skip(self, number: int) -> None:
        """Note that something was not heard to its end."""
        self.do(lambda: self._airings.skip(self._entered[number]))

    def love(self, number: int) -> None:
        """Count one more who loves something."""
        self.do(lambda: self._airings.love(self._entered[number]))

    def do(self, what: Callable[[], None]) -> None:
        """Do what may wait for a disk, after all that was asked for before."""

        def safely() -> None:
            try:
                what()
            except (LofiError, OSError, KeyError) as error:
                _log.warning("The radio's ledger was not written: %s", error)
            except Exception:  # noqa: BLE001 - else nobody would ever hear of it
                _log.exception("A fault at the radio's desk")

        with suppress(RuntimeError):  # it is closed
            self._thread.submit(safely)

    def close(self) -> None:
        """Do what was asked for, and nothing more."""
        self._thread.shutdown()

    def _enter(self, number: int, piece: Piece) -> None:
        self._entered[number] = self._airings.begin(
            Airing(
                time=self._airings.now(),
                title=piece.title,
                source=piece.source,
                album=piece.album,
                track=piece.track,
                file=piece.key,
                seconds=piece.seconds,
                fingerprint=piece.portrait.fingerprint,
                made=piece.made,
            )
        )
        for old in [known for known in self._entered if known < number - KNOWN]:
            del self._entered[old]
