"""What stands behind the pages of a radio: all that they need to know of it, and no process.

Everything here is called in the server's own loop, but for `standing`, which may be called from any thread.
"""

from __future__ import annotations

from typing import Protocol, Self

from pipeline.radio.standing import Standing
from pipeline.radio.wire import Form, Understood


class Tuned(Protocol):
    """One who listens, inside `with`."""

    dropped: bool
    """Whether it fell behind, and gets nothing more."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    async def piece(self) -> bytes | None:
        """Wait for the next bytes, at most for a moment; nothing when none are due, None when there will be no more."""

    def fall(self) -> None:
        """Count it as one that fell behind: its connection takes nothing any more."""


class Station(Protocol):
    """A radio."""

    @property
    def name(self) -> str:
        """What it plays, in its owner's words."""

    def room(self, address: str, /) -> str:
        """Return why there is no place for one more listener from an address, or ""."""

    def listen(self, form: Form, address: str, /, *, titles: bool) -> Tuned:
        """Return one more listener."""

    def standing(self) -> Standing:
        """How it stands."""

    async def steer(self, words: str, address: str, /) -> Understood:
        """Tell it how to go on, and return what was understood. Raises Busy, BadBrief or OffAir."""

    def skip(self, number: int, address: str, /) -> None:
        """Go on to the next track, if this one is still on the air. Raises Busy, Stale or OffAir."""

    def love(self, number: int, address: str, /) -> None:
        """Keep what was played. Raises Busy, Stale or OffAir."""

    def picture(self, number: int, /) -> bytes | None:
        """A picture by its number, a JPEG."""
