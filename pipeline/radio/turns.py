"""Whose turn it is: how often strangers may ask for something."""

from __future__ import annotations

ADDRESSES = 4096
"""Addresses that are remembered at once."""


class Turns:
    """One turn in `each` seconds for an address, and one in `every` seconds for all of them together.

    `free` are addresses that have no turn of their own: this machine's owner, or a proxy that brings everybody.
    """

    def __init__(self, each: float, every: float, free: frozenset[str] = frozenset()) -> None:
        self._each, self._every, self._free = each, every, free
        self._last: dict[str, float] = {}
        self._all = float("-inf")

    def wait(self, address: str, now: float) -> float:
        """Return in how many seconds it is this address's turn; 0 for now."""
        mine = 0.0 if address in self._free else self._last.get(address, float("-inf")) + self._each - now
        return max(0.0, mine, self._all + self._every - now)

    def take(self, address: str, now: float) -> None:
        """Count a turn."""
        self._all = now
        self._last.pop(address, None)
        self._last[address] = now
        while len(self._last) > ADDRESSES:
            del self._last[next(iter(self._last))]
